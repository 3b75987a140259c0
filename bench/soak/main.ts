/**
 * A server under mixed load for a long time: requests, streams, polls and WebSockets that come and go, in good order or not. Its memory is looked at all the
 * while, and has to be flat in the second half: `npm run bench:soak`. Exits with 1 where it is not.
 *
 *   npm run bench:soak -- [--minutes 10] [--clients 200] [--seed n]
 */

import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ServerStats } from 'longwire';
import { Child, pinned } from '../child.js';
import { describeMachine, describeRevision, type Machine, momentOf, type Revision } from '../machine.js';
import { coresHere } from '../measurement.js';
import { compiled } from '../paths.js';
import { fileName, RESULTS } from '../results.js';
import { RunningServer } from '../servers.js';
import type { SoakCount, SoakTask } from './load.js';
import { type Sample, type Trend, trendOf } from './trend.js';

export interface SoakResults {
  readonly date: string;
  readonly measuredAt: string;
  readonly node: string;
  readonly revision: Revision;
  readonly machine: Machine;
  readonly options: { readonly minutes: number; readonly clients: number; readonly seed: number };
  readonly count: SoakCount;
  readonly stats: ServerStats;
  readonly samples: readonly Sample[];
  readonly trend: Trend;
}

/** However long it takes; a short run has fewer, since each looks for a second. */
const MAX_SAMPLES = 60;
const SAMPLES_A_MINUTE = 12;
const ANSWER_MS = 30_000;
/** Shorter runs are not written: the newest results are those that the documents quote. */
const WHOLE_MINUTES = 10;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, clients: { type: 'string', default: '200' }, seed: { type: 'string' } } });
const options = { minutes: Number(values.minutes), clients: Number(values.clients), seed: values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed) };
if (!(options.minutes > 0) || !(options.clients > 0) || !Number.isSafeInteger(options.seed)) throw new TypeError('--minutes and --clients are numbers above 0, --seed a whole number');
console.log(`${options.clients} clients for ${options.minutes} min, from seed ${options.seed}, on Node ${process.versions.node}`);

const { serverCore, loadCore } = coresHere();
const server = await RunningServer.start('longwire', { application: 'soak' }, process.execPath, serverCore);
const task: SoakTask = { port: server.port, clients: options.clients, seed: options.seed };
const load = new Child('the load of the soak', pinned(loadCore, [process.execPath, compiled('soak', 'load'), JSON.stringify(task)]));
const samples: Sample[] = [];
const wanted = Math.max(4, Math.min(MAX_SAMPLES, Math.floor(options.minutes * SAMPLES_A_MINUTE)));
const startedAt = performance.now();
for (let i = 1; i <= wanted; i++) {
  await until(startedAt + (i / wanted) * options.minutes * 60_000);
  const { rss, heapUsed } = await server.memory();
  samples.push({ minutes: (performance.now() - startedAt) / 60_000, rss, heapUsed });
  const { clients, exchanges } = await load.ask<SoakCount>({}, ANSWER_MS);
  console.log(`${samples.at(-1)!.minutes.toFixed(1)} min: ${mib(rss)} MiB of RSS, ${mib(heapUsed)} MiB of heap, ${clients} clients, ${exchanges} exchanges`);
}
const count = await load.ask<SoakCount>({}, ANSWER_MS);
await load.stop();
const stats = await server.ask<ServerStats>('stats');
await server.stop();

const trend = trendOf(samples);
const results: SoakResults = {
  ...momentOf(new Date()),
  node: process.versions.node,
  revision: describeRevision(),
  machine: describeMachine(),
  options,
  count,
  stats,
  samples,
  trend,
};
console.log(`in the second half RSS ${trend.isFlat ? 'is flat' : 'GROWS'}: ${(trend.rise * 100).toFixed(1)} %, ${(trend.bytesPerMinute / 1024).toFixed(0)} KiB a minute`);
if (options.minutes >= WHOLE_MINUTES) console.log(`written to ${write(results)}`);
process.exitCode = trend.isFlat ? 0 : 1;

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}

function write(found: SoakResults): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `soak-${fileName(found)}.json`);
  writeFileSync(path, `${JSON.stringify(found, null, 1)}\n`);
  return path;
}
