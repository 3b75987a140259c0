/** The PROXY protocol in front of HTTP, WebSocket and TLS: whose header is believed, and what becomes of those who send none. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { type Handler, type ServerOptions, withChannel } from 'longwire';
import { certificate } from '../support/certificate.js';
import { FakeClock } from '../support/clock.js';
import { handshake } from '../support/frames.js';
import { ADDRESSES_4, TCP4, TCP6, tlv, version2 } from '../support/proxy-headers.js';
import { RawClient } from '../support/raw-client.js';
import { post, request } from '../support/requests.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/signals.js';

const TRUSTED = { trustProxy: ['127.0.0.1'] };
const REQUIRED: ServerOptions = { ...TRUSTED, proxyProtocol: 'required' };
const OPTIONAL: ServerOptions = { ...TRUSTED, proxyProtocol: 'optional' };

const WHO: Handler = ({ remoteAddress, remotePort, scheme }) => `${remoteAddress} ${remotePort} ${scheme}`;

async function answerTo(t: TestContext, options: ServerOptions, bytes: string, localAddress = '127.0.0.1'): Promise<string> {
  const { port } = await startServer(t, WHO, options);
  const client = await RawClient.open(t, { host: '127.0.0.1', port, localAddress });
  await client.send(bytes);
  return (await client.readResponse()).body.replace(String(client.socket.localPort), 'its-port');
}

/** Sends, and expects to be disconnected without a word; `code` is counted and told to `onClientError` with the first bytes. */
async function assertStopped(t: TestContext, options: ServerOptions, bytes: string, code: string, localAddress = '127.0.0.1'): Promise<void> {
  const told: string[] = [];
  const { port, server, errors } = await startServer(t, WHO, {
    ...options,
    onClientError: (error, { remoteAddress, firstBytes }) => told.push(`${error.code} ${remoteAddress} ${Buffer.from(firstBytes).toString('latin1')}`),
  });
  const client = await RawClient.open(t, { host: '127.0.0.1', port, localAddress });
  await client.send(bytes);
  assert.equal(await client.readToEnd(), '');
  await until(() => server.stats().errors[code] === 1, code);
  assert.deepEqual(told, [`${code} ${localAddress} ${code === 'PROXY_NOT_TRUSTED' ? '' : bytes}`]);
  assert.equal(server.stats().requests, 0);
  assert.deepEqual(errors, []);
}

const V2 = version2(0x21, 0x11, ADDRESSES_4);

for (const [name, options] of Object.entries({ required: REQUIRED, optional: OPTIONAL })) {
  test(`believes the header of a trusted proxy where it is ${name}`, async (t) => {
    assert.equal(await answerTo(t, options, TCP4 + request()), '192.0.2.1 4000 http');
    assert.equal(await answerTo(t, options, TCP6 + request()), '2001:db8::1 4000 http');
    assert.equal(await answerTo(t, options, V2 + request()), '192.0.2.1 4000 http');
    assert.equal(await answerTo(t, options, version2(0x21, 0x11, ADDRESSES_4 + tlv(0x20, '\x01\0\0\0\0')) + request()), '192.0.2.1 4000 https');
  });

  test(`takes the address of the socket where the proxy speaks for itself, and the header is ${name}`, async (t) => {
    assert.equal(await answerTo(t, options, version2(0x20, 0, '') + request()), '127.0.0.1 its-port http');
    assert.equal(await answerTo(t, options, `PROXY UNKNOWN\r\n${request()}`), '127.0.0.1 its-port http');
  });

  test(`disconnects a trusted proxy whose header is malformed, where it is ${name}`, async (t) => {
    await assertStopped(t, options, 'PROXY TCP4 nonsense\r\n', 'PROXY_BAD_HEADER');
  });

  test(`reads a header that comes byte by byte, with a request behind it, where it is ${name}`, async (t) => {
    const { port } = await startServer(t, WHO, options);
    const client = await RawClient.open(t, port);
    for (const byte of V2 + request()) {
      await client.send(byte);
      await new Promise(setImmediate);
    }
    assert.equal((await client.readResponse()).body, '192.0.2.1 4000 http');
    await client.send(request());
    assert.equal((await client.readResponse()).body, '192.0.2.1 4000 http');
  });
}

