/** However many connect at once: those that have a place are served, the others are told so whole, and none of them stays. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { certificate } from '../support/certificate.js';
import { FakeClock } from '../support/clock.js';
import { turns } from '../support/deferred.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';

const MIB = 1024 * 1024;

async function openMany(t: TestContext, port: number, count: number, localAddress = '127.0.0.1'): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => RawClient.open(t, { host: '127.0.0.1', port, localAddress })));
}

/** Everything each client got, once the server has closed to it. */
async function answersOf(clients: readonly RawClient[]): Promise<{ served: RawClient[]; refused: RawClient[] }> {
  const sorted: { served: RawClient[]; refused: RawClient[] } = { served: [], refused: [] };
  for (const client of clients) {
    const { head, body } = await client.readResponse();
    const isServed = head.startsWith('HTTP/1.1 200 ');
    assert.ok(isServed || (head.startsWith('HTTP/1.1 503 ') && head.includes('\r\nConnection: close\r\n')), head);
    assert.equal(body, isServed ? 'served' : '');
    if (!isServed) assert.equal(await client.readToEnd(), '');
    sorted[isServed ? 'served' : 'refused'].push(client);
  }
  return sorted;
}

test('serves 50 of 500 that connect at once, answers 503 to the others, and gives the places of those that leave to others', async (t) => {
  const gate = new Gate();
  const { server, port } = await startServer(t, () => gate.opened.then(() => 'served'), { maxConnections: 50 });
  const clients = await openMany(t, port, 500);
  for (const client of clients) void client.send(request());
  await until(() => server.stats().connections.refused === 450 && server.stats().requests === 50, 'all that is decided');
  gate.open();
  const { served, refused } = await answersOf(clients);
  assert.deepEqual([served.length, refused.length], [50, 450]);
  assert.deepEqual(clients.filter((client) => client.error !== undefined), []);
  for (const client of refused) client.end();
  await until(() => server.stats().connections.open === 50, 'the end of those refused');

  for (const client of served.slice(0, 20)) client.end();
  for (const client of served.slice(20, 30)) client.reset();
  await until(() => server.stats().connections.open === 20, 'the end of thirty');
  const later = await openMany(t, port, 40);
  for (const client of later) void client.send(request());
  const second = await answersOf(later);
  assert.deepEqual([second.served.length, second.refused.length], [30, 10]);
  assert.deepEqual(server.stats().connections.refused, 460);
});

test('serves 10 of 30 that connect at once from each of five addresses', async (t) => {
  const { server, port } = await startServer(t, () => 'served', { maxConnectionsPerAddress: 10 });
  const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];
  const groups = await Promise.all(addresses.map((address) => openMany(t, port, 30, address)));
  for (const client of groups.flat()) void client.send(request());
  for (const clients of groups) {
    const { served, refused } = await answersOf(clients);
    assert.deepEqual([served.length, refused.length], [10, 20]);
  }
  assert.equal(server.stats().connections.refused, 100);
  for (const client of groups.flat()) client.end();
  await until(() => server.stats().connections.open === 0, 'the end of all');
  const again = await answersOf((await openMany(t, port, 1, '127.0.0.2')).map((client) => (void client.send(request()), client)));
  assert.equal(again.served.length, 1);
});

test('a refused client that is still uploading gets its 503, in 50 of 50 runs', async (t) => {
  const { server, port } = await startServer(t, () => 'served', { maxConnections: 1 }, new FakeClock());
  await RawClient.open(t, port);
  await until(() => server.stats().connections.open === 1, 'the one that has the place');
  const body = Buffer.alloc(4 * MIB);
  for (let i = 0; i < 50; i++) {
    const client = await RawClient.open(t, port);
    client.socket.pause();
    await client.send(request('/', `Content-Length: ${body.length}\r\n`, { method: 'POST' }));
    await client.send(body);
    client.socket.resume();
    assert.ok((await client.readToEnd()).startsWith('HTTP/1.1 503 '));
    assert.equal(client.error, undefined);
    client.socket.destroy();
  }
});

test('refused clients that do not leave are gone after 2 s', async (t) => {
  const clock = new FakeClock();
  const { server, port } = await startServer(t, () => 'served', { maxConnections: 10 }, clock);
  const clients = await openMany(t, port, 100);
  await until(() => server.stats().connections.refused === 90, 'all that is decided');
  for (const client of clients) void client.send('GET / HTTP/1.1\r\nX-Endless: ');
  await until(() => clients.filter((client) => client.hasEnded).length === 90, 'all refusals');
  clock.advance(1_500);
  assert.equal(server.stats().connections.open, 100);
  clock.advance(1_500);
  await until(() => server.stats().connections.open === 10, 'the end of those refused');
});

test('no more than 1,000 refused clients stay at once, and those that came first go first', async (t) => {
  const { server, port } = await startServer(t, () => 'served', { maxConnections: 1 }, new FakeClock());
  const clients: RawClient[] = [];
  while (clients.length < 1_201) {
    clients.push(...(await openMany(t, port, clients.length === 0 ? 1 : 100)));
    await until(() => server.stats().connections.total === clients.length, 'the accept');
  }
  await until(() => clients.filter((client) => client.hasEnded).length === 1_200, 'all refusals');
  await until(() => server.stats().connections.open === 1_001, 'the end of the first');
  assert.deepEqual(clients.filter((client) => client.hasEnded && !client.received.startsWith('HTTP/1.1 503 ')), []);
  await turns();
  assert.equal(server.stats().connections.open, 1_001);
  assert.deepEqual(server.stats().connections, { open: 1_001, total: 1_201, refused: 1_200 });
});

test('on a TLS port, handshakes that do not go on have their places until their deadline, and who has none is just closed', async (t) => {
  const tls = certificate(t);
  if (tls === undefined) return;
  const { server, port } = await startServer(t, () => 'served', { tls, maxConnections: 10, tlsHandshakeTimeoutMs: 5_000 });
  const silent = await openMany(t, port, 30);
  await until(() => server.stats().connections.refused === 20, 'all that is decided');
  await until(() => silent.filter((client) => client.hasEnded).length === 20, 'the close of those refused');
  assert.deepEqual(silent.filter((client) => client.received !== ''), []);
  await Promise.all(silent.map((client) => client.readToEnd()));
  const client = new RawClient(connect({ host: '127.0.0.1', port, rejectUnauthorized: false }));
  t.after(() => client.socket.destroy());
  await client.send(request());
  assert.equal((await client.readResponse()).body, 'served');
  assert.equal(server.stats().connections.refused, 20);
});
