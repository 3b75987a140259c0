/** The opening handshake of RFC 6455 §4.2: taking the channel is accepting it, and what that means for the order of everything. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { asChannel, type Channel, type ChannelHandlers, type HandshakeError, UsageError, withChannel } from 'longwire';
import { get, startChannelServer, TakenChannel } from '../support/channels.js';
import { deferred, turns, until } from '../support/deferred.js';
import { clientFrame, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

test('a valid handshake is answered with 101 and the proof of RFC 6455 §1.3', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  assert.equal(
    socket.head,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  );
  const { channel, request } = await server.next();
  assert.equal(request.isWebSocketUpgrade, true);
  assert.equal(channel.isWebSocket, true);
  assert.equal(channel.isOpen, true);
  assert.equal(channel.request, request);
});

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';

const REFUSALS: { readonly name: string; readonly status: number; readonly bytes: string }[] = [
  { name: 'no key', status: 400, bytes: get('/', `${UPGRADE}Sec-WebSocket-Version: 13\r\n`) },
  { name: 'a key of 15 bytes', status: 400, bytes: get('/', `${UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA\r\n`) },
  { name: 'a key that is no base64', status: 400, bytes: get('/', `${UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\n`) },
  { name: 'another method than GET', status: 400, bytes: get('/', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}`).replace('GET', 'PUT') },
  { name: 'a Connection that does not name Upgrade', status: 400, bytes: get('/', `Upgrade: websocket\r\nConnection: keep-alive\r\nSec-WebSocket-Version: 13\r\n${KEY}`) },
  { name: 'a subprotocol that is no token', status: 400, bytes: get('/', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}Sec-WebSocket-Protocol: a b\r\n`) },
  { name: 'a body', status: 400, bytes: `${get('/', `${UPGRADE}Sec-WebSocket-Version: 13\r\n${KEY}Content-Length: 1\r\n`)}x` },
  { name: 'no version', status: 426, bytes: get('/', `${UPGRADE}${KEY}`) },
  { name: 'version 8', status: 426, bytes: get('/', `${UPGRADE}${KEY}Sec-WebSocket-Version: 8\r\n`) },
];

for (const { name, status, bytes } of REFUSALS) {
  test(`a handshake with ${name} is answered with ${status}, and the channel is closed`, async (t) => {
    const refusals: HandshakeError[] = [];
    const server = await startChannelServer(t, {}, undefined, {
      onOpen: () => assert.fail('it never opened'),
      onHandshakeError: (error) => refusals.push(error),
    });
    const client = await RawClient.open(t, server.port);
    await client.send(bytes);
    const { head } = await client.readResponse();
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(head, /\r\nConnection: [^\r]*close/i);
    if (status === 426) assert.match(head, /\r\nSec-WebSocket-Version: 13\r\n/);
    if (status === 426) assert.match(head, /\r\nUpgrade: websocket\r\n[^]*Connection: close, Upgrade\r\n/);
    assert.equal(await client.readToEnd(), '');
    const { channel, closed } = await server.next().then((taken) => ({ channel: taken.channel, closed: taken.closed() }));
    assert.equal(channel.isOpen, false);
    assert.equal(channel.isWebSocket, false);
    assert.equal(channel.send('too late'), false);
    assert.equal((await closed).status, 'server-close');
    assert.equal(refusals.length, 1);
    assert.equal(refusals[0]!.status, status);
    assert.notEqual(refusals[0]!.reason, '');
    assert.deepEqual(server.errors, []);
  });
}

test('accepts a handshake whose tokens are in other cases and in lists', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get('/', `upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\nSec-WebSocket-Version: 13\r\n${KEY}`));
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 101 /);
});

test('a request over HTTP/1.0 with the fields of a handshake is no upgrade', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(handshake().replace('HTTP/1.1', 'HTTP/1.0'));
  const { channel, request } = await server.next();
  assert.equal(request.isWebSocketUpgrade, false);
  channel.send('a page');
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 200 [^]*a page$/);
});

const PROTOCOLS: { readonly name: string; readonly offered: string; readonly protocols: ChannelHandlers['protocols']; readonly chosen: string }[] = [
  { name: 'the first wanted that was offered', offered: 'a, b ,c', protocols: ['x', 'c', 'b'], chosen: 'c' },
  { name: 'none where none fits', offered: 'a', protocols: ['x'], chosen: '' },
  { name: 'none where the handler wants none', offered: 'a', protocols: undefined, chosen: '' },
  { name: 'what the function chooses', offered: 'a,b', protocols: (offered) => offered[1], chosen: 'b' },
  { name: 'none where the function chooses none', offered: 'a', protocols: () => undefined, chosen: '' },
];

for (const { name, offered, protocols, chosen } of PROTOCOLS) {
  test(`agrees on ${name}`, async (t) => {
    const server = await startChannelServer(t, {}, undefined, { protocols });
    const socket = await RawWebSocket.open(t, server.port, '/', `Sec-WebSocket-Protocol: ${offered}\r\n`);
    assert.equal(/^Sec-WebSocket-Protocol: (.*)\r$/m.exec(socket.head)?.[1] ?? '', chosen);
    assert.equal((await server.next()).channel.protocol, chosen);
  });
}

test("the application's header fields are in the 101", async (t) => {
  const server = await startChannelServer(t, {}, undefined, { headers: { 'Set-Cookie': ['a=1', 'b=2'] } });
  const { head } = await RawWebSocket.open(t, server.port);
  assert.match(head, /\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/);
});

const MISTAKES: { readonly name: string; readonly handlers: ChannelHandlers }[] = [
  { name: 'a header with CR LF', handlers: { headers: { 'X-A': 'a\r\nb: c' } } },
  { name: 'Transfer-Encoding', handlers: { headers: { 'Transfer-Encoding': 'chunked' } } },
  { name: 'an Upgrade of the application', handlers: { headers: { upgrade: 'other' } } },
  { name: 'a Sec-WebSocket-Accept of the application', handlers: { headers: { 'X-A': 'a', 'Sec-WebSocket-Accept': 'a' } } },
  { name: 'a subprotocol that was not offered', handlers: { protocols: () => 'b' } },
  { name: 'protocols that are no list', handlers: { protocols: 'a' as never } },
];

for (const { name, handlers } of MISTAKES) {
  test(`${name} is a UsageError, and the request can still be answered by a response`, async (t) => {
    const { port, errors } = await startServer(t, (request) => {
      assert.throws(() => asChannel(request, handlers), UsageError);
      return { status: 503, body: 'answered' };
    });
    const client = await RawClient.open(t, port);
    await client.send(handshake('/', 'Sec-WebSocket-Protocol: a\r\n'));
    const { head, body } = await client.readResponse();
    assert.match(head, /^HTTP\/1\.1 503 /);
    assert.equal(body, 'answered');
    assert.deepEqual(errors, []);
  });

  test(`${name} is a UsageError, and the request can still be accepted`, async (t) => {
    const { port, errors } = await startServer(t, (request) => {
      assert.throws(() => asChannel(request, handlers), UsageError);
      return asChannel(request, { onOpen: (channel) => channel.send('open') });
    });
    const socket = await RawWebSocket.open(t, port, '/', 'Sec-WebSocket-Protocol: a\r\n');
    assert.equal((await socket.readFrame()).payload.toString(), 'open');
    assert.deepEqual(errors, []);
  });
}

test('init runs before the 101, onOpen behind it, and messages behind both', async (t) => {
  const order: string[] = [];
  const say = (what: string, channel: Channel): void => void order.push(`${what} ${channel.isOpen} ${channel.isWebSocket}`);
  const { port } = await startServer(t, (request) => {
    const channel = asChannel(request, {
      init: (each) => say('init', each),
      onOpen: (each) => {
        say('onOpen', each);
        each.send('hello');
      },
      onReceive: (each, message) => say(`received ${message}`, each),
    });
    say('taken', channel);
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send(Buffer.concat([Buffer.from(handshake()), text('coalesced')]));
  await client.readUntil('\r\n\r\n');
  assert.equal((await client.readBytes(7)).toString('latin1'), '\x81\x05hello', 'nothing stands between the 101 and the first frame');
  await until(() => order.length === 4, 'the message');
  assert.deepEqual(order, ['init true false', 'onOpen true true', 'taken true true', 'received coalesced true true']);
});

test('inside the callback of withChannel the WebSocket is open, and nothing is received before it has returned', async (t) => {
  const order: string[] = [];
  const { port } = await startServer(t, (request) =>
    withChannel(request, (channel) => {
      channel.onReceive((message) => order.push(String(message)));
      assert.equal(channel.isWebSocket, true);
      channel.send('hello');
      order.push('returned');
    }),
  );
  const client = await RawClient.open(t, port);
  await client.send(Buffer.concat([Buffer.from(handshake()), text('a'), text('b')]));
  await client.readUntil('hello');
  await until(() => order.length === 3, 'two messages');
  assert.deepEqual(order, ['returned', 'a', 'b']);
});

test('init that throws leaves the request to the handler', async (t) => {
  const { port, errors } = await startServer(t, (request) =>
    asChannel(request, {
      init: () => {
        throw new Error('init failed');
      },
    }),
  );
  const client = await RawClient.open(t, port);
  await client.send(handshake());
  assert.match((await client.readResponse()).head, /^HTTP\/1\.1 500 /);
  assert.equal((errors[0] as Error).message, 'init failed');
});

for (const { name, size } of [
  { name: 'a message', size: 5 },
  { name: 'more than is held behind a request', size: 300 * 1024 },
]) {
  test(`a handshake accepted after an await keeps ${name} that came behind it`, async (t) => {
    const go = deferred();
    let taken: TakenChannel | undefined;
    const { port } = await startServer(t, async (request) => {
      await go.promise;
      taken = new TakenChannel(request);
      return taken.take();
    });
    const client = await RawClient.open(t, port);
    await client.send(handshake());
    const sent = client.send(Buffer.concat([clientFrame({ opcode: 2, payload: Buffer.alloc(size, 7) }), text('behind')]));
    await turns(50);
    go.resolve();
    assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 101 /);
    await sent;
    await until(() => taken !== undefined, 'the channel');
    const [first, second] = await taken!.received(2);
    assert.deepEqual(Buffer.from(first as Uint8Array), Buffer.alloc(size, 7));
    assert.equal(second, 'behind');
  });
}

test('a frame cut anywhere between the handshake and what follows arrives', async (t) => {
  const bytes = Buffer.concat([Buffer.from(handshake()), text('first'), text('second')]);
  for (const back of [1, 5, 11, 12, 20, 23]) {
    const server = await startChannelServer(t);
    const client = await RawClient.open(t, server.port);
    await client.send(bytes.subarray(0, bytes.length - back));
    if (back < 24) await client.readUntil('\r\n\r\n');
    await client.send(bytes.subarray(bytes.length - back));
    assert.deepEqual(await (await server.next()).received(2), ['first', 'second'], `cut ${back} bytes before the end`);
  }
});

test('the ws client connects, with a subprotocol', async (t) => {
  const server = await startChannelServer(t, {}, undefined, { protocols: ['chat'] });
  const client = new WebSocket(server.wsUrl, ['chat']);
  await once(client, 'open');
  assert.equal(client.protocol, 'chat');
  client.close();
  await once(client, 'close');
});
