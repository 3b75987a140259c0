/** Short bytes are the application's own again once they are sent: every client gets what was sent to it, however late it reads, and whatever others are sent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, type Channel, MemoryChannelStore, UsageError } from 'longwire';
import { turns } from '../support/deferred.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { openTls, startTls } from '../support/tls.js';
import { transferred } from '../support/transferred.js';

const MEMBERS = 6;
const LATE = 3;
const ROUNDS = 6_000;
/** Rounds in one turn of the event loop. */
const TURN = 5;
const LIMITS = { maxBufferedBytes: 64 * 1024 * 1024 };

/** From one byte to 4 KiB, up to which bytes are copied, and now and then a few more. */
const lengthOf = (round: number): number => 1 + ((round * 37) % 4_100);

interface Room {
  readonly members: Channel[];
  readonly clients: RawWebSocket[];
}

/** As many members as clients; every other one reads nothing yet. */
async function gather(members: Channel[], connect: () => Promise<RawClient>): Promise<Room> {
  const clients: RawWebSocket[] = [];
  for (let i = 0; i < MEMBERS; i++) {
    const client = await RawWebSocket.over(await connect());
    if (i % 2 === 0) client.client.socket.pause();
    clients.push(client);
  }
  return { members, clients };
}

/** Sends to each of them what is its own, from the same bytes again and again: mostly a few messages each, one member after the other. */
async function sendRounds({ members }: Room): Promise<void> {
  const bytes = Buffer.alloc(4_096);
  const sendTo = (member: Channel, i: number, round: number): void => {
    const length = lengthOf(round);
    // What is longer is borrowed until it is written.
    const own = length > 4_096 ? Buffer.alloc(length) : bytes.subarray(0, length);
    assert.ok(member.send(own.fill((round + 7 * i) & 0xff)));
    if (round % 50 === 0) member.send(`text ${round}`);
  };
  for (let from = 0; from < ROUNDS; from += TURN) {
    const rounds = Array.from({ length: TURN }, (_, i) => from + i);
    if (from % 100 === 0) for (const round of rounds) for (const [i, member] of members.entries()) sendTo(member, i, round);
    else for (const [i, member] of members.entries()) for (const round of rounds) sendTo(member, i, round);
    await turns(1);
  }
}

async function readRounds({ clients }: Room): Promise<void> {
  for (const [i, client] of clients.entries()) {
    client.client.socket.resume();
    for (let round = 0; round < ROUNDS; round++) {
      const { opcode, payload } = await client.readFrame();
      assert.equal(opcode, 2);
      assert.ok(payload.equals(Buffer.alloc(lengthOf(round), (round + 7 * i) & 0xff)), `message ${round} of member ${i}`);
      if (round % 50 === 0) assert.equal((await client.readFrame()).payload.toString(), `text ${round}`);
    }
  }
}

test('over TCP, where some of them read late', async (t) => {
  const members: Channel[] = [];
  const server = await startServer(t, (request) => asChannel(request, { onOpen: (channel) => void members.push(channel) }), LIMITS);
  const room = await gather(members, () => RawClient.open(t, server.port));
  await sendRounds(room);
  assert.ok(members.filter(({ bufferedAmount }) => bufferedAmount > 0).length >= LATE);
  await readRounds(room);
});

/** Where Node itself copies what it encrypts: what this shows is that all of it comes, and in order. */
test('over TLS, where some of them read late', async (t) => {
  const members: Channel[] = [];
  const server = await startTls(t, (request) => asChannel(request, { onOpen: (channel) => void members.push(channel) }), LIMITS);
  if (server === undefined) return;
  const room = await gather(members, async () => new RawClient(await openTls(t, server)));
  await sendRounds(room);
  assert.ok(members.filter(({ bufferedAmount }) => bufferedAmount > 0).length >= LATE);
  await readRounds(room);
});

test('as bodies of pipelined responses whose handlers end in any order', async (t) => {
  const bytes = Buffer.alloc(4_096);
  const { port } = await startServer(t, async ({ query }) => {
    const [client, i] = query.split(',').map(Number) as [number, number];
    await turns((client + i) % 3);
    return { body: bytes.subarray(0, lengthOf(i + 7 * client)).fill(40 * client + i) };
  });
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(t, port)));
  await Promise.all(clients.map((client, c) => client.send(Array.from({ length: 40 }, (_, i) => request(`/?${c},${i}`)).join(''))));
  for (const [c, client] of clients.entries()) {
    for (let i = 0; i < 40; i++) assert.equal((await client.readResponse()).body, String.fromCharCode(40 * c + i).repeat(lengthOf(i + 7 * c)));
  }
});

test('bytes whose memory is gone are a UsageError, and nobody is sent what is not theirs', async (t) => {
  const members: Channel[] = [];
  const store = new MemoryChannelStore();
  const { port } = await startServer(t, (request) => asChannel(request, { onOpen: (channel) => void (members.push(channel), store.addToGroup('all', channel)) }));
  const [first, second] = [await RawWebSocket.open(t, port), await RawWebSocket.open(t, port)];
  assert.throws(() => members[0]!.send(transferred()), UsageError);
  assert.throws(() => members[0]!.ping(transferred()), UsageError);
  assert.throws(() => store.broadcast('all', transferred()), UsageError);
  members[1]!.send(Buffer.from('for the second alone'));
  await turns(2);
  store.broadcast('all', 'for all of them');
  assert.equal((await first.readFrame()).payload.toString(), 'for all of them');
  for (const text of ['for the second alone', 'for all of them']) assert.equal((await second.readFrame()).payload.toString(), text);
});
