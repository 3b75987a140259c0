/** Whom messages of our own leave out: known until they come back, and while they may be read again, but not of any number of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeftOut } from '#src/channel/left-out.js';

const [ada, bob] = [{ number: 7 }, { number: 8 }];

test('who is left out is known when the message comes, and when it is read', () => {
  const leftOut = new LeftOut<{ number: number }>(5);
  leftOut.expect(1, ada);
  leftOut.expect(3, bob);
  assert.deepEqual([leftOut.find(1), leftOut.find(2), leftOut.find(3)], [7, 0, 8]);
  assert.deepEqual([leftOut.take(1), leftOut.take(2), leftOut.take(3)], [ada, undefined, bob]);
  assert.deepEqual([leftOut.find(1), leftOut.find(2), leftOut.find(3)], [7, 0, 8]);
});

test('what did not come before a later message may still be read', () => {
  const leftOut = new LeftOut<{ number: number }>(5);
  leftOut.expect(1, ada);
  leftOut.expect(2, bob);
  assert.equal(leftOut.take(2), bob);
  assert.deepEqual([leftOut.take(1), leftOut.find(1)], [undefined, 7]);
});

test('of what has come no more is known than can be read again, and of what has not 10,000', () => {
  const leftOut = new LeftOut<{ number: number }>(3);
  for (let i = 1; i <= 10_001; i++) leftOut.expect(i, ada);
  assert.deepEqual([leftOut.find(1), leftOut.find(2)], [0, 7]);
  leftOut.take(10_000);
  assert.deepEqual([9_997, 9_998, 10_000, 10_001].map((each) => leftOut.find(each)), [0, 7, 7, 7]);
  leftOut.clear();
  assert.deepEqual([10_000, 10_001].map((each) => leftOut.find(each)), [0, 0]);
});
