/** The response to a poll that goes on from an id. */

import type { HeaderFields, HttpResponse } from '../http/contract.js';

export type FieldPair = readonly [name: string, value: string];

const OWN_FIELDS: readonly FieldPair[] = [
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-store'],
];
const OWN_ALONE = Object.fromEntries(OWN_FIELDS);

/** With the application's fields, which win over ours. */
export function pollAnswer(body: string, headers: HeaderFields | undefined): HttpResponse {
  if (headers === undefined) return { headers: OWN_ALONE, body };
  const pairs = pairsOf(headers);
  const names = new Set(pairs.map(([name]) => String(name).toLowerCase()));
  return { headers: [...OWN_FIELDS.filter(([name]) => !names.has(name.toLowerCase())), ...pairs], body };
}

/** Header fields as pairs, whatever form they have. What cannot be a field is left to be found when they are sent. */
export function pairsOf(headers: HeaderFields): FieldPair[] {
  if (Symbol.iterator in headers) return [...(headers as Iterable<FieldPair>)];
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly string[]) : value === undefined ? [] : [value as string];
    return values.map((each): FieldPair => [name, typeof each === 'number' ? String(each) : each]);
  });
}
