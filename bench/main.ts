/**
 * Longwire beside other servers in one run: `npm run bench`. Each server is a process of its own, on one core where `taskset` exists, with the
 * load on another; rounds are interleaved and medians taken. What counts is the CPU time that the server spends on one operation.
 *
 *   npm run bench -- [--quick] [--only word,word] [--rounds n] [--seconds n] [--node 20,24,26] [--write] [--no-install]
 *
 * Floors that are not met are reported; the run fails only where something could not be measured that has to be.
 */

import { IDLE_WORKLOADS } from './idle.js';
import { type IdleResult, runIdleRow } from './idle-row.js';
import { installPeers } from './install.js';
import { describeMachine, describeRevision, momentOf } from './machine.js';
import { coresHere, type Settings } from './measurement.js';
import { findNode, type NodeVersion, OWN_NODE } from './nodes.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { Progress } from './progress.js';
import { absencesOf, firstLine, pageOf, type Results, writeResults } from './results.js';
import { type Absence, Row } from './row.js';
import { SERVERS } from './servers.js';
import { type Workload, WORKLOADS } from './workloads.js';
import { hasWrk } from './wrk.js';

/** How often a measurement is repeated that other programs disturbed. */
const REPEATS = 2;
/** Memory hardly differs from one time to the next. */
const IDLE_ROUNDS = 3;
/** After so long a quick run begins no further round but the first. The rows of idle connections come behind that. */
const QUICK_MS = 360_000;

const options = readOptions();
const isChosen = ({ name, title }: { name: string; title: string }): boolean =>
  options.only.length === 0 || options.only.some((word) => name.includes(word) || title.includes(word));
const workloads = WORKLOADS.filter(isChosen);
const idleWorkloads = IDLE_WORKLOADS.filter(isChosen);
if (workloads.length + idleWorkloads.length === 0) fail(`no row is called ${options.only.join(' or ')}; there are ${[...WORKLOADS, ...IDLE_WORKLOADS].map(({ name }) => name).join(', ')}`);

const complaint = options.installs ? await installPeers() : undefined;
if (complaint !== undefined) console.log(`the peers could not be installed, those that are missing are left out: ${complaint}`);
const cores = coresHere();
if (cores.serverCore === undefined) console.log('there is no taskset, or only one core: server and load are not kept apart, and numbers are worth less');
const isWrkHere = hasWrk();
if (!isWrkHere) console.log('wrk is not installed (Debian’s package wrk): a client of our own stands in for it');

let hasFailed = false;
for (const node of nodesOf(options)) {
  const results = await run(node);
  console.log(`\n${pageOf(results)}`);
  if (options.isWritten) console.log(`written to ${writeResults(results)}`);
  // A peer that does not hold out is its own affair.
  if (absencesOf(results).some(({ server, isFailure }) => isFailure && SERVERS[server].isAlwaysHere)) hasFailed = true;
}
process.exitCode = hasFailed ? 1 : 0;

async function run(node: NodeVersion): Promise<Results> {
  const settings: Settings = {
    seconds: options.seconds,
    warmSeconds: Math.min(1, options.seconds),
    node: node.path,
    ...cores,
    hasWrk: isWrkHere,
    repeats: options.isQuick ? 0 : REPEATS,
  };
  const rows = workloads.map((workload) => rowOf(workload, settings));
  const progress = new Progress(rows.reduce((sum, row) => sum + row.rounds, idleWorkloads.length));
  progress.note(`Node ${node.version}, ${options.rounds} rounds of ${options.seconds} s`);
  await measureRounds(rows, progress);
  const idle: IdleResult[] = [];
  for (const workload of idleWorkloads) {
    progress.begin(workload.title);
    idle.push(await runIdleRow(workload, options.isQuick ? 1 : Math.min(options.rounds, IDLE_ROUNDS), node.major, settings, (server) => progress.step(server)));
    noteAbsences(idle.at(-1)!.absences, progress);
  }
  progress.end();
  return {
    ...momentOf(new Date()),
    node: node.version,
    revision: describeRevision(),
    machine: describeMachine(),
    loadNode: OWN_NODE.version,
    cores,
    options: { rounds: options.rounds, seconds: options.seconds, isQuick: options.isQuick },
    rows: rows.map((row) => row.result),
    idle,
  };
}

/** Where nothing is asked of a row, a quick run looks once; so it does at others than Longwire, its peer and the limit. */
function rowOf(workload: Workload, settings: Settings): Row {
  if (!options.isQuick) return new Row(workload, options.rounds, options.rounds, settings);
  return new Row(workload, workload.floor === undefined ? 1 : options.rounds, 1, settings);
}

/** All rows have their first round before any has its second: what disturbs the machine for a while disturbs no row in all rounds. */
async function measureRounds(rows: readonly Row[], progress: Progress): Promise<void> {
  const startedAt = performance.now();
  for (let round = 0; round < options.rounds; round++) {
    for (const row of rows.filter(({ rounds }) => round < rounds)) {
      if (options.isQuick && round > 0 && performance.now() - startedAt > QUICK_MS) return;
      progress.begin(`${row.workload.title}, round ${round + 1} of ${row.rounds}`);
      await row.measure(round, (server) => progress.step(server));
      if (round === 0) noteAbsences(row.absences, progress);
    }
  }
}

function noteAbsences(absences: readonly Absence[], progress: Progress): void {
  for (const absence of absences) progress.note(`  ${absence.server} ${absence.isFailure ? 'failed' : 'is missing'}: ${firstLine(absence)}`);
}

/** Versions that cannot be had are said, and left out. */
function nodesOf({ nodes }: BenchOptions): NodeVersion[] {
  if (nodes.length === 0) return [OWN_NODE];
  return nodes.flatMap((wanted) => {
    try {
      return [findNode(wanted)];
    } catch (error) {
      console.log((error as Error).message);
      hasFailed = true;
      return [];
    }
  });
}

function readOptions(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    return fail(`${(error as Error).message}\n${USAGE}`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
