/** What was measured, as a table of Markdown. */

import type { Comparison, Measurement } from './measure.js';

/** A comparison under its title, one line a way. */
export function tableOf({ title, bytes, missing = [] }: Comparison, measurements: readonly Measurement[]): string {
  const lines = [`### ${title}`, '', '| | ns | fastest to slowest | allocated |' + (bytes === undefined ? '' : ' MB/s |')];
  lines.push(`|---|---|---|---|${bytes === undefined ? '' : '---|'}`);
  for (const each of measurements) {
    const { name, median, fastest, slowest, allocated } = each;
    const speed = bytes === undefined ? '' : ` ${round((bytes * 1000) / median)} |`;
    lines.push(`| ${name} | ${round(median)} | ${round(fastest)} to ${round(slowest)} | ${allocated === undefined ? 'not known' : `${round(allocated)} B`} |${speed}`);
  }
  for (const each of missing) lines.push('', `Not measured: ${each}.`);
  return lines.join('\n');
}

/** Three digits say all that a median can; thousands are set apart. */
export function round(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
