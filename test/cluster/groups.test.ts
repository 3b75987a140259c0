/** Groups across the workers of a cluster: whoever says something, everybody hears it, and who is told ids loses nothing with a worker that dies. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ask, connectTo, handlerModule, Sign, startCluster, type TestCluster, workersAre } from '../support/cluster.js';
import type { RawClient } from '../support/raw-client.js';
import { post, request } from '../support/requests.js';
import { type MemberKind, type Room, RoomMember } from '../support/room-member.js';
import { until, within } from '../support/signals.js';
import { PATIENCE_MS } from '../support/patience.js';

const TOLD: readonly MemberKind[] = ['envelope socket', 'event stream', 'poll'];
const UNTOLD: readonly MemberKind[] = ['bare socket', 'stream'];

/** A worker, and a connection to it. */
interface Worker {
  readonly pid: number;
  readonly client: RawClient;
}

async function startRoom(t: TestContext): Promise<TestCluster & { readonly workers: readonly [Worker, Worker] }> {
  const started = await startCluster(t, handlerModule('room'));
  const first = await connectTo(t, started.port, () => true);
  return { ...started, workers: [first, await connectTo(t, started.port, (pid) => pid !== first.pid)] };
}

/** A member that is connected to this worker, and knows its place. */
async function joinAt(t: TestContext, room: Room, { pid }: Worker, kind: MemberKind): Promise<RoomMember> {
  for (;;) {
    const member = new RoomMember(t, room, kind);
    await within(member.joined.opened, `the place of a member by ${kind}`, PATIENCE_MS);
    if (member.worker === pid) return member;
    member.leave();
  }
}

async function say({ client }: Worker, { store, group = 'room' }: Room, text: string): Promise<void> {
  await client.send(post(`/${store}/say?group=${group}`, text));
  await client.readResponse();
}

async function stateOf({ client }: Worker, { store }: Room): Promise<{ members: number; events: string[] }> {
  await client.send(request(`/${store}/state`));
  return JSON.parse((await client.readResponse()).body) as { members: number; events: string[] };
}

for (const store of ['kept', 'live'] as const) {
  test(`what one worker says to a group ${store === 'kept' ? 'with' : 'without'} history, members of every kind hear at all workers, once`, async (t) => {
    const { port, workers } = await startRoom(t);
    const room: Room = { port, store };
    const members: RoomMember[] = [];
    for (const kind of [...TOLD, ...UNTOLD]) {
      if (kind === 'poll' && store === 'live') continue;
      for (const worker of workers) members.push(await joinAt(t, room, worker, kind));
    }
    for (const [i, worker] of workers.entries()) {
      await say(worker, room, `hello of ${i}`);
      await until(() => members.every(({ heard }) => heard.length === i + 1), `message ${i}`, PATIENCE_MS);
    }
    for (const { heard, kind } of members) assert.deepEqual(heard, ['hello of 0', 'hello of 1'], kind);
  });
}

test('a poll without ids is answered with what another worker says', async (t) => {
  const { port, workers } = await startRoom(t);
  const room: Room = { port, store: 'live' };
  const [a, b] = workers;
  const poll = (await connectTo(t, port, (pid) => pid === b.pid)).client;
  await poll.send(request('/live/poll'));
  await until(async () => (await stateOf(b, room)).members === 1, 'the poll');
  await say(a, room, 'hello');
  assert.equal((await poll.readResponse()).body, 'hello');
});

test('stores whose buses have different names do not hear each other', async (t) => {
  const { port, workers } = await startRoom(t);
  const [kept, live] = [await joinAt(t, { port, store: 'kept' }, workers[1], 'bare socket'), await joinAt(t, { port, store: 'live' }, workers[1], 'bare socket')];
  await say(workers[0], { port, store: 'kept' }, 'kept');
  await until(() => kept.heard.length === 1, 'the message');
  await say(workers[0], { port, store: 'live' }, 'live');
  await until(() => live.heard.length === 1, 'the message');
  assert.deepEqual([kept.heard, live.heard], [['kept'], ['live']]);
});

