/** Output faster than the client takes it: bursts to a healthy one arrive whole, a client that reads nothing costs a bounded amount. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { ServerOptions } from 'longwire';
import { get, startChannelServer } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns, until } from '../support/deferred.js';
import { handshake, parseServerFrames } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The ways out: a message of a WebSocket, a piece of a stream. */
const WAYS = [
  { name: 'a WebSocket', bytes: handshake(), isWebSocket: true },
  { name: 'a stream', bytes: get(), isWebSocket: false },
];
type Way = (typeof WAYS)[number];

/** An open channel whose client reads when the test lets it. */
async function open(t: TestContext, way: Way, options: ServerOptions = {}, clock?: FakeClock) {
  const server = await startChannelServer(t, options, clock);
  const client = await RawClient.open(t, server.port);
  await client.send(way.bytes);
  const taken = await server.next();
  const { channel } = taken;
  if (!way.isWebSocket) channel.send('', false);
  await client.readUntil('\r\n\r\n');
  return { server, client, taken, channel };
}

/** Sends until as much as `waiting` bytes wait for a client that does not read. */
function fill({ channel, client }: Awaited<ReturnType<typeof open>>, waiting: number): void {
  client.socket.pause();
  const piece = new Uint8Array(128 * KIB);
  while (channel.isOpen && channel.bufferedAmount < waiting && channel.send(piece, false));
}

test('10,000 small messages sent in one turn all reach a WebSocket', async (t) => {
  const server = await startChannelServer(t);
  const client = new WebSocket(server.wsUrl);
  const received: string[] = [];
  client.on('message', (data) => received.push(String(data)));
  await once(client, 'open');
  const taken = await server.next();
  for (let i = 0; i < 10_000; i++) assert.equal(taken.channel.send(`message ${i} ${'x'.repeat(100)}`), true);
  await until(() => received.length === 10_000, 'all messages');
  received.forEach((each, i) => assert.equal(each, `message ${i} ${'x'.repeat(100)}`));
  assert.equal(server.server.stats().drops, 0);
  client.terminate();
});

test('10,000 small pieces sent in one turn all reach a stream', async (t) => {
  const { channel, client, server } = await open(t, WAYS[1]!);
  let expected = '';
  for (let i = 0; i < 10_000; i++) {
    const piece = `piece ${i} ${'x'.repeat(100)}`;
    expected += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    assert.equal(channel.send(piece, false), true);
  }
  channel.close();
  assert.equal((await client.readBytes(expected.length + 5)).toString('latin1'), `${expected}0\r\n\r\n`);
  assert.equal(server.server.stats().drops, 0);
});

