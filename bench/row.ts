/** One row of the results: its servers take turns, round by round, and of each the medians count. */

import type { Latency } from './histogram.js';
import { loadOf, type LimitPlan, measure, type Measurement, planLimit, type Settings } from './measurement.js';
import { MissingServer, type ServerName } from './servers.js';
import { median, spread } from './statistics.js';
import type { Contestant, Floor, LoadName, Workload } from './workloads.js';

/** The medians of one server in one row. */
export interface Summary {
  readonly server: ServerName;
  readonly application: string;
  readonly about: string;
  readonly microsPerOperation: number;
  /** The same of each round. */
  readonly rounds: readonly number[];
  /** How far apart the rounds were, as a share of the median. */
  readonly spread: number;
  readonly operationsPerSecond: number;
  readonly latency: Latency;
  readonly serverShare: number;
  readonly clientShare: number;
}

/** A server of a row that was not measured. */
export interface Absence {
  readonly server: ServerName;
  readonly reason: string;
  /** A server that cannot be had here is missing; one that was started and did not hold out has failed. */
  readonly isFailure: boolean;
}

export interface RowResult {
  readonly name: string;
  readonly title: string;
  readonly chart: Workload['chart'];
  readonly load: LoadName;
  /** Of ours, the peer and the limit. */
  readonly rounds: number;
  readonly floor: Floor | undefined;
  readonly against: ServerName;
  readonly ours: Summary | undefined;
  readonly peer: Summary | undefined;
  readonly limit: Summary | undefined;
  readonly others: readonly Summary[];
  readonly absences: readonly Absence[];
}

/** Called before each measurement with what comes. */
export type StepTold = (server: ServerName, round: number, rounds: number) => void;

interface Entrant {
  readonly contestant: Contestant;
  readonly rounds: number;
  readonly measured: Measurement[];
  plan: LimitPlan | undefined;
  absence: Absence | undefined;
}

/** @param rounds of ours, the peer and the limit; the others get `otherRounds`. */
export async function runRow(workload: Workload, rounds: number, otherRounds: number, settings: Settings, told: StepTold): Promise<RowResult> {
  const ours = entrantOf({ server: 'longwire', ...workload.ours }, rounds);
  const peer = entrantOf(workload.against, rounds);
  const limit = entrantOf({ server: 'limit', application: 'limit', waiting: workload.ours.waiting }, rounds);
  const others = workload.others.map((contestant) => entrantOf(contestant, otherRounds));
  await planFor(limit, workload, settings);
  const all = [ours, peer, limit, ...others];
  for (let round = 0; round < rounds; round++) {
    for (const each of all.filter((entrant) => entrant.absence === undefined && round < entrant.rounds)) {
      told(each.contestant.server, round, each.rounds);
      await measureOnce(each, workload, settings);
    }
  }
  return {
    name: workload.name,
    title: workload.title,
    chart: workload.chart,
    load: loadOf(workload, settings.hasWrk),
    rounds,
    floor: workload.floor,
    against: workload.against.server,
    ours: summaryOf(ours),
    peer: summaryOf(peer),
    limit: summaryOf(limit),
    others: others.map(summaryOf).filter((summary) => summary !== undefined),
    absences: all.map((each) => each.absence).filter((absence) => absence !== undefined),
  };
}

function entrantOf(contestant: Contestant, rounds: number): Entrant {
  return { contestant, rounds, measured: [], plan: undefined, absence: undefined };
}

async function planFor(limit: Entrant, workload: Workload, settings: Settings): Promise<void> {
  try {
    limit.plan = await planLimit(workload, settings);
  } catch (error) {
    limit.absence = absenceOf('limit', error);
  }
}

async function measureOnce(entrant: Entrant, workload: Workload, settings: Settings): Promise<void> {
  try {
    entrant.measured.push(await measure(entrant.contestant, workload, settings, entrant.plan));
  } catch (error) {
    entrant.absence = absenceOf(entrant.contestant.server, error);
  }
}

export function absenceOf(server: ServerName, error: unknown): Absence {
  return { server, reason: error instanceof Error ? error.message : String(error), isFailure: !(error instanceof MissingServer) };
}

function summaryOf({ contestant, measured, absence }: Entrant): Summary | undefined {
  if (absence !== undefined || measured.length === 0) return undefined;
  const rounds = measured.map((one) => one.microsPerOperation);
  const of = (value: (one: Measurement) => number): number => median(measured.map(value));
  return {
    server: contestant.server,
    application: contestant.application,
    about: measured[0]!.about,
    microsPerOperation: of((one) => one.microsPerOperation),
    rounds,
    spread: spread(rounds),
    operationsPerSecond: of((one) => one.operationsPerSecond),
    latency: { p50: of((one) => one.latency.p50), p99: of((one) => one.latency.p99), p999: of((one) => one.latency.p999) },
    serverShare: of((one) => one.serverShare),
    clientShare: of((one) => one.clientShare),
  };
}
