/** `maxConnections` and `maxConnectionsPerAddress`: who has a place, from accept to close, handshakes and proxies included. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { certificate } from '../support/certificate.js';
import { TCP4, TCP6 } from '../support/proxy-headers.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

function open(t: TestContext, port: number, localAddress = '127.0.0.1'): Promise<RawClient> {
  return RawClient.open(t, { host: '127.0.0.1', port, localAddress });
}

async function statusOf(client: RawClient, bytes = request()): Promise<number> {
  await client.send(bytes);
  return Number((await client.readResponse()).head.slice(9, 12));
}

test('has no limit for the addresses of trusted proxies, and keeps it for all others', async (t) => {
  const { port, server } = await startServer(t, () => 'ok', { maxConnectionsPerAddress: 2, trustProxy: ['127.0.0.2'] });
  for (let i = 0; i < 5; i++) assert.equal(await statusOf(await open(t, port, '127.0.0.2')), 200);
  const found = [];
  for (let i = 0; i < 3; i++) found.push(await statusOf(await open(t, port, '127.0.0.3')));
  assert.deepEqual(found, [200, 200, 503]);
  assert.equal(server.stats().connections.refused, 1);
});

test('holds trusted proxies to maxConnections', async (t) => {
  const { port } = await startServer(t, () => 'ok', { maxConnections: 1, trustProxy: ['127.0.0.1'] });
  assert.equal(await statusOf(await open(t, port)), 200);
  assert.equal(await statusOf(await open(t, port)), 503);
});

test('counts a connection for the address that the header of a proxy names', async (t) => {
  const { port, server } = await startServer(t, () => 'ok', { maxConnectionsPerAddress: 1, trustProxy: ['127.0.0.1'], proxyProtocol: 'required' });
  const first = await open(t, port);
  assert.equal(await statusOf(first, TCP4 + request()), 200);
  assert.equal(await statusOf(await open(t, port), TCP4 + request()), 503);
  assert.equal(await statusOf(await open(t, port), TCP6 + request()), 200);
  assert.equal(server.stats().connections.refused, 1);
  first.socket.destroy();
  await until(async () => (await statusOf(await open(t, port), TCP4 + request())) === 200, 'the place to be free');
});

test('counts TLS handshakes that are under way, and just closes what is refused', async (t) => {
  const made = certificate(t);
  if (made === undefined) return;
  const { port, server } = await startServer(t, () => 'ok', { tls: made, maxConnections: 2 });
  const [first, second] = [await open(t, port), await open(t, port)];
  const third = await open(t, port);
  assert.equal(await third.readToEnd(), '');
  await until(() => server.stats().connections.refused === 1, 'the refusal');
  assert.equal(server.stats().connections.open, 0);
  first.socket.destroy();
  second.socket.destroy();
  await until(async () => {
    const client = await open(t, port);
    await client.send('\x16');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const isIn = !client.hasEnded;
    client.socket.destroy();
    return isIn;
  }, 'a place to be free');
});

test('gives the place of a connection back when it is gone, whatever ended it', async (t) => {
  const { port, server } = await startServer(t, () => 'ok', { maxConnections: 1, maxConnectionsPerAddress: 1 });
  for (let i = 0; i < 10; i++) {
    let client = await open(t, port);
    await until(async () => {
      const isIn = (await statusOf(client)) === 200;
      if (!isIn) client = await open(t, port);
      return isIn;
    }, 'a place');
    if (i % 2 === 0) client.reset();
    else client.end();
  }
  assert.equal(server.stats().requests, 10);
});
