/** Runs the compiled tests: all of them, or those whose path holds one of the words given. */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', 'build', 'test');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));

const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()
  .map((file) => join(root, file));

if (files.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}

const run = spawn(process.execPath, ['--enable-source-maps', '--test', ...flags, ...files], { stdio: 'inherit' });
run.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
