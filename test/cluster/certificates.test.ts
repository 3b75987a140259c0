/** A certificate is replaced in all workers at once, and in those that come later. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { UsageError } from 'longwire';
import { type Certificate, certificate } from '../support/certificate.js';
import { startCluster, workersAre } from '../support/cluster.js';
import { fetchTls } from '../support/tls.js';

/** Two certificates for one name; none where there is no openssl. */
function certificates(t: TestContext): { before: Certificate; after: Certificate } | undefined {
  const [before, after] = [certificate(t), certificate(t, 'localhost', 'again')];
  return before && after && { before, after };
}

/** Every worker shows this certificate, by its own word. */
async function allShow(port: number, { cert }: Certificate, workers: number): Promise<Set<number>> {
  const pids = new Set<number>();
  while (pids.size < workers) pids.add(Number(await fetchTls({ port, ca: cert })));
  return pids;
}

test('replaces the certificate in every worker, and in one that takes the place of another', async (t) => {
  const both = certificates(t);
  if (both === undefined) return;
  const { cluster, port } = await startCluster(t, undefined, { tls: both.before });
  await allShow(port, both.before, 2);
  await cluster.setSecureContext(both.after);
  const [killed] = await allShow(port, both.after, 2);
  process.kill(killed!, 'SIGKILL');
  await workersAre(cluster, 2, 1);
  const pids = await allShow(port, both.after, 2);
  assert.ok(!pids.has(killed!));
  await assert.rejects(fetchTls({ port, ca: both.before.cert }));
});

test('rejects what a server refuses, and the old certificate stays, also for workers that come later', async (t) => {
  const both = certificates(t);
  if (both === undefined) return;
  const { cluster, port } = await startCluster(t, undefined, { tls: both.before, workers: 1 });
  await assert.rejects(cluster.setSecureContext({ key: both.after.key, cert: both.before.cert }), UsageError);
  await assert.rejects(cluster.setSecureContext('a certificate' as never), UsageError);
  const [pid] = await allShow(port, both.before, 1);
  process.kill(pid!, 'SIGKILL');
  await workersAre(cluster, 1, 1);
  await allShow(port, both.before, 1);
});

test('rejects without TLS', async (t) => {
  const { cluster } = await startCluster(t, undefined, { workers: 1 });
  await assert.rejects(cluster.setSecureContext({}), { name: 'UsageError', message: /without the option tls/ });
});
