/** `maxMessagesPerSecond` and `maxMessageBytesPerSecond`: who sends faster gets 1008, nobody else does, and nothing that we delayed counts. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { ChannelHandlers, ProtocolError, ServerOptions } from 'longwire';
import { type ChannelServer, startChannelServer, type TakenChannel } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { deferred, turns, until } from '../support/deferred.js';
import { binary, clientFrame, close, handshake, ping, pong, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';

interface Scene {
  readonly clock: FakeClock;
  readonly server: ChannelServer;
  readonly socket: RawWebSocket;
  readonly taken: TakenChannel;
}

async function open(t: TestContext, options: ServerOptions, handlers?: ChannelHandlers, fields = ''): Promise<Scene> {
  const clock = new FakeClock();
  const server = await startChannelServer(t, options, clock, handlers);
  const socket = await RawWebSocket.open(t, server.port, '/', fields);
  return { clock, server, socket, taken: await server.next() };
}

/** Sends, and waits until all of it was read and handled: the answer to a ping would be one more message. */
async function sendRead({ server, socket }: Scene, bytes: Uint8Array): Promise<void> {
  const before = server.server.stats().bytes.in;
  await socket.send(bytes);
  await until(() => server.server.stats().bytes.in === before + bytes.length, 'what was sent');
  await turns();
}

async function assertTooFast({ server, socket, taken }: Scene, heard?: readonly ProtocolError[]): Promise<void> {
  const reason = 'a client sends at most so many messages, and so much, a second';
  let frame = await socket.readFrame();
  while (frame.opcode === 10) frame = await socket.readFrame();
  assert.deepEqual([frame.opcode, frame.payload.readUInt16BE(0), frame.payload.toString('utf8', 2)], [8, 1008, reason]);
  assert.equal(await socket.client.readToEnd(), '');
  assert.deepEqual(await taken.closed(), { status: 'policy-violation', code: 1008, reason, by: 'server', clean: false });
  assert.deepEqual(server.server.stats().errors, { WS_TOO_FAST: 1 });
  if (heard !== undefined) assert.deepEqual(heard.map(({ code, closeCode }) => [code, closeCode]), [['WS_TOO_FAST', 1008]]);
  assert.deepEqual(server.errors, []);
}

const COMPRESSED = clientFrame({ opcode: 1, rsv: 4, payload: deflateRawSync('packed', { finishFlush: 2 }).subarray(0, -4) });

/** Frames of which each is one message, and how the application sees it. */
const MESSAGES: readonly { readonly name: string; readonly frames: Uint8Array; readonly fields?: string }[] = [
  { name: 'texts', frames: text('a') },
  { name: 'empty binary messages', frames: binary(new Uint8Array(0)) },
  { name: 'pings', frames: ping('a') },
  { name: 'pongs that nobody asked for', frames: pong() },
  { name: 'messages in three fragments', frames: Buffer.concat([clientFrame({ fin: false, opcode: 1, payload: 'a' }), clientFrame({ fin: false, opcode: 0 }), clientFrame({ opcode: 0 })]) },
  { name: 'compressed messages', frames: COMPRESSED, fields: 'Sec-WebSocket-Extensions: permessage-deflate\r\n' },
];

for (const { name, frames, fields } of MESSAGES) {
  for (const isOneWrite of [true, false]) {
    test(`five ${name} a second may come, ${isOneWrite ? 'in one write' : 'one by one'}, and the sixth is answered with 1008`, async (t) => {
      const heard: ProtocolError[] = [];
      const options = { maxMessagesPerSecond: 5, perMessageDeflate: true, onClientError: (error: ProtocolError) => heard.push(error) };
      const scene = await open(t, options, undefined, fields);
      const { clock, socket, taken } = scene;
      for (let second = 0; second < 3; second++) {
        for (const bytes of isOneWrite ? [Buffer.concat(Array(5).fill(frames))] : Array<Uint8Array>(5).fill(frames)) await sendRead(scene, bytes);
        assert.equal(taken.channel.isOpen, true);
        clock.advance(1_250);
      }
      if (isOneWrite) await socket.send(Buffer.concat(Array(6).fill(frames)));
      else for (let i = 0; i < 6; i++) await socket.send(frames);
      await assertTooFast(scene, heard);
      const isControl = (frames[0]! & 8) !== 0;
      assert.equal(taken.messages.length, isControl ? 0 : 20, 'what came before was handed over');
    });
  }
}

test('a Close is no message: who has sent all it may still ends in order', async (t) => {
  const { socket, taken } = await open(t, { maxMessagesPerSecond: 2 });
  await socket.send(Buffer.concat([text('a'), text('b'), close(1000, 'done')]));
  assert.equal((await socket.readClose()).code, 1000);
  assert.equal((await taken.closed()).status, 'normal');
  assert.deepEqual(taken.messages, ['a', 'b']);
});

