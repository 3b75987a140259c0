/** The numbers of a cluster are the sums of those of its workers, and stay when workers end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runServer, type ServerStats } from 'longwire';
import { sumOf, withoutOpen } from '#src/server-stats.js';
import { connectTo, Sign, startCluster, workersAre } from '../support/cluster.js';
import { text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { post, request } from '../support/requests.js';
import { until } from '../support/signals.js';

test('sums what all workers count, and what is open in them', async (t) => {
  const { cluster, port } = await startCluster(t);
  const first = await connectTo(t, port, () => true);
  const second = await connectTo(t, port, (pid) => pid !== first.pid);
  const refused = await RawClient.open(t, port);
  await refused.send(post('/body', 'x'.repeat(11)));
  assert.match((await refused.readResponse()).head, / 413 /);
  refused.socket.destroy();
  for (const { client } of [first, second]) {
    const socket = await RawWebSocket.over(client);
    await socket.send(text('hello'));
    await socket.readFrame();
  }
  await until(async () => (await cluster.stats()).connections.open === 2, 'the end of the other connections');
  const stats = await cluster.stats();
  assert.equal(stats.requests, stats.connections.total + 2);
  assert.deepEqual([stats.responses['4xx'], stats.responses['1xx'], stats.errors['HTTP_BODY_TOO_LARGE']], [1, 2, 1]);
  assert.deepEqual([stats.webSockets, stats.channels, stats.messages], [{ open: 2, total: 2 }, { open: 2 }, { in: 2, out: 2 }]);
  assert.deepEqual([stats.workers, stats.bus], [{ listening: 2, died: 0 }, { groups: 0, published: 0, gaps: 0 }]);
});

test('keeps what a worker told before it died, but nothing of it is open', async (t) => {
  const { cluster, port } = await startCluster(t, undefined, { workers: 1 });
  const { client, pid } = await connectTo(t, port, () => true);
  await RawWebSocket.over(client);
  await until(async () => (await cluster.stats()).webSockets.open === 1, 'the WebSocket');
  process.kill(pid, 'SIGKILL');
  await workersAre(cluster, 1, 1);
  const { requests, webSockets, channels, connections } = await cluster.stats();
  assert.deepEqual([requests, webSockets, channels, connections], [2, { open: 0, total: 1 }, { open: 0 }, { open: 0, total: 1, refused: 0 }]);
});

test('still counts after the stop, with what workers told at their end', async (t) => {
  const { cluster, port } = await startCluster(t, undefined, { workers: 1 });
  const { client } = await connectTo(t, port, () => true);
  client.socket.destroy();
  await cluster.stop();
  const { requests, connections } = await cluster.stats();
  assert.deepEqual([requests, connections], [1, { open: 0, total: 1, refused: 0 }]);
});

test('takes of a worker that is too busy to answer what it told last', async (t) => {
  const goOn = new Sign(t);
  const { cluster, port } = await startCluster(t, undefined, { workers: 1 });
  const { client } = await connectTo(t, port, () => true);
  await until(async () => (await cluster.stats()).requests === 1, 'the request');
  await client.send(request(`/block/${encodeURIComponent(goOn.path)}`));
  await goOn.blocks();
  const { requests, workers } = await cluster.stats();
  assert.deepEqual([requests, workers], [1, { listening: 1, died: 0 }]);
  goOn.give();
  await until(async () => (await cluster.stats()).requests === 2, 'the answer');
});

test('sums numbers of any depth, and errors that only some have counted', async (t) => {
  const server = await runServer(() => 'x', { host: '127.0.0.1', port: 0 });
  t.after(() => server.stop());
  const none = server.stats();
  const some: ServerStats = { ...none, requests: 2, bytes: { in: 1, out: 2, buffered: 3 }, errors: { ECONNRESET: 1 } };
  const others: ServerStats = { ...none, requests: 3, bytes: { in: 10, out: 20, buffered: 30 }, errors: { ECONNRESET: 1, HTTP_BAD_CHUNK_SIZE: 4 } };
  assert.deepEqual(sumOf([some, none, others]), { ...none, requests: 5, bytes: { in: 11, out: 22, buffered: 33 }, errors: { ECONNRESET: 2, HTTP_BAD_CHUNK_SIZE: 4 } });
  assert.deepEqual(sumOf([]), none);
});

test('leaves only totals of a server that is no more', () => {
  const all = (value: unknown): unknown => (typeof value === 'number' ? 1 : Object.fromEntries(Object.entries(value as object).map(([name, each]) => [name, all(each)])));
  const left = withoutOpen(all(sumOf([])) as ServerStats);
  const names = (value: object, path = ''): string[] => Object.entries(value).flatMap(([name, each]) => (typeof each === 'number' ? (each === 0 ? [`${path}${name}`] : []) : names(each, `${path}${name}.`)));
  assert.deepEqual(names(left), ['connections.open', 'channels.open', 'webSockets.open', 'eventStreams.open', 'compression.webSockets', 'compression.contextBytes', 'bytes.buffered']);
});
