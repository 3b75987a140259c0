/** Unmasking (RFC 6455 §5.3), in place. */

import { xorWords } from './simd.js';

/** From here on the copies into WebAssembly and back cost less than the loop they save. */
const SIMD_FROM_BYTES = 1024;
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
  if (length >= SIMD_FROM_BYTES && xorWords !== undefined) {
    xorWords(bytes, start, end, keyWord(key, phase));
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

const keyBytes = new Uint8Array(4);
const keyInt = new Int32Array(keyBytes.buffer);

/** The key as one word in the byte order of this machine, its byte `phase` first. */
function keyWord(key: Uint8Array, phase: number): number {
  for (let i = 0; i < 4; i++) keyBytes[i] = key[(phase + i) & 3]!;
  return keyInt[0]!;
}
