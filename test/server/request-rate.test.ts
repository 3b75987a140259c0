/** `maxRequestsPerSecond`: a client that sends faster gets 429, and nobody else does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../support/clock.js';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { post, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

const statusOf = (head: string): number => Number(head.slice(9, 12));

/** The statuses of `count` requests, sent in one write. */
async function statuses(client: RawClient, count: number, fields = ''): Promise<number[]> {
  await client.send(request('/', fields).repeat(count));
  const found: number[] = [];
  while (found.length < count) found.push(statusOf((await client.readResponse()).head));
  return found;
}

test('answers 429 with Retry-After beyond the rate, without asking the handler, and keeps the connection', async (t) => {
  const clock = new FakeClock();
  let calls = 0;
  const refused: string[] = [];
  const { port, server } = await startServer(t, () => `call ${++calls}`, { maxRequestsPerSecond: 3, onClientError: ({ code }) => refused.push(code) }, clock);
  const client = await RawClient.open(t, port);
  assert.deepEqual(await statuses(client, 5), [200, 200, 200, 429, 429]);
  assert.equal(calls, 3);
  await client.send(request('/'));
  const { head, body } = await client.readResponse();
  assert.match(head, /^HTTP\/1\.1 429 Too Many Requests\r\n/);
  assert.match(head, /^Retry-After: 1\r$/m);
  assert.equal(body, 'Too Many Requests');
  assert.deepEqual(refused, Array(3).fill('HTTP_TOO_MANY_REQUESTS'));
  assert.equal(server.stats().errors['HTTP_TOO_MANY_REQUESTS'], 3);
  clock.advance(2_000);
  assert.deepEqual(await statuses(client, 5), [200, 200, 200, 429, 429]);
});

test('refills while nobody is connected', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(t, () => 'ok', { maxRequestsPerSecond: 1 }, clock);
  const client = await RawClient.open(t, port);
  assert.deepEqual(await statuses(client, 2), [200, 429]);
  client.reset();
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  clock.advance(1_000);
  assert.deepEqual(await statuses(await RawClient.open(t, port), 2), [200, 429]);
});

test('refills while the process is blocked', async (t) => {
  const clock = new FakeClock();
  const { port } = await startServer(t, () => 'ok', { maxRequestsPerSecond: 1 }, clock);
  const client = await RawClient.open(t, port);
  assert.deepEqual(await statuses(client, 2), [200, 429]);
  clock.block(1_000);
  assert.deepEqual(await statuses(client, 2), [200, 429]);
});

test('counts all connections of an address together, and addresses apart', async (t) => {
  const { port } = await startServer(t, () => 'ok', { maxRequestsPerSecond: 2 }, new FakeClock());
  const [first, second, other] = [await RawClient.open(t, port), await RawClient.open(t, port), await RawClient.open(t, { host: '127.0.0.1', port, localAddress: '127.0.0.2' })];
  assert.deepEqual(await statuses(first, 2), [200, 200]);
  assert.deepEqual(await statuses(second, 1), [429]);
  assert.deepEqual(await statuses(other, 3), [200, 200, 429]);
});

test('counts the address that a trusted proxy names, and not the proxy', async (t) => {
  const { port } = await startServer(t, () => 'ok', { maxRequestsPerSecond: 2, trustProxy: ['127.0.0.1'] }, new FakeClock());
  const proxy = await RawClient.open(t, port);
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    assert.deepEqual(await statuses(proxy, 3, `X-Forwarded-For: ${address}\r\n`), [200, 200, 429]);
  }
  const direct = await RawClient.open(t, { host: '127.0.0.1', port, localAddress: '127.0.0.2' });
  const spoofed = [1, 2, 3].map((last) => request('/', `X-Forwarded-For: 192.0.2.10${last}\r\n`)).join('');
  await direct.send(spoofed);
  assert.deepEqual([await direct.readResponse(), await direct.readResponse(), await direct.readResponse()].map(({ head }) => statusOf(head)), [200, 200, 429]);
});

test('discards the small body of a request that is too many, and serves the next', async (t) => {
  const clock = new FakeClock();
  const { port } = await startServer(t, async (incoming) => incoming.text(), { maxRequestsPerSecond: 1 }, clock);
  const client = await RawClient.open(t, port);
  await client.send(post('/', 'one') + post('/', 'two'));
  assert.equal((await client.readResponse()).body, 'one');
  assert.equal(statusOf((await client.readResponse()).head), 429);
  clock.advance(2_000);
  await client.send(post('/', 'three'));
  assert.equal((await client.readResponse()).body, 'three');
});

test('refuses a WebSocket that is one request too many, and closes', async (t) => {
  const { port } = await startServer(t, () => 'ok', { maxRequestsPerSecond: 1 }, new FakeClock());
  const client = await RawClient.open(t, port);
  await client.send(request('/') + handshake());
  assert.equal(statusOf((await client.readResponse()).head), 200);
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 429 .*Connection: close/s);
});
