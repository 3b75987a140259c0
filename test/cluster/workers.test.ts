/** Workers that die are replaced; those that die again and again less and less often; and somebody hears of it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ask, connectTo, handlerModule, isAlive, servingPids, Sign, startCluster, workersAre } from '../support/cluster.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { until } from '../support/signals.js';
import { PATIENCE_MS } from '../support/patience.js';

test('another worker takes the place of one that is killed, with its number, on the same port', async (t) => {
  const { cluster, port, exits } = await startCluster(t);
  const before = await servingPids(t, port, 2);
  const [killed] = before;
  process.kill(killed!, 'SIGKILL');
  await workersAre(cluster, 2, 1);
  const [exit] = exits;
  assert.deepEqual([exit!.pid, exit!.code, exit!.signal, exit!.error, exit!.restartInMs, exits.length], [killed, null, 'SIGKILL', undefined, 0, 1]);
  assert.ok(exit!.worker === 1 || exit!.worker === 2);
  const after = await servingPids(t, port, 2);
  assert.deepEqual([...after].filter((pid) => !before.has(pid)).length, 1);
});

test('a worker that ends by itself, or by an exception that nobody catches, is replaced as well, and costs only its own connections', async (t) => {
  const { cluster, port, exits } = await startCluster(t, undefined, {});
  const { client: bystander, pid: unharmed } = await connectTo(t, port, () => true);
  for (const [died, path, code] of [[1, '/exit/3', 3], [2, '/throw', 1]] as const) {
    const { client } = await connectTo(t, port, (pid) => pid !== unharmed);
    await client.send(request(path));
    await client.readToEnd();
    await workersAre(cluster, 2, died);
    assert.equal(exits.at(-1)!.code, code);
  }
  await bystander.send(request());
  assert.equal(Number((await bystander.readResponse()).body), unharmed);
});

test('all workers may die at once: they come back on the same port', async (t) => {
  const { cluster, port } = await startCluster(t);
  for (const pid of await servingPids(t, port, 2)) process.kill(pid, 'SIGKILL');
  await workersAre(cluster, 2, 2);
  assert.equal(cluster.port, port);
  await servingPids(t, port, 2);
});

test('a worker that cannot start again is tried again, less and less often, and with the reason told, until it can', async (t) => {
  const isBroken = new Sign(t);
  const { cluster, port, exits } = await startCluster(t, handlerModule('lab', `throws=${encodeURIComponent(isBroken.path)}`));
  isBroken.give();
  const [killed] = await servingPids(t, port, 2);
  process.kill(killed!, 'SIGKILL');
  await until(() => exits.length >= 4, 'four ends', PATIENCE_MS);
  assert.deepEqual(exits.slice(0, 4).map(({ code, restartInMs }) => [code, restartInMs]), [[null, 0], [1, 100], [1, 200], [1, 400]]);
  assert.deepEqual(exits.slice(1, 4).map(({ error }) => error?.message), Array(3).fill('the module is broken'));
  assert.equal(new Set(exits.map(({ worker }) => worker)).size, 1);
  assert.ok(isAlive(Number(await ask(t, port))), 'the other serves meanwhile');
  isBroken.take();
  await workersAre(cluster, 2, 4);
});

test('a worker that cannot even be started fails the start, and is tried again later', async (t) => {
  const { execPath } = process;
  t.after(() => (process.execPath = execPath));
  process.execPath = '/no/such/program';
  await assert.rejects(startCluster(t, undefined, { workers: 1 }), { code: 'ENOENT', syscall: 'spawn /no/such/program' });
  process.execPath = execPath;
  const { cluster, port, exits } = await startCluster(t, undefined, { workers: 1 });
  const pid = Number(await ask(t, port));
  process.execPath = '/no/such/program';
  process.kill(pid, 'SIGKILL');
  await until(() => exits.length >= 3, 'three ends', PATIENCE_MS);
  assert.deepEqual(exits[1]!.error?.message, 'spawn /no/such/program ENOENT');
  assert.deepEqual(exits.slice(0, 3).map((exit) => [exit.pid, exit.restartInMs]), [[pid, 0], [undefined, 100], [undefined, 200]]);
  process.execPath = execPath;
  await workersAre(cluster, 1, 3);
});

test('without `onWorkerExit` the process warns, and where that fails, too', async (t) => {
  for (const [onWorkerExit, message] of [
    [undefined, /^worker 1 ended with SIGKILL; another one starts$/],
    [() => assert.fail('thrown'), /^thrown$/],
    [async () => assert.fail('rejected'), /^rejected$/],
  ] as const) {
    const { cluster, port } = await startCluster(t, undefined, { workers: 1, onWorkerExit });
    const warned = once(process, 'warning') as Promise<[Error]>;
    process.kill(Number(await ask(t, port)), 'SIGKILL');
    assert.match((await warned)[0].message, message);
    await workersAre(cluster, 1, 1);
    await cluster.stop();
  }
});

test('leaves SIGINT and SIGTERM to the primary: a worker serves on', async (t) => {
  const { port, exits } = await startCluster(t, undefined, { workers: 1 });
  const client = await RawClient.open(t, port);
  await client.send(request());
  const pid = Number((await client.readResponse()).body);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(pid, signal);
  await client.send(request());
  assert.equal(Number((await client.readResponse()).body), pid);
  assert.deepEqual(exits, []);
});
