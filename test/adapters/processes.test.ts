/**
 * Three server processes, members of every kind on each, messages from each: whatever is killed, who goes on from an id has every message
 * once and in order, and all in the same.
 */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { numbered } from '../support/bus-conformance.js';
import { natsTest, redisTest } from '../support/bus-servers.js';
import { RoomProcess } from '../support/processes.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { type Kind, ResumingClient } from '../support/resuming-client.js';
import { until } from '../support/signals.js';
import { PATIENCE_MS } from '../support/patience.js';

const KINDS: readonly Kind[] = ['socket', 'events', 'poll'];
const HISTORY = 100_000;

interface Member {
  readonly kind: Kind;
  readonly client: ResumingClient;
}

interface Room {
  readonly processes: readonly RoomProcess[];
  /** Those of each process: one of every kind. */
  readonly members: readonly (readonly Member[])[];
}

async function openRoom(t: TestContext, bus: string, port: number): Promise<Room> {
  const processes = await Promise.all([0, 1, 2].map(() => RoomProcess.start(t, bus, port, HISTORY)));
  const members = processes.map(({ url }) =>
    KINDS.map((kind) => {
      const client = new ResumingClient(t, '');
      client.connect(url, kind);
      return { kind, client };
    }));
  await until(() => members.flat().every(({ client }) => client.position !== ''), 'the position of every member', PATIENCE_MS);
  return { processes, members };
}

/** Says numbered things without a pause until it is stopped; then how many. */
function talk(process: RoomProcess, name: string): { stop(): Promise<number>; readonly count: number } {
  let [count, isStopped] = [0, false];
  const talking = (async () => {
    while (!isStopped) await process.say(`${name}-${++count}`);
  })();
  return {
    get count() {
      return count;
    },
    stop: async () => ((isStopped = true), await talking, count),
  };
}

function textsOf({ client }: Member): string[] {
  return client.heard.map((each) => each.slice(each.indexOf(' ') + 1));
}

/** Every member has the same: all that each speaker has said, once and in the speaker's order. */
async function checkAll(members: readonly Member[], said: Readonly<Record<string, number>>): Promise<void> {
  const total = Object.values(said).reduce((sum, each) => sum + each, 0);
  await until(() => members.every(({ client }) => client.heard.length >= total), `message ${total}, of ${members.map(({ client }) => client.heard.length).join()}`, PATIENCE_MS);
  for (const each of members) assert.deepEqual(each.client.heard, members[0]!.client.heard, each.kind);
  const texts = textsOf(members[0]!);
  assert.equal(texts.length, total);
  for (const [name, count] of Object.entries(said)) {
    assert.deepEqual(texts.filter((text) => text.startsWith(`${name}-`)), numbered(1, count).map((number) => `${name}-${number}`));
  }
}

