/**
 * Longwire beside other servers in one run: `npm run bench`. Each server is a process of its own, on one core where `taskset` exists, with the
 * load on another; rounds are interleaved and medians taken. What counts is the CPU time that the server spends on one operation.
 *
 *   npm run bench -- [--quick] [--only text,text] [--rounds 5] [--seconds 3] [--node 20,24,26] [--write]
 */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Settings } from './measurement.js';
import { type RowResult, runRow } from './row.js';
import { othersTable, rowsTable } from './table.js';
import { WORKLOADS } from './workloads.js';
import { hasWrk } from './wrk.js';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' }, rounds: { type: 'string' }, seconds: { type: 'string' } },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
const seconds = Number(values.seconds ?? (values.quick ? 0.6 : 3));
const words = values.only.split(',').filter((word) => word !== '');
const workloads = WORKLOADS.filter(({ name, title }) => words.length === 0 || words.some((word) => name.includes(word) || title.includes(word)));
if (workloads.length === 0) throw new TypeError('no workload is called so');

const isPinned = availableParallelism() > 1 && spawnSync('taskset', ['--version']).error === undefined;
const settings: Settings = {
  seconds,
  warmSeconds: Math.min(1, seconds),
  node: process.execPath,
  serverCore: isPinned ? 0 : undefined,
  loadCore: isPinned ? 1 : undefined,
  hasWrk: hasWrk(),
};
if (!settings.hasWrk) console.log('wrk is not installed (Debian’s package wrk): our own client stands in for it');

const rows: RowResult[] = [];
for (const [i, workload] of workloads.entries()) {
  const row = await runRow(workload, rounds, values.quick ? 1 : rounds, settings, (server, round) => {
    process.stderr.write(`\r\x1b[K[${i + 1}/${workloads.length}] ${workload.title}: ${server}, round ${round + 1} of ${rounds}`);
  });
  rows.push(row);
  for (const { server, reason } of row.absences) process.stderr.write(`\r\x1b[K${workload.title}: ${server}: ${reason}\n`);
}
process.stderr.write('\r\x1b[K');
const major = Number(process.versions.node.split('.')[0]);
console.log(rowsTable(rows, major));
console.log(`\n${othersTable(rows)}`);
process.exitCode = rows.some((row) => row.absences.some((absence) => absence.isFailure)) ? 1 : 0;
