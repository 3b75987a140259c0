/** The closing handshake of RFC 6455 §7, both ways: who says what, what the application hears, and what is discarded. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { startChannelServer } from '../support/channels.js';
import { turns, until } from '../support/deferred.js';
import { clientFrame, close, ping, pong, text } from '../support/frames.js';
import { RawWebSocket } from '../support/raw-web-socket.js';

const CODES = [
  { code: 1000, status: 'normal' },
  { code: 1001, status: 'going-away' },
  { code: 1002, status: 'protocol-error' },
  { code: 1003, status: 'unsupported' },
  { code: 1007, status: 'invalid-payload-data' },
  { code: 1008, status: 'policy-violation' },
  { code: 1009, status: 'message-too-big' },
  { code: 1010, status: 'mandatory-extension' },
  { code: 1011, status: 'internal-server-error' },
  { code: 1012, status: 'service-restart' },
  { code: 1013, status: 'try-again-later' },
  { code: 1014, status: 'bad-gateway' },
  { code: 3000, status: 'unknown' },
  { code: 4999, status: 'unknown' },
] as const;

for (const { code, status } of CODES) {
  test(`a Close ${code} of the client is answered, and reported as ${status}`, async (t) => {
    const server = await startChannelServer(t);
    const socket = await RawWebSocket.open(t, server.port);
    const taken = await server.next();
    await socket.send(close(code, 'grüße'));
    assert.equal((await socket.readClose()).code, code);
    assert.equal(await socket.client.readToEnd(), '', 'the server ends the connection first');
    assert.deepEqual(await taken.closed(), { status, code, reason: 'grüße', by: 'client', clean: true });
    assert.equal(taken.channel.isOpen, false);
    assert.equal(taken.channel.send('too late'), false);
    assert.equal(taken.channel.close(), false);
    assert.equal(taken.channel.ping(), false);
  });

  test(`a Close ${code} of the server is sent as given, and reported as ${status}`, async (t) => {
    const server = await startChannelServer(t);
    const socket = await RawWebSocket.open(t, server.port);
    const taken = await server.next();
    assert.equal(taken.channel.close(code, 'because'), true);
    assert.equal(taken.channel.isOpen, false);
    assert.equal(taken.channel.isWebSocket, true);
    assert.equal(taken.channel.close(), false);
    assert.equal(taken.channel.send('too late'), false);
    assert.deepEqual(await socket.readClose(), { code, reason: 'because' });
    await turns();
    assert.deepEqual(taken.closings, [], 'the answer of the client is waited for');
    await socket.send(close(code));
    assert.deepEqual(await taken.closed(), { status, code, reason: 'because', by: 'server', clean: true });
    assert.equal(await socket.client.readToEnd(), '');
  });
}

test('an empty Close of the client is answered with an empty one, and reported as no-status-received', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(close());
  assert.deepEqual(await socket.readClose(), { code: undefined, reason: '' });
  assert.deepEqual(await taken.closed(), { status: 'no-status-received', code: 1005, reason: '', by: 'client', clean: true });
});

const INVALID: { readonly name: string; readonly payload: Uint8Array; readonly code: number }[] = [
  { name: 'a body of one byte', payload: Uint8Array.of(3), code: 1002 },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => ({ name: `code ${code}`, payload: Uint8Array.of(code >> 8, code & 255), code: 1002 })),
  { name: 'a reason that is not UTF-8', payload: Uint8Array.of(1000 >> 8, 1000 & 255, 0xff), code: 1007 },
];

for (const { name, payload, code } of INVALID) {
  test(`a Close with ${name} fails the connection with ${code}`, async (t) => {
    const server = await startChannelServer(t);
    const socket = await RawWebSocket.open(t, server.port);
    await socket.send(clientFrame({ opcode: 8, payload }));
    assert.equal((await socket.readClose()).code, code);
    assert.equal(await socket.client.readToEnd(), '');
    const closing = await (await server.next()).closed();
    assert.equal(closing.code, code);
    assert.equal(closing.clean, false);
  });
}

test('both closing at once is one Close each way, and the first of ours counts', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  const sent = socket.send(close(4001, 'client'));
  taken.channel.close(4002, 'server');
  await sent;
  assert.deepEqual(await socket.readClose(), { code: 4002, reason: 'server' });
  assert.equal(await socket.client.readToEnd(), '', 'no second Close');
  assert.deepEqual(await taken.closed(), { status: 'unknown', code: 4002, reason: 'server', by: 'server', clean: true });
  await turns();
  assert.equal(taken.closings.length, 1);
});

test('send with closeAfterSend sends the message and then a Close 1000', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const { channel } = await server.next();
  assert.equal(channel.send('last', true), true);
  assert.equal(channel.isOpen, false);
  assert.equal((await socket.readFrame()).payload.toString(), 'last');
  assert.deepEqual(await socket.readClose(), { code: 1000, reason: '' });
});

test('a response without a body and closeAfterSend is a Close 1000 alone', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  assert.equal((await server.next()).channel.send({}, true), true);
  assert.deepEqual(await socket.readClose(), { code: 1000, reason: '' });
});

test('messages, pings and pongs behind our Close are discarded, those before it are handed over', async (t) => {
  const heard: string[] = [];
  const server = await startChannelServer(t, {}, undefined, { onPing: () => heard.push('ping'), onPong: () => heard.push('pong') });
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(text('before'));
  await taken.received(1);
  taken.channel.close();
  await socket.send(Buffer.concat([text('behind'), ping(), pong(), close(1000)]));
  await socket.readClose();
  await taken.closed();
  assert.deepEqual(taken.messages, ['before']);
  assert.deepEqual(heard, []);
  assert.equal(await socket.client.readToEnd(), '');
});

test('a ping behind our Close is not answered', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  taken.channel.close();
  await socket.readClose();
  await socket.send(Buffer.concat([ping('?'), close(1000)]));
  assert.equal(await socket.client.readToEnd(), '');
});

test('what the client sends behind its own Close is not looked at', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(Buffer.concat([text('before'), close(1000), text('behind'), ping(), Buffer.from('no frame at all')]));
  assert.equal((await socket.readClose()).code, 1000);
  assert.equal(await socket.client.readToEnd(), '');
  assert.equal((await taken.closed()).clean, true);
  assert.deepEqual(taken.messages, ['before']);
});

test('a rule broken behind our Close ends the connection without a second Close', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  taken.channel.close(4000);
  await socket.readClose();
  await socket.send(clientFrame({ opcode: 3 }));
  assert.equal(await socket.client.readToEnd(), '');
  assert.deepEqual(await taken.closed(), { status: 'unknown', code: 4000, reason: '', by: 'server', clean: false });
});

test('the ws client and the server close in order, whoever begins', async (t) => {
  const server = await startChannelServer(t);
  const first = new WebSocket(server.wsUrl);
  await once(first, 'open');
  first.close(3001, 'client');
  assert.deepEqual(await once(first, 'close'), [3001, Buffer.alloc(0)]);
  assert.deepEqual(await (await server.next()).closed(), { status: 'unknown', code: 3001, reason: 'client', by: 'client', clean: true });
  const second = new WebSocket(server.wsUrl);
  await once(second, 'open');
  const taken = await server.next();
  taken.channel.close(3002, 'server');
  assert.deepEqual(await once(second, 'close'), [3002, Buffer.from('server')]);
  assert.deepEqual(await taken.closed(), { status: 'unknown', code: 3002, reason: 'server', by: 'server', clean: true });
  await until(() => server.server.stats().connections.open === 0, 'the end of both connections');
  assert.deepEqual(server.server.stats().webSockets, { open: 0, total: 2 });
});
