/** A process that has seen bulk data keeps the memory that it frees: what comes next is not given it anew, page by page. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { PATIENCE_MS } from '../support/patience.js';

const PROGRAM = join(import.meta.dirname, '../support/bulk-server.js');

/** What changes how glibc allocates. */
const VARIABLES = /^(?:MALLOC_|GLIBC_TUNABLES$|LD_PRELOAD$)/;

/** By how many MiB the heap of a server grows for a block of 20 MiB, behind so many bytes that it received and sent. */
function growthBehind(received: number, sent: number, form = 'whole', variables: Readonly<Record<string, string>> = {}): number {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !VARIABLES.test(name)));
  const args = ['--expose-gc', PROGRAM, String(received), String(sent), form];
  return Number(execFileSync(process.execPath, args, { env: { ...env, ...variables }, encoding: 'utf8', timeout: PATIENCE_MS }));
}

test('behind a large read or write, large blocks come from memory that is kept; without, or where the operator says otherwise, they do not', (t) => {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime === undefined) return t.skip('only the allocator of glibc is told what to keep');
  assert.ok(growthBehind(200_000, 0) > 10);
  for (const form of ['whole', 'stream']) assert.ok(growthBehind(0, 200_000, form) > 10, form);
  assert.equal(growthBehind(2_000, 2_000), 0);
  assert.equal(growthBehind(200_000, 200_000, 'whole', { MALLOC_TRIM_THRESHOLD_: '131072' }), 0);
});
