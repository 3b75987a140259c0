/** The token buckets of addresses: one second's worth at once, an even refill, and no memory of who went quiet. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestRates } from '#src/http/request-rates.js';

/** Rates whose time a test sets. */
class TimedRates {
  now = 0;
  readonly rates: RequestRates;

  constructor(perSecond: number) {
    this.rates = new RequestRates(perSecond, () => this.now);
  }

  take(address: string, now: number): boolean {
    this.now = now;
    return this.rates.take(address);
  }

  get size(): number {
    return this.rates.size;
  }
}

/** How many of `tries` requests are let through at `now`. */
function taken(rates: TimedRates, now: number, tries: number, address = 'a'): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (rates.take(address, now)) count++;
  return count;
}

for (const perSecond of [1, 3, 7, 10, 99, 1000]) {
  test(`lets ${perSecond} a second through at once, and no more`, () => {
    const rates = new TimedRates(perSecond);
    assert.equal(taken(rates, 0, perSecond + 10), perSecond);
    assert.equal(taken(rates, 0, 10), 0);
    assert.equal(taken(rates, 1000, perSecond + 10), perSecond, 'a second later');
    assert.equal(taken(rates, 60_000, perSecond + 10), perSecond, 'a minute later');
  });
}

test('refills evenly', () => {
  const rates = new TimedRates(10);
  assert.equal(taken(rates, 5, 20), 10);
  assert.equal(taken(rates, 100, 5), 0);
  assert.equal(taken(rates, 105, 5), 1);
  assert.equal(taken(rates, 355, 5), 2);
  assert.equal(taken(rates, 405, 5), 1);
});

test('lets a steady sender through for ever that keeps to the rate', () => {
  const rates = new TimedRates(7);
  for (let i = 0; i < 5000; i++) assert.equal(rates.take('a', (i * 1000) / 7), true, String(i));
});

test('takes no token for what it refuses', () => {
  const rates = new TimedRates(2);
  assert.equal(taken(rates, 0, 1000), 2);
  assert.equal(taken(rates, 500, 1000), 1);
});

test('counts addresses apart', () => {
  const rates = new TimedRates(2);
  assert.equal(taken(rates, 0, 3, 'a'), 2);
  assert.equal(taken(rates, 0, 3, 'b'), 2);
});

test('forgets addresses whose buckets are full again', () => {
  const rates = new TimedRates(5);
  for (let i = 0; i < 1000; i++) rates.take(`address ${i}`, 0);
  assert.equal(rates.size, 1000);
  rates.take('late', 900);
  assert.equal(rates.size, 1001);
  rates.take('late', 2000);
  assert.equal(rates.size, 1);
});