test('disconnects a trusted proxy that sends no header where it is required', async (t) => {
  await assertStopped(t, REQUIRED, request(), 'PROXY_HEADER_MISSING');
});

test('disconnects everybody else where a header is required, with a header or without', async (t) => {
  await assertStopped(t, REQUIRED, TCP4 + request(), 'PROXY_NOT_TRUSTED', '127.0.0.2');
  await assertStopped(t, REQUIRED, request(), 'PROXY_NOT_TRUSTED', '127.0.0.2');
});

test('serves a trusted proxy that sends no header where it is optional', async (t) => {
  assert.equal(await answerTo(t, OPTIONAL, request()), '127.0.0.1 its-port http');
  assert.equal(await answerTo(t, OPTIONAL, post('/', 'body')), '127.0.0.1 its-port http');
});

test('serves everybody else where a header is optional, and takes theirs for a bad request', async (t) => {
  assert.equal(await answerTo(t, OPTIONAL, request(), '127.0.0.2'), '127.0.0.2 its-port http');
  assert.equal(await answerTo(t, OPTIONAL, TCP4 + request(), '127.0.0.2'), 'Bad Request');
  assert.equal(await answerTo(t, OPTIONAL, V2 + request(), '127.0.0.2'), 'Bad Request');
});

test('takes a header for a bad request where it is off, from a trusted proxy too', async (t) => {
  assert.equal(await answerTo(t, TRUSTED, TCP4 + request()), 'Bad Request');
});

test('takes a second header for a bad request', async (t) => {
  assert.equal(await answerTo(t, REQUIRED, TCP4 + TCP4 + request()), 'Bad Request');
});

test('goes on to the fields where a trusted proxy names a trusted proxy', async (t) => {
  const options: ServerOptions = { trustProxy: ['127.0.0.1', '192.0.2.1'], proxyProtocol: 'required' };
  assert.equal(await answerTo(t, options, TCP4 + request('/', 'X-Forwarded-For: 203.0.113.7\r\n')), '203.0.113.7 0 http');
  assert.equal(await answerTo(t, REQUIRED, TCP4 + request('/', 'X-Forwarded-For: 203.0.113.7\r\n')), '192.0.2.1 4000 http');
});

test('opens a WebSocket behind a header, and keeps what came behind the handshake', async (t) => {
  const { port } = await startServer(t, (incoming) => withChannel(incoming, (channel) => channel.send(incoming.remoteAddress)), REQUIRED);
  const client = await RawClient.open(t, port);
  await client.send(TCP4 + handshake());
  await client.readUntil('\r\n\r\n');
  assert.equal((await client.readBytes(11)).subarray(2).toString(), '192.0.2.1');
});

test('takes a body that comes with the header in one read', async (t) => {
  const { port } = await startServer(t, async (incoming) => `${incoming.remoteAddress} ${(await incoming.bytes()).length}`, REQUIRED);
  const client = await RawClient.open(t, port);
  await client.send(TCP4 + post('/', 'x'.repeat(100_000)));
  assert.equal((await client.readResponse()).body, '192.0.2.1 100000');
});

test('gives a trusted proxy up that does not complete its header within headTimeoutMs', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(t, WHO, { ...REQUIRED, headTimeoutMs: 1_000 }, clock);
  const silent = await RawClient.open(t, port);
  const slow = await RawClient.open(t, port);
  await slow.send(TCP4.slice(0, 20));
  await until(() => clock.running === 1, 'the clock to run');
  clock.advance(800);
  assert.equal(slow.hasEnded, false);
  clock.advance(2_000);
  assert.equal(await silent.readToEnd(), '');
  assert.equal(await slow.readToEnd(), '');
  assert.equal(server.stats().errors['PROXY_HEADER_TIMEOUT'], 2);
  clock.advance(1_000);
  assert.equal(clock.running, 0, 'nobody is timed any more');
});

