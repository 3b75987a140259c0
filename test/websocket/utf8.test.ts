/** UTF-8 is judged the same in whatever pieces it comes, and a wrong byte is found with the piece that brings it (RFC 3629 §4). */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Utf8Check } from '#src/websocket/utf8.js';
import { Random } from '../support/random.js';

const VALID: readonly (readonly [name: string, hex: string])[] = [
  ['nothing', ''],
  ['ASCII with NUL and DEL', '00417f'],
  ['the first and last of two bytes', 'c280dfbf'],
  ['the first and last of three bytes', 'e0a080efbfbf'],
  ['the neighbours of the surrogates', 'ed9fbfee8080'],
  ['the first and last of four bytes', 'f0908080f48fbfbf'],
  ['a byte order mark', 'efbbbf41'],
  ['noncharacters', 'efbfbeefb790f09fbfbf'],
  ['all lengths in turn', '41c3a9e282acf09f98804d'],
];

/** Each with the number of bytes up to and with the first that cannot be right. */
const INVALID: readonly (readonly [name: string, hex: string, wrongAt: number])[] = [
  ['a continuation byte alone', '80', 1],
  ['a continuation byte behind ASCII', '41bf', 2],
  ['too many continuation bytes', 'c3a980', 3],
  ['C0, which is always overlong', 'c080', 1],
  ['C1, which is always overlong', 'c1bf', 1],
  ['three bytes that are overlong', 'e09fbf', 2],
  ['four bytes that are overlong', 'f08fbfbf', 2],
  ['the first surrogate', 'eda080', 2],
  ['the last surrogate', 'edbfbf', 2],
  ['above U+10FFFF', 'f4908080', 2],
  ['a lead of F5', 'f5808080', 1],
  ['a lead of F8', 'f888808080', 1],
  ['FE', 'fe', 1],
  ['FF', '41ff41', 2],
  ['two bytes cut by ASCII', 'c341', 2],
  ['three bytes cut by ASCII', 'e28241', 3],
  ['four bytes cut by ASCII', 'f09f9841', 4],
  ['three bytes cut by another lead', 'e282c3a9', 3],
  ['four bytes cut by another lead', 'f09fe282ac', 3],
  ['a lead behind a lead', 'c3c3a9', 2],
  ['a wrong third byte of four', 'f09f4180', 3],
];

const INCOMPLETE = ['c3', 'e2', 'e282', 'f0', 'f09f', 'f09f98', '41e0a0', 'c3a9f48f'];

/** The table of RFC 3629 §4, a byte at a time: how many bytes are right, and whether the text may end there. */
function slowly(bytes: Uint8Array): { wrongAt: number | undefined; isComplete: boolean } {
  let left = 0;
  let low = 0x80;
  let high = 0xbf;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (left > 0) {
      if (byte < low || byte > high) return { wrongAt: at + 1, isComplete: false };
      left--;
      low = 0x80;
      high = 0xbf;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return { wrongAt: at + 1, isComplete: false };
      left = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      if (byte === 0xe0) low = 0xa0;
      if (byte === 0xf0) low = 0x90;
      if (byte === 0xed) high = 0x9f;
      if (byte === 0xf4) high = 0x8f;
    }
  }
  return { wrongAt: undefined, isComplete: left === 0 };
}

/** What the check says of these pieces: the bytes it had seen when it refused, or whether the end was right. */
function judge(pieces: readonly Uint8Array[]): number | boolean {
  const check = new Utf8Check();
  let seen = 0;
  for (const piece of pieces) {
    seen += piece.length;
    if (!check.push(piece)) return seen;
  }
  return check.end();
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** All cuts into two and three pieces, empty ones among them. */
function* cuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) yield [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
  }
}

/** What pieces must be judged as: refused with the piece that holds the wrong byte. */
function expected(pieces: readonly Uint8Array[]): number | boolean {
  const { wrongAt, isComplete } = slowly(Buffer.concat(pieces));
  if (wrongAt === undefined) return isComplete;
  let seen = 0;
  for (const piece of pieces) if ((seen += piece.length) >= wrongAt) return seen;
  return seen;
}

describe('accepts, cut anywhere,', () => {
  for (const [name, hex] of VALID) {
    test(name, () => {
      for (const pieces of cuts(bytesOf(hex))) assert.equal(judge(pieces), true, pieces.map((piece) => Buffer.from(piece).toString('hex')).join(' '));
    });
  }
});

describe('refuses at the first wrong byte, cut anywhere,', () => {
  for (const [name, hex, wrongAt] of INVALID) {
    test(name, () => {
      const bytes = bytesOf(hex);
      assert.equal(judge([...bytes].map((byte) => Uint8Array.of(byte))), wrongAt, 'byte by byte');
      for (const pieces of cuts(bytes)) assert.equal(judge(pieces), expected(pieces), pieces.map((piece) => Buffer.from(piece).toString('hex')).join(' '));
    });
  }
});

test('lets no text end within a sequence, cut anywhere', () => {
  for (const hex of INCOMPLETE) for (const pieces of cuts(bytesOf(hex))) assert.equal(judge(pieces), false, hex);
});

test('starts anew after an end, complete or not', () => {
  const check = new Utf8Check();
  assert.equal(check.push(bytesOf('f09f')), true);
  assert.equal(check.end(), false);
  assert.equal(check.push(bytesOf('c3a9')), true);
  assert.equal(check.end(), true);
});

test('judges every sequence of up to two bytes, and every lead with two bytes of each kind, as the table does', () => {
  const kinds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xff];
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const pieces = [Uint8Array.of(first), Uint8Array.of(second)];
      assert.equal(judge(pieces), expected(pieces), `${first} ${second}`);
    }
    for (const second of kinds) {
      for (const third of kinds) {
        const bytes = Uint8Array.of(first, second, third);
        for (const pieces of cuts(bytes)) assert.equal(judge(pieces), expected(pieces), [...bytes].join(' '));
      }
    }
  }
});

test('agrees with the table on bytes and cuts from 20,000 seeds', () => {
  const sequences = [...VALID, ...INVALID].map(([, hex]) => bytesOf(hex));
  for (let seed = 0; seed < 20_000; seed++) {
    const random = new Random(seed);
    const parts: Uint8Array[] = [];
    for (let i = random.below(8); i >= 0; i--) parts.push(random.once(12) ? random.bytes(3) : random.pick(sequences.slice(0, random.once(3) ? undefined : VALID.length)));
    const pieces = random.cut(Buffer.concat(parts), 6);
    assert.equal(judge(pieces), expected(pieces), `seed ${seed}`);
  }
});
