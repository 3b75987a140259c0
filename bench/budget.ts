/** How many rounds a row may have so that a run ends in time: on a slow or busy machine the last rows have fewer. */

export interface Budget {
  readonly leftMs: number;
  readonly leftRows: number;
  /** What one round of a row took so far, in the mean; 0 where nothing is known. */
  readonly roundMs: number;
}

/** At least one, at most those that are wanted. */
export function roundsWithin({ leftMs, leftRows, roundMs }: Budget, wanted: number): number {
  if (roundMs === 0) return wanted;
  return Math.max(1, Math.min(wanted, Math.floor(leftMs / leftRows / roundMs)));
}
