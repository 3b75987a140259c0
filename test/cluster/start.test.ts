/** Starting a cluster: where its workers listen and how connections come to them, and what makes the start fail as a whole. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import nodeCluster from 'node:cluster';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ClusterOptions, runCluster, runServer, UsageError } from 'longwire';
import { LongwireCluster } from '#src/cluster.js';
import { findPort } from '#src/net/listen.js';
import { certificate } from '../support/certificate.js';
import { ask, handlerModule, makeFolder, servingPids, startCluster } from '../support/cluster.js';
import { RawClient } from '../support/raw-client.js';
import { post, request } from '../support/requests.js';
import { fetchTls } from '../support/tls.js';

test('listens on one free port with all workers, and says where', async (t) => {
  const { cluster, port } = await startCluster(t, undefined, { workers: 3 });
  assert.ok(port > 0);
  assert.deepEqual([cluster.url, cluster.status], [`http://127.0.0.1:${port}`, 'running']);
  const pids = await servingPids(t, port, 3);
  assert.ok(!pids.has(process.pid));
});

test('two clusters of one process, each on a free port, have nothing to do with each other', async (t) => {
  const [a, b] = await Promise.all([startCluster(t), startCluster(t)]);
  assert.notEqual(a.port, b.port);
  const [pidsOfA, pidsOfB] = [await servingPids(t, a.port, 2), await servingPids(t, b.port, 2)];
  assert.deepEqual([...pidsOfA].filter((pid) => pidsOfB.has(pid)), []);
});

test('listens on a port that is given, and again after a stop', async (t) => {
  const first = await startCluster(t);
  await first.cluster.stop();
  const { port } = await startCluster(t, undefined, { port: first.port });
  assert.equal(port, first.port);
  await servingPids(t, port, 2);
});

test('listens on a unix socket with all workers, and removes it at the stop', async (t) => {
  const path = join(makeFolder(t), 'server.sock');
  const { cluster } = await startCluster(t, undefined, { path, pathMode: 0o600 });
  assert.deepEqual([cluster.url, cluster.port], [`unix:${path}`, 0]);
  const pids = new Set<string>();
  while (pids.size < 2) {
    const client = await RawClient.open(t, { path });
    await client.send(request());
    pids.add((await client.readResponse()).body);
  }
  await cluster.stop();
  await assert.rejects(RawClient.open(t, { path }), { code: 'ENOENT' });
});

test('replaces a unix socket that a killed server left behind', async (t) => {
  const path = join(makeFolder(t), 'server.sock');
  spawnSync(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`]);
  await startCluster(t, undefined, { path });
  const client = await RawClient.open(t, { path });
  await client.send(request());
  await client.readResponse();
});

test('speaks TLS with a certificate that it is given', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  const { cluster, port } = await startCluster(t, undefined, { tls: own });
  assert.equal(cluster.url, `https://127.0.0.1:${port}`);
  assert.ok(Number(await fetchTls({ port, ca: own.cert })) > 0);
});

test('takes options that are functions from the module: TLS by name', async (t) => {
  const own = certificate(t);
  if (own === undefined) return;
  const folder = makeFolder(t);
  for (const [name, pem] of Object.entries(own)) writeFileSync(join(folder, `${name}.pem`), pem);
  const { port } = await startCluster(t, handlerModule('lab', `sni=${encodeURIComponent(folder)}`), { workers: 1 });
  assert.ok(Number(await fetchTls({ port, ca: own.cert }, '/', { servername: 'localhost' })) > 0);
});

test('takes options from both, and what runCluster is given goes before those of the module', async (t) => {
  const { port } = await startCluster(t, undefined, { workers: 1, serverHeader: 'given', keepAliveTimeoutMs: undefined });
  const client = await RawClient.open(t, port);
  await client.send(post('/body', 'x'.repeat(11)));
  const { head } = await client.readResponse();
  assert.match(head, /^HTTP\/1\.1 413 [\s\S]*^Server: given\r$/m);
});

test('takes a module by its path, relative to the working directory, and hands on the arguments', async (t) => {
  const path = relative(process.cwd(), fileURLToPath(handlerModule('lab')));
  const cluster = await runCluster(path, { workers: 1, host: '127.0.0.1', port: 0 });
  t.after(() => cluster.stop({ timeoutMs: 0 }));
  assert.equal(await ask(t, cluster.port, '/arguments'), JSON.stringify(process.argv.slice(2)));
});

/** Fails to start, and leaves no process and no listening socket behind. */
async function failsToStart(expected: object, query: string, options: ClusterOptions = {}): Promise<void> {
  const port = await freePort();
  await assert.rejects(runCluster(handlerModule('lab', query), { workers: 2, host: '127.0.0.1', port, ...options }), expected);
  assert.deepEqual(Object.keys(nodeCluster.workers ?? {}), []);
  assert.equal(await freePort(port), port);
}

