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
  readonly plan: LimitPlan | undefined;
  readonly rounds: number;
  readonly measured: Measurement[];
  absence: Absence | undefined;
}

/** @param rounds of ours, the peer and the limit; the others get `otherRounds`. */
export async function runRow(workload: Workload, rounds: number, otherRounds: number, settings: Settings, told: StepTold): Promise<RowResult> {
  const entrant = (contestant: Contestant, itsRounds = rounds, plan?: LimitPlan): Entrant => ({ contestant, plan, rounds: itsRounds, measured: [], absence: undefined });
  const ours = entrant({ server: 'longwire', ...workload.ours });
  const peer = entrant(workload.against);
  const limit = entrant({ server: 'limit', application: 'limit', waiting: workload.ours.waiting });
  const others = workload.others.map((contestant) => entrant(contestant, otherRounds));
  const plan = workload.hasLimit ? await planLimit(workload, settings).catch((error: unknown) => void (limit.absence = absenceOf('limit', error))) : undefined;
  const all = [ours, peer, ...(plan === undefined ? [] : [{ ...limit, plan }]), ...others];
  for (let round = 0; round < rounds; round++) {
    for (const each of all) {
      if (each.absence !== undefined || round >= each.rounds) continue;
      told(each.contestant.server, round, each.rounds);
      await measureOnce(each, workload, settings);
    }
  }
  const entered = [...all, ...(plan === undefined ? [limit] : [])];
  return {
    name: workload.name,
    title: workload.title,
    chart: workload.chart,
    load: loadOf(workload, settings.hasWrk),
    floor: workload.floor,
    against: workload.against.server,
    ours: summaryOf(ours),
    peer: summaryOf(peer),
    limit: summaryOf(all.find((each) => each.contestant.server === 'limit')),
    others: others.map(summaryOf).filter((summary) => summary !== undefined),
    absences: entered.map((each) => each.absence).filter((absence) => absence !== undefined),
  };
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

function summaryOf(entrant: Entrant | undefined): Summary | undefined {
  if (entrant === undefined || entrant.absence !== undefined || entrant.measured.length === 0) return undefined;
  const { contestant, measured } = entrant;
  const of = (value: (one: Measurement) => number): number => median(measured.map(value));
  return {
    server: contestant.server,
    application: contestant.application,
    about: measured[0]!.about,
    microsPerOperation: of((one) => one.microsPerOperation),
    spread: spread(measured.map((one) => one.microsPerOperation)),
    operationsPerSecond: of((one) => one.operationsPerSecond),
    latency: { p50: of((one) => one.latency.p50), p99: of((one) => one.latency.p99), p999: of((one) => one.latency.p999) },
    serverShare: of((one) => one.serverShare),
    clientShare: of((one) => one.clientShare),
  };
}
