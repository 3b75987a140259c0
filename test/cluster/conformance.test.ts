/** The bus of a cluster does what a bus must do. */

import { test } from 'node:test';
import { Relay } from '#src/cluster/relay.js';
import { busCases } from '../support/bus-conformance.js';
import { WiredWorker } from '../support/wired-worker.js';

for (const { name, run } of busCases(true)) {
  test(`in a cluster: ${name}`, (t) => {
    const relay = new Relay(() => performance.now());
    return run(t, { keepsHistory: true, connect: async () => new WiredWorker(relay).bus });
  });
}
