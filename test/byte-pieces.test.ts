/** Pieces give back what they were given, in order and in one piece, in memory that follows what has come, and never what was announced. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BytePieces } from '#src/byte-pieces.js';
import { Random } from './support/random.js';

/** Bytes that fill their memory, each other than its neighbours. */
const bytes = (length: number, seed = 0): Buffer => Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff).buffer);

test('gives back in one piece what was pushed, whatever the pieces', () => {
  const random = new Random(7);
  for (let round = 0; round < 300; round++) {
    const pushed = Array.from({ length: 1 + random.below(8) }, (_, i) => {
      const memory = bytes(1 + random.below(random.pick([20, 2000, 40_000])), i);
      const cut = random.below(memory.length);
      return random.pick([memory, memory.subarray(0, memory.length - cut), memory.subarray(cut)]);
    });
    const expected = Buffer.concat(pushed);
    const pieces = new BytePieces(random.once(2) ? expected.length : undefined);
    for (const piece of pushed) pieces.push(piece);
    assert.equal(pieces.length, expected.length);
    assert.ok(pieces.takeTogether().equals(expected), `round ${round}`);
    assert.equal(pieces.length, 0);
  }
});

test('of nothing makes nothing', () => {
  assert.equal(new BytePieces().takeTogether().length, 0);
  assert.deepEqual(new BytePieces().take(), []);
});

test('holds nothing of what was taken, and begins anew', () => {
  const pieces = new BytePieces();
  pieces.push(bytes(10, 1));
  const first = pieces.takeTogether();
  pieces.push(bytes(10, 2));
  assert.ok(first.equals(bytes(10, 1)));
  assert.ok(pieces.takeTogether().equals(bytes(10, 2)));
});

test('keeps a large piece that fills its memory where it is, and copies one that does not', () => {
  const whole = bytes(20_000);
  const part = bytes(200_000).subarray(0, 20_000);
  const pieces = new BytePieces();
  pieces.push(whole);
  pieces.push(part);
  pieces.push(bytes(5));
  const taken = pieces.take();
  assert.equal(taken[0]!.buffer, whole.buffer);
  assert.deepEqual(taken.map(({ length }) => length), [20_000, 20_005]);
  assert.notEqual(taken[1]!.buffer, part.buffer);
});

test('keeps the last piece where it is where others were kept: it is copied once', () => {
  const pieces = new BytePieces(3 * 20_000);
  pieces.push(bytes(20_000, 1));
  pieces.push(bytes(20_000, 2));
  const last = bytes(200_000, 3).subarray(0, 20_000);
  pieces.push(last);
  assert.equal(pieces.take().at(-1)!.buffer, last.buffer);
});

test('what brings most of it together goes where all of it will be, unless it is read in place', () => {
  const memory = bytes(40_000);
  for (const [isReadInPlace, isKept] of [[false, false], [true, true]] as const) {
    assert.equal(new BytePieces(60_000).keeps(memory, isReadInPlace), isKept);
    assert.equal(new BytePieces(memory.length).keeps(memory, isReadInPlace), isKept);
  }
  assert.equal(new BytePieces(90_000).keeps(memory, false), true, 'less than half');
  assert.equal(new BytePieces().keeps(memory, false), true, 'nobody knows how much will come');
});

test('makes room by what has come, exactly as much as is needed once all is known', () => {
  const announced = new BytePieces(2 ** 40);
  announced.push(bytes(1));
  assert.ok(announced.room.length <= 1024);
  const pieces = new BytePieces(5000);
  for (let i = 0; i < 50; i++) pieces.push(bytes(100));
  assert.deepEqual([pieces.room.length, pieces.filled], [5000, 5000]);
});
