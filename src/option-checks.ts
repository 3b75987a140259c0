/** How a value of an option is checked: what may be said of any of them. A `UsageError` names the option, what it may be, and what it was. */

import { UsageError } from './errors.js';

/** What a number may be; `Infinity` where there is no `max`. */
export interface NumberSpec {
  readonly default: number;
  readonly unit: string;
  readonly min: number;
  readonly max?: number;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const bytes = (byDefault: number, min = 1): NumberSpec => ({ default: byDefault, unit: 'bytes', min });
export const ms = (byDefault: number, min = 1): NumberSpec => ({ default: byDefault, unit: 'milliseconds', min });
export const count = (byDefault: number, min = 1, max?: number): NumberSpec => ({ default: byDefault, unit: '', min, ...(max === undefined ? {} : { max }) });

/** A number, or its default where none is given. */
export function checkNumber(name: string, value: unknown, spec: NumberSpec): number {
  if (value === undefined) return spec.default;
  const max = spec.max ?? Infinity;
  if (typeof value === 'number' && value >= spec.min && value <= max && (Number.isInteger(value) || value === Infinity)) return value;
  const range = spec.max === undefined ? `from ${spec.min}, or Infinity` : `from ${spec.min} to ${spec.max}`;
  throw new UsageError(`option ${name} must be a whole number${spec.unit === '' ? '' : ` of ${spec.unit}`} ${range}, not ${describe(value)}`);
}

/** The value, if `isAllowed` says that it may be. */
export function check<T>(name: string, value: T, isAllowed: (value: unknown) => boolean, allowed: string): T {
  if (isAllowed(value)) return value;
  throw new UsageError(`option ${name} must be ${allowed}, not ${describe(value)}`);
}

/** The same, or nothing. */
export function optional(isAllowed: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || isAllowed(value);
}

export const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
export const isFunction = (value: unknown): boolean => typeof value === 'function';

/** What a value was, without what it holds. */
export function describe(value: unknown): string {
  if (typeof value === 'number') return `the number ${value}`;
  return value === null ? 'null' : typeof value;
}
