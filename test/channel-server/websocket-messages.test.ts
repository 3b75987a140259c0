/** Messages over a real WebSocket, both ways: text and binary, empty and large, whole and in fragments, and pings between them. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { asChannel, type Channel, type Message, UsageError } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { deferred, turns, until } from '../support/deferred.js';
import { binary, clientFrame, ping, pong, text } from '../support/frames.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

const PAYLOADS: { readonly name: string; readonly message: Message }[] = [
  { name: 'empty text', message: '' },
  { name: 'ASCII text', message: 'hello' },
  { name: 'latin1 text', message: 'grüße' },
  { name: 'text beyond the basic plane', message: 'a€😀'.repeat(50) },
  { name: 'empty binary', message: new Uint8Array(0) },
  ...[1, 125, 126, 4096, 4097, 65535, 65536, 1024 * 1024].map((size) => ({ name: `binary of ${size} bytes`, message: Uint8Array.from(randomBytes(size)) })),
  { name: 'text of 1 MiB', message: 'x'.repeat(1024 * 1024) },
  { name: 'text of 900,000 bytes in UTF-8', message: '€'.repeat(300_000) },
];

for (const { name, message } of PAYLOADS) {
  test(`echoes ${name} to the ws client`, async (t) => {
    const { wsUrl } = await startServer(t, (request) => asChannel(request, { onReceive: (channel, each) => channel.send(each) }));
    const client = new WebSocket(wsUrl, { perMessageDeflate: false });
    await once(client, 'open');
    client.send(message);
    const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    assert.equal(isBinary, typeof message !== 'string');
    if (typeof message === 'string') assert.equal(data.toString(), message);
    else assert.deepEqual(Uint8Array.from(data), message);
    client.terminate();
  });
}

test('long text reaches others as it came or as it was changed, at once or later, in order', async (t) => {
  const long = 'for all the others '.repeat(4_000);
  const members: Channel[] = [];
  const { port } = await startServer(t, (request) =>
    asChannel(request, {
      onOpen: (channel) => void members.push(channel),
      onReceive: async (_channel, message) => {
        const each = String(message);
        for (const member of members) member.send(each);
        for (const member of members) member.send(each.toUpperCase());
        await turns(1);
        for (const member of members) member.send(each);
      },
    }),
  );
  const [sender, other] = [await RawWebSocket.open(t, port), await RawWebSocket.open(t, port)];
  const texts = [1, 2, 3].map((i) => `${long}${i}`);
  await sender.send(Buffer.concat([...texts.map(text), text('short')]));
  for (const socket of [sender, other]) {
    for (const each of [...texts, 'short']) {
      for (const expected of [each, each.toUpperCase(), each]) assert.ok((await socket.readFrame()).payload.equals(Buffer.from(expected)), `${expected.length} letters`);
    }
  }
});

test('text is handed over as a string, binary as a Uint8Array that is no Buffer and the own of the application', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  await socket.send(Buffer.concat([text('a'), binary(Uint8Array.of(1, 2)), binary(Uint8Array.of(3))]));
  const [first, second, third] = await (await server.next()).received(3);
  assert.equal(first, 'a');
  assert.deepEqual(second, Uint8Array.of(1, 2));
  assert.equal(Buffer.isBuffer(second), false);
  assert.notEqual((second as Uint8Array).buffer, (third as Uint8Array).buffer);
  assert.ok((second as Uint8Array).buffer.byteLength <= 4, 'a small message does not pin a large read buffer');
});

test('a message is always one unfragmented, unmasked frame', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  const payloads = ['', 'a', 'ü', 'x'.repeat(126), 'y'.repeat(65536)];
  for (const each of payloads) assert.equal(channel.send(each), true);
  for (const each of payloads) assert.deepEqual(await socket.readFrame(), { fin: true, rsv: 0, opcode: 1, payload: Buffer.from(each) });
});

test('of a response sent on a WebSocket the body counts, and one without a body sends nothing', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  assert.equal(channel.send({ status: 500, headers: { 'X-A': 'b' }, body: 'body' }), true);
  assert.equal(channel.send({ status: 500 }), true);
  assert.equal(channel.send({ body: null }), true);
  assert.throws(() => channel.send({ body: ['a'] }), UsageError);
  assert.equal(channel.send('behind'), true);
  assert.equal((await socket.readFrame()).payload.toString(), 'body');
  assert.equal((await socket.readFrame()).payload.toString(), 'behind');
});

test('a message in fragments is handed over whole, and control frames between them at once', async (t) => {
  const pings: string[] = [];
  const server = await startChannelServer(t, {}, undefined, { onPing: (_channel, data) => pings.push(Buffer.from(data).toString()) });
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(clientFrame({ fin: false, opcode: 1, payload: Buffer.from([0xe2]) }));
  await socket.send(ping('between'));
  assert.deepEqual(await socket.readFrame(), { fin: true, rsv: 0, opcode: 10, payload: Buffer.from('between') });
  assert.deepEqual(pings, ['between']);
  assert.deepEqual(taken.messages, []);
  await socket.send(clientFrame({ fin: false, opcode: 0, payload: Buffer.from([0x82]) }));
  await socket.send(clientFrame({ fin: false, opcode: 0 }));
  await socket.send(clientFrame({ opcode: 0, payload: Buffer.from([0xac]) }));
  assert.deepEqual(await taken.received(1), ['€']);
});

test('frames that arrive byte by byte are the same messages', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const bytes = Buffer.concat([text('one'), clientFrame({ fin: false, opcode: 2, payload: 'tw' }), ping(), clientFrame({ opcode: 0, payload: 'o' }), text('')]);
  for (const byte of bytes) await socket.send(Uint8Array.of(byte));
  const taken = await server.next();
  assert.deepEqual(await taken.received(3), ['one', Uint8Array.from(Buffer.from('two')), '']);
});

test('a ping is answered while a slow handler runs and messages wait behind it', async (t) => {
  const slow = deferred();
  const handled: Message[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: async (_channel, message) => {
      await slow.promise;
      handled.push(message);
    },
  });
  const socket = await RawWebSocket.open(t, server.port);
  await socket.send(Buffer.concat([text('1'), text('2'), text('3'), ping('alive?')]));
  assert.deepEqual(await socket.readFrame(), { fin: true, rsv: 0, opcode: 10, payload: Buffer.from('alive?') });
  assert.deepEqual(handled, []);
  slow.resolve();
  await until(() => handled.length === 3, 'three messages');
  assert.deepEqual(handled, ['1', '2', '3']);
});

test('pings and pongs reach their handlers with their data', async (t) => {
  const heard: string[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onPing: (_channel, data) => heard.push(`ping ${Buffer.from(data).toString()} ${Buffer.isBuffer(data)}`),
    onPong: (_channel, data) => heard.push(`pong ${Buffer.from(data).toString()} ${Buffer.isBuffer(data)}`),
  });
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  assert.equal(channel.ping('a'), true);
  assert.equal(channel.ping(), true);
  assert.equal(channel.ping(new Uint8Array(125)), true);
  assert.throws(() => channel.ping(new Uint8Array(126)), UsageError);
  assert.deepEqual(await socket.readFrame(), { fin: true, rsv: 0, opcode: 9, payload: Buffer.from('a') });
  assert.deepEqual(await socket.readFrame(), { fin: true, rsv: 0, opcode: 9, payload: Buffer.alloc(0) });
  assert.equal((await socket.readFrame()).payload.length, 125);
  await socket.send(Buffer.concat([pong('a'), ping('b')]));
  await until(() => heard.length === 2, 'a pong and a ping');
  assert.deepEqual(heard, ['pong a false', 'ping b false']);
});

test('sends of one turn of the event loop leave in the order of the calls', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  channel.send('1');
  channel.send(new Uint8Array(5000).fill(2));
  channel.ping('3');
  channel.send('ü4');
  const frames = [await socket.readFrame(), await socket.readFrame(), await socket.readFrame(), await socket.readFrame()];
  assert.deepEqual(frames.map((frame) => [frame.opcode, frame.payload.length]), [[1, 1], [2, 5000], [9, 1], [1, 3]]);
});

test('an error in a callback goes to onError, and the channel stays open', async (t) => {
  const fail = (): never => {
    throw new Error('callback');
  };
  const failLater = (): Promise<never> => Promise.reject(new Error('later'));
  const server = await startChannelServer(t, {}, undefined, { onOpen: fail, onPing: failLater, onPong: fail, onReceive: failLater, onClose: fail });
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  await socket.send(Buffer.concat([ping(), pong(), text('a'), text('b')]));
  await socket.readFrame();
  await until(() => server.errors.length === 5, 'five errors');
  assert.deepEqual(server.errors.map((error) => (error as Error).message).sort(), ['callback', 'callback', 'later', 'later', 'later']);
  assert.equal(channel.send('still open'), true);
  assert.equal((await socket.readFrame()).payload.toString(), 'still open');
  channel.close();
  await socket.readClose();
  socket.client.end();
  await until(() => server.errors.length === 6, 'the error of onClose');
  await turns();
  assert.equal(server.errors.length, 6);
});
