/** How much dearer one unit becomes along a curve. */

import { median } from '../statistics.js';

/** So much is noise. */
export const FLAT = 1.15;

export interface GrowthPoint {
  readonly size: number;
  readonly microsPerUnit: number;
}

export interface GrowthResult {
  readonly name: string;
  readonly title: string;
  readonly points: readonly GrowthPoint[];
  /** The most that a unit costs over what it cost at any smaller size: 1 and less is no growth. */
  readonly growth: number;
  readonly isFlat: boolean;
}

/** @param rounds the measurements of each size. */
export function growthResult(name: string, title: string, rounds: readonly { size: number; micros: readonly number[] }[]): GrowthResult {
  const points = rounds.map(({ size, micros }) => ({ size, microsPerUnit: median(micros) }));
  const growth = growthOf(points);
  return { name, title, points, growth, isFlat: growth <= FLAT };
}

/** The same result, with what the system below grows by itself taken out of the verdict. */
export function besideReference(result: GrowthResult, reference: GrowthResult): GrowthResult {
  return { ...result, isFlat: result.growth <= FLAT * Math.max(1, reference.growth) };
}

/** Beside the smallest before it, not beside the first: what falls first may not rise behind that either. */
export function growthOf(points: readonly GrowthPoint[]): number {
  let least = Infinity;
  let growth = 0;
  for (const { microsPerUnit } of points) {
    if (least !== Infinity) growth = Math.max(growth, microsPerUnit / least);
    least = Math.min(least, microsPerUnit);
  }
  return growth;
}
