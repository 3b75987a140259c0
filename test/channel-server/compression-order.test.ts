/** While a message is compressed or inflated in a thread, everything keeps its order, and what is told of it is true. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { asChannel, type Message, MemoryChannelStore } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { deferred, turns, until } from '../support/deferred.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { clientFrame, ping, text } from '../support/frames.js';
import { DEFLATE, holdCompression } from '../support/held-compression.js';
import { Random } from '../support/random.js';
import { startServer } from '../support/server.js';
import { ZlibWatch } from '../support/zlib-watch.js';

const LARGE = 'a large message. '.repeat(6000);

test('what is sent behind a message in a thread waits for it, whatever it is', async (t) => {
  const { zlib, client, taken: { channel } } = await holdCompression(t);
  const messages: Message[] = [LARGE, 'short', 'x'.repeat(2000), Uint8Array.of(1, 2, 3), LARGE.toUpperCase(), 'last'];
  for (const each of messages) assert.equal(channel.send(each), true);
  channel.send('as it is', false, { compress: false });
  await until(() => zlib.running === 1, 'the deflation');
  await turns();
  assert.equal(client.raw.client.received, '');
  zlib.release();
  for (const each of [...messages, 'as it is']) assert.ok((await client.read()).data.equals(Buffer.from(each as string)));
});

test('a Ping overtakes a message in a thread, and so does the answer to one', async (t) => {
  const { zlib, client, taken: { channel } } = await holdCompression(t);
  channel.send(LARGE);
  channel.ping('first');
  await client.raw.send(ping('second'));
  const frames = [await client.raw.readFrame(), await client.raw.readFrame()];
  assert.deepEqual(frames.map((frame) => [frame.opcode, frame.payload.toString()]), [[9, 'first'], [10, 'second']]);
  zlib.release();
  assert.equal(await client.readText(), LARGE);
});

test('bufferedAmount and stats() count what waits for a thread, and drained() waits for it', async (t) => {
  const { zlib, server, client, taken: { channel } } = await holdCompression(t);
  assert.equal(channel.bufferedAmount, 0);
  channel.send(LARGE);
  assert.equal(channel.bufferedAmount, LARGE.length);
  channel.send('€'.repeat(10));
  assert.equal(channel.bufferedAmount, LARGE.length + 30);
  assert.equal(server.server.stats().bytes.buffered, LARGE.length + 30);
  let isDrained = false;
  const drained = channel.drained().then(() => (isDrained = true));
  await until(() => zlib.running === 1, 'the deflation');
  await turns();
  assert.equal(isDrained, false);
  zlib.release();
  await drained;
  assert.deepEqual([channel.bufferedAmount, server.server.stats().bytes.buffered], [0, 0]);
  assert.equal(await client.readText(), LARGE);
});

test('drained() is about what was sent before, though there is always more behind', async (t) => {
  const { zlib, client, taken: { channel } } = await holdCompression(t);
  channel.send(LARGE);
  const drained = channel.drained();
  channel.send(LARGE);
  await until(() => zlib.running === 1, 'the first deflation');
  await turns();
  zlib.releaseOne();
  await drained;
  assert.equal(channel.bufferedAmount, LARGE.length, 'the second still waits');
  zlib.release();
  assert.equal(await client.readText(), LARGE);
  assert.equal(await client.readText(), LARGE);
});

test('onDrain is called once what waited for threads has gone below the soft mark, and not before', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, { ...DEFLATE, softBufferBytes: 50_000 });
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  taken.channel.send('x'.repeat(40_000));
  await until(() => zlib.running === 1, 'the first deflation');
  zlib.releaseOne();
  await client.read();
  assert.equal(taken.drains, 0, 'the soft mark was never passed');
  for (let i = 0; i < 3; i++) taken.channel.send(LARGE);
  await until(() => zlib.running === 1, 'the second deflation');
  for (let i = 0; i < 2; i++) {
    await until(() => zlib.running === 1 && zlib.count('deflateRaw') === i + 2, `deflation ${i + 2}`);
    await turns();
    zlib.releaseOne();
    await client.read();
    assert.equal(taken.drains, 0, 'more than the soft mark still waits');
  }
  zlib.release();
  await client.read();
  await until(() => taken.drains > 0, 'onDrain');
  await turns();
  assert.equal(taken.drains, 1);
  assert.equal(taken.channel.bufferedAmount, 0);
});

test('onDrain is not called when the client takes what it was sent while more than the soft mark waits for a thread', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, { ...DEFLATE, softBufferBytes: 1000, maxBufferedBytes: 64 * 1024 * 1024 });
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  client.raw.client.socket.pause();
  taken.channel.send(Buffer.alloc(8 * 1024 * 1024), false, { compress: false });
  taken.channel.send(LARGE);
  assert.ok(taken.channel.bufferedAmount > LARGE.length, 'the client takes too little');
  client.raw.client.socket.resume();
  await until(() => taken.channel.bufferedAmount === LARGE.length, 'all that is not in a thread');
  await turns();
  assert.equal(taken.drains, 0);
  zlib.release();
  await until(() => taken.drains > 0, 'onDrain');
  assert.equal(taken.drains, 1);
});

test('what onDrain sends comes behind what was sent before', async (t) => {
  let drains = 0;
  const server = await startChannelServer(t, { ...DEFLATE, softBufferBytes: 50_000 }, undefined, { onDrain: (channel) => void channel.send(drains++ === 0 ? LARGE : 'last') });
  const client = await DeflateWebSocket.open(t, server.port);
  const { channel } = await server.next();
  channel.send(LARGE);
  channel.send('second');
  assert.equal(await client.readText(), LARGE);
  assert.equal(await client.readText(), 'second');
  assert.equal(await client.readText(), LARGE);
  assert.equal(await client.readText(), 'last');
});

test('short bytes are sent as they were at the call, though the application changes them while they wait', async (t) => {
  const { zlib, client, taken: { channel } } = await holdCompression(t);
  const store = new MemoryChannelStore();
  store.addToGroup('all', channel);
  const bytes = { plain: Buffer.alloc(100, 'a'), compressed: Buffer.alloc(2000, 'b'), plainToMany: Buffer.alloc(100, 'c'), compressedToMany: Buffer.alloc(2000, 'd') };
  channel.send(LARGE);
  channel.send(bytes.plain);
  channel.send(bytes.compressed);
  store.broadcast('all', bytes.plainToMany);
  store.broadcast('all', bytes.compressedToMany);
  for (const each of Object.values(bytes)) each.fill('!');
  await until(() => zlib.running === 1, 'the deflation');
  zlib.release();
  const texts: string[] = [];
  for (let i = 0; i < 5; i++) texts.push(await client.readText());
  assert.deepEqual(texts, [LARGE, 'a'.repeat(100), 'b'.repeat(2000), 'c'.repeat(100), 'd'.repeat(2000)]);
});

test('messages that are inflated in threads are handed over in their order, with those between them', async (t) => {
  const { zlib, client, taken } = await holdCompression(t);
  const large = randomBytes(20_000).toString('hex');
  await client.raw.send(Buffer.concat([client.frame(large), text('second'), client.frame('third'), client.frame(large), clientFrame({ opcode: 2, payload: 'x' }), ping('overtakes')]));
  assert.equal((await client.raw.readFrame()).payload.toString(), 'overtakes');
  await until(() => zlib.running === 1, 'the first inflation');
  assert.deepEqual(taken.messages, []);
  zlib.release();
  assert.deepEqual(await taken.received(5), [large, 'second', 'third', large, Uint8Array.of(0x78)]);
});

test('a slow onReceive holds compressed messages back, which are inflated one by one and all handed over', async (t) => {
  const zlib = new ZlibWatch(t);
  let gate = deferred();
  const handled: Message[] = [];
  const server = await startChannelServer(t, { ...DEFLATE, maxQueuedMessages: 4 }, undefined, {
    onReceive: async (_channel, message) => {
      await gate.promise;
      handled.push(message);
    },
  });
  const client = await DeflateWebSocket.open(t, server.port);
  await server.next();
  const messages = Array.from({ length: 30 }, (_, i) => `${i} `.repeat(i % 5 === 0 ? 30_000 : 300));
  for (const each of messages) await client.send(each);
  await until(() => server.server.stats().pauses > 0, 'a pause of reading');
  assert.equal(zlib.count('inflateRaw') + zlib.count('inflateRawSync'), 1, 'what waits is not inflated');
  gate.resolve();
  gate = deferred();
  await until(() => handled.length === 1, 'the first message');
  gate.resolve();
  await until(() => handled.length === 30, 'all messages');
  assert.deepEqual(handled, messages);
});

test('messages of any size, compressed or not, to one and to many, keep their order both ways', async (t) => {
  const random = new Random(11);
  const store = new MemoryChannelStore();
  const { port } = await startServer(
    t,
    (request) =>
      asChannel(request, {
        init: (channel) => store.addToGroup(request.path, channel),
        onReceive: (channel, message) => {
          const compress = !random.once(4);
          if (random.once(3)) store.broadcast(request.path, message, { compress });
          else channel.send(message, false, { compress });
        },
      }),
    { perMessageDeflate: { threshold: 500, contextTakeover: true }, maxBufferedBytes: 64 * 1024 * 1024 },
  );
  await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const client = await DeflateWebSocket.open(t, port, i % 2 === 0 ? 'permessage-deflate' : 'permessage-deflate; server_max_window_bits=9; client_no_context_takeover', `/${i}`);
      const messages = Array.from({ length: 60 }, (_, j) => `${i}.${j} `.repeat(random.pick([1, 10, 300, 3000, 6000, 20_000])));
      for (const each of messages) await client.raw.send(random.once(4) ? text(each) : client.frame(each));
      for (const [j, each] of messages.entries()) assert.equal(await client.readText(), each, `message ${j} of ${i}`);
    }),
  );
});
