/** Every bus does what a bus must do, over every client that it can be given. */

import { test } from 'node:test';
import { busCases } from '../support/bus-conformance.js';
import { natsTest, redisClusterTest, redisTest } from '../support/bus-servers.js';
import { natsBus, REDIS_CLIENTS, REDIS_CLUSTER_CLIENTS } from '../support/buses.js';
import { MemoryBus } from '../support/memory-bus.js';

for (const { name, run } of busCases(true)) {
  test(`in memory: ${name}`, (t) => {
    const bus = new MemoryBus();
    return run(t, { keepsHistory: true, connect: async () => bus });
  });

  for (const [client, connect] of Object.entries(REDIS_CLIENTS)) {
    redisTest(`Redis with ${client}: ${name}`, async (t, start) => {
      const { port } = await start();
      await run(t, { keepsHistory: true, connect: () => connect(t, port) });
    });
  }
}

for (const [client, connect] of Object.entries(REDIS_CLUSTER_CLIENTS)) {
  redisClusterTest(`a cluster of Redis with ${client} does all that a bus must do`, async (t, ports) => {
    for (const { name, run } of busCases(true)) {
      // Its groups are those of the case before: a prefix each keeps them apart.
      await t.test(name, (t) => run(t, { keepsHistory: true, connect: () => connect(t, ports, { prefix: `${name}:` }) }));
    }
  });
}

for (const { name, run } of busCases(false)) {
  natsTest(`NATS: ${name}`, async (t, start) => {
    const { port } = await start();
    await run(t, { keepsHistory: false, connect: () => natsBus(t, port) });
  });
}
