/** The CPU time of a process with all its threads, and of a core, as Linux accounts for it, read from outside: the process need not take part. */

import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds so far; `undefined` where the system does not tell. */
export function cpuNanosOf(pid: number): number | undefined {
  try {
    const tasks = `/proc/${pid}/task`;
    let nanos = 0;
    for (const task of readdirSync(tasks)) nanos += nanosOfTask(`${tasks}/${task}/schedstat`);
    return nanos;
  } catch {
    return undefined;
  }
}

/** /proc/stat counts in hundredths of a second. */
const NANOS_A_TICK = 10_000_000;

/**
 * Nanoseconds so far in which a core worked for any program, or the machine below was busy elsewhere; `undefined` where the system does not tell. What the
 * kernel does for the network outside of programs is left out, as it is for a process.
 */
export function busyNanosOf(core: number): number | undefined {
  try {
    const [, user, nice, system, , , , , steal] = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'latin1'))![0].split(' ').map(Number);
    return (user! + nice! + system! + steal!) * NANOS_A_TICK;
  } catch {
    return undefined;
  }
}

function nanosOfTask(file: string): number {
  const nanos = Number(readFileSync(file, 'latin1').split(' ', 1)[0]);
  if (!Number.isFinite(nanos)) throw new Error(`${file} holds no number`);
  return nanos;
}