test('what came with the handshake counts', async (t) => {
  const server = await startChannelServer(t, { maxMessagesPerSecond: 2 }, new FakeClock());
  const client = await RawClient.open(t, server.port);
  await client.send(Buffer.concat([Buffer.from(handshake()), text('a'), text('b'), text('c')]));
  const taken = await server.next();
  assert.equal((await taken.closed()).code, 1008);
  assert.deepEqual(taken.messages, ['a', 'b']);
});

test('each WebSocket has a rate of its own', async (t) => {
  const server = await startChannelServer(t, { maxMessagesPerSecond: 2 }, new FakeClock());
  for (let i = 0; i < 3; i++) {
    const socket = await RawWebSocket.open(t, server.port);
    await socket.send(Buffer.concat([text('a'), text('b')]));
    const taken = await server.next();
    await taken.received(2);
    assert.equal(taken.channel.isOpen, true);
  }
});

test('messages that come steadily within the rate may come for ever', async (t) => {
  const scene = await open(t, { maxMessagesPerSecond: 10, maxMessageBytesPerSecond: 80, pingIntervalMs: 0 });
  for (let i = 0; i < 60; i++) {
    await sendRead(scene, Buffer.concat([text('1'), text('2')]));
    scene.clock.advance(250);
  }
  assert.equal(scene.taken.messages.length, 120);
  assert.equal(scene.taken.channel.isOpen, true);
});

/** Headers and masks count: each of these has 100 bytes. */
const HUNDRED_BYTES: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['of one message', text('x'.repeat(94))],
  ['of a message that is not complete', clientFrame({ opcode: 1, announce: 1000, payload: 'x'.repeat(92), lengthBytes: 2 })],
  ['of fragments without content', Buffer.concat([...Array<Buffer>(15).fill(clientFrame({ fin: false, opcode: 0 })), Buffer.alloc(0)])],
  ['of pings', Buffer.concat(Array<Buffer>(10).fill(ping('ping')))],
];

for (const [name, bytes] of HUNDRED_BYTES) {
  test(`a hundred bytes a second ${name} may come, and one more is answered with 1008`, async (t) => {
    const begin = name.includes('without content') ? clientFrame({ fin: false, opcode: 1, payload: 'xxxx' }) : new Uint8Array(0);
    const whole = Buffer.concat([begin, bytes]);
    assert.equal(whole.length, 100);
    for (const pieces of [[whole], [whole.subarray(0, 37), whole.subarray(37)]]) {
      const scene = await open(t, { maxMessageBytesPerSecond: 100 });
      for (const piece of pieces) await sendRead(scene, piece);
      assert.equal(scene.taken.channel.isOpen, true);
      scene.clock.advance(250);
      await scene.socket.send(Buffer.alloc(26));
      await assertTooFast(scene);
    }
  });
}

test('more than a second\'s worth of bytes at once is answered with 1008, however long it was quiet before', async (t) => {
  const scene = await open(t, { maxMessageBytesPerSecond: 100, pingIntervalMs: 0 });
  scene.clock.advance(60_000);
  await scene.socket.send(binary(Buffer.alloc(95)));
  await assertTooFast(scene);
});

test('what was sent while a slow handler kept us from reading is not held against the client', async (t) => {
  const gate = deferred();
  const handled: unknown[] = [];
  const scene = await open(t, { maxMessagesPerSecond: 4, maxMessageBytesPerSecond: 28, maxQueuedMessages: 2 }, {
    onReceive: async (_channel, message) => {
      await gate.promise;
      handled.push(message);
    },
  });
  const { clock, server, socket, taken } = scene;
  await sendRead(scene, Buffer.concat(['1', '2', '3'].map(text)));
  await until(() => server.server.stats().pauses === 1, 'the pause');
  for (let second = 0; second < 5; second++) {
    clock.advance(1_000);
    await socket.send(Buffer.concat(['a', 'b', 'c', 'd'].map(text)));
  }
  gate.resolve();
  await until(() => handled.length === 23, '23 messages');
  assert.equal(taken.channel.isOpen, true);
  assert.deepEqual(server.server.stats().errors, {});
});

test('who sends faster than the rate while we do not read is found out all the same', async (t) => {
  const gate = deferred();
  const scene = await open(t, { maxMessagesPerSecond: 4, maxQueuedMessages: 2 }, { onReceive: () => gate.promise });
  const { clock, server, socket } = scene;
  await sendRead(scene, Buffer.concat(['1', '2', '3'].map(text)));
  await until(() => server.server.stats().pauses === 1, 'the pause');
  clock.advance(3_000);
  await socket.send(Buffer.concat(Array<Buffer>(18).fill(text('x'))));
  gate.resolve();
  await assertTooFast(scene);
});

test('without the options nothing is limited', async (t) => {
  const scene = await open(t, {});
  await scene.socket.send(Buffer.concat(Array<Buffer>(20_000).fill(text('x'))));
  await scene.taken.received(20_000);
  assert.equal(scene.taken.channel.isOpen, true);
});
