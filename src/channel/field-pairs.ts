/** Header fields as pairs of name and value, which can be looked through, added to, and sent to another process. */

import { UsageError } from '../errors.js';
import type { HeaderFields } from '../http/contract.js';
import { encodeFields } from '../http/response.js';

export type FieldPair = readonly [name: string, value: string];

/** What cannot be a field is left to be found when the response is made; a `UsageError` for what can be no fields at all. */
export function pairsOf(headers: HeaderFields): FieldPair[] {
  if (typeof headers !== 'object' || headers === null) throw new UsageError('headers must be an object, a Headers or an iterable of pairs');
  if (Symbol.iterator in headers) return [...(headers as Iterable<FieldPair>)];
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly string[]) : value === undefined ? [] : [value as string];
    return values.map((each): FieldPair => [name, typeof each === 'number' ? String(each) : each]);
  });
}

/** The same of what can be sent; a `UsageError` names the field that cannot. */
export function checkedPairs(headers: HeaderFields): FieldPair[] {
  const pairs = pairsOf(headers);
  encodeFields(pairs);
  return pairs;
}
