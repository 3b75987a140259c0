/** What `ws` sends, in random fragments, compressed and not, up to 300 KiB: it comes back equal and in order, and the close code with it. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RoundTrips } from '../../fuzz/websocket/round-trip.js';

const SEEDS = 120;

const trips = new RoundTrips();
before(() => trips.start());
after(() => trips.stop());

test(`round trips from ${SEEDS} seeds`, async () => {
  for (let seed = 0; seed < SEEDS; seed++) assert.equal(await trips.fault(seed), undefined, `seed ${seed}`);
});