test('lets go of a proxy that leaves ahead of its header, by FIN or RST', async (t) => {
  const { port, server, errors } = await startServer(t, WHO, { ...REQUIRED, maxConnections: 2 });
  for (let i = 0; i < 5; i++) {
    const [ended, reset] = [await RawClient.open(t, port), await RawClient.open(t, port)];
    await ended.send(i % 2 === 0 ? '' : 'PROXY');
    ended.end();
    await ended.readToEnd();
    reset.reset();
    await reset.closed();
  }
  await until(async () => (await answer(t, port)).startsWith('192.0.2.1'), 'a place to be free');
  assert.ok((server.stats().errors['PROXY_BAD_HEADER'] ?? 0) >= 1);
  assert.deepEqual(errors, []);
});

async function answer(t: TestContext, port: number): Promise<string> {
  const client = await RawClient.open(t, port);
  await client.send(TCP4 + request('/', 'Connection: close\r\n'));
  return (await client.readToEnd()).split('\r\n\r\n')[1] ?? '';
}

test('stops at once while a header is awaited', async (t) => {
  const { port, server } = await startServer(t, WHO, REQUIRED);
  const client = await RawClient.open(t, port);
  await client.send('PROXY ');
  await server.stop({ timeoutMs: 100 });
  assert.equal(await client.readToEnd(), '');
});

/** Over TLS: the header comes first, then the handshake. */
async function startTls(t: TestContext, options: ServerOptions): Promise<(TestServer & { ca: string }) | undefined> {
  const made = certificate(t);
  if (made === undefined) return undefined;
  return { ...(await startServer(t, WHO, { tls: { key: made.key, cert: made.cert }, ...options })), ca: made.cert };
}

for (const [name, header] of Object.entries({ 'version 1': TCP4, 'version 2': V2 })) {
  test(`reads a header of ${name} ahead of the TLS handshake`, async (t) => {
    const started = await startTls(t, REQUIRED);
    if (started === undefined) return;
    for (let i = 0; i < 3; i++) {
      const plain = await RawClient.open(t, started.port);
      await plain.send(header);
      plain.socket.removeAllListeners('data');
      const socket = connectTls({ socket: plain.socket, ca: started.ca, servername: 'localhost' });
      await once(socket, 'secureConnect');
      const client = new RawClient(socket);
      await client.send(request('/', 'Connection: close\r\n'));
      assert.match(await client.readToEnd(), /192\.0\.2\.1 4000 https$/);
      socket.destroy();
    }
  });
}

test('reads a header and the TLS hello behind it in one read', async (t) => {
  const started = await startTls(t, REQUIRED);
  if (started === undefined) return;
  const plain = await RawClient.open(t, started.port);
  plain.socket.removeAllListeners('data');
  plain.socket.cork();
  plain.socket.write(TCP4);
  const socket = connectTls({ socket: plain.socket, ca: started.ca, servername: 'localhost' });
  plain.socket.uncork();
  await once(socket, 'secureConnect');
  const client = new RawClient(socket);
  await client.send(request('/', 'Connection: close\r\n'));
  assert.match(await client.readToEnd(), /192\.0\.2\.1 4000 https$/);
  socket.destroy();
});

test('disconnects a TLS client that sends no header where it is required', async (t) => {
  const started = await startTls(t, REQUIRED);
  if (started === undefined) return;
  const socket = connectTls({ host: '127.0.0.1', port: started.port, ca: started.ca, servername: 'localhost' });
  await assert.rejects(once(socket, 'secureConnect'));
  assert.equal(started.server.stats().errors['PROXY_HEADER_MISSING'], 1);
});
