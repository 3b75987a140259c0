/** A broadcast is compressed once where members can share it, each of them gets it right, and no more than a few messages are in threads at once. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { MemoryChannelStore } from 'longwire';
import { type ChannelServer, startChannelServer } from '../support/channels.js';
import { turns, until } from '../support/deferred.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { ZlibWatch } from '../support/zlib-watch.js';

const ALL = { perMessageDeflate: { threshold: 0, contextTakeover: true } } as const;
const SMALL = 'to all of you. '.repeat(10);
const LARGE = 'to all of you, at length. '.repeat(4000);

/** Opens a WebSocket for each offer, and puts all into a group. */
async function openAll(t: Parameters<typeof DeflateWebSocket.open>[0], server: ChannelServer, offers: readonly string[]): Promise<{ store: MemoryChannelStore; clients: DeflateWebSocket[] }> {
  const store = new MemoryChannelStore();
  const clients: DeflateWebSocket[] = [];
  for (const offer of offers) {
    clients.push(await DeflateWebSocket.open(t, server.port, offer));
    store.addToGroup('all', (await server.next()).channel);
  }
  return { store, clients };
}

for (const { size, message, method } of [
  { size: 'short', message: SMALL, method: 'deflateRawSync' },
  { size: 'long', message: LARGE, method: 'deflateRaw' },
] as const) {
  test(`a ${size} message is compressed once for 20 members, with and without takeover, and once more for each other window`, async (t) => {
    const zlib = new ZlibWatch(t);
    const server = await startChannelServer(t, ALL);
    const plain = Array.from({ length: 20 }, (_, i) => `permessage-deflate${i % 2 === 0 ? '' : '; server_no_context_takeover'}`);
    const { store, clients } = await openAll(t, server, [...plain, '', ...Array<string>(3).fill('permessage-deflate; server_max_window_bits=9'), 'permessage-deflate; server_max_window_bits=8']);
    for (let round = 1; round <= 3; round++) {
      assert.equal(store.broadcast('all', `${round} ${message}`), clients.length);
      for (const client of clients) assert.equal(await client.readText(), `${round} ${message}`);
      assert.equal(zlib.count(method), 3 * round, 'windows of 15, 9 and 8 bits');
    }
    assert.equal(zlib.calls.length, 9);
  });
}

test('what a function makes for each member is compressed for each', async (t) => {
  const zlib = new ZlibWatch(t);
  const server = await startChannelServer(t, ALL);
  const { store, clients } = await openAll(t, server, Array<string>(3).fill('permessage-deflate'));
  let count = 0;
  store.broadcast('all', () => `${++count} ${SMALL}`);
  for (const [i, client] of clients.entries()) assert.equal(await client.readText(), `${i + 1} ${SMALL}`);
  assert.equal(zlib.count('deflateRawSync'), 3);
});

test('what is sent to one and to all in turn arrives in order and right, whatever each agreed on', async (t) => {
  const server = await startChannelServer(t, { perMessageDeflate: { threshold: 100, contextTakeover: true }, maxBufferedBytes: 16 * 1024 * 1024 });
  const { store, clients } = await openAll(t, server, [
    'permessage-deflate',
    '',
    'permessage-deflate; server_max_window_bits=9',
    'permessage-deflate; server_no_context_takeover',
    'permessage-deflate; server_max_window_bits=8; client_no_context_takeover',
    'permessage-deflate; server_max_window_bits=12',
  ]);
  const words = Array.from({ length: 5 }, () => randomBytes(150).toString('base64'));
  const members = server.taken.map((each) => each.channel);
  for (let round = 0; round < 10; round++) {
    const word = words[round % 5]!;
    for (const [i, member] of members.entries()) if ((i + round) % 2 === 0) member.send(`own ${round} ${word.repeat(round % 3 === 0 ? 200 : 1)}`);
    store.broadcast('all', `all ${round} ${word.repeat(round % 4 === 0 ? 150 : 1)}`);
    store.broadcast('all', `as it is ${round} ${word}`, { compress: false });
    store.broadcast('all', `short ${round}`);
  }
  for (const [i, client] of clients.entries()) {
    for (let round = 0; round < 10; round++) {
      const word = words[round % 5]!;
      if ((i + round) % 2 === 0) assert.equal(await client.readText(), `own ${round} ${word.repeat(round % 3 === 0 ? 200 : 1)}`);
      assert.equal(await client.readText(), `all ${round} ${word.repeat(round % 4 === 0 ? 150 : 1)}`);
      assert.equal(await client.readText(), `as it is ${round} ${word}`);
      assert.equal(await client.readText(), `short ${round}`);
    }
  }
});

test('a member that leaves while a message for all is compressed keeps nobody else from getting it', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, ALL);
  const { store, clients } = await openAll(t, server, Array<string>(3).fill('permessage-deflate'));
  assert.equal(store.broadcast('all', LARGE), 3);
  // The first is the one for whom it is compressed.
  clients[0]!.raw.client.reset();
  await server.taken[0]!.closed();
  zlib.release();
  assert.equal(await clients[1]!.readText(), LARGE);
  assert.equal(await clients[2]!.readText(), LARGE);
  assert.equal(server.server.stats().compression.contextBytes, 2 * 32_768);
});

test('four messages at most are in threads at once, both ways taken together, and those who wait get their turn in order', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, ALL);
  const { clients } = await openAll(t, server, Array<string>(12).fill('permessage-deflate'));
  const incoming = randomBytes(10_000).toString('hex');
  const order: number[] = [];
  for (const [i, { channel }] of server.taken.entries()) {
    if (i % 3 === 0) await clients[i]!.send(incoming);
    else channel.send(`${i} ${LARGE}`);
    void (i % 3 === 0 ? server.taken[i]!.received(1) : channel.drained()).then(() => order.push(i));
    // Bytes of a client are read in some turn of their own.
    if (i % 3 === 0) await until(() => server.server.stats().messages.in === i / 3 + 1, 'the message');
  }
  await turns();
  assert.equal(zlib.running, 4);
  for (let done = 1; done <= 12; done++) {
    zlib.releaseOne();
    await until(() => order.length === done, `message ${done}`);
    assert.ok(zlib.running <= 4);
  }
  assert.equal(zlib.mostRunning, 4);
  for (const [i, client] of clients.entries()) if (i % 3 !== 0) assert.equal(await client.readText(), `${i} ${LARGE}`);
  assert.deepEqual(zlib.calls.map((call) => call.name), Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 'inflateRaw' : 'deflateRaw')), 'in the order in which they came');
});

test('one that sends much in threads keeps another waiting for one message only', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, { ...ALL, maxBufferedBytes: 64 * 1024 * 1024 });
  const { clients } = await openAll(t, server, Array<string>(6).fill('permessage-deflate'));
  const [modest, ...greedy] = server.taken;
  for (const { channel } of greedy) for (let i = 0; i < 20; i++) channel.send(LARGE);
  modest!.channel.send(`modest ${LARGE}`);
  zlib.release();
  assert.equal(await clients[0]!.readText(), `modest ${LARGE}`);
  // Five of the greedy have one message each ahead of it. Threads may be done in any order, but work begins in the order in which it came.
  assert.equal(zlib.calls.findIndex(({ bytes }) => bytes === `modest ${LARGE}`.length), 5);
});
