/** Token buckets: one second's worth at once, an even refill, all of what is asked for or none of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeToken, takeTokens } from '#src/rate.js';

/** A bucket, as whoever uses one keeps it. */
class Bucket {
  fullAt = 0;

  readonly #perSecond: number;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  take(count: number, now: number, since?: number): boolean {
    const next = takeTokens(count, this.fullAt, now, this.#perSecond, since);
    if (next !== undefined) this.fullAt = next;
    return next !== undefined;
  }

  /** How many single tokens it gives at `now`, of `tries`. */
  count(now: number, tries: number): number {
    let taken = 0;
    for (let i = 0; i < tries; i++) if (this.take(1, now)) taken++;
    return taken;
  }
}

for (const perSecond of [1, 3, 7, 64, 999, 100_000]) {
  test(`a bucket of ${perSecond} a second gives them at once, one by one or together, and no more`, () => {
    const tries = Math.min(perSecond, 5000);
    const bucket = new Bucket(perSecond);
    if (tries < perSecond) assert.equal(bucket.take(perSecond - tries, 0), true);
    assert.equal(bucket.count(0, tries + 10), tries);
    assert.equal(bucket.take(perSecond, 999), false);
    assert.equal(bucket.take(perSecond, 1000), true, 'a second later it is full again');
    assert.equal(bucket.take(1, 1000), false);
    assert.equal(bucket.take(perSecond, 10_000_000), true, 'and never holds more');
    assert.equal(bucket.take(1, 10_000_000), false);
  });

  test(`a bucket of ${perSecond} a second lets one through for ever who keeps to it`, () => {
    const bucket = new Bucket(perSecond);
    for (let i = 0; i < 5000; i++) assert.equal(bucket.take(1, (i * 1000) / perSecond), true, String(i));
  });
}

test('more than a second\'s worth is never given, and takes nothing', () => {
  const bucket = new Bucket(100);
  assert.equal(bucket.take(101, 1_000_000), false);
  assert.equal(bucket.take(100, 1_000_000), true);
});

test('what is refused takes nothing', () => {
  const bucket = new Bucket(100);
  assert.equal(bucket.take(60, 0), true);
  assert.equal(bucket.take(60, 0), false);
  assert.equal(bucket.take(40, 0), true);
  assert.equal(bucket.take(60, 500), false);
  assert.equal(bucket.take(50, 500), true);
});

test('what is cut into pieces costs as much as the whole', () => {
  for (const cut of [[100], [99, 1], [1, 99], Array<number>(100).fill(1)]) {
    const bucket = new Bucket(100);
    for (const piece of cut) assert.equal(bucket.take(piece, 0), true);
    assert.equal(bucket.take(1, 0), false);
  }
});

test('a bucket that did not run over holds what it was filled with, once', () => {
  const bucket = new Bucket(10);
  assert.equal(bucket.take(10, 5000), true);
  assert.equal(bucket.take(30, 8000, 5000), true, 'three seconds');
  assert.equal(bucket.take(1, 8000, 5000), false);
  assert.equal(bucket.take(1, 8000), false);
  assert.equal(bucket.take(10, 9000), true);
});

test('a rate without a limit gives everything', () => {
  assert.equal(takeTokens(1e12, 5, 7, Infinity), 7);
  assert.equal(takeToken(0, 7, Infinity), 7);
});
