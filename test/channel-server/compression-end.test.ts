/** A WebSocket that ends while a message is compressed or inflated in a thread: the end is told once, nothing is written behind it, nothing is left. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { Message } from 'longwire';
import { startChannelServer, type ChannelServer } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { deferred, turns, until } from '../support/deferred.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { clientFrame, close, text } from '../support/frames.js';
import { DEFLATE, holdCompression } from '../support/held-compression.js';
import { ZlibWatch } from '../support/zlib-watch.js';

const LARGE = 'a large message. '.repeat(6000);
const CLOSE_1000 = Buffer.from([0x88, 2, 3, 232]).toString('latin1');

/** Nothing of a connection is left in what the server counts. */
async function assertNothingLeft({ server }: ChannelServer): Promise<void> {
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  const { compression, webSockets, channels } = server.stats();
  assert.deepEqual([compression, webSockets.open, channels.open], [{ webSockets: 0, contextBytes: 0 }, 0, 0]);
}

test('close() behind a message in a thread waits for it, and so does a send that closes', async (t) => {
  for (const isLast of [false, true]) {
    const { zlib, client, taken: { channel } } = await holdCompression(t);
    channel.send(LARGE, isLast);
    if (!isLast) assert.equal(channel.close(), true);
    assert.equal(channel.isOpen, false);
    assert.equal(channel.send('too late'), false);
    await until(() => zlib.running === 1, 'the deflation');
    await turns();
    assert.equal(client.raw.client.received, '');
    zlib.release();
    assert.equal(await client.readText(), LARGE);
    assert.deepEqual(await client.raw.readClose(), { code: 1000, reason: '' });
  }
});

test('a Close of the client is answered at once while a message is in a thread, which is dropped with what waits behind it', async (t) => {
  const { zlib, server, client, taken } = await holdCompression(t);
  taken.channel.send(LARGE);
  taken.channel.send('behind');
  const drained = taken.channel.drained();
  await client.raw.send(close(1000));
  assert.equal(await client.raw.client.readToEnd(), CLOSE_1000);
  assert.deepEqual(await taken.closed(), { status: 'normal', code: 1000, reason: '', by: 'client', clean: true });
  await drained;
  assert.equal(server.server.stats().drops, 2);
  client.raw.client.end();
  await assertNothingLeft(server);
  zlib.release();
  await turns();
  await assertNothingLeft(server);
  assert.equal(client.raw.client.received, '');
  assert.equal(taken.closings.length, 1);
});

test('our Close is sent though the Close of the client comes while it waits behind a message in a thread', async (t) => {
  const { zlib, server, client, taken } = await holdCompression(t);
  taken.channel.send(LARGE);
  taken.channel.close(3000, 'enough');
  await client.raw.send(close(1000));
  assert.deepEqual(await client.raw.readClose(), { code: 3000, reason: 'enough' });
  assert.equal(await client.raw.client.readToEnd(), '');
  assert.deepEqual(await taken.closed(), { status: 'unknown', code: 3000, reason: 'enough', by: 'server', clean: true });
  assert.equal(server.server.stats().drops, 1, 'the message, not the Close');
  client.raw.client.end();
  zlib.release();
  await assertNothingLeft(server);
  assert.equal(taken.closings.length, 1);
});

test('our Close is sent though the client breaks a rule, or sends FIN, while it waits behind a message in a thread', async (t) => {
  for (const breaks of [true, false]) {
    const { zlib, server, client, taken } = await holdCompression(t);
    taken.channel.send(LARGE);
    taken.channel.close();
    if (breaks) await client.raw.send(clientFrame({ opcode: 3 }));
    else client.raw.client.end();
    assert.equal(await client.raw.client.readToEnd(), CLOSE_1000);
    client.raw.client.end();
    zlib.release();
    await assertNothingLeft(server);
    assert.equal((await taken.closed()).clean, false);
    assert.equal(taken.closings.length, 1);
  }
});

test('a client that breaks a rule while a message is in a thread is told, and the message is not sent', async (t) => {
  const { zlib, server, client, taken } = await holdCompression(t);
  taken.channel.send(LARGE);
  taken.channel.send('behind');
  await client.raw.send(clientFrame({ opcode: 3 }));
  assert.equal((await client.raw.readClose()).code, 1002);
  zlib.release();
  assert.equal(await client.raw.client.readToEnd(), '');
  client.raw.client.end();
  await assertNothingLeft(server);
  assert.equal((await taken.closed()).code, 1002);
  assert.equal(taken.closings.length, 1);
});

test('a client that leaves while messages are compressed and inflated leaves nothing; what came before is handed over, then the end is told', async (t) => {
  const { zlib, server, client, taken } = await holdCompression(t);
  const large = randomBytes(20_000).toString('hex');
  taken.channel.send(LARGE);
  await client.raw.send(Buffer.concat([client.frame(large), client.frame('behind '.repeat(200)), client.frame(large)]));
  await until(() => zlib.running === 2, 'both ways');
  const drained = taken.channel.drained();
  client.raw.client.reset();
  await drained;
  await assertNothingLeft(server);
  assert.deepEqual(taken.closings, []);
  zlib.release();
  assert.equal((await taken.closed()).code, 1006);
  assert.deepEqual(taken.messages, [large, 'behind '.repeat(200), large]);
  await assertNothingLeft(server);
  assert.equal(taken.closings.length, 1);
  assert.equal(taken.channel.bufferedAmount, 0);
});

