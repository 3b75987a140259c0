/** The CPU time of a process and all its threads, as Linux accounts for it, read from outside: the process need not take part. */

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

function nanosOfTask(file: string): number {
  const nanos = Number(readFileSync(file, 'latin1').split(' ', 1)[0]);
  if (!Number.isFinite(nanos)) throw new Error(`${file} holds no number`);
  return nanos;
}
