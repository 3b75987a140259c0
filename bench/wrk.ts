/** `wrk`, Debian's package of that name: it costs the least of all loads, where what it can send is enough. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pinned, startChild } from './child.js';
import { cpuNanosOf } from './cpu-time.js';
import type { LoadResult, RawTask } from './loads/load.js';
import { BENCH } from './paths.js';
import { trafficOf } from './traffic.js';

const SCRIPT = join(BENCH, 'loads', 'wrk.lua');
/** Beyond the time it was given, wrk is not waited for longer. */
const GRACE_MS = 15_000;
/** How often its CPU time is read: what it used behind the last reading is not known. */
const SAMPLE_MS = 50;

/** Whether wrk runs here. */
export function hasWrk(): boolean {
  return spawnSync('wrk', ['--version'], { timeout: 10_000 }).error === undefined;
}

/** Runs it for so long; it opens its connections each time. */
export async function runWrk(task: RawTask, seconds: number, core: number | undefined): Promise<LoadResult> {
  // wrk knows whole seconds alone.
  const whole = Math.max(1, Math.round(seconds));
  const url = `http://127.0.0.1:${task.port}`;
  const request = trafficOf(task.traffic).template.toString('latin1');
  const args = ['-t1', `-c${task.connections}`, `-d${whole}s`, '--timeout', '10s', '-s', SCRIPT, url, '--', request, String(task.inFlight)];
  const child = startChild(pinned(core, ['wrk', ...args]));
  const startedAt = performance.now();
  let cpu = { nanos: 0, micros: 1 };
  const sampling = setInterval(() => {
    const nanos = cpuNanosOf(child.pid!);
    // The time of threads that have ended is no longer counted.
    if (nanos !== undefined && nanos >= cpu.nanos) cpu = { nanos, micros: (performance.now() - startedAt) * 1000 };
  }, SAMPLE_MS);
  const deadline = setTimeout(() => child.kill('SIGKILL'), whole * 1000 + GRACE_MS);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  clearInterval(sampling);
  clearTimeout(deadline);
  return { ...parseWrk(output), clientShare: cpu.nanos / 1000 / cpu.micros };
}

/** What `loads/wrk.lua` prints at the end. */
export function parseWrk(output: string): Omit<LoadResult, 'clientShare'> {
  const line = output.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`wrk says nothing of what it did: ${output.trim()}`);
  const { requests, micros, errors, p50, p99, p999 } = JSON.parse(line) as Record<string, number>;
  if (errors! > 0) throw new Error(`wrk met ${errors} errors`);
  if (!(requests! > 0)) throw new Error('wrk got no answer');
  return { operations: requests!, seconds: micros! / 1e6, latency: { p50: p50!, p99: p99!, p999: p999! } };
}