test('members of a worker that is killed under load come back at another one, and have heard every message once and in order', async (t) => {
  const { cluster, port, workers } = await startRoom(t);
  const room: Room = { port, store: 'kept' };
  const [a, b] = workers;
  const members: RoomMember[] = [];
  for (const kind of TOLD) for (const worker of [a, a, b]) members.push(await joinAt(t, room, worker, kind));
  const COUNT = 3_000;
  const said = b.client.send(request(`/kept/count?${COUNT}`));
  await until(() => members.every(({ heard }) => heard.length > COUNT / 10), 'a tenth of the messages', PATIENCE_MS);
  process.kill(a.pid, 'SIGKILL');
  await said;
  await until(() => members.every(({ heard }) => heard.length >= COUNT), 'all messages', PATIENCE_MS);
  const expected = Array.from({ length: COUNT }, (_, i) => `${i + 1}`);
  for (const { kind, heard, gaps } of members) {
    assert.deepEqual(heard, expected, kind);
    assert.equal(gaps, 0);
  }
  assert.ok(members.filter(({ kind, returns }) => kind !== 'poll' && returns > 0).length >= 4);
  await workersAre(cluster, 2, 1);
});

test('what was said is not lost with all the workers: the primary has it', async (t) => {
  const { cluster, port, workers } = await startRoom(t);
  const room: Room = { port, store: 'kept' };
  const member = await joinAt(t, room, workers[0], 'envelope socket');
  await say(workers[1], room, 'before');
  await until(() => member.heard.length === 1, 'the message');
  member.leave();
  await workers[1].client.send(request('/kept/count?50'));
  await until(async () => (await cluster.stats()).bus.published === 51, 'all that was said', PATIENCE_MS);
  for (const { pid } of workers) process.kill(pid, 'SIGKILL');
  await workersAre(cluster, 2, 2);
  const { messages, gap } = JSON.parse(await ask(t, port, `/kept/poll?since=${member.since}`)) as { messages: { data: string }[]; gap?: true };
  assert.deepEqual([messages.map(({ data }) => data), gap], [Array.from({ length: 50 }, (_, i) => `${i + 1}`), undefined]);
});

test('a worker that is blocked costs the others nothing; it is told of what it has missed, and hears what comes then', async (t) => {
  const { cluster, port, workers } = await startRoom(t);
  const [a, b] = workers;
  const rooms: readonly Room[] = [{ port, store: 'live' }, { port, store: 'kept', group: 'short' }];
  const blocked: RoomMember[] = [];
  const free: RoomMember[] = [];
  for (const [i, room] of rooms.entries()) {
    const kind = i === 0 ? 'bare socket' : 'envelope socket';
    blocked.push(await joinAt(t, room, a, kind));
    free.push(await joinAt(t, room, b, kind));
    await say(b, room, 'first');
  }
  await until(() => [...blocked, ...free].every(({ heard }) => heard.length === 1), 'the first messages');
  const goOn = new Sign(t);
  await a.client.send(request(`/live/block?${encodeURIComponent(goOn.path)}`));
  await goOn.blocks();
  for (let i = 0; i < 20; i++) await say(b, rooms[0]!, 'x'.repeat(1_000_000)); // fills what is kept for the blocked one
  for (let i = 0; i < 20; i++) await say(b, rooms[1]!, `${i}`);
  await until(() => free.every(({ heard }) => heard.length === 21), 'all messages at the other worker', PATIENCE_MS);
  goOn.give();
  await a.client.readResponse();
  await until(async () => (await stateOf(a, rooms[0]!)).events.length === 2 && blocked[1]!.heard.at(-1) === '19', 'the gaps', PATIENCE_MS);
  for (const room of rooms) await say(b, room, 'last');
  await until(() => blocked.every(({ heard }) => heard.at(-1) === 'last'), 'the last messages', PATIENCE_MS);
  assert.deepEqual((await stateOf(a, rooms[0]!)).events, ['lost', 'restored']);
  assert.equal((await cluster.stats()).bus.gaps, 2);
  assert.ok(blocked[0]!.heard.length < 22, `${blocked[0]!.heard.length} messages were kept for it`);
  assert.deepEqual([blocked[1]!.heard, blocked[1]!.gaps], [['first', '17', '18', '19', 'last'], 1]);
});
