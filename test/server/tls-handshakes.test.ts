/** Handshakes that fail or never end: closed in time, counted by their reason, never a connection, and nobody else's concern. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectionOptions, type TlsOptions } from 'node:tls';
import { certificate } from '../support/certificate.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';
import { fetchTls, openTls, startTls, type TlsServer } from '../support/tls.js';

/** A ClientHello that would be valid if it came to its end: 512 bytes are announced. */
const HELLO = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(400, 7)]);

async function expectFailure({ server }: TlsServer, code: string): Promise<void> {
  await until(() => Object.keys(server.stats().errors).length > 0, 'the count');
  const { connections, errors, requests } = server.stats();
  assert.deepEqual(errors, { [code]: 1 });
  assert.deepEqual([connections, requests], [{ open: 0, total: 0, refused: 0 }, 0]);
}

test('gives up a client that says nothing after tlsHandshakeTimeoutMs', async (t) => {
  const started = await startTls(t, () => 'x', { tlsHandshakeTimeoutMs: 60 });
  if (started === undefined) return;
  const client = await RawClient.open(t, started.port);
  await client.readToEnd();
  await expectFailure(started, 'ERR_TLS_HANDSHAKE_TIMEOUT');
});

test('gives up a client whose hello comes byte by byte after tlsHandshakeTimeoutMs, however lively it is', async (t) => {
  const started = await startTls(t, () => 'x', { tlsHandshakeTimeoutMs: 100 });
  if (started === undefined) return;
  const client = await RawClient.open(t, started.port);
  let sent = 0;
  const dripping = setInterval(() => void client.send(HELLO.subarray(sent, ++sent)), 5);
  t.after(() => clearInterval(dripping));
  await client.closed();
  clearInterval(dripping);
  assert.ok(sent < HELLO.length, 'it was closed before it was through');
  await expectFailure(started, 'ERR_TLS_HANDSHAKE_TIMEOUT');
});

test('gives up a handshake whose SNICallback never answers after tlsHandshakeTimeoutMs', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  const started = await startServer(t, () => 'x', { tls: { ...own, SNICallback: () => {} }, tlsHandshakeTimeoutMs: 60 });
  await assert.rejects(openTls(t, { port: started.port, ca: own.cert }));
  await expectFailure({ ...started, ca: own.cert }, 'ERR_TLS_HANDSHAKE_TIMEOUT');
});

test('does not give up a connection whose handshake is done', async (t) => {
  const started = await startTls(t, () => 'x', { tlsHandshakeTimeoutMs: 800 });
  if (started === undefined) return;
  const client = new RawClient(await openTls(t, started));
  const silent = await RawClient.open(t, started.port);
  await silent.readToEnd();
  await client.send(request());
  assert.equal((await client.readResponse()).body, 'x');
});

test('agrees on http/1.1 with a client that would rather speak h2', async (t) => {
  const started = await startTls(t, () => 'x');
  if (started === undefined) return;
  const socket = await openTls(t, started, { ALPNProtocols: ['h2', 'http/1.1'] });
  assert.equal(socket.alpnProtocol, 'http/1.1');
});

test('leaves the choice of a protocol to the ALPNCallback or the ALPNProtocols of the application', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  for (const choice of [{ ALPNProtocols: ['http/1.0'] }, { ALPNCallback: () => 'http/1.0' }] as TlsOptions[]) {
    const started = await startServer(t, () => 'x', { tls: { ...own, ...choice } });
    const socket = await openTls(t, { port: started.port, ca: own.cert }, { ALPNProtocols: ['http/1.1', 'http/1.0'] });
    assert.equal(socket.alpnProtocol, 'http/1.0');
  }
});

const FAILING: Record<string, { options: ConnectionOptions; tls?: TlsOptions; alert: RegExp; counted: string }> = {
  'that speaks h2 only': {
    options: { ALPNProtocols: ['h2'] },
    alert: /^ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL$/,
    counted: 'ERR_SSL_NO_APPLICATION_PROTOCOL',
  },
  'that speaks an older version only': {
    options: { maxVersion: 'TLSv1.2' },
    tls: { minVersion: 'TLSv1.3' },
    alert: /^ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION$/,
    counted: 'ERR_SSL_UNSUPPORTED_PROTOCOL',
  },
  'that knows none of the ciphers': {
    options: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    // OpenSSL has renamed it.
    alert: /^ERR_SSL_SSL(?:V3|\/TLS)_ALERT_HANDSHAKE_FAILURE$/,
    counted: 'ERR_SSL_NO_SHARED_CIPHER',
  },
};

for (const [name, { options, tls, alert, counted }] of Object.entries(FAILING)) {
  test(`refuses a client ${name} with an alert, and counts it`, async (t) => {
    const own = certificate(t);
    if (own === undefined) return;
    const started = { ...(await startServer(t, () => 'x', { tls: { ...own, ...tls } })), ca: own.cert };
    await assert.rejects(openTls(t, started, options), { code: alert });
    await expectFailure(started, counted);
  });
}

test('lets go of a client that does not trust our certificate', async (t) => {
  const started = await startTls(t, () => 'x');
  if (started === undefined) return;
  await assert.rejects(fetchTls({ port: started.port, ca: '' }, '/', { maxVersion: 'TLSv1.2' }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  await until(() => started.server.stats().connections.open === 0, 'its end');
  assert.deepEqual([started.server.stats().requests, started.errors], [0, []]);
});

const NO_HELLO: Record<string, { bytes: string | Uint8Array; counted: string }> = {
  'plain HTTP': { bytes: request(), counted: 'ERR_SSL_HTTP_REQUEST' },
  'a WebSocket handshake in plain': { bytes: request('/', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'), counted: 'ERR_SSL_HTTP_REQUEST' },
  'garbage': { bytes: Buffer.alloc(100, 1), counted: 'ERR_SSL_WRONG_VERSION_NUMBER' },
};

for (const [name, { bytes, counted }] of Object.entries(NO_HELLO)) {
  test(`closes a connection that sends ${name} to its TLS port at once, and counts it`, async (t) => {
    const started = await startTls(t, () => 'x');
    if (started === undefined) return;
    const client = await RawClient.open(t, started.port);
    await client.send(bytes);
    assert.doesNotMatch(await client.readToEnd(), /HTTP/);
    await expectFailure(started, counted);
    assert.equal(await fetchTls(started), 'x');
  });
}

test('takes a hundred handshakes that never end, and serves who comes behind them', async (t) => {
  const started = await startTls(t, () => 'x', { tlsHandshakeTimeoutMs: 1_500 });
  if (started === undefined) return;
  const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(t, started.port)));
  for (const client of clients) void client.send(HELLO);
  assert.equal(await fetchTls(started), 'x');
  await Promise.all(clients.map((client) => client.readToEnd()));
  await until(() => started.server.stats().errors['ERR_TLS_HANDSHAKE_TIMEOUT'] === 100, 'the count');
  assert.equal(started.server.stats().connections.total, 1);
});
