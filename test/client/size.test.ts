/** The client stays small: what a page loads of it, as a bundler makes it. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ROOT } from '../support/documents.js';

const MAX_BYTES = 3_000;

test(`minified and gzipped, the client is smaller than ${MAX_BYTES} bytes, and imports nothing`, async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, 'dist', 'client', 'index.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    metafile: true,
    write: false,
  });
  const [file = assert.fail('nothing was built')] = outputFiles;
  const { length } = gzipSync(file.contents, { level: 9 });
  assert.ok(length < MAX_BYTES, `${length} bytes`);
  assert.deepEqual(Object.values(metafile.outputs).flatMap((output) => output.imports), []);
  assert.ok(Object.keys(metafile.inputs).every((input) => input.includes('client/')), Object.keys(metafile.inputs).join());
});
