/** A client that takes too little, and a machine that cannot compress or inflate: one connection ends, in order, and no other is touched. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startChannelServer, type ChannelServer } from '../support/channels.js';
import { deferred, until } from '../support/deferred.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { text } from '../support/frames.js';
import { DEFLATE } from '../support/held-compression.js';
import { ZlibWatch } from '../support/zlib-watch.js';

const LARGE = 'a large message. '.repeat(6000);

test('a channel whose client takes too little is closed with 1013 within the send that overflows, which calls nobody back', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  let isSending = false;
  const calledBack: string[] = [];
  const note = (name: string): void => void (isSending && calledBack.push(name));
  const server = await startChannelServer(t, { ...DEFLATE, softBufferBytes: 1000, maxBufferedBytes: 150_000 }, undefined, { onDrain: () => note('onDrain') });
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  isSending = true;
  assert.deepEqual([taken.channel.send(LARGE), taken.channel.send(LARGE), taken.channel.send('too much')], [true, true, false]);
  isSending = false;
  assert.deepEqual(calledBack, []);
  assert.equal(taken.channel.isOpen, false);
  assert.deepEqual(await client.raw.readClose(), { code: 1013, reason: '' });
  zlib.release();
  assert.equal(await client.raw.client.readToEnd(), '');
  assert.equal((await taken.closed()).code, 1013);
  assert.equal(server.server.stats().drops, 3);
});

test('where what overflows is dropped, what waits for threads counts, and the rest is sent in order', async (t) => {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, { ...DEFLATE, maxBufferedBytes: 150_000, onOverflow: 'drop' });
  const client = await DeflateWebSocket.open(t, server.port);
  const { channel } = await server.next();
  assert.deepEqual([channel.send(LARGE), channel.send(LARGE), channel.send('dropped')], [true, true, false]);
  zlib.release();
  assert.equal(await client.readText(), LARGE);
  assert.equal(await client.readText(), LARGE);
  await until(() => channel.bufferedAmount === 0, 'the output');
  assert.equal(channel.send('behind'), true);
  assert.equal(await client.readText(), 'behind');
  assert.equal(server.server.stats().drops, 1);
});

const FAULTS: readonly { readonly what: string; readonly method?: 'deflateRawSync'; readonly cause: (server: ChannelServer) => void }[] = [
  { what: 'compressing a short message', cause: (server) => void server.taken[0]!.channel.send('x'.repeat(2000)) },
  { what: 'compressing a long message', cause: (server) => void server.taken[0]!.channel.send(LARGE) },
  {
    what: 'compressing a short message behind a long one',
    method: 'deflateRawSync',
    cause: (server) => {
      server.taken[0]!.channel.send(LARGE);
      server.taken[0]!.channel.send('x'.repeat(2000));
    },
  },
];

for (const { what, method, cause } of FAULTS) {
  test(`a fault of this machine while ${what} is told to the application, and costs that connection only`, async (t) => {
    const zlib = new ZlibWatch(t);
    const server = await startChannelServer(t, DEFLATE);
    const client = await DeflateWebSocket.open(t, server.port);
    const other = await DeflateWebSocket.open(t, server.port);
    const [taken, takenOther] = [await server.next(), await server.next()];
    zlib.fail(new Error('out of memory'), method);
    cause(server);
    assert.equal((await taken.closed()).code, 1006);
    await client.raw.client.readToEnd();
    assert.deepEqual(server.errors.map(String), ['Error: out of memory']);
    assert.equal(taken.closings.length, 1);
    zlib.fail(undefined);
    takenOther.channel.send(LARGE);
    assert.equal(await other.readText(), LARGE);
  });
}

for (const { what, text: data } of [
  { what: 'a short message', text: 'x'.repeat(100) },
  { what: 'a long message', text: randomBytes(20_000).toString('hex') },
]) {
  test(`a fault of this machine while ${what} is inflated behind one that is being handled is the end of that connection only`, async (t) => {
    const zlib = new ZlibWatch(t);
    const gate = deferred();
    const server = await startChannelServer(t, DEFLATE, undefined, { onReceive: () => gate.promise });
    const client = await DeflateWebSocket.open(t, server.port);
    const taken = await server.next();
    await client.raw.send(Buffer.concat([client.frame('first'), client.frame(data), client.frame('behind')]));
    await until(() => server.server.stats().messages.in === 3, 'all messages');
    zlib.fail(new Error('out of memory'));
    gate.resolve();
    await client.raw.client.readToEnd();
    assert.equal((await taken.closed()).code, 1006);
    assert.deepEqual(server.errors.map(String), ['Error: out of memory']);
    assert.equal(taken.closings.length, 1);
  });
}

test('what comes in the same read behind a message that this machine cannot inflate is not handed over: one would be missing', async (t) => {
  const zlib = new ZlibWatch(t);
  const received: unknown[] = [];
  const server = await startChannelServer(t, DEFLATE, undefined, { onReceive: (_channel, message) => received.push(message) });
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  zlib.fail(new Error('out of memory'));
  await client.raw.send(Buffer.concat([client.frame('lost'), text('behind')]));
  await client.raw.client.readToEnd();
  assert.equal((await taken.closed()).code, 1006);
  assert.deepEqual(received, []);
  assert.deepEqual(server.errors.map(String), ['Error: out of memory']);
});
