/** Programs of the machine that some tests need. One that is missing is said out loud, and fails where CI installs it. */

import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { PATIENCE_MS } from './patience.js';

/** Whether `program` runs; if not, the test is skipped with the Debian package that brings it, and fails under CI. */
export function hasProgram(t: TestContext, program: string, args: readonly string[], debianPackage: string): boolean {
  const run = spawnSync(program, args, { stdio: 'ignore', timeout: PATIENCE_MS });
  if (run.error === undefined && run.status === 0) return true;
  const message = `${program} does not run here: install Debian's package ${debianPackage}`;
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(message);
  t.skip(message);
  return false;
}
