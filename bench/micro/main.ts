/**
 * Micro benchmarks of the cores: `npm run bench:micro`. Each runs in a process of its own, so that none finds code that another has
 * warmed up or spoilt. Words choose those whose names begin with one of them; on a machine that is busy, take more rounds.
 *
 *   npm run bench:micro -- [word …] [--rounds 15] [--ms 20] [--write]
 *
 * With `--write` the tables go to `bench/results` as well.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MICRO_BENCHMARKS, type MicroBenchmark, NAMES } from './comparisons.js';
import { describeRevision } from '../machine.js';
import { fileName, RESULTS } from '../results.js';
import { type Budget, measure } from './measure.js';
import { tableOf } from './table.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' }, ms: { type: 'string', default: '20' }, alone: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const budget: Budget = { rounds: Number(values.rounds), roundMs: Number(values.ms) };
if (!Number.isInteger(budget.rounds) || budget.rounds < 1 || !(budget.roundMs > 0)) throw new TypeError('--rounds is a whole number from 1, --ms a number above 0');

if (values.alone !== undefined) await run(values.alone as MicroBenchmark);
else runChosen(NAMES.filter((name) => positionals.length === 0 || positionals.some((word) => name.startsWith(word))));

function runChosen(names: readonly MicroBenchmark[]): void {
  if (names.length === 0) throw new TypeError(`no micro benchmark is called so; there are ${NAMES.join(', ')}`);
  const pieces = [`Node ${process.versions.node} on ${cpus()[0]?.model ?? process.arch}, ${budget.rounds} rounds of ${budget.roundMs} ms a way, medians of one operation.\n`];
  console.log(pieces[0]);
  for (const name of names) {
    const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--alone', name, '--rounds', values.rounds, '--ms', values.ms], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
    console.log(stdout);
    pieces.push(stdout);
    if (status !== 0) process.exitCode = 1;
  }
  if (values.write) console.log(`written to ${write(pieces.join('\n'))}`);
}

function write(tables: string): string {
  mkdirSync(RESULTS, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const path = join(RESULTS, `micro-${fileName({ date, node: process.versions.node, revision: describeRevision() })}.md`);
  writeFileSync(path, `# The cores of Longwire, ${date}\n\n${tables.trim()}\n`);
  return path;
}

async function run(name: MicroBenchmark): Promise<void> {
  console.log(`\n## ${name}`);
  for (const comparison of MICRO_BENCHMARKS[name]()) console.log(`\n${tableOf(comparison, await measure(comparison, budget))}`);
}
