/**
 * Connections that do nothing. At each word of the harness comes the next step: they are opened, then each is asked once; between the steps the
 * harness looks at the server's memory. Its task is that of `raw`.
 */

import { createInterface } from 'node:readline';
import { trafficOf } from '../traffic.js';
import { type Lane, openLanes } from './lane.js';
import { loadTask, type RawTask } from './load.js';

/** So many are asked at a time: the server is to hold connections, not to be under load. */
const ASKED_AT_ONCE = 100;
/** Opened, asked and closed again before anything is measured. */
const WARM_CONNECTIONS = 500;

const task = loadTask<RawTask>();
const traffic = trafficOf(task.traffic);
let lanes: Lane[] = [];

const steps: readonly (() => Promise<void>)[] = [
  async () => {
    const warm = await openLanes(task.port, WARM_CONNECTIONS, (lane) => lane.begin(traffic));
    await askAll(warm);
    await Promise.all(warm.map((lane) => lane.close()));
  },
  async () => {
    lanes = await openLanes(task.port, task.connections, (lane) => lane.begin(traffic));
    // Connections are accepted in their order: when the last is answered, all are there.
    await askAll(lanes.slice(-1));
  },
  () => askAll(lanes),
];

async function askAll(all: readonly Lane[]): Promise<void> {
  for (let i = 0; i < all.length; i += ASKED_AT_ONCE) await Promise.all(all.slice(i, i + ASKED_AT_ONCE).map((lane) => lane.check(traffic)));
}

let next = 0;
const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit());
lines.on('line', async () => {
  await steps[next++]!();
  process.stdout.write('{}\n');
});
