/** A heartbeat is due after so long a silence, which everything that is sent begins anew. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heartbeat } from '#src/http/heartbeat.js';
import type { Ticker } from '#src/net/ticker.js';

/** A ticker whose ticks the test makes. */
class FakeTicker implements Ticker {
  now = 0;
  readonly wallNow = 0;

  after(ms: number): number {
    return this.now + ms;
  }

  add(): void {}

  delete(): void {}
}

test('is due within a tenth of its interval, and not again before another', () => {
  for (let i = 0; i < 100; i++) {
    const ticker = new FakeTicker();
    const heartbeat = new Heartbeat(1_000, ticker);
    assert.equal(heartbeat.isDue(899), false);
    assert.equal(heartbeat.isDue(1_100), true);
    ticker.now = 1_100;
    heartbeat.wasHeard();
    assert.equal(heartbeat.isDue(1_999), false);
    assert.equal(heartbeat.isDue(2_200), true);
  }
});

test('those that fall silent together are not due together', () => {
  const ticker = new FakeTicker();
  const heartbeats = Array.from({ length: 100 }, () => new Heartbeat(1_000, ticker));
  for (const at of [950, 1_000, 1_050]) {
    const due = heartbeats.filter((each) => each.isDue(at)).length;
    assert.ok(due > 0 && due < 100, `${due} of 100 at ${at}`);
  }
});
