/** Medians, percentiles and trends say of values what they have to. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { besideReference, growthOf, growthResult } from '../../bench/growth/growth.js';
import { Histogram } from '../../bench/histogram.js';
import { trendOf } from '../../bench/soak/trend.js';
import { median, pairedRatio, spread } from '../../bench/statistics.js';

test('the median of an odd number of values is the one in the middle, of an even number the mean of two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 2, 1, 4]), 3);
  assert.throws(() => median([]), RangeError);
});

test('a ratio is the median of those of the rounds, so that a machine that becomes slower leaves it as it is', () => {
  assert.equal(pairedRatio([10, 40, 10], [20, 80, 21]), 2);
  assert.equal(pairedRatio([10, 40, 10], [30]), 3, 'of the rounds that both have');
});

test('the spread is from the smallest to the largest value, over the median', () => {
  assert.equal(spread([10, 8, 12]), 0.4);
  assert.equal(spread([7]), 0);
});

test('a percentile is at most a twentieth above the value, and never below it', () => {
  const histogram = new Histogram();
  for (let micros = 1; micros <= 1000; micros++) histogram.record(micros);
  for (const [share, exact] of [[0.5, 500], [0.99, 990], [0.999, 999]] as const) {
    const found = histogram.percentile(share);
    assert.ok(found >= exact && found <= exact * 1.05, `${share}: ${found}`);
  }
});

test('operations that are recorded together weigh as many', () => {
  const histogram = new Histogram();
  histogram.record(10, 99);
  histogram.record(5000, 1);
  assert.ok(histogram.latency.p50 < 11);
  assert.ok(histogram.latency.p99 < 11);
  assert.ok(histogram.latency.p999 >= 5000);
});

test('a histogram that was reset, or never used, has zeros', () => {
  const histogram = new Histogram();
  assert.deepEqual(histogram.latency, { p50: 0, p99: 0, p999: 0 });
  histogram.record(7);
  histogram.reset();
  assert.deepEqual(histogram.latency, { p50: 0, p99: 0, p999: 0 });
});

test('what lasts longer than all buckets falls into the last', () => {
  const histogram = new Histogram();
  histogram.record(1e12);
  assert.ok(histogram.percentile(0.5) > 60e6);
});

const points = (...costs: readonly number[]): { size: number; microsPerUnit: number }[] => costs.map((microsPerUnit, i) => ({ size: 10 ** i, microsPerUnit }));

test('growth is told beside the cheapest size before, so that a fall hides no rise', () => {
  assert.equal(growthOf(points(1, 1, 1)), 1);
  assert.equal(growthOf(points(4, 2, 1)), 0.5);
  assert.equal(growthOf(points(10, 1, 3)), 3);
});

test('what the limit grows by itself is not held against us', () => {
  const grown = growthResult('ours', 'ours', [{ size: 1, micros: [1] }, { size: 10, micros: [1.6] }]);
  assert.ok(!grown.isFlat);
  assert.ok(besideReference(grown, growthResult('limit', 'limit', [{ size: 1, micros: [1] }, { size: 10, micros: [1.5] }])).isFlat);
  assert.ok(!besideReference(grown, growthResult('limit', 'limit', [{ size: 1, micros: [2] }, { size: 10, micros: [1] }])).isFlat);
});

const samples = (...rss: readonly number[]): { minutes: number; rss: number; heapUsed: number }[] => rss.map((value, minutes) => ({ minutes, rss: value, heapUsed: 0 }));

test('memory that rises in the first half alone is flat', () => {
  const { isFlat, rise } = trendOf(samples(10, 50, 90, 99, 100, 100, 100, 100));
  assert.ok(isFlat);
  assert.equal(rise, 0);
});

test('memory that rises in the second half is not flat', () => {
  const { isFlat, bytesPerMinute, rise } = trendOf(samples(100, 100, 100, 100, 100, 110, 120, 130));
  assert.ok(!isFlat);
  assert.equal(bytesPerMinute, 10);
  assert.ok(rise > 0.25 && rise < 0.27, String(rise));
});

test('memory that goes up and down around the same height is flat', () => {
  assert.ok(trendOf(samples(100, 100, 100, 100, 101, 99, 101, 99)).isFlat);
});
