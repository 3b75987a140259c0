/** The option `perMessageDeflate`: what may be said of compression (RFC 7692), its defaults, and what it may be. */

import { UsageError } from './errors.js';
import { bytes, check, checkNumber, count, isBoolean, isObject, KIB, type NumberSpec } from './option-checks.js';

/** How WebSocket messages are compressed. */
export interface PerMessageDeflate {
  /** Messages of fewer bytes are sent as they are. Default 1 KiB. */
  readonly threshold?: number;
  /** How much time is spent: 0 for none to 9. Default 3. */
  readonly level?: number;
  /** How much memory is taken for it while a message is compressed: 1 to 9. Default 8. */
  readonly memLevel?: number;
  /** How far back a message may refer, in bits of a window, both ways: 8 to 15. Default 15. */
  readonly windowBits?: number;
  /** Whether a message may refer to those before it. It saves bytes, and costs time and up to two windows of memory for each connection. Default false. */
  readonly contextTakeover?: boolean;
  /** How many times what was received a message may be, inflated; 1009 beyond. Default: no limit but `maxMessageBytes`. */
  readonly maxInflateRatio?: number;
}

const DEFLATE_NUMBERS = {
  threshold: bytes(KIB, 0),
  level: count(3, 0, 9),
  memLevel: count(8, 1, 9),
  windowBits: count(15, 8, 15),
  maxInflateRatio: count(Infinity),
} as const satisfies Partial<Record<keyof PerMessageDeflate, NumberSpec>>;

/** All of it, with the defaults; `undefined` where nothing is to be compressed. */
export function resolveDeflate(deflate: boolean | PerMessageDeflate | undefined): Required<PerMessageDeflate> | undefined {
  if (deflate === undefined || deflate === false) return undefined;
  const given: PerMessageDeflate = deflate === true ? {} : check('perMessageDeflate', deflate, isObject, 'true, false or an object');
  const { contextTakeover = false } = given;
  check('perMessageDeflate.contextTakeover', contextTakeover, isBoolean, 'true or false');
  const names = Object.keys(DEFLATE_NUMBERS) as (keyof typeof DEFLATE_NUMBERS)[];
  for (const name of Object.keys(given)) {
    if (name !== 'contextTakeover' && !(name in DEFLATE_NUMBERS)) throw new UsageError(`unknown option perMessageDeflate.${name}; known are contextTakeover, ${names.join(', ')}`);
  }
  const numbers = {} as Record<keyof typeof DEFLATE_NUMBERS, number>;
  for (const name of names) numbers[name] = checkNumber(`perMessageDeflate.${name}`, given[name], DEFLATE_NUMBERS[name]);
  return { ...numbers, contextTakeover };
}
