/** What a client may not do on a WebSocket: each broken rule ends this connection with its code, and costs nobody else anything. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProtocolError, ServerOptions } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { clientFrame, ping, text } from '../support/frames.js';
import { RawWebSocket } from '../support/raw-web-socket.js';

const MIB = 1024 * 1024;

interface Violation {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: number;
  readonly status: string;
  readonly options?: ServerOptions;
}

const VIOLATIONS: Violation[] = [
  { name: 'a frame that announces more than maxMessageBytes', bytes: clientFrame({ opcode: 2, announce: MIB + 1 }), code: 1009, status: 'message-too-big' },
  { name: 'a frame that announces 2^62 bytes', bytes: clientFrame({ opcode: 2, announce: 2 ** 62 }), code: 1009, status: 'message-too-big' },
  { name: 'a frame whose length has its highest bit set', bytes: clientFrame({ opcode: 2, announce: 2 ** 63 }), code: 1002, status: 'protocol-error' },
  {
    name: 'fragments that announce more than maxMessageBytes together',
    bytes: Buffer.concat([clientFrame({ fin: false, opcode: 2, payload: 'abcdef' }), clientFrame({ fin: false, opcode: 0, announce: 5 })]),
    code: 1009,
    status: 'message-too-big',
    options: { maxMessageBytes: 10 },
  },
  {
    name: 'more than maxFragments fragments',
    bytes: Buffer.concat([clientFrame({ fin: false, opcode: 2 }), clientFrame({ fin: false, opcode: 0 }), clientFrame({ opcode: 0 })]),
    code: 1008,
    status: 'policy-violation',
    options: { maxFragments: 2 },
  },
  { name: 'text that is not UTF-8', bytes: clientFrame({ opcode: 1, payload: Uint8Array.of(0x61, 0xff) }), code: 1007, status: 'invalid-payload-data' },
  { name: 'text that is not UTF-8 from its first fragment on', bytes: clientFrame({ fin: false, opcode: 1, payload: Uint8Array.of(0xc0, 0x80) }), code: 1007, status: 'invalid-payload-data' },
  { name: 'text that ends within a character', bytes: clientFrame({ opcode: 1, payload: Uint8Array.of(0xe2, 0x82) }), code: 1007, status: 'invalid-payload-data' },
  { name: 'an unmasked frame', bytes: clientFrame({ opcode: 1, payload: 'a', mask: null }), code: 1002, status: 'protocol-error' },
  ...[1, 2, 4].map((rsv) => ({ name: `reserved bits ${rsv}`, bytes: clientFrame({ opcode: 1, rsv, payload: 'a' }), code: 1002, status: 'protocol-error' })),
  ...[3, 7, 11, 15].map((opcode) => ({ name: `opcode ${opcode}`, bytes: clientFrame({ opcode }), code: 1002, status: 'protocol-error' })),
  { name: 'a fragmented ping', bytes: clientFrame({ fin: false, opcode: 9 }), code: 1002, status: 'protocol-error' },
  { name: 'a ping of 126 bytes', bytes: clientFrame({ opcode: 9, payload: Buffer.alloc(126) }), code: 1002, status: 'protocol-error' },
  { name: 'a continuation of nothing', bytes: clientFrame({ opcode: 0, payload: 'a' }), code: 1002, status: 'protocol-error' },
  {
    name: 'a message within a message',
    bytes: Buffer.concat([clientFrame({ fin: false, opcode: 1, payload: 'a' }), text('b')]),
    code: 1002,
    status: 'protocol-error',
  },
  { name: 'a length of 125 in two bytes', bytes: clientFrame({ opcode: 1, payload: 'x'.repeat(125), lengthBytes: 2 }), code: 1002, status: 'protocol-error' },
  { name: 'a length of 65,535 in eight bytes', bytes: clientFrame({ opcode: 1, announce: 65_535, lengthBytes: 8 }), code: 1002, status: 'protocol-error' },
];

for (const { name, bytes, code, status, options = {} } of VIOLATIONS) {
  test(`${name} is answered with ${code} at once, behind the messages before it`, async (t) => {
    const heard: ProtocolError[] = [];
    const server = await startChannelServer(t, { ...options, onClientError: (error) => heard.push(error) });
    const socket = await RawWebSocket.open(t, server.port);
    const other = await RawWebSocket.open(t, server.port);
    const taken = await server.next();
    await socket.send(Buffer.concat([text('before'), bytes]));
    const { code: sent, reason } = await socket.readClose();
    assert.equal(sent, code);
    assert.equal(await socket.client.readToEnd(), '', 'the connection ends, and no answer is waited for');
    const closing = await taken.closed();
    assert.deepEqual(closing, { status, code, reason, by: 'server', clean: false });
    assert.deepEqual(taken.messages, ['before']);
    assert.equal(taken.request.signal.aborted, true);
    assert.deepEqual(heard.map((error) => error.closeCode), [code]);
    assert.deepEqual(server.errors, [], 'a broken rule of the client is no error of the application');
    await other.send(ping('unhurt'));
    assert.equal((await other.readFrame()).payload.toString(), 'unhurt');
  });
}

test('a message of exactly maxMessageBytes is handed over, whole and in fragments', async (t) => {
  const server = await startChannelServer(t, { maxMessageBytes: 10 });
  const socket = await RawWebSocket.open(t, server.port);
  await socket.send(Buffer.concat([text('0123456789'), clientFrame({ fin: false, opcode: 1, payload: '01234' }), clientFrame({ opcode: 0, payload: '56789' })]));
  assert.deepEqual(await (await server.next()).received(2), ['0123456789', '0123456789']);
});

test('65,537 fragments of one byte are one message', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const count = 65_537;
  const first = clientFrame({ fin: false, opcode: 2, payload: 'x' });
  const middle = clientFrame({ fin: false, opcode: 0, payload: 'x' });
  await socket.send(Buffer.concat([first, ...Array<Buffer>(count - 2).fill(middle), clientFrame({ opcode: 0, payload: 'x' })]));
  const [message] = await (await server.next()).received(1);
  assert.deepEqual(Buffer.from(message as Uint8Array), Buffer.alloc(count, 'x'));
});

test('memory is taken for what has come, not for what was announced', async (t) => {
  const server = await startChannelServer(t, { maxMessageBytes: 1024 * MIB });
  const sockets: RawWebSocket[] = [];
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 20; i++) {
    const socket = await RawWebSocket.open(t, server.port);
    await socket.send(Buffer.concat([clientFrame({ opcode: 2, announce: 1000 * MIB }), Buffer.alloc(100)]));
    sockets.push(socket);
  }
  for (const socket of sockets) {
    const taken = await server.next();
    taken.channel.ping('round trip');
    assert.equal((await socket.readFrame()).payload.toString(), 'round trip');
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 100 * MIB);
});
