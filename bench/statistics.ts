/** Medians, and how far apart the values lie that they stand for. */

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('nothing has no median');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * How many times the second is the first, as the median of the rounds' own quotients: what was measured one after the other had the same machine, which
 * may be a slower one a minute later.
 */
export function pairedRatio(first: readonly number[], second: readonly number[]): number {
  return median(first.slice(0, second.length).map((value, round) => second[round]! / value));
}

/** From the smallest to the largest value, as a share of the median: 0.1 is ten percent. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
