/** One row of the results: in each round its servers take turns, and of each the medians count. */

import type { Latency } from './histogram.js';
import { loadOf, type LimitPlan, measure, type Measurement, planLimit, type Settings } from './measurement.js';
import { ROOT } from './paths.js';
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
  /** The most of the server's core that other programs had in a round. */
  readonly foreignShare: number | undefined;
}

/** A server of a row that was not measured. */
export interface Absence {
  readonly server: ServerName;
  readonly reason: string;
  /** Whether it has failed, and not merely cannot be had here. */
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
export type StepTold = (server: ServerName) => void;

/** A few hundredths are the clock's steps, and the system's own work. */
const MAX_FOREIGN = 0.1;

interface Entrant {
  readonly contestant: Contestant;
  readonly rounds: number;
  readonly measured: Measurement[];
  plan: LimitPlan | undefined;
  absence: Absence | undefined;
}

export class Row {
  readonly workload: Workload;
  /** Of ours, the peer and the limit. */
  readonly rounds: number;
  readonly #settings: Settings;
  readonly #ours: Entrant;
  readonly #peer: Entrant;
  readonly #limit: Entrant;
  readonly #others: readonly Entrant[];

  /** @param rounds of ours, the peer and the limit; the others get `otherRounds`. */
  constructor(workload: Workload, rounds: number, otherRounds: number, settings: Settings) {
    this.workload = workload;
    this.rounds = rounds;
    this.#settings = settings;
    this.#ours = entrantOf({ server: 'longwire', ...workload.ours }, rounds);
    this.#peer = entrantOf(workload.against, rounds);
    this.#limit = entrantOf({ server: 'limit', application: 'limit', waiting: workload.ours.waiting }, rounds);
    this.#others = workload.others.map((contestant) => entrantOf(contestant, otherRounds));
  }

  /** Measures all servers once, one after the other. */
  async measure(round: number, told: StepTold): Promise<void> {
    if (round === 0) await planFor(this.#limit, this.workload, this.#settings);
    for (const each of this.#all.filter((entrant) => entrant.absence === undefined && round < entrant.rounds)) {
      told(each.contestant.server);
      await measureOnce(each, this.workload, this.#settings);
    }
  }

  get absences(): Absence[] {
    return this.#all.map((each) => each.absence).filter((absence) => absence !== undefined);
  }

  get result(): RowResult {
    const { name, title, chart, floor, against } = this.workload;
    return {
      name,
      title,
      chart,
      load: loadOf(this.workload, this.#settings.hasWrk),
      rounds: this.#ours.measured.length,
      floor,
      against: against.server,
      ours: summaryOf(this.#ours),
      peer: summaryOf(this.#peer),
      limit: summaryOf(this.#limit),
      others: this.#others.map(summaryOf).filter((summary) => summary !== undefined),
      absences: this.absences,
    };
  }

  get #all(): readonly Entrant[] {
    return [this.#ours, this.#peer, this.#limit, ...this.#others];
  }
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
    let best = await measure(entrant.contestant, workload, settings, entrant.plan);
    for (let i = 0; i < settings.repeats && isDisturbed(best); i++) {
      const again = await measure(entrant.contestant, workload, settings, entrant.plan);
      if (again.foreignShare! < best.foreignShare!) best = again;
    }
    entrant.measured.push(best);
  } catch (error) {
    entrant.absence = absenceOf(entrant.contestant.server, error);
  }
}

/** Whether other programs had so much of the server's core that its caches were no longer its own. */
export function isDisturbed({ foreignShare }: Pick<Measurement, 'foreignShare'>): boolean {
  return foreignShare !== undefined && foreignShare > MAX_FOREIGN;
}

/** Where this checkout lies is nobody's business: results are published. */
export function absenceOf(server: ServerName, error: unknown): Absence {
  const reason = (error instanceof Error ? error.message : String(error)).replaceAll(`${ROOT}/`, '');
  return { server, reason, isFailure: !(error instanceof MissingServer) };
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
    foreignShare: measured[0]!.foreignShare === undefined ? undefined : Math.max(...measured.map((one) => one.foreignShare!)),
  };
}
