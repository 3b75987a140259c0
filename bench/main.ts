/**
 * Longwire beside other servers in one run: `npm run bench`. Each server is a process of its own, on one core where `taskset` exists, with the
 * load on another; rounds are interleaved and medians taken. What counts is the CPU time that the server spends on one operation.
 *
 *   npm run bench -- [--quick] [--only word,word] [--rounds n] [--seconds n] [--node 20,24,26] [--write] [--no-install]
 *
 * Floors that are not met are reported; the run fails only where something could not be measured that has to be.
 */

import { type Budget, roundsWithin } from './budget.js';
import { IDLE_WORKLOADS } from './idle.js';
import { type IdleResult, runIdleRow } from './idle-row.js';
import { installPeers } from './install.js';
import { describeMachine, describeRevision } from './machine.js';
import { coresHere, type Settings } from './measurement.js';
import { findNode, type NodeVersion, OWN_NODE } from './nodes.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { Progress } from './progress.js';
import { absencesOf, firstLine, pageOf, type Results, writeResults } from './results.js';
import { type RowResult, runRow } from './row.js';
import { type Workload, WORKLOADS } from './workloads.js';
import { hasWrk } from './wrk.js';

/** What the rows of a quick run may take, those of idle connections left out. */
const QUICK_MS = 390_000;

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
  if (absencesOf(results).some(({ isFailure }) => isFailure)) hasFailed = true;
}
process.exitCode = hasFailed ? 1 : 0;

async function run(node: NodeVersion): Promise<Results> {
  const settings: Settings = {
    seconds: options.seconds,
    warmSeconds: Math.min(1, options.seconds),
    node: node.path,
    ...cores,
    hasWrk: isWrkHere,
  };
  const progress = new Progress(workloads.length + idleWorkloads.length);
  progress.note(`Node ${node.version}, ${options.rounds} rounds of ${options.seconds} s`);
  const rows: RowResult[] = [];
  const startedAt = performance.now();
  let roundsDone = 0;
  for (const [i, workload] of workloads.entries()) {
    progress.row(workload.title);
    const spentMs = performance.now() - startedAt;
    const rounds = options.isQuick ? quickRounds(workload, { leftMs: QUICK_MS - spentMs, leftRows: workloads.length - i, roundMs: spentMs / (roundsDone || Infinity) }) : options.rounds;
    roundsDone += rounds;
    rows.push(await runRow(workload, rounds, options.isQuick ? 1 : rounds, settings, (server, round, of) => progress.step(`${server}, round ${round + 1} of ${of}`)));
    noteAbsences(rows.at(-1)!, progress);
  }
  const idle: IdleResult[] = [];
  for (const workload of idleWorkloads) {
    progress.row(workload.title);
    idle.push(await runIdleRow(workload, options.isQuick ? 1 : Math.min(options.rounds, 3), node.major, settings, (server, round, of) => progress.step(`${server}, round ${round + 1} of ${of}`)));
    noteAbsences(idle.at(-1)!, progress);
  }
  progress.end();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: node.version,
    revision: describeRevision(),
    machine: describeMachine(),
    loadNode: OWN_NODE.version,
    cores,
    options: { rounds: options.rounds, seconds: options.seconds, isQuick: options.isQuick },
    rows,
    idle,
  };
}

/** Where nothing is asked of a row, a quick run looks once. */
function quickRounds({ floor }: Workload, budget: Budget): number {
  return floor === undefined ? 1 : roundsWithin(budget, options.rounds);
}

function noteAbsences(row: RowResult | IdleResult, progress: Progress): void {
  for (const absence of row.absences) progress.note(`  ${absence.server} ${absence.isFailure ? 'failed' : 'is missing'}: ${firstLine(absence)}`);
  progress.rowDone();
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