for (const way of WAYS) {
  test(`one message larger than the outbound cap goes out on ${way.name} that is idle`, async (t) => {
    const { channel, client, taken } = await open(t, way);
    const size = 4 * MIB;
    assert.equal(channel.send(new Uint8Array(size).fill(7), false), true);
    const received = await client.readBytes(size + (way.isWebSocket ? 10 : `${size.toString(16)}\r\n\r\n`.length));
    if (way.isWebSocket) assert.equal(parseServerFrames(received).frames[0]!.payload.length, size);
    assert.equal(channel.send('and on', false), true);
    await client.readUntil('and on');
    assert.deepEqual(taken.closings, []);
  });

  test(`${way.name} answers false at the cap with onOverflow drop, counts it, and goes on when there is room`, async (t) => {
    const scene = await open(t, way, { onOverflow: 'drop' });
    const { channel, client, server, taken } = scene;
    fill(scene, 2 * MIB);
    assert.ok(channel.bufferedAmount > MIB && channel.bufferedAmount < MIB + 256 * KIB, 'the cap is judged before a send');
    const drops = server.server.stats().drops;
    assert.equal(channel.send('dropped', false), false);
    assert.equal(server.server.stats().drops, drops + 1);
    assert.equal(channel.isOpen, true);
    client.socket.resume();
    await channel.drained();
    assert.equal(channel.bufferedAmount, 0);
    assert.equal(channel.send('behind', false), true);
    const received = await client.readUntil('behind');
    assert.doesNotMatch(received, /dropped/);
    assert.deepEqual(taken.closings, []);
  });

  test(`${way.name} is closed at the cap with onOverflow close`, async (t) => {
    const clock = new FakeClock();
    const scene = await open(t, way, {}, clock);
    const { channel, server, taken } = scene;
    fill(scene, 2 * MIB);
    assert.equal(channel.isOpen, false);
    const closing = await taken.closed();
    assert.equal(closing.status, way.isWebSocket ? 'try-again-later' : 'server-close');
    assert.equal(closing.clean, false);
    assert.equal(server.server.stats().drops, 1);
    // Whatever the client does, what it was sent is not held for long.
    clock.advance(6_000);
    await until(() => server.server.stats().connections.open === 0, 'the end of the connection');
    assert.equal(server.server.stats().bytes.buffered, 0);
  });

  test(`bufferedAmount of ${way.name} is what waits, and onDrain fires when it was taken`, async (t) => {
    const scene = await open(t, way);
    const { channel, client, taken } = scene;
    assert.equal(channel.bufferedAmount, 0);
    channel.send('x', false);
    assert.ok(channel.bufferedAmount > 0 && channel.bufferedAmount < 20, 'until the end of this turn');
    await turns(1);
    assert.equal(channel.bufferedAmount, 0);
    fill(scene, 512 * KIB);
    assert.ok(channel.bufferedAmount >= 512 * KIB);
    await turns();
    assert.equal(taken.drains, 0);
    client.socket.resume();
    await until(() => taken.drains === 1, 'onDrain');
    assert.ok(channel.bufferedAmount <= 64 * KIB);
  });

  test(`drained of ${way.name} resolves at once when nothing waits, behind what waits, and when the client is lost`, async (t) => {
    const scene = await open(t, way);
    const { channel, client } = scene;
    await channel.drained();
    fill(scene, 512 * KIB);
    let isDrained = false;
    const drained = channel.drained().then(() => (isDrained = true));
    await turns();
    assert.equal(isDrained, false);
    client.socket.resume();
    await drained;
    assert.equal(channel.bufferedAmount, 0);
    fill(scene, 512 * KIB);
    const lost = channel.drained();
    client.reset();
    await lost;
    await channel.drained();
  });

  test(`bytes up to 4 KiB belong to the caller again after a send on ${way.name}`, async (t) => {
    const { channel, client } = await open(t, way);
    for (const size of [1, 100, 4096]) {
      const bytes = new Uint8Array(size).fill(0x61);
      channel.send(bytes, false);
      bytes.fill(0x62);
    }
    channel.send('end', false);
    const received = await client.readUntil('end');
    assert.equal([...received].filter((each) => each === 'a').length, 4197);
    assert.doesNotMatch(received.replace(/\r\n[0-9a-f]+\r\n/g, ''), /b/);
  });
}

test('bytes of a ping and of a last message belong to the caller again', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  const bytes = new Uint8Array(5).fill(0x61);
  channel.ping(bytes);
  channel.send(bytes, true);
  bytes.fill(0x62);
  assert.equal((await socket.readFrame()).payload.toString(), 'aaaaa');
  assert.equal((await socket.readFrame()).payload.toString(), 'aaaaa');
});

test('bytes of a whole response belong to the caller again', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const bytes = new Uint8Array(4096).fill(0x61);
  (await server.next()).channel.send(bytes);
  bytes.fill(0x62);
  assert.equal((await client.readResponse()).body, 'a'.repeat(4096));
});

test('a client that takes nothing for 30 s is destroyed, by timeout', async (t) => {
  const clock = new FakeClock();
  const scene = await open(t, WAYS[0]!, { pingIntervalMs: 0 }, clock);
  fill(scene, 512 * KIB);
  await turns();
  clock.advance(28_000);
  await turns();
  assert.equal(scene.channel.isOpen, true);
  clock.advance(4_000);
  assert.equal((await scene.taken.closed()).by, 'timeout');
});

test('drained() waits for what was sent before it, whoever goes on sending', async (t) => {
  const server = await startChannelServer(t, { maxBufferedBytes: Infinity });
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  const message = new Uint8Array(1024 * KIB);
  let isOver = false;
  const keepFull = (): void => {
    while (!isOver && channel.bufferedAmount < 8 * message.length) channel.send(message);
    if (!isOver) setImmediate(keepFull);
  };
  keepFull();
  await channel.drained();
  assert.ok(channel.bufferedAmount > 0, 'the other goes on');
  isOver = true;
  socket.client.socket.destroy();
});
