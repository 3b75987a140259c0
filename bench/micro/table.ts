/** What was measured, as a table of Markdown. */

import { type Comparison, LOOP_ALONE, type Measurement } from './measure.js';

/** A comparison under its title, one line a way. */
export function tableOf({ title, bytes, missing = [] }: Comparison, measurements: readonly Measurement[]): string {
  const columns = ['', 'ns', 'fastest to slowest', 'allocated', ...(bytes === undefined ? [] : ['MB/s'])];
  const lines = [`### ${title}`, '', rowOf(columns), rowOf(columns.map(() => '---'))];
  for (const each of measurements) lines.push(rowOf(cellsOf(each, bytes)));
  for (const each of missing) lines.push('', `Not measured: ${each}.`);
  return lines.join('\n');
}

function cellsOf({ name, median, fastest, slowest, allocated }: Measurement, bytes: number | undefined): string[] {
  const cells = [name, round(median), `${round(fastest)} to ${round(slowest)}`, allocated === undefined ? 'not known' : `${round(allocated)} B`];
  if (bytes !== undefined) cells.push(name === LOOP_ALONE ? '' : round((bytes * 1000) / median));
  return cells;
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Three digits say all that a median can; thousands are set apart. */
export function round(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
