/** Unmasking (RFC 6455 §5.3). */

import { xorRoom } from './simd.js';

/** Up to here four bytes a step cost less than a copy for SIMD, or a view for whole words, does. */
const SHORT_BYTES = 192;
/** From here on the copies into WebAssembly and back cost less than the loop they save. */
const SIMD_FROM_BYTES = 512;
/** Up to here a whole payload is left in the memory of SIMD, and read or copied from there. */
const ASIDE_UP_TO_BYTES = 16 * 1024;
/** Below this the set-up of the word loop costs more than it saves. */
const WORDS_FROM_BYTES = 32;

/**
 * XORs the bytes between `start` and `end` with the key, whose byte `phase` (0 to 3) meets the first of them. Returns the
 * phase for the bytes that follow.
 */
export function unmask(bytes: Uint8Array, start: number, end: number, key: Uint8Array, phase: number): number {
  const length = end - start;
  if (length < WORDS_FROM_BYTES) {
    for (let i = 0; i < length; i++) bytes[start + i]! ^= key[(phase + i) & 3]!;
    return (phase + length) & 3;
  }
  if (length >= SIMD_FROM_BYTES && xorRoom !== undefined) {
    xorRoom.xorInto(bytes, start, bytes, start, end, keyWord(key, phase));
    return (phase + length) & 3;
  }
  let at = start;
  while (((bytes.byteOffset + at) & 3) !== 0) bytes[at++]! ^= key[phase++ & 3]!;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (end - at) >> 2);
  const word = keyWord(key, phase);
  for (let i = 0; i < words.length; i++) words[i]! ^= word;
  at += words.length * 4;
  while (at < end) bytes[at++]! ^= key[phase++ & 3]!;
  return phase & 3;
}

/** As `unmask`, on the way to `target`, from its byte `at` on. What is left behind is no use to anybody. */
export function unmaskInto(target: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number, key: Uint8Array, phase: number): number {
  if (end - start >= SIMD_FROM_BYTES && xorRoom !== undefined) {
    xorRoom.xorInto(target, at, bytes, start, end, keyWord(key, phase));
    return (phase + end - start) & 3;
  }
  const next = unmask(bytes, start, end, key, phase);
  target.set(bytes.subarray(start, end), at);
  return next;
}

/** Where `unmaskAside` leaves a payload of that length, from the first byte on and until it is called again; `undefined` where it is to be unmasked in place. */
export function asideFor(length: number): Buffer | undefined {
  return length > SHORT_BYTES && length <= ASIDE_UP_TO_BYTES ? xorRoom?.bytes : undefined;
}

/** Unmasks a whole payload, whose place then is what `asideFor` gave. True where all of it is ASCII. */
export function unmaskAside(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  return xorRoom!.xorAside(bytes, start, end, keyWord(key, 0));
}

/** Unmasks a whole payload, in place. True where it was seen on the way that all of it is ASCII; false says nothing. */
export function unmaskWhole(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (end - start > SHORT_BYTES) {
    unmask(bytes, start, end, key, 0);
    return false;
  }
  const [k0, k1, k2, k3] = [key[0]!, key[1]!, key[2]!, key[3]!];
  let seen = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    seen |= (bytes[at]! ^= k0) | (bytes[at + 1]! ^= k1) | (bytes[at + 2]! ^= k2) | (bytes[at + 3]! ^= k3);
  }
  for (; at < end; at++) seen |= bytes[at]! ^= key[(at - start) & 3]!;
  return seen < 0x80;
}

/** A whole payload, unmasked, as bytes that are the receiver's own. */
export function unmaskedBytes(bytes: Uint8Array, start: number, end: number, key: Uint8Array): Uint8Array {
  const length = end - start;
  if (length <= SHORT_BYTES) return shortUnmasked(bytes, start, length, key);
  if (asideFor(length) === undefined) {
    const own = new Uint8Array(length);
    unmaskInto(own, 0, bytes, start, end, key, 0);
    return own;
  }
  unmaskAside(bytes, start, end, key);
  return xorRoom!.copy(length);
}

/** Byte by byte from there to here: a view of what was received, and a copy of it, take longer. */
function shortUnmasked(bytes: Uint8Array, start: number, length: number, key: Uint8Array): Uint8Array {
  const own = new Uint8Array(length);
  const [k0, k1, k2, k3] = [key[0]!, key[1]!, key[2]!, key[3]!];
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    own[at] = bytes[start + at]! ^ k0;
    own[at + 1] = bytes[start + at + 1]! ^ k1;
    own[at + 2] = bytes[start + at + 2]! ^ k2;
    own[at + 3] = bytes[start + at + 3]! ^ k3;
  }
  for (; at < length; at++) own[at] = bytes[start + at]! ^ key[at & 3]!;
  return own;
}

const keyBytes = new Uint8Array(4);
const keyInt = new Int32Array(keyBytes.buffer);

/** The key as one word in the byte order of this machine, its byte `phase` first. */
function keyWord(key: Uint8Array, phase: number): number {
  for (let i = 0; i < 4; i++) keyBytes[i] = key[(phase + i) & 3]!;
  return keyInt[0]!;
}
