/** What the suite says of one server: how many cases of each section came to what, and why each that is not OK is not. */

import { BEHAVIORS, type Behavior, sectionOfCase, type Verdict } from './case.js';
import { SECTIONS } from './cases.js';

/** A verdict that is not OK. */
export interface Exception {
  readonly behavior: Behavior;
  readonly reason: string;
}

export type Counts = Readonly<Record<Behavior, number>>;

export function countsOf(verdicts: readonly Pick<Verdict, 'behavior'>[]): Counts {
  const counts = Object.fromEntries(BEHAVIORS.map((behavior) => [behavior, 0])) as Record<Behavior, number>;
  for (const { behavior } of verdicts) counts[behavior]++;
  return counts;
}

/** Such as `142 OK, 4 NON-STRICT`. */
export function countsText(counts: Counts): string {
  return BEHAVIORS.filter((behavior) => counts[behavior] > 0).map((behavior) => `${counts[behavior]} ${behavior}`).join(', ');
}

export function exceptionsOf(verdicts: readonly Verdict[]): Record<string, Exception> {
  return Object.fromEntries(verdicts.filter(({ behavior }) => behavior !== 'OK').map(({ id, behavior, reason }) => [id, { behavior, reason }]));
}

/** The sections that were run, each with its verdicts. */
export function bySection<V extends { readonly id: string }>(verdicts: readonly V[]): [section: number, verdicts: V[]][] {
  return [...SECTIONS.keys()]
    .map((section): [number, V[]] => [section, verdicts.filter(({ id }) => sectionOfCase(id) === section)])
    .filter(([, found]) => found.length > 0);
}

/** For a terminal. */
export function reportText(verdicts: readonly Verdict[]): string {
  const sections = bySection(verdicts).map(([section, found]) => {
    const seconds = found.reduce((sum, { ms }) => sum + ms, 0) / 1000;
    return `${String(section).padStart(2)}  ${SECTIONS.get(section)!.padEnd(58)}  ${countsText(countsOf(found))} (${seconds.toFixed(1)} s)`;
  });
  const exceptions = verdicts.filter(({ behavior }) => behavior !== 'OK').map(({ id, behavior, reason }) => `${id}  ${behavior}: ${reason}`);
  return [...sections, '', ...exceptions, '', `${verdicts.length} ${verdicts.length === 1 ? 'case' : 'cases'}: ${countsText(countsOf(verdicts))}`].join('\n');
}