/** The port, if it is free; by default one that is. */
function freePort(port = 0): Promise<number> {
  return findPort({ host: '127.0.0.1', port, path: undefined, backlog: 1, reusePort: false });
}

test('rejects with what the module throws', async () => {
  await failsToStart({ name: 'RangeError', message: 'the module is broken' }, 'throws');
});

test('rejects where a worker ends before it listens: no cluster begins with a crash loop', async () => {
  await failsToStart({ message: 'a worker ended with code 7 before it listened' }, 'exits');
});

test('rejects where the module exports no handler', async () => {
  await failsToStart({ name: 'UsageError', message: /must export a function of the request by default, not string/ }, 'no-handler');
});

test('rejects where the module exports wrong options', async () => {
  await failsToStart({ name: 'UsageError', message: /unknown option prot/ }, 'bad-options');
});

test('rejects where the options given are wrong', async () => {
  await failsToStart({ name: 'UsageError', message: /option maxHeadBytes must be/ }, '', { maxHeadBytes: -1 });
});

test('rejects where there is no such module', async () => {
  await assert.rejects(runCluster(handlerModule('no-such-module')), { code: 'ERR_MODULE_NOT_FOUND' });
});

test('rejects with the system error where the port is taken', async (t) => {
  const server = await runServer(() => 'x', { host: '127.0.0.1', port: 0 });
  t.after(() => server.stop());
  await assert.rejects(runCluster(handlerModule('lab'), { workers: 2, host: '127.0.0.1', port: server.port }), { code: 'EADDRINUSE', syscall: 'listen', port: server.port });
});

test('looks for another free port where somebody has taken the one that was found', async (t) => {
  const server = await runServer(() => 'x', { host: '127.0.0.1', port: 0 });
  t.after(() => server.stop());
  const found = [server.port, server.port];
  const cluster = new LongwireCluster(handlerModule('lab'), { workers: 1, host: '127.0.0.1', port: 0 }, async (place) => found.shift() ?? findPort(place));
  t.after(() => cluster.stop({ timeoutMs: 0 }));
  await cluster.start();
  assert.notEqual(cluster.port, server.port);
  assert.ok(Number(await ask(t, cluster.port)) > 0);
  const always = new LongwireCluster(handlerModule('lab'), { workers: 1, host: '127.0.0.1', port: 0 }, async () => server.port);
  await assert.rejects(always.start(), { code: 'EADDRINUSE' });
});

test('rejects where another cluster of the same process has the port', async (t) => {
  const { port } = await startCluster(t, undefined, { workers: 1 });
  await assert.rejects(runCluster(handlerModule('lab'), { workers: 1, host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
});

test('rejects where a unix socket is in use, and leaves it alone', async (t) => {
  const path = join(makeFolder(t), 'server.sock');
  const server = await runServer(() => 'x', { path });
  t.after(() => server.stop());
  await assert.rejects(runCluster(handlerModule('lab'), { workers: 1, path }), { code: 'EADDRINUSE' });
  await RawClient.open(t, { path });
});

const WRONG: Record<string, ClusterOptions> = {
  'option workers must be a whole number from 1 to 1024': { workers: 0 },
  'option onWorkerExit must be a function': { onWorkerExit: 'warn' as never },
  'option tls cannot be sent to another process': { tls: { SNICallback: () => {} } },
  'option allowedOrigins cannot be sent to another process': { allowedOrigins: () => true },
  'option onError cannot be sent to another process': { onError: () => {} } as ClusterOptions,
};

for (const [message, options] of Object.entries(WRONG)) {
  test(`refuses before anything is started: ${message}`, async () => {
    await assert.rejects(runCluster(handlerModule('lab', 'exits'), options), (error: Error) => error instanceof UsageError && error.message.startsWith(message));
  });
}

test('refuses what is no module', async () => {
  for (const module of ['', undefined, () => 'x']) await assert.rejects(runCluster(module as string), UsageError);
  for (const options of [null, 5, 'x']) await assert.rejects(runCluster(handlerModule('lab'), options as unknown as ClusterOptions), UsageError);
});

test('listens with a socket for each worker where `reusePort` is asked for and Node has it', async (t) => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 12)) return assert.rejects(startCluster(t, undefined, { reusePort: true }), UsageError);
  const { cluster, port } = await startCluster(t, undefined, { reusePort: true });
  await servingPids(t, port, 2);
  await cluster.stop();
});
