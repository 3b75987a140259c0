/** Numbers and tables as Markdown has them. */

export function micros(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

export function times(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${ratio.toFixed(2)}x`;
}

/** wrk knows the higher percentiles of pipelined requests not: it says 0. */
export function duration(micros: number): string {
  if (micros === 0) return '–';
  return micros >= 1000 ? `${(micros / 1000).toFixed(1)} ms` : `${micros.toFixed(0)} µs`;
}

export function markdownTable(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [head, head.map(() => '---'), ...lines];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
