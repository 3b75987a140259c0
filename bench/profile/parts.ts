/** What a profile's time went into, by the parts of a server that a reader knows. */

import { markdownTable, micros } from '../markdown.js';
import type { ServerName } from '../servers.js';

/** In the order of the table. */
export const PARTS = ['system calls and C++', 'garbage collection', 'JavaScript of Node', 'net', 'http', 'websocket', 'channel', 'other JavaScript'] as const;
export type Part = (typeof PARTS)[number];

/** Microseconds of CPU time for one operation, in all and by part. */
export interface ProfileResult {
  readonly row: string;
  readonly title: string;
  readonly server: ServerName;
  readonly micros: number;
  readonly parts: Readonly<Record<Part, number>>;
}

const OURS = /\/dist\/(net|http|websocket|channel)\//;

/**
 * The part that a place belongs to; `undefined` where no JavaScript ran: in functions of C++, which have no place, and where a profile calls the process idle,
 * which it does also while the kernel works for us.
 */
export function partOf(place: string): Part | undefined {
  if (place === '(garbage collector)') return 'garbage collection';
  if (place.startsWith('wasm:')) return 'websocket';
  if (place.startsWith('node:')) return 'JavaScript of Node';
  return place.startsWith('file:') ? ((OURS.exec(place)?.[1] as Part | undefined) ?? 'other JavaScript') : undefined;
}

/** What one operation cost: what a profile saw of JavaScript, and all other CPU time. */
export function divide(microsPerOperation: number, operations: number, byPlace: Readonly<Record<string, number>>): Record<Part, number> {
  const parts = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  let outside = microsPerOperation;
  for (const [place, spent] of Object.entries(byPlace)) {
    const part = partOf(place);
    if (part === undefined) continue;
    parts[part] += spent / operations;
    outside -= spent / operations;
  }
  return { ...parts, 'system calls and C++': Math.max(0, outside) };
}

export function profileTable(profiles: readonly ProfileResult[]): string {
  const cells = (value: number): string => (value < 0.005 ? '' : micros(value));
  return markdownTable(['workload', 'server', 'µs', ...PARTS], profiles.map(({ title, server, micros: all, parts }) => [title, server === 'limit' ? 'the limit' : server, micros(all), ...PARTS.map((part) => cells(parts[part]))]));
}
