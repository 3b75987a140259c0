/**
 * Runs the compiled tests: all of them, or those whose path holds one of the words given. What starts with `--` is handed to
 * Node's test runner. Where nobody watches, every version of Node reports the same: TAP, which ends with the counts, and beside it what failed.
 */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
if (!flags.some((flag) => flag.startsWith('--test-reporter'))) flags.push(...(process.stdout.isTTY ? ['--test-reporter=spec'] : reporters()));

// By their sources: what an earlier build left behind is not run.
const files = readdirSync(join(root, 'test'), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()
  .map((file) => join(root, 'build', 'test', file.replace(/ts$/, 'js')));

if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}

const run = spawn(process.execPath, ['--enable-source-maps', '--test', ...flags, ...files], { stdio: 'inherit' });
run.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

function reporters() {
  const failed = pathToFileURL(join(import.meta.dirname, 'failed-tests.mjs'));
  return ['--test-reporter=tap', '--test-reporter-destination=stdout', `--test-reporter=${failed}`, '--test-reporter-destination=stderr'];
}
