/** Messages to a group with members of several kinds, which somebody asks for who is no member, perhaps of another process: in rounds. */

import { askTraffic, memberTraffic } from '../traffic.js';
import { type Party, RoundsLoad } from './in-rounds.js';
import { openLanes } from './lane.js';
import { type GroupTask, loadTask, runLoad } from './load.js';

const task = loadTask<GroupTask>();
const { traffic } = task;

async function open(): Promise<Party[]> {
  const kinds = Array.from({ length: task.connections }, (_, i) => traffic.members[i % traffic.members.length]!);
  const traffics = kinds.map((kind) => memberTraffic(kind, traffic));
  const members = await openLanes(task.port, task.connections, (lane, i) => lane.begin(traffics[i]!));
  const [asker] = await openLanes(task.askPort, 1, async () => undefined);
  return [
    { lane: asker!, traffic: askTraffic(traffic), asks: 'each-round', operations: 0 },
    ...members.map((lane, i): Party => ({ lane, traffic: traffics[i]!, asks: kinds[i] === 'poll' ? 'at-once' : 'never', operations: traffic.messages })),
  ];
}

await runLoad(new RoundsLoad(task, open));
