/** An error on its way to another process: what structured clones lose of it, such as its code, and that it is a `UsageError`. */

import { UsageError } from '../errors.js';

export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields that are plain, such as `code` and `syscall`. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

const isPlain = (value: unknown): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** Anything may be thrown. */
export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { name: 'Error', message: `not an Error was thrown: ${typeof error === 'string' ? error : typeof error}`, stack: undefined, fields: {} };
  const fields = Object.entries(error).filter((field): field is [string, string | number | boolean] => field[0] !== 'name' && isPlain(field[1]));
  return { name: error.name, message: error.message, stack: error.stack, fields: Object.fromEntries(fields) };
}

/** The error as it was there, with its stack. */
export function errorOf({ name, message, stack, fields }: ErrorReport): Error {
  const error = name === 'UsageError' ? new UsageError(message) : Object.assign(new Error(message), name === 'Error' ? {} : { name });
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, fields);
}
