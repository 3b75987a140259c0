/** Stopping a cluster: every worker ends as a server does, those that do not end are killed, and with the primary all end. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UsageError } from 'longwire';
import { ask, connectTo, handlerModule, isAlive, servingPids, Sign, startCluster } from '../support/cluster.js';
import { close } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { request } from '../support/requests.js';
import { Gate, until, within } from '../support/signals.js';
import { PATIENCE_MS } from '../support/patience.js';

/** Long enough that no test waits for it. */
const FAR = { timeoutMs: 600_000 };

test('drains all workers: closes what is idle, ends WebSockets with 1001, says how the connections ended, and leaves no process', async (t) => {
  const { cluster, port, exits } = await startCluster(t);
  const first = await connectTo(t, port, () => true);
  const second = await connectTo(t, port, (pid) => pid !== first.pid);
  const socket = await RawWebSocket.over(second.client);
  const stopped = cluster.stop(FAR);
  assert.equal(cluster.status, 'stopping');
  assert.equal(cluster.stop(), stopped);
  assert.equal(await first.client.readToEnd(), '');
  first.client.end();
  assert.deepEqual(await socket.readClose(), { code: 1001, reason: '' });
  await socket.send(close(1001));
  socket.client.end();
  assert.deepEqual(await stopped, { closed: 2, destroyed: 0, workersLost: 0 });
  assert.equal(cluster.status, 'stopped');
  assert.deepEqual([first.pid, second.pid].map(isAlive), [false, false]);
  assert.deepEqual(exits, []);
  await assert.rejects(RawClient.open(t, port), { code: 'ECONNREFUSED' });
  assert.deepEqual((await cluster.stats()).workers, { listening: 0, died: 0 });
});

test('destroys at the deadline what is left, in every worker, and a later call draws it closer', async (t) => {
  const { cluster, port } = await startCluster(t);
  const first = await connectTo(t, port, () => true);
  const second = await connectTo(t, port, (pid) => pid !== first.pid);
  for (const { client } of [first, second]) await client.send(request('/wait'));
  await until(async () => (await cluster.stats()).requests >= 4, 'the requests');
  const stopped = cluster.stop(FAR);
  void cluster.stop({ timeoutMs: 0 });
  assert.deepEqual(await stopped, { closed: 0, destroyed: 2, workersLost: 0 });
});

test('kills a worker that does not end, and says so', async (t) => {
  const never = new Sign(t);
  const { cluster, port, exits } = await startCluster(t, undefined, { workers: 1 });
  const { client, pid } = await connectTo(t, port, () => true);
  await client.send(request(`/block/${encodeURIComponent(never.path)}`));
  await never.blocks();
  assert.deepEqual(await cluster.stop({ timeoutMs: 0 }), { closed: 0, destroyed: 0, workersLost: 1 });
  assert.equal(isAlive(pid), false);
  assert.deepEqual(exits.map((exit) => [exit.pid, exit.signal, exit.restartInMs]), [[pid, 'SIGKILL', undefined]]);
});

test('awaits `onDraining` first, while requests are still served, and replaces nobody any more', async (t) => {
  const { cluster, port } = await startCluster(t, undefined, { workers: 1 });
  const goOn = new Gate();
  const isDraining = new Gate();
  const stopped = cluster.stop({ ...FAR, onDraining: () => (isDraining.open(), goOn.opened) });
  await isDraining.opened;
  const pid = Number(await ask(t, port));
  goOn.open();
  await stopped;
  assert.equal(isAlive(pid), false);
});

test('goes on where `onDraining` throws, or is not over at the deadline', async (t) => {
  for (const onDraining of [() => assert.fail('on purpose'), () => new Promise(() => {})]) {
    const { cluster } = await startCluster(t, undefined, { workers: 1 });
    assert.deepEqual(await cluster.stop({ timeoutMs: 0, onDraining }), { closed: 0, destroyed: 0, workersLost: 0 });
  }
});

test('refuses what is no time and no function', async (t) => {
  const { cluster } = await startCluster(t, undefined, { workers: 1 });
  assert.throws(() => cluster.stop({ timeoutMs: -1 }), UsageError);
  assert.throws(() => cluster.stop({ onDraining: 'later' as never }), UsageError);
  assert.equal(cluster.status, 'running');
  await cluster[Symbol.asyncDispose]();
  assert.equal(cluster.status, 'stopped');
});

test('awaits `onStopped` of the module in each worker, and tells where it failed', async (t) => {
  const hasStopped = new Sign(t);
  const file = encodeURIComponent(hasStopped.path);
  const written = (): string[] => readdirSync(dirname(hasStopped.path));
  const good = await startCluster(t, handlerModule('lab', `stopped=${file}`));
  await good.cluster.stop();
  assert.equal(written().length, 2);
  const bad = await startCluster(t, handlerModule('lab', `stopped=${file}&badly`), { workers: 1 });
  assert.deepEqual(await bad.cluster.stop(), { closed: 0, destroyed: 0, workersLost: 0 });
  assert.deepEqual(bad.exits.map(({ code, error }) => [code, error?.message]), [[1, 'could not end well']]);
});

test('stops while a worker is waited for that is to be started again', async (t) => {
  const isBroken = new Sign(t);
  const { cluster, port, exits } = await startCluster(t, handlerModule('lab', `exits=${encodeURIComponent(isBroken.path)}`), { workers: 1 });
  isBroken.give();
  process.kill(Number(await ask(t, port)), 'SIGKILL');
  await until(() => exits.length >= 5, 'the waits', PATIENCE_MS);
  await within(cluster.stop(FAR), 'the stop');
  const { died } = (await cluster.stats()).workers;
  assert.deepEqual([died, exits.length], [exits.length, exits.length]);
});

test('stops while a worker is starting', async (t) => {
  const { cluster, port } = await startCluster(t, undefined, { workers: 1 });
  const pid = Number(await ask(t, port));
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the end');
  assert.deepEqual(await cluster.stop(FAR), { closed: 0, destroyed: 0, workersLost: 0 });
});

test('all workers end when the primary is killed', async (t) => {
  const { program, port } = await startProgram();
  t.after(() => program.kill('SIGKILL'));
  await servingPids(t, port, 2);
  program.kill('SIGKILL');
  const isRefused = (): Promise<boolean> => ask(t, port).then(() => false, (error: { code?: string }) => error.code === 'ECONNREFUSED');
  await until(isRefused, 'the end of the workers', PATIENCE_MS);
});

test('a program that is its own handler, and stops at SIGTERM, ends by itself, whoever else gets the signal', async (t) => {
  const { program, port } = await startProgram();
  t.after(() => program.kill('SIGKILL'));
  const pids = await servingPids(t, port, 2);
  const { client } = await connectTo(t, port, () => true);
  const exit = once(program, 'exit');
  for (const pid of [...pids, program.pid!]) process.kill(pid, 'SIGTERM');
  assert.equal(await client.readToEnd(), '');
  client.end();
  assert.deepEqual(await exit, [0, null]);
  assert.deepEqual([...pids].map(isAlive), [false, false]);
});

/** The program of `handlers/program.ts`, once it serves. */
async function startProgram(): Promise<{ program: ReturnType<typeof fork>; port: number }> {
  const program = fork(fileURLToPath(handlerModule('program')), { execArgv: [] });
  const [port] = (await once(program, 'message')) as [number];
  return { program, port };
}