for (const client of ['node-redis', 'ioredis']) {
  redisTest(`${client}: a process is killed, and its clients go on at others with nothing lost`, async (t, start) => {
    const { processes, members } = await openRoom(t, client, (await start()).port);
    const [first, second, third] = processes as [RoomProcess, RoomProcess, RoomProcess];
    const speakers = [talk(second, 'b'), talk(third, 'c')];
    const own = talk(first, 'a');
    await until(() => members.flat().every((each) => textsOf(each).length > 200), 'the first messages', PATIENCE_MS);
    // What it has said itself has reached the bus, and the others go on.
    const saidFirst = await own.stop();
    await until(() => members.flat().every((each) => textsOf(each).includes(`a-${saidFirst}`)), 'the last message of the first', PATIENCE_MS);
    await first.kill();
    const before = speakers[0]!.count;
    await until(() => speakers[0]!.count > before + 50, 'messages that the clients of the first miss', PATIENCE_MS);
    // Each comes back another way, and to another process.
    for (const [i, each] of members[0]!.entries()) each.client.connect([second, third][i % 2]!.url, KINDS[(i + 1) % 3]!);
    const since = speakers[1]!.count;
    await until(() => speakers[1]!.count > since + 50, 'messages that all have', PATIENCE_MS);
    const [b, c] = [await speakers[0]!.stop(), await speakers[1]!.stop()];
    await checkAll(members.flat(), { a: saidFirst, b, c });
    assert.deepEqual([first.events, second.events, third.events], [[], [], []]);
  });

  redisTest(`${client}: Redis with an append-only file is killed under load, and nothing is lost`, async (t, start) => {
    const redis = await start('--appendonly', 'yes', '--appendfsync', 'always');
    const { processes, members } = await openRoom(t, client, redis.port);
    const speakers = processes.map((process, i) => talk(process, 'abc'[i]!));
    for (let i = 1; i <= 2; i++) {
      const enough = members[0]![0]!.client.heard.length + 200;
      await until(() => members.flat().every((each) => each.client.heard.length > enough), 'more messages', PATIENCE_MS);
      await redis.stop();
      assert.equal(await redis.start(), true);
      await Promise.all(processes.map((each) => each.told('restored', i)));
    }
    const [a, b, c] = await Promise.all(speakers.map((each) => each.stop()));
    await checkAll(members.flat(), { a: a!, b: b!, c: c! });
    for (const { events } of processes) assert.deepEqual(events, ['lost', 'restored', 'lost', 'restored']);
  });

  redisTest(`${client}: Redis that keeps nothing is killed under load: it is told, every member has a gap, and all goes on`, async (t, start) => {
    const redis = await start();
    const { processes, members } = await openRoom(t, client, redis.port);
    const speakers = processes.map((process, i) => talk(process, 'abc'[i]!));
    await until(() => members.flat().every((each) => each.client.heard.length > 200), 'the first messages', PATIENCE_MS);
    await redis.stop();
    await Promise.all(processes.map((each) => each.told('lost')));
    assert.equal(await redis.start(), true);
    await Promise.all(processes.map((each) => each.told('restored with a gap')));
    const counts = await Promise.all(speakers.map((each) => each.stop()));
    await Promise.all(processes.map((each) => each.say('the end')));
    await until(() => members.flat().every((each) => textsOf(each).filter((text) => text === 'the end').length === 3), 'the end', PATIENCE_MS);
    for (const each of members.flat()) {
      const { heard } = each.client;
      const gap = heard.findIndex((text) => text.startsWith('gap '));
      assert.deepEqual(heard.filter((text) => text.startsWith('gap ')), [heard[gap]], each.kind);
      const first = members[0]![0]!.client.heard;
      assert.deepEqual(heard.slice(gap), first.slice(first.findIndex((text) => text.startsWith('gap '))), each.kind);
      for (const [i, name] of ['a', 'b', 'c'].entries()) {
        const numbers = textsOf(each).filter((text) => text.startsWith(`${name}-`)).map((text) => Number(text.slice(2)));
        assert.deepEqual(numbers, [...new Set(numbers)].sort((one, other) => one - other), `${each.kind} ${name}`);
        assert.equal(numbers.at(-1), counts[i]);
      }
    }
    for (const { events } of processes) assert.deepEqual(events, ['lost', 'restored with a gap']);
  });
}

natsTest('NATS is killed under load: it is told, every member has a gap, and all goes on', async (t, start) => {
  const nats = await start();
  const { processes, members } = await openRoom(t, 'nats', nats.port);
  const speakers = processes.map((process, i) => talk(process, 'abc'[i]!));
  await until(() => members.flat().every((each) => textsOf(each).length > 200), 'the first messages', PATIENCE_MS);
  await nats.stop();
  await Promise.all(processes.map((each) => each.told('lost')));
  assert.equal(await nats.start(), true);
  await Promise.all(processes.map((each) => each.told('restored with a gap')));
  await Promise.all(speakers.map((each) => each.stop()));
  await Promise.all(processes.map((each) => each.say('the end')));
  await until(() => members.flat().every((each) => textsOf(each).filter((text) => text === 'the end').length === 3), 'the end', PATIENCE_MS);
  for (const { kind, client } of members.flat()) {
    assert.equal(client.heard.filter((each) => each.startsWith('gap ')).length, 1, kind);
    const texts = textsOf({ kind, client }).filter((text) => text.includes('-'));
    assert.equal(new Set(texts).size, texts.length, kind);
  }
});

for (const [bus, test] of [['node-redis', redisTest], ['ioredis', redisTest], ['nats', natsTest]] as const) {
  test(`${bus}: in a group without history, members of every kind on each process hear what each says, in its order`, async (t, start) => {
    const { port } = await start();
    const processes = await Promise.all([0, 1, 2].map(() => RoomProcess.start(t, bus, port)));
    const clients = processes.flatMap(({ url }) =>
      KINDS.map((kind) => {
        const client = new ResumingClient(t, '');
        client.connect(url, kind);
        return client;
      }));
    const streams = await Promise.all(processes.map(({ url }) => RawClient.open(t, Number(new URL(url).port))));
    for (const each of streams) await each.send(request('/stream'));
    const speakers = processes.map((process, i) => talk(process, 'abc'[i]!));
    const all = (): string[] => [...clients.map(({ heard }) => heard.join('\n')), ...streams.map(({ received }) => received)];
    await until(() => all().every((each) => ['a', 'b', 'c'].every((name) => each.includes(`${name}-`))), 'that each hears all', PATIENCE_MS);
    await Promise.all(speakers.map((each) => each.stop()));
    for (const each of all()) {
      for (const name of ['a', 'b', 'c']) {
        const numbers = [...each.matchAll(new RegExp(`\\b${name}-(\\d+)$`, 'gm'))].map((match) => Number(match[1]));
        assert.deepEqual(numbers, [...new Set(numbers)].sort((one, other) => one - other));
      }
    }
    for (const { events } of processes) assert.deepEqual(events, []);
  });
}
