/** Messages to a group with members of several kinds, which somebody asks for who is no member, perhaps of another process: in rounds. */

import { askTraffic, memberTraffic } from '../traffic.js';
import { type Party, RoundsLoad } from './in-rounds.js';
import { openLanes } from './lane.js';
import { type GroupTask, loadTask, runLoad } from './load.js';

const task = loadTask<GroupTask>();
const { traffic } = task;

async function open(): Promise<Party[]> {
  const kinds = Array.from({ length: task.connections }, (_, i) => traffic.members[i % traffic.members.length]!);
  const traffics = new Map(traffic.members.map((kind) => [kind, memberTraffic(kind, traffic)]));
  const members = await openLanes(task.port, task.connections, (lane, i) => lane.begin(traffics.get(kinds[i]!)!));
  const [asker] = await openLanes(task.askPort, 1, async () => undefined);
  return [
    { lane: asker!, traffic: askTraffic(traffic), asks: true, operations: 0 },
    ...members.map((lane, i): Party => ({ lane, traffic: traffics.get(kinds[i]!)!, asks: kinds[i] === 'poll', operations: kinds[i] === 'poll' ? 1 : traffic.messages })),
  ];
}

await runLoad(new RoundsLoad(task, open));
