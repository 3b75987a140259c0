/**
 * Micro benchmarks of the cores: `npm run bench:micro`. Each runs in a process of its own, so that none finds code that another has
 * warmed up or spoilt. Words choose those whose names begin with one of them; on a machine that is busy, take more rounds.
 *
 *   npm run bench:micro -- [word …] [--rounds 15] [--ms 20]
 */

import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MICRO_BENCHMARKS, type MicroBenchmark, NAMES } from './comparisons.js';
import { type Budget, measure } from './measure.js';
import { tableOf } from './table.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' }, ms: { type: 'string', default: '20' }, alone: { type: 'string' } },
});
const budget: Budget = { rounds: Number(values.rounds), roundMs: Number(values.ms) };
if (!Number.isInteger(budget.rounds) || budget.rounds < 1 || !(budget.roundMs > 0)) throw new TypeError('--rounds is a whole number from 1, --ms a number above 0');

if (values.alone !== undefined) await run(values.alone as MicroBenchmark);
else runChosen(NAMES.filter((name) => positionals.length === 0 || positionals.some((word) => name.startsWith(word))));

function runChosen(names: readonly MicroBenchmark[]): void {
  if (names.length === 0) throw new TypeError(`no micro benchmark is called so; there are ${NAMES.join(', ')}`);
  console.log(`Node ${process.versions.node} on ${cpus()[0]?.model ?? process.arch}, ${budget.rounds} rounds of ${budget.roundMs} ms a way, medians of one operation.`);
  for (const name of names) {
    const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--alone', name, '--rounds', values.rounds, '--ms', values.ms], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}

async function run(name: MicroBenchmark): Promise<void> {
  console.log(`\n## ${name}`);
  for (const comparison of MICRO_BENCHMARKS[name]()) console.log(`\n${tableOf(comparison, await measure(comparison, budget))}`);
}
