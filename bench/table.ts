/** The results as tables of Markdown, for people. */

import { isClientBound, judge, judgeIdle, type Verdict } from './floors.js';
import type { IdleResult, IdleSummary } from './idle-row.js';
import { duration, markdownTable, micros, times } from './markdown.js';
import type { RowResult, Summary } from './row.js';
import { pairedRatio } from './statistics.js';
import type { Floor } from './workloads.js';

const HEAD = ['workload', 'beside', 'its µs', 'limit µs', 'longwire µs', 'ratio', 'of the limit', 'ops/s', 'p50', 'p99', 'p99.9', 'floor', ''];
const IDLE_HEAD = ['one of many', 'server', 'bytes of RSS', 'bytes of heap', 'floor', ''];
const OTHERS_HEAD = ['workload', 'server', 'µs', 'longwire µs', 'ratio', 'ops/s', 'p50', 'p99', 'p99.9', ''];

/** What the CPU time of the rows was, and whether each reaches its floor. */
export function rowsTable(rows: readonly RowResult[], nodeMajor: number): string {
  return markdownTable(HEAD, rows.map((row) => cells(row, nodeMajor)));
}

/** The rows in which others were measured for information; empty without any. */
export function othersTable(rows: readonly RowResult[]): string {
  const lines = rows.flatMap((row) => row.others.map((other) => otherCells(row, other)));
  return lines.length === 0 ? '' : markdownTable(OTHERS_HEAD, lines);
}

/** What a connection that does nothing costs. */
export function idleTable(rows: readonly IdleResult[]): string {
  return markdownTable(IDLE_HEAD, rows.flatMap((row) => row.servers.flatMap((server) => [idleCells(row, server, 'opened'), idleCells(row, server, 'asked')])));
}

function idleCells(row: IdleResult, { server, about, ...steps }: IdleSummary, step: 'opened' | 'asked'): string[] {
  const { rss, heap } = steps[step];
  const isOurs = server === 'longwire';
  return [
    `${row.title}${step === 'asked' ? ', after one request' : ''}`,
    about,
    Math.round(rss).toLocaleString('en'),
    Math.round(heap).toLocaleString('en'),
    isOurs && row.floor !== undefined ? `${row.floor.toLocaleString('en')} at most` : '',
    isOurs ? VERDICTS[judgeIdle(row, step)] : '',
  ];
}

function cells(row: RowResult, nodeMajor: number): string[] {
  const { ours, peer, limit, floor } = row;
  const { ratio, limitShare, verdict } = judge(row, nodeMajor);
  return [
    row.title,
    row.against === 'longwire' ? 'longwire, synchronous' : row.against,
    micros(peer?.microsPerOperation),
    micros(limit?.microsPerOperation),
    micros(ours?.microsPerOperation),
    times(ratio),
    limitShare === undefined ? '–' : limitShare.toFixed(2),
    ...traffic(ours),
    floorText(floor),
    [VERDICTS[verdict], ours && isClientBound(ours) ? 'client-bound' : ''].filter((text) => text !== '').join(', '),
  ];
}

function otherCells(row: RowResult, other: Summary): string[] {
  const ratio = row.ours && pairedRatio(row.ours.rounds, other.rounds);
  return [row.title, other.about, micros(other.microsPerOperation), micros(row.ours?.microsPerOperation), times(ratio), ...traffic(other), isClientBound(other) ? 'client-bound' : ''];
}

const VERDICTS: Readonly<Record<Verdict, string>> = { 'met': 'met', 'not met': '**not met**', 'below': 'below Node 20’s', 'no floor': '', 'not measured': 'not measured' };

function traffic(summary: Summary | undefined): string[] {
  if (summary === undefined) return ['–', '–', '–', '–'];
  const { operationsPerSecond, latency } = summary;
  return [Math.round(operationsPerSecond).toLocaleString('en'), duration(latency.p50), duration(latency.p99), duration(latency.p999)];
}

export function floorText(floor: Floor | undefined): string {
  if (floor === undefined) return '';
  return [floor.ratio === undefined ? '' : `${floor.ratio}x`, floor.limitShare === undefined ? '' : `${floor.limitShare} of the limit`].filter((text) => text !== '').join(', ');
}
