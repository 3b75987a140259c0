/**
 * What a load is as a process: it gets its task as its one argument, opens its connections, warms the server up, says `ready`, and at the
 * word `go` does what is measured. When it answers, nothing is under way any more: all that the server spent belongs to what was counted.
 */

import { createInterface } from 'node:readline';
import type { GroupTrafficSpec, TrafficSpec } from '../traffic.js';
import type { RunCount } from './run.js';

/** What a load of our own is told. */
export interface RawTask {
  readonly port: number;
  readonly traffic: TrafficSpec;
  readonly connections: number;
  /** Requests that go out in one write, and wait for their answers. */
  readonly inFlight: number;
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** What the load of a group is told. */
export interface GroupTask extends Omit<RawTask, 'traffic' | 'inFlight'> {
  readonly traffic: GroupTrafficSpec;
  /** Where the messages are asked for, perhaps of another process. */
  readonly askPort: number;
}

export interface LoadResult extends RunCount {
  readonly seconds: number;
  /** CPU time of the load itself, as a share of one core. */
  readonly clientShare: number;
}

export interface Load {
  /** Opens connections, checks what comes over them, and runs for a while. */
  prepare(): Promise<void>;
  run(): Promise<RunCount>;
}

/** A server is warm after so many operations: its code is compiled then. */
const WARM_OPERATIONS = 10_000;
/** It gets no more than so many times what it is given to become warm. */
const MAX_WARM_RUNS = 4;

/** Repeats a run until the server is warm. */
export async function warmUp(runOnce: () => Promise<RunCount>): Promise<void> {
  let operations = 0;
  for (let run = 0; run < MAX_WARM_RUNS && operations < WARM_OPERATIONS; run++) operations += (await runOnce()).operations;
}

/** The task of this process. */
export function loadTask<T>(): T {
  return JSON.parse(process.argv[2]!) as T;
}

/** Does what the harness says; the process ends with its stdin. */
export async function runLoad(load: Load): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  lines.on('close', () => process.exit());
  await load.prepare();
  lines.on('line', async () => {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    const result = await load.run();
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(before);
    say({ ...result, seconds, clientShare: (user + system) / 1e6 / seconds } satisfies LoadResult);
  });
  say({ ready: true });
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
