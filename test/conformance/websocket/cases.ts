/** All cases, in their order. */

import type { Case } from './case.js';
import { CLOSING } from './cases/closing.js';
import { COMPRESSION } from './cases/compression.js';
import { FRAGMENTATION } from './cases/fragmentation.js';
import { FRAMING } from './cases/framing.js';
import { LIMITS } from './cases/limits.js';
import { TEXT } from './cases/text.js';

export const CASES: readonly Case[] = [...FRAMING, ...FRAGMENTATION, ...TEXT, ...CLOSING, ...LIMITS, ...COMPRESSION];

export const SECTIONS: ReadonlyMap<number, string> = new Map([
  [1, 'sizes of messages'],
  [2, 'Pings and Pongs'],
  [3, 'reserved bits'],
  [4, 'reserved opcodes'],
  [5, 'fragmentation'],
  [6, 'UTF-8'],
  [7, 'closing'],
  [9, 'large messages, many fragments, tiny pieces, round trips'],
  [10, 'automatic fragmentation'],
  [12, 'compression of five kinds of data'],
  [13, 'compression with seven sets of offers'],
]);
