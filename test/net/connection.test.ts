/** Output reaches the socket whole and in order, in portions that follow what the kernel takes. */

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Counters } from '#src/counters.js';
import { Connection } from '#src/net/connection.js';
import type { Protocol } from '#src/net/protocol.js';
import { TurnQueue } from '#src/net/turn-queue.js';

const KIB = 1024;

/** Takes what is written as its kernel does: at once, or not at all. One with TLS says so only in a later turn. */
class FakeSocket extends Socket {
  override readonly remoteAddress = '127.0.0.1';
  readonly written: Buffer[] = [];
  /** What it was given and has not taken: whoever wrote it must leave it as it is. */
  readonly lent: (string | Uint8Array)[] = [];
  takes = true;
  readonly #hasTls: boolean;
  readonly #callbacks: (() => void)[] = [];
  #waiting = 0;

  constructor(hasTls: boolean) {
    super();
    this.#hasTls = hasTls;
    Object.defineProperty(this, 'writableLength', { get: () => this.#waiting });
    Object.defineProperty(this, 'writableNeedDrain', { get: () => !this.takes && this.#waiting > 0 });
  }

  override write(data: string | Uint8Array, ...rest: unknown[]): boolean {
    if (data.length === 0) return true;
    this.written.push(Buffer.from(data as string, 'latin1'));
    const callback = rest.at(-1);
    if (typeof callback === 'function') this.#callbacks.push(callback as () => void);
    if (this.takes && !this.#hasTls) return true;
    this.#waiting += data.length;
    this.lent.push(data);
    if (this.takes) setImmediate(() => this.#take());
    return this.takes;
  }

  drain(): void {
    this.#take();
    this.emit('drain');
  }

  takeSizes(): number[] {
    return this.written.splice(0).map(({ length }) => length / KIB);
  }

  #take(): void {
    this.#waiting = 0;
    for (const each of this.#callbacks.splice(0)) each();
  }
}

const PROTOCOL: Protocol = { onData() {}, onEnd() {}, onDrain() {}, onGone() {}, onShutdown() {}, onTick() {} };

function connect(hasTls = false): { socket: FakeSocket; connection: Connection } {
  const socket = new FakeSocket(hasTls);
  const connection = new Connection(socket, hasTls, {
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

test('bytes that were copied leave together, as bytes, with what was copied before them', async () => {
  const { socket, connection } = connect();
  const bytes = Uint8Array.of(1, 2);
  for (const head of ['a', 'b']) connection.writeCopied(head, bytes);
  bytes.fill(3);
  assert.deepEqual(socket.written, []);
  await turn();
  assert.deepEqual(socket.written, [Buffer.of(0x61, 1, 2, 0x62, 1, 2)]);
});

test('what the kernel did not take stays as it was copied, whatever is copied behind it, and for whomever', async () => {
  const slow = connect();
  const quick = connect();
  slow.socket.takes = false;
  const expected: Buffer[] = [];
  for (let i = 0; i < 300; i++) {
    for (const { connection } of [slow, quick]) connection.writeCopied(`${i} `, Buffer.alloc(1_000, i));
    expected.push(Buffer.concat([Buffer.from(`${i} `), Buffer.alloc(1_000, i)]));
    if (i % 10 === 0) await turn();
    if (i % 100 === 0) slow.socket.drain();
  }
  await turn();
  while (slow.connection.bufferedAmount > 0) slow.socket.drain();
  assert.ok(Buffer.concat(slow.socket.lent.map((each) => Buffer.from(each as string, 'latin1'))).equals(Buffer.concat(expected)));
  assert.ok(Buffer.concat(quick.socket.written).equals(Buffer.concat(expected)));
});

test('a socket that takes later what it is given has done with it when it says so', async () => {
  const { socket, connection } = connect(true);
  for (let i = 0; i < 100; i++) {
    connection.writeCopied('head', Buffer.alloc(4_000, i));
    await turn();
    await turn();
  }
  assert.deepEqual(socket.written, Array.from({ length: 100 }, (_, i) => Buffer.concat([Buffer.from('head'), Buffer.alloc(4_000, i)])));
  assert.equal(new Set(socket.lent.map((each) => (each as Uint8Array).buffer)).size, 1);
});

test('what waits for a slow peer does not hold the room in which it was copied', async () => {
  const { socket, connection } = connect();
  socket.takes = false;
  for (const head of ['first', 'second', 'third']) {
    connection.writeCopied(head, new Uint8Array(100));
    await turn();
  }
  socket.drain();
  assert.deepEqual(socket.lent.map((each) => typeof each), ['object', 'string']);
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
