/** What is said of the options of any bus. A `UsageError` names the option, what it may be, and what it was. */

import { UsageError } from '../index.js';

const OPTIONS = ['prefix', 'publishTimeoutMs', 'maxPendingBytes'];

/** @throws UsageError on what is no object, and on options that no bus has. */
export function checkNames(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw new UsageError(`options of a bus must be an object, not ${describe(options)}`);
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) throw new UsageError(`unknown option ${name}; known are ${[...OPTIONS].sort().join(', ')}`);
  }
}

/** A number above 0, `Infinity` too, or its default. */
export function checkAmount(name: string, value: unknown, unit: string, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value === 'number' && value > 0) return value;
  throw new UsageError(`option ${name} must be a number of ${unit} above 0, not ${describe(value)}`);
}

/** Text that `allowed` fits, or its default. */
export function checkPrefix(value: unknown, allowed: RegExp, what: string, byDefault: string): string {
  if (value === undefined) return byDefault;
  if (typeof value === 'string' && allowed.test(value)) return value;
  throw new UsageError(`option prefix must be ${what}${typeof value === 'string' ? '' : `, not ${describe(value)}`}`);
}

/** What a value was, without what it holds. */
function describe(value: unknown): string {
  if (typeof value === 'number') return `the number ${value}`;
  return value === null ? 'null' : typeof value;
}
