/** The packages of the peers: installed where they are missing or other ones than the lock file says. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH } from './paths.js';

const INSTALL_MS = 300_000;
/** Holds what was installed last. */
const STAMP = join(BENCH, 'node_modules', '.longwire-bench');

/** Resolves to what went wrong, or to nothing; the benchmark goes on with what is there. */
export async function installPeers(): Promise<string | undefined> {
  const lock = createHash('sha256').update(readFileSync(join(BENCH, 'package-lock.json'))).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return undefined;
  console.log('installing what Longwire is measured beside: npm ci --prefix bench');
  const complaint = await npmCi();
  if (complaint === undefined) writeFileSync(STAMP, lock);
  return complaint;
}

function npmCi(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const npm = spawn('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_MS });
    let complaint = '';
    npm.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    npm.on('error', (error) => resolve(error.message));
    npm.on('close', (code) => resolve(code === 0 ? undefined : `npm ended with ${code}: ${complaint.trim().split('\n').slice(-3).join(' ')}`));
  });
}