test('stop() sends what is in a thread, then 1001', async (t) => {
  const server = await startChannelServer(t, DEFLATE);
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  taken.channel.send(LARGE);
  const stopped = server.server.stop();
  assert.equal(await client.readText(), LARGE);
  assert.deepEqual(await client.raw.readClose(), { code: 1001, reason: '' });
  await client.raw.send(close(1001));
  await client.raw.client.readToEnd();
  client.raw.client.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
  assert.deepEqual([taken.closings.length, taken.closings[0]?.clean], [1, true]);
});

test('a stop that waits no longer drops what is in threads; when it comes back nobody is told of it', async (t) => {
  const { zlib, server, client, taken } = await holdCompression(t);
  taken.channel.send(LARGE);
  await client.raw.send(Buffer.concat([client.frame(randomBytes(20_000)), client.frame('behind '.repeat(200))]));
  await until(() => zlib.running === 2, 'both ways');
  await server.server.stop({ timeoutMs: 0 });
  assert.equal((await taken.closed()).by, 'shutdown');
  zlib.release();
  await turns();
  assert.deepEqual(taken.messages, []);
  assert.equal(taken.closings.length, 1);
  await assertNothingLeft(server);
});

test('a message that is inflated for longer than the end is waited for is dropped, and the end told once', async (t) => {
  const clock = new FakeClock();
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, DEFLATE, clock);
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  await client.raw.send(Buffer.concat([client.frame(randomBytes(20_000)), client.frame('behind '.repeat(200)), close(1000)]));
  assert.equal(await client.raw.client.readToEnd(), CLOSE_1000);
  assert.deepEqual(taken.closings, []);
  clock.advance(31_000);
  assert.equal((await taken.closed()).code, 1000);
  zlib.release();
  await turns();
  assert.deepEqual(taken.messages, []);
  assert.equal(taken.closings.length, 1);
});

const CORRUPT: readonly { readonly what: string; readonly frame: Buffer; readonly code: number }[] = [
  { what: 'a short message that is corrupt', frame: clientFrame({ opcode: 1, rsv: 4, payload: Buffer.from('ffff', 'hex') }), code: 1007 },
  { what: 'a long message that is corrupt', frame: clientFrame({ opcode: 1, rsv: 4, payload: Buffer.alloc(10_000, 0xff) }), code: 1007 },
  { what: 'a message that is too big', frame: clientFrame({ opcode: 2, rsv: 4, payload: deflateRawSync(Buffer.alloc(2 * 1024 * 1024)) }), code: 1009 },
];

for (const { what, frame, code } of CORRUPT) {
  test(`${what} behind others that are still being handled fails the channel when its turn comes, and what is behind it is lost`, async (t) => {
    const gate = deferred();
    const handled: Message[] = [];
    const server = await startChannelServer(t, DEFLATE, undefined, {
      onReceive: async (_channel, message) => {
        await gate.promise;
        handled.push(message);
      },
    });
    const client = await DeflateWebSocket.open(t, server.port);
    const taken = await server.next();
    await client.raw.send(Buffer.concat([client.frame('first'), text('second'), client.frame(LARGE), frame, text('lost')]));
    await until(() => server.server.stats().messages.in === 5, 'all messages');
    await turns();
    assert.equal(taken.channel.isOpen, true);
    gate.resolve();
    assert.equal((await client.raw.readClose()).code, code);
    assert.equal(await client.raw.client.readToEnd(), '');
    const closing = await taken.closed();
    assert.deepEqual([closing.code, closing.by, closing.clean], [code, 'server', false]);
    assert.deepEqual(handled, ['first', 'second', LARGE]);
    client.raw.client.end();
    await assertNothingLeft(server);
    assert.equal(taken.closings.length, 1);
  });
}

test('a bomb in a thread fails the channel with 1009, and takes no more memory than the limit', async (t) => {
  const server = await startChannelServer(t, { ...DEFLATE, maxMessageBytes: 256 * 1024 });
  const client = await DeflateWebSocket.open(t, server.port);
  const taken = await server.next();
  const bomb = client.frame(Buffer.alloc(64 * 1024 * 1024));
  assert.ok(bomb.length > 4096 && bomb.length < 256 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const measuring = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1);
  await client.raw.send(bomb);
  assert.deepEqual(await client.raw.readClose(), { code: 1009, reason: 'the message is too big' });
  clearInterval(measuring);
  assert.ok(Math.max(most, process.memoryUsage().arrayBuffers - before) < 4 * 1024 * 1024);
  assert.equal((await taken.closed()).code, 1009);
});
