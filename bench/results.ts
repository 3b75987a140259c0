/** What a run found on one version of Node, as data and as a page to read. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge, judgeIdle, type Verdict } from './floors.js';
import type { IdleResult } from './idle-row.js';
import type { Machine, Revision } from './machine.js';
import type { Settings } from './measurement.js';
import { BENCH } from './paths.js';
import { type Absence, isDisturbed, type RowResult } from './row.js';
import { idleTable, othersTable, rowsTable } from './table.js';

export const RESULTS = join(BENCH, 'results');

export interface Results {
  /** Such as `2026-03-01`, and to the second. */
  readonly date: string;
  readonly measuredAt: string;
  /** The Node that the servers ran on. */
  readonly node: string;
  readonly revision: Revision;
  readonly machine: Machine;
  /** The Node that the loads ran on, and the cores that both sides had for themselves. */
  readonly loadNode: string;
  readonly cores: Pick<Settings, 'serverCore' | 'loadCore'>;
  readonly options: { readonly rounds: number; readonly seconds: number; readonly isQuick: boolean };
  readonly rows: readonly RowResult[];
  readonly idle: readonly IdleResult[];
}

/** Writes both; returns the path of the page. */
export function writeResults(results: Results): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, fileName(results));
  writeFileSync(`${path}.json`, `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(`${path}.md`, pageOf(results));
  return `${path}.md`;
}

export function fileName({ date, node, revision }: Pick<Results, 'date' | 'node' | 'revision'>): string {
  return `${date}-node${node}-${revision.commit}`;
}

/** The page, in Markdown. */
export function pageOf(results: Results): string {
  const { rows, idle, node, date } = results;
  const major = majorOf(node);
  const sections = [`# Longwire on Node ${node}, ${date}`, facts(results)];
  if (rows.length > 0) sections.push('## CPU time of the server', READING, rowsTable(rows, major));
  const others = othersTable(rows);
  if (others !== '') sections.push('## Others, for information', others);
  if (idle.length > 0) sections.push('## Memory of idle connections', idleTable(idle));
  const absences = absencesOf(results);
  if (absences.length > 0) sections.push('## Not measured', absences.map((absence) => `- ${absence.server}: ${firstLine(absence)}`).join('\n'));
  return `${sections.join('\n\n')}\n\n${summaryOf(results)}\n`;
}

const READING = [
  'µs are CPU time of the server’s process, user and system, for one operation, in the median of the rounds; a ratio over 1 means that Longwire needs less than whom it',
  'stands beside. Ratios are medians too, of those of each round, whose sides were measured one after the other.',
  'The limit is a server over node:net that parses nothing and writes the same bytes. Latencies are those of Longwire under full load, mostly time in the queue;',
  'those of wrk are corrected for coordinated omission, which makes the highest ones larger.',
].join(' ');

function facts({ revision, machine, loadNode, cores, options, rows }: Results): string {
  const facts = [
    `commit ${revision.commit}${revision.isDirty ? ', with changes' : ''}`,
    `${machine.system}, ${machine.kernel}, ${machine.cores} cores of ${machine.cpu}, ${(machine.memoryBytes / 1024 ** 3).toFixed(0)} GiB`,
    `${options.rounds} rounds of ${options.seconds} s, medians${options.isQuick ? '; rows without a floor and others than Longwire, its peer and the limit once' : ''}`,
    ...shortened(rows, options),
    ...disturbed(rows),
    cores.serverCore === undefined ? `server and load were not pinned; load with Node ${loadNode}` : `server on core ${cores.serverCore}, load on core ${cores.loadCore}, with Node ${loadNode}`,
  ];
  return facts.map((fact) => `- ${fact}`).join('\n');
}

/** Rows with a floor that had fewer rounds, because the machine was too slow. */
function shortened(rows: readonly RowResult[], { rounds }: Results['options']): string[] {
  const count = rows.filter((row) => row.floor !== undefined && row.rounds < rounds).length;
  return count === 0 ? [] : [`${count} rows with floors had fewer rounds, so that the run ends in time`];
}

/** How much of what was measured other programs disturbed. */
function disturbed(rows: readonly RowResult[]): string[] {
  const summaries = rows.flatMap(({ ours, peer, limit }) => [ours, peer, limit].filter((summary) => summary !== undefined));
  const count = summaries.filter(isDisturbed).length;
  return count === 0 ? [] : [`**the machine was busy**: in ${count} of ${summaries.length} measurements of Longwire, its peers and the limit other programs had a part of the server’s core; do not trust small differences`];
}

/** How many floors there are, and how many of them are met. */
export function summaryOf({ rows, idle, node }: Pick<Results, 'rows' | 'idle' | 'node'>): string {
  const verdicts: Verdict[] = rows.map((row) => judge(row, majorOf(node)).verdict);
  for (const row of idle) verdicts.push(judgeIdle(row, 'opened'), judgeIdle(row, 'asked'));
  const count = (wanted: Verdict): number => verdicts.filter((verdict) => verdict === wanted).length;
  const floors = verdicts.length - count('no floor');
  const rest = (['not met', 'below', 'not measured'] as const).filter((verdict) => count(verdict) > 0).map((verdict) => `${count(verdict)} ${REST[verdict]}`);
  return [`${count('met')} of ${floors} floors are met`, ...rest].join(', ') + '.';
}

const REST = { 'not met': 'not', 'below': 'below what Node 20 has to reach', 'not measured': 'not measured' } as const;

/** Each reason once for each server. */
export function absencesOf({ rows, idle }: Pick<Results, 'rows' | 'idle'>): Absence[] {
  const all = [...rows, ...idle].flatMap((row) => row.absences);
  return [...new Map(all.map((absence) => [`${absence.server} ${absence.reason}`, absence])).values()];
}

export function firstLine({ reason }: Absence): string {
  return reason.split('\n', 1)[0]!;
}

export function majorOf(node: string): number {
  return Number(node.split('.')[0]);
}
