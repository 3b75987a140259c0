/** How long to wait before what ended is started again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from '#src/cluster/back-off.js';

test('waits not at all behind the first end, and twice as long behind each that follows at once, up to 30 s', () => {
  const backOff = new BackOff();
  const waits = Array.from({ length: 12 }, () => backOff.waitAfter(0));
  assert.deepEqual(waits, [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
});

test('begins anew behind one that has served for ten seconds', () => {
  const backOff = new BackOff();
  for (let i = 0; i < 5; i++) backOff.waitAfter(9_999);
  assert.deepEqual([backOff.waitAfter(10_000), backOff.waitAfter(0)], [0, 100]);
});
