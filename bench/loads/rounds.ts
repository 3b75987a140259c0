/** Long polls, which all connections ask for, and broadcasts, which one of the members asks for: in rounds. */

import { trafficOf } from '../traffic.js';
import { type Party, RoundsLoad } from './in-rounds.js';
import { openLanes } from './lane.js';
import { loadTask, type RawTask, runLoad } from './load.js';

const task = loadTask<RawTask>();
const traffic = trafficOf(task.traffic);
const [operations, isForAll] = task.traffic.kind === 'broadcast' ? [task.traffic.messages, true] : [1, false];

async function open(): Promise<Party[]> {
  const lanes = await openLanes(task.port, task.connections, (lane) => lane.begin(traffic));
  return lanes.map((lane, i): Party => ({ lane, traffic, asks: !isForAll || i === 0, operations }));
}

await runLoad(new RoundsLoad(task, open));
