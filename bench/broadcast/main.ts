/**
 * Groups of every kind of member, beside other servers that have groups of WebSockets, and over Redis: `npm run bench:broadcast`. Servers take turns, round
 * by round, and medians count. What it finds is written to `bench/results`.
 *
 *   npm run bench:broadcast -- [--only word,word] [--rounds 3] [--seconds 0.5] [--write] [--no-install]
 *
 * Results of some words, or of other rounds, are written only with `--write`: the newest are those that the documents quote.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectionsHere } from '../idle.js';
import { installPeers } from '../install.js';
import { describeMachine, describeRevision, momentOf } from '../machine.js';
import { coresHere, measureGroup, type Measurement, type Settings } from '../measurement.js';
import { Progress } from '../progress.js';
import { fileName, RESULTS } from '../results.js';
import { absenceOf } from '../row.js';
import { MissingServer } from '../servers.js';
import { median } from '../statistics.js';
import { measureOverRedis, type RedisMeasurement, RunningRedis } from './redis.js';
import { type BroadcastResults, type GroupResult, mediansOfRedis, pageOfBroadcast, type RedisResult } from './results.js';
import { ENTRIES, type Entry, MESSAGE_BYTES, REDIS_SCENARIOS, type RedisScenario, sizesOf, trafficOfEntry } from './scenarios.js';

const { values } = parseArgs({
  options: { 'only': { type: 'string', default: '' }, 'rounds': { type: 'string', default: '3' }, 'seconds': { type: 'string', default: '0.5' }, 'write': { type: 'boolean', default: false }, 'no-install': { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const words = values.only.split(',').filter((word) => word !== '');
if (!Number.isSafeInteger(rounds) || rounds < 1 || !(seconds > 0)) throw new TypeError('--rounds is a whole number from 1, --seconds a number above 0');
const isChosen = ({ name }: { name: string }): boolean => words.length === 0 || words.some((word) => name.includes(word));
const settings: Settings = { seconds, warmSeconds: seconds, node: process.execPath, ...coresHere(), hasWrk: false, repeats: 0 };

const complaint = values['no-install'] ? undefined : await installPeers();
if (complaint !== undefined) console.log(`the peers could not be installed, those that are missing are left out: ${complaint}`);
const missing = new Map<string, string>();
const groups = await measureGroups();
const redis = await measureRedis();
const results: BroadcastResults = {
  ...momentOf(new Date()),
  node: process.versions.node,
  revision: describeRevision(),
  machine: describeMachine(),
  options: { rounds, seconds },
  groups,
  redis,
  missing: [...missing.values()],
};
console.log(`\n${pageOfBroadcast(results)}`);
if (values.write || process.argv.length === 2) console.log(`written to ${write(results)}`);
// Peers, and Redis, may be missing; ours may not fail.
if ([...missing.keys()].some((name) => ENTRIES.some((entry) => entry.name === name && entry.server === 'longwire'))) process.exitCode = 1;

async function measureGroups(): Promise<GroupResult[]> {
  const groups = MESSAGE_BYTES.flatMap((messageBytes) => ENTRIES.filter(isChosen).flatMap((entry) => sizesOf(entry).filter((members) => members <= connectionsHere(members)).map((members) => ({ entry, members, messageBytes, measured: [] as Measurement[] }))));
  const progress = new Progress(rounds * groups.length);
  for (let round = 1; round <= rounds; round++) {
    for (const { entry, members, messageBytes, measured } of groups) {
      progress.begin(`${entry.title}, ${members.toLocaleString('en')} of them, ${messageBytes} B, round ${round} of ${rounds}`);
      if (missing.has(entry.name)) continue;
      const one = await measureEntry(entry, members, messageBytes);
      if (typeof one === 'string') missing.set(entry.name, `${entry.title}: ${one}`);
      else measured.push(one);
    }
  }
  progress.end();
  return groups.filter(({ measured }) => measured.length > 0).map(({ entry, members, messageBytes, measured }) => {
    const of = (value: (one: Measurement) => number): number => median(measured.map(value));
    return {
      entry: entry.name,
      about: measured[0]!.about,
      members,
      messageBytes,
      microsPerDelivery: of((one) => one.microsPerOperation),
      deliveriesPerSecond: of((one) => one.operationsPerSecond),
      latency: { p50: of((one) => one.latency.p50), p99: of((one) => one.latency.p99), p999: of((one) => one.latency.p999) },
    };
  });
}

/** Resolves to why there is no measurement, where there is none. */
async function measureEntry(entry: Entry, members: number, messageBytes: number): Promise<Measurement | string> {
  try {
    return await measureGroup({ server: entry.server, application: 'group', waiting: members, messageBytes }, trafficOfEntry(entry, messageBytes), members, settings);
  } catch (error) {
    return absenceOf(entry.server, error).reason;
  }
}

async function measureRedis(): Promise<RedisResult[]> {
  const scenarios = REDIS_SCENARIOS.filter(isChosen).map((scenario) => ({ scenario, measured: [] as RedisMeasurement[] }));
  if (scenarios.length === 0) return [];
  const progress = new Progress(rounds * scenarios.length);
  let redis: RunningRedis | undefined;
  try {
    redis = await RunningRedis.start(settings.loadCore);
    for (let round = 1; round <= rounds; round++) {
      for (const { scenario, measured } of scenarios) {
        progress.begin(`${scenario.title}, ${titleOf(scenario)}, round ${round} of ${rounds}`);
        measured.push(await measureOverRedis(scenario, redis, settings));
      }
    }
  } catch (error) {
    // What was measured of groups is worth keeping.
    missing.set('redis', `over Redis: ${(error as Error).message}`);
    if (!(error instanceof MissingServer)) process.exitCode = 1;
    return [];
  } finally {
    await redis?.stop();
    progress.end();
  }
  return scenarios.map(({ scenario: { name, title, members, messages }, measured }) => ({ name, title, members, messages, ...mediansOfRedis(measured) }));
}

function titleOf({ members, messages }: RedisScenario): string {
  return `${members.toLocaleString('en')} members, ${messages} messages a turn`;
}

function write(found: BroadcastResults): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `broadcast-${fileName(found)}`);
  writeFileSync(`${path}.json`, `${JSON.stringify(found, null, 1)}\n`);
  writeFileSync(`${path}.md`, pageOfBroadcast(found));
  return `${path}.md`;
}
