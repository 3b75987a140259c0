/**
 * Unmasking (RFC 6455 §5.3), from the smallest payloads to the largest. It is done in place, so that what is unmasked is random at all
 * times; where a payload begins and its key change each time, as they do behind headers of 6 to 14 bytes. Everything that is compared does
 * the same to the same memory, and gives some bytes of it.
 */

import { createRequire } from 'node:module';
import { unmask } from '#src/websocket/mask.js';
import { Random } from '../../test/support/random.js';
import { type Comparison, loopAlone, over, type Way } from './measure.js';

const SIZES = [32, 125, 1024, 64 * 1024, 1024 * 1024];
/** Payloads that take turns, one after the other in memory. */
const MANY = 64;
/** All of them together stay below this, or there are fewer. */
const MEMORY_BYTES = 8 * 1024 * 1024;

/** The native addon that ws uses if it is there. */
interface BufferUtil {
  unmask(bytes: Uint8Array, mask: Uint8Array): void;
}

interface Payload {
  readonly start: number;
  readonly end: number;
  readonly key: Uint8Array;
}

export function unmaskComparisons(): Comparison[] {
  const bufferUtil = loadBufferUtil();
  return SIZES.map((size) => compare(size, bufferUtil));
}

/** `undefined` where it is not installed, or not built for this machine: then it is a loop in JavaScript, which is measured anyway. */
function loadBufferUtil(): BufferUtil | undefined {
  try {
    const bufferUtil = createRequire(new URL('../../../bench/package.json', import.meta.url))('bufferutil') as BufferUtil;
    return String(bufferUtil.unmask).includes('[native code]') ? bufferUtil : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function compare(size: number, bufferUtil: BufferUtil | undefined): Comparison {
  const { bytes, payloads } = lay(size);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const ways: Way[] = [
    loopAlone(payloads),
    over('unmask', payloads, (payload) => {
      unmask(bytes, payload.start, payload.end, payload.key, 0);
      return seenOf(bytes, payload);
    }),
    over('a loop over bytes', payloads, (payload) => unmaskEach(bytes, payload)),
    over('four bytes a step', payloads, (payload) => unmaskFour(bytes, payload)),
    over('words, with a view for each payload', payloads, (payload) => unmaskWords(bytes, payload)),
    over('words, with one view for all', payloads, (payload) => unmaskIn(words, bytes, payload)),
  ];
  const missing = bufferUtil === undefined ? ['bufferutil: not in bench/node_modules, or not built for this machine'] : [];
  if (bufferUtil !== undefined) ways.push(native(bytes, payloads, bufferUtil));
  return { title: `${size} bytes unmasked`, bytes: size, ways, missing };
}

function lay(size: number): { bytes: Buffer; payloads: Payload[] } {
  const random = new Random(size);
  const count = Math.min(MANY, Math.floor(MEMORY_BYTES / size));
  const payloads: Payload[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 6 + random.below(9);
    at = start + size;
    payloads.push({ start, end: at, key: random.bytes(4) });
  }
  return { bytes: Buffer.alloc(at, random.bytes(4096)), payloads };
}

/** The view that ws makes of a payload is paid for. */
function native(bytes: Buffer, payloads: readonly Payload[], bufferUtil: BufferUtil): Way {
  return over('bufferutil, native', payloads, (payload) => {
    bufferUtil.unmask(bytes.subarray(payload.start, payload.end), payload.key);
    return seenOf(bytes, payload);
  });
}

/** What a way is seen to have done: its first byte, its last, and one between. */
function seenOf(bytes: Buffer, { start, end }: Payload): number {
  return bytes[start]! + bytes[(start + end) >> 1]! + bytes[end - 1]!;
}

function unmaskEach(bytes: Buffer, payload: Payload): number {
  const { start, end, key } = payload;
  for (let at = start, i = 0; at < end; at++, i++) bytes[at]! ^= key[i & 3]!;
  return seenOf(bytes, payload);
}

function unmaskFour(bytes: Buffer, payload: Payload): number {
  const { start, end, key } = payload;
  const a = key[0]!;
  const b = key[1]!;
  const c = key[2]!;
  const d = key[3]!;
  let at = start;
  for (; at + 3 < end; at += 4) {
    bytes[at]! ^= a;
    bytes[at + 1]! ^= b;
    bytes[at + 2]! ^= c;
    bytes[at + 3]! ^= d;
  }
  for (let i = 0; at < end; at++, i++) bytes[at]! ^= key[i]!;
  return seenOf(bytes, payload);
}

/** Words begin with their lowest byte, as on nearly all machines. */
function unmaskWords(bytes: Buffer, payload: Payload): number {
  const { start, end, key } = payload;
  let at = start;
  for (; (bytes.byteOffset + at) % 4 !== 0; at++) bytes[at]! ^= key[(at - start) & 3]!;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
  const word = wordOf(key, at - start);
  for (let i = 0; i < words.length; i++) words[i]! ^= word;
  for (at += 4 * words.length; at < end; at++) bytes[at]! ^= key[(at - start) & 3]!;
  return seenOf(bytes, payload);
}

/** The same in a view that was made once for all that was read, which begins at a word. */
function unmaskIn(words: Int32Array, bytes: Buffer, payload: Payload): number {
  const { start, end, key } = payload;
  let at = start;
  for (; at % 4 !== 0; at++) bytes[at]! ^= key[(at - start) & 3]!;
  const word = wordOf(key, at - start);
  const last = end >> 2;
  for (let i = at >> 2; i < last; i++) words[i]! ^= word;
  for (at = 4 * last; at < end; at++) bytes[at]! ^= key[(at - start) & 3]!;
  return seenOf(bytes, payload);
}

function wordOf(key: Uint8Array, phase: number): number {
  return key[phase & 3]! | (key[(phase + 1) & 3]! << 8) | (key[(phase + 2) & 3]! << 16) | (key[(phase + 3) & 3]! << 24);
}
