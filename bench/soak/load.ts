/**
 * Keeps so many clients on a server at all times, of every kind, until its stdin ends; at each line it says what has been done so far. Its task is
 * `{ port, clients, seed }`.
 */

import { createInterface } from 'node:readline';
import { loadTask } from '../loads/load.js';
import { CLIENTS, runClient } from './clients.js';

export interface SoakTask {
  readonly port: number;
  readonly clients: number;
  readonly seed: number;
}

export interface SoakCount {
  readonly clients: number;
  readonly exchanges: number;
}

/** An answered write that broke off at once is a server that is gone: without an end to that, it would be asked ever faster. */
const PAUSE_MS = 5;

const task = loadTask<SoakTask>();
const kinds = Object.values(CLIENTS);
let state = task.seed >>> 0;
let count: SoakCount = { clients: 0, exchanges: 0 };

/** A linear congruence (Numerical Recipes), of which the high bits are taken: the same clients for the same seed. */
function random(end: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}

async function comeAndGo(): Promise<never> {
  for (;;) {
    const exchanges = await runClient(task.port, kinds[random(kinds.length)]!(random));
    count = { clients: count.clients + 1, exchanges: count.exchanges + exchanges };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit());
lines.on('line', () => process.stdout.write(`${JSON.stringify(count)}\n`));
for (let i = 0; i < task.clients; i++) void comeAndGo();
