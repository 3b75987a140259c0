/** One idle workload of the results: each server alone, in rounds, and the medians. */

import { connectionsHere, type IdleBytes, idleFloor, type IdleMeasurement, type IdleWorkload, measureIdle, planIdleLimit } from './idle.js';
import type { Settings } from './measurement.js';
import { type Absence, absenceOf, type StepTold } from './row.js';
import type { ServerName } from './servers.js';
import { median } from './statistics.js';

export interface IdleSummary extends IdleMeasurement {
  readonly server: ServerName;
}

export interface IdleResult {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  /** Bytes of RSS that one of ours may cost at most. */
  readonly floor: number | undefined;
  readonly servers: readonly IdleSummary[];
  readonly absences: readonly Absence[];
}

export async function runIdleRow(workload: IdleWorkload, rounds: number, nodeMajor: number, settings: Settings, told: StepTold): Promise<IdleResult> {
  const servers: IdleSummary[] = [];
  const absences: Absence[] = [];
  for (const contestant of workload.contestants) {
    try {
      const plan = contestant.server === 'limit' ? await planIdleLimit(workload, settings) : undefined;
      const measured: IdleMeasurement[] = [];
      for (let round = 0; round < rounds; round++) {
        told(contestant.server);
        measured.push(await measureIdle(contestant, workload, settings, plan));
      }
      servers.push({ server: contestant.server, about: measured[0]!.about, opened: medians(measured, 'opened'), asked: medians(measured, 'asked') });
    } catch (error) {
      absences.push(absenceOf(contestant.server, error));
    }
  }
  return { name: workload.name, title: workload.title, connections: connectionsHere(workload.connections), floor: idleFloor(workload, nodeMajor), servers, absences };
}

function medians(measured: readonly IdleMeasurement[], step: 'opened' | 'asked'): IdleBytes {
  return { rss: median(measured.map((each) => each[step].rss)), heap: median(measured.map((each) => each[step].heap)) };
}
