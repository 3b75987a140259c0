/** A group of a thousand, of which ten read nothing: the others get every message, and what waits for the ten stays within bounds. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { type Channel, MemoryChannelStore, type StoreOptions } from 'longwire';
import { WebSocket } from 'ws';
import { turns, until } from '../support/deferred.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { takeAndJoin } from '../support/room-server.js';
import { startServer, type TestServer } from '../support/server.js';

const KIB = 1024;
const MEMBERS = 1_000;
const SLOW = 10;
const ROUNDS = 100;
const MESSAGE_BYTES = 2 * KIB;
const LIMITS = { softBufferBytes: 32 * KIB, maxBufferedBytes: 128 * KIB };

interface Crowd {
  readonly server: TestServer;
  readonly store: MemoryChannelStore;
  /** Which message each healthy client received last; -1 where it was not the next. */
  readonly received: Int32Array;
  readonly slowClients: readonly RawWebSocket[];
  readonly slowChannels: readonly Channel[];
}

const messageOf = (round: number): string => `${round} `.padEnd(MESSAGE_BYTES, 'x');

async function gather(t: TestContext, options: StoreOptions): Promise<Crowd> {
  const store = new MemoryChannelStore(options);
  const server = await startServer(t, (request) => takeAndJoin(request, store), LIMITS);
  const slowClients: RawWebSocket[] = [];
  for (let i = 0; i < SLOW; i++) {
    const client = await RawWebSocket.open(t, server.port, '/socket');
    client.client.socket.pause();
    slowClients.push(client);
  }
  const slowChannels = store.members('room');
  for (const channel of slowChannels) await fill(channel);
  const received = new Int32Array(MEMBERS - SLOW);
  for (let at = 0; at < received.length; at += 90) {
    await Promise.all(Array.from({ length: 90 }, (_, i) => openHealthy(t, `${server.wsUrl}/socket`, received, at + i)));
  }
  assert.equal(store.size('room'), MEMBERS);
  return { server, store, received, slowClients, slowChannels };
}

async function openHealthy(t: TestContext, url: string, received: Int32Array, index: number): Promise<void> {
  const client = new WebSocket(url, { perMessageDeflate: false });
  t.after(() => client.terminate());
  client.on('message', (data: Buffer) => {
    const round = Number.parseInt(data.toString('latin1', 0, 8), 10);
    received[index] = data.length === MESSAGE_BYTES && round === received[index]! + 1 ? round : -1;
  });
  await once(client, 'open');
}

/** Sends to a client that reads nothing until the kernel takes no more. */
async function fill(channel: Channel): Promise<void> {
  let silence = 0;
  for (let before = 0; silence < 20; before = channel.bufferedAmount) {
    if (channel.bufferedAmount === 0) channel.send(new Uint8Array(60 * KIB));
    await turns(1);
    silence = channel.bufferedAmount === before && before > 0 ? silence + 1 : 0;
  }
}

/** Broadcasts to all of them; the most that waited in the server meanwhile. */
async function broadcastRounds({ server, store, received }: Crowd, keyOf: (round: number) => string | undefined = () => undefined): Promise<number> {
  let most = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    store.broadcast('room', messageOf(round), { key: keyOf(round) });
    await until(() => received.every((each) => each === round), `message ${round} of everybody else`);
    most = Math.max(most, server.server.stats().bytes.buffered);
  }
  return most;
}

/** Reads everything that waits, and gives the rounds of the messages. */
async function roundsOf(client: RawWebSocket, last: number): Promise<number[]> {
  client.client.socket.resume();
  const rounds: number[] = [];
  while (rounds.at(-1) !== last) {
    const { opcode, payload } = await client.readFrame();
    if (opcode === 1) rounds.push(Number.parseInt(payload.toString('latin1', 0, 8), 10));
  }
  return rounds;
}

test("onSlow 'close': the ten are closed, and everybody else gets every message", async (t) => {
  const crowd = await gather(t, { onSlow: 'close' });
  const most = await broadcastRounds(crowd);
  const { store, slowChannels } = crowd;
  assert.deepEqual([store.size('room'), store.stats('room').closed, slowChannels.some(({ isOpen }) => isOpen)], [MEMBERS - SLOW, SLOW, false]);
  assert.ok(most <= SLOW * (LIMITS.maxBufferedBytes + MESSAGE_BYTES + KIB), `${most} bytes waited`);
});

test("onSlow 'drop': the ten miss what they could not take, and everybody else gets every message", async (t) => {
  const crowd = await gather(t, { onSlow: 'drop' });
  const most = await broadcastRounds(crowd);
  const { store, slowClients } = crowd;
  assert.ok(most <= SLOW * (LIMITS.maxBufferedBytes + MESSAGE_BYTES + KIB), `${most} bytes waited`);
  const { dropped } = store.stats('room');
  assert.equal(store.size('room'), MEMBERS);
  assert.ok(dropped >= SLOW && dropped % SLOW === 0, `${dropped} were dropped`);
  for (const client of slowClients) {
    const rounds = await roundsOf(client, ROUNDS - dropped / SLOW);
    assert.deepEqual(rounds, Array.from({ length: rounds.length }, (_, i) => i + 1));
  }
});

test("onSlow 'latest': the ten get the newest of each key in the end, and everybody else gets every message", async (t) => {
  const crowd = await gather(t, { onSlow: 'latest' });
  const most = await broadcastRounds(crowd, (round) => String(round % 3));
  assert.ok(most <= SLOW * (LIMITS.softBufferBytes + 64 * KIB), `${most} bytes waited`);
  assert.equal(crowd.store.size('room'), MEMBERS);
  for (const client of crowd.slowClients) {
    const rounds = await roundsOf(client, ROUNDS);
    assert.deepEqual(rounds.slice(-3), [ROUNDS - 2, ROUNDS - 1, ROUNDS]);
    assert.ok(rounds.length < ROUNDS, 'some were replaced');
    assert.deepEqual(rounds, [...new Set(rounds)].sort((a, b) => a - b));
  }
  assert.equal(crowd.store.stats('room').dropped, 0);
});
