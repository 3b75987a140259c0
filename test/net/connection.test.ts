/** Output reaches the socket whole and in order, in portions that follow what the kernel takes. */

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Counters } from '#src/counters.js';
import { Connection } from '#src/net/connection.js';
import type { Protocol } from '#src/net/protocol.js';
import { TurnQueue } from '#src/net/turn-queue.js';

const KIB = 1024;

/** Takes what is written as its kernel does: at once, or not at all. */
class FakeSocket extends Socket {
  readonly written: Buffer[] = [];
  takes = true;
  #waiting = 0;

  constructor() {
    super();
    Object.defineProperty(this, 'writableLength', { get: () => this.#waiting });
    Object.defineProperty(this, 'writableNeedDrain', { get: () => this.#waiting > 0 });
  }

  override write(data: string | Uint8Array): boolean {
    if (data.length === 0) return true;
    this.written.push(Buffer.from(data as string, 'latin1'));
    if (!this.takes) this.#waiting += data.length;
    return this.takes;
  }

  drain(): void {
    this.#waiting = 0;
    this.emit('drain');
  }

  takeSizes(): number[] {
    return this.written.splice(0).map(({ length }) => length / KIB);
  }
}

const PROTOCOL: Protocol = { onData() {}, onEnd() {}, onDrain() {}, onGone() {}, onShutdown() {}, onTick() {} };

function connect(): { socket: FakeSocket; connection: Connection } {
  const socket = new FakeSocket();
  const connection = new Connection(socket, false, {
    ticker: { now: 0, wallNow: 0, after: () => Infinity, add() {}, delete() {} },
    arrivals: new TurnQueue(setImmediate, (each: Connection) => each.serve()),
    departures: new TurnQueue(process.nextTick, (each: Connection) => each.flush()),
    counters: new Counters(),
    softBufferBytes: 64 * KIB,
    flushFromBytes: 64 * KIB,
    sendTimeoutMs: 1_000,
    reportFault: assert.fail,
    onGone() {},
  });
  connection.start(PROTOCOL);
  return { socket, connection };
}

const turn = (): Promise<void> => new Promise(setImmediate);

test('portions double while they are taken at once, up to a little more than a MiB', () => {
  const { socket, connection } = connect();
  const sent = Buffer.alloc(4096 * KIB, 'all of it, in order');
  connection.write(sent);
  assert.ok(Buffer.concat(socket.written).equals(sent));
  assert.deepEqual(socket.takeSizes(), [256, 512, 1024, 1152, 1152]);
  connection.write(sent.subarray(0, 1100 * KIB));
  assert.deepEqual(socket.takeSizes(), [1100]);
});

test('a peer that becomes slow is handed little at a time, and begins anew behind that', () => {
  const { socket, connection } = connect();
  const sent = Buffer.alloc(2048 * KIB);
  connection.write(sent);
  assert.deepEqual(socket.takeSizes(), [256, 512, 1024, 256]);
  socket.takes = false;
  connection.write(sent);
  assert.deepEqual([socket.takeSizes(), connection.isCongested], [[1152], true]);
  socket.drain();
  assert.deepEqual(socket.takeSizes(), [64]);
  socket.takes = true;
  socket.drain();
  assert.equal(connection.isCongested, false);
  assert.deepEqual(socket.takeSizes(), Array(13).fill(64));
  connection.write(sent.subarray(0, 512 * KIB));
  assert.deepEqual(socket.takeSizes(), [256, 256]);
});

test('what is written together leaves in one go, or waits for the end of the turn where it is little', async () => {
  const { socket, connection } = connect();
  let together: number[] | undefined;
  socket.uncork = () => void (together = socket.takeSizes());
  connection.writeAll(Array(4).fill(Buffer.alloc(64 * KIB)));
  assert.deepEqual(together, [64, 64, 64, 64]);
  connection.writeAll(['x'.repeat(KIB - 1), Buffer.from('x')]);
  assert.deepEqual(socket.takeSizes(), []);
  await turn();
  assert.deepEqual(socket.takeSizes(), [1]);
});

test('nothing is written together behind the end', async () => {
  const { socket, connection } = connect();
  connection.writeAll(['last ', 'words']);
  connection.end();
  connection.writeAll(['too ', 'late']);
  await turn();
  assert.equal(Buffer.concat(socket.written).toString(), 'last words');
});
