/**
 * What the CPU time of one operation goes into, by profile: `npm run bench:profile`. Longwire, its peer and the limit under the same load, each looked at
 * 5,000 times a second by V8's profiler, which costs something by itself. What is no JavaScript is the rest of the CPU time: the kernel's system calls,
 * libuv, and the C++ of Node. What it finds is written to `bench/results`.
 *
 *   npm run bench:profile -- [--only word,word] [--seconds 2] [--write]
 *
 * Results of other options than these are written only with `--write`: the newest are those that the documents quote.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, describeRevision, type Machine, momentOf, type Revision } from '../machine.js';
import { coresHere, type LimitPlan, measure, planLimit, type Settings } from '../measurement.js';
import { Progress } from '../progress.js';
import { fileName, RESULTS } from '../results.js';
import { absenceOf } from '../row.js';
import { type Contestant, type Workload, WORKLOADS } from '../workloads.js';
import { hasWrk } from '../wrk.js';
import { divide, type ProfileResult, profileTable } from './parts.js';

export interface ProfileResults {
  readonly date: string;
  readonly measuredAt: string;
  readonly node: string;
  readonly revision: Revision;
  readonly machine: Machine;
  readonly profiles: readonly ProfileResult[];
}

/** The rows that say most of where time goes. */
const DEFAULT =
  'hello,post-1k,post-64k,chunked-1m,connection,echo-64-text-16,echo-1k-text-1,echo-1k-binary-1,echo-1k-binary-16,' +
  'echo-64k-text-16,echo-64k-binary-16,echo-1m-text-16,broadcast-1000-1,broadcast-1000-4';

/**
 * The profiler looks at a process by interrupting it. One that is interrupted within the lock of its allocator can stand still for good, and likely is
 * where buffers come and go; then another is looked at.
 */
const ATTEMPTS = 4;

const { values } = parseArgs({ options: { 'only': { type: 'string', default: DEFAULT }, 'seconds': { type: 'string', default: '2' }, 'write': { type: 'boolean', default: false } } });
const seconds = Number(values.seconds);
const names = values.only.split(',');
const settings: Settings = { seconds, warmSeconds: Math.min(1, seconds), node: process.execPath, ...coresHere(), hasWrk: hasWrk(), repeats: 0 };
const workloads = WORKLOADS.filter(({ name }) => names.includes(name));

const progress = new Progress(workloads.length);
const profiles: ProfileResult[] = [];
for (const workload of workloads) {
  progress.begin(workload.title);
  const plan = await planLimit(workload, settings);
  for (const contestant of contestantsOf(workload)) {
    progress.step(contestant.server);
    const found = await profileOneOf(ATTEMPTS, contestant, workload, contestant.server === 'limit' ? plan : undefined);
    if (found !== undefined) profiles.push(found);
    else if (contestant.server === 'longwire') process.exitCode = 1;
  }
}
progress.end();
console.log(profileTable(profiles));
if (values.write || process.argv.length === 2) console.log(`written to ${write()}`);

function contestantsOf({ ours, against }: Workload): Contestant[] {
  return [{ server: 'longwire', ...ours }, against, { server: 'limit', application: 'limit', waiting: ours.waiting }];
}

async function profileOneOf(attempts: number, contestant: Contestant, workload: Workload, plan: LimitPlan | undefined): Promise<ProfileResult | undefined> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await profile(contestant, workload, plan);
    } catch (error) {
      progress.note(`  ${contestant.server}: ${absenceOf(contestant.server, error).reason.split('\n', 1)[0]}`);
    }
  }
  return undefined;
}

async function profile(contestant: Contestant, workload: Workload, plan: LimitPlan | undefined): Promise<ProfileResult> {
  let byPlace: Record<string, number> = {};
  const { microsPerOperation, operations } = await measure(contestant, workload, settings, plan, async (server) => {
    await server.ask('profile');
    return async () => void (byPlace = await server.ask<Record<string, number>>('profiled'));
  });
  return { row: workload.name, title: workload.title, server: contestant.server, micros: microsPerOperation, parts: divide(microsPerOperation, operations, byPlace) };
}

function write(): string {
  const results: ProfileResults = { ...momentOf(new Date()), node: process.versions.node, revision: describeRevision(), machine: describeMachine(), profiles };
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `profile-${fileName(results)}.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`);
  return path;
}
