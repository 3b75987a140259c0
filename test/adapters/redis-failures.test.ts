/** What becomes of messages when Redis, or a connection to it, fails. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { RedisBus } from 'longwire/redis';
import { HISTORY as SHORT, numbered, publish } from '../support/bus-conformance.js';
import { HeardGroup } from '../support/bus-listener.js';
import { type BusServer, redisClusterTest, redisTest } from '../support/bus-servers.js';
import { nodeRedisBus, REDIS_CLIENTS, REDIS_CLUSTER_CLIENTS, redisClient } from '../support/buses.js';
import { ReplyCutter } from '../support/reply-cutter.js';
import { until } from '../support/signals.js';

const PATIENCE_MS = 30_000;
/** Longer than anything that is published while a connection is away. */
const HISTORY = { ...SHORT, maxMessages: 100_000, maxBytes: 64 * 1024 * 1024 };
/** What was answered is on disk: with `everysec` what is written can lie behind what is answered by two seconds. */
const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync', 'always'];

/** Publishes numbers without a pause until it is stopped: as many at once as `width`. */
class Load {
  /** The ids of those that were taken, by number. */
  readonly taken = new Map<number, string>();
  readonly failed: unknown[] = [];
  #last = 0;
  #isStopped = false;
  readonly #running: Promise<unknown>;

  constructor(bus: RedisBus, group: string, width: number) {
    const run = async (): Promise<void> => {
      while (!this.#isStopped) {
        const number = ++this.#last;
        await publish(bus, group, String(number), HISTORY).then(
          (id) => void this.taken.set(number, id!),
          (error) => void this.failed.push(error),
        );
      }
    };
    this.#running = Promise.all(Array.from({ length: width }, run));
  }

  /** Waits until so many more were taken. */
  async more(count: number): Promise<void> {
    const enough = this.taken.size + count;
    await until(() => this.taken.size >= enough, `message ${enough}`, PATIENCE_MS);
  }

  /** Stops; resolves with how many were published. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#running;
    return this.#last;
  }
}

async function restart(server: BusServer, ...args: string[]): Promise<void> {
  await server.stop();
  assert.equal(await server.start(...args), true);
}

/** As if the machine had failed before the message with this text, and all behind it, were on disk. */
function cutAppendOnlyFile(server: BusServer, text: string): void {
  const file = join(server.folder, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  const content = readFileSync(file, 'latin1');
  writeFileSync(file, content.slice(0, content.lastIndexOf('MULTI', content.lastIndexOf(`a-store\n${text}`)) - '*1\r\n$5\r\n'.length), 'latin1');
}

/** All of the numbers were heard once and in order, with the ids that they were taken with. */
async function checkWhole(heard: HeardGroup, load: Load, count: number): Promise<void> {
  assert.deepEqual(load.failed, []);
  assert.deepEqual(await heard.heard(count), numbered(1, count));
  assert.deepEqual(heard.ids, numbered(1, count).map((number) => load.taken.get(Number(number))));
  assert.equal(heard.messages.length, count);
}

for (const [client, connect] of Object.entries(REDIS_CLIENTS)) {
  redisTest(`${client}: Redis with an append-only file, killed under load, loses nothing and doubles nothing`, async (t, start) => {
    const server = await start(...APPEND_ONLY);
    const [one, two] = [await connect(t, server.port), await connect(t, server.port)];
    const heard = await HeardGroup.open(two, 'room', HISTORY);
    const load = new Load(one, 'room', 20);
    for (let i = 1; i <= 3; i++) {
      await load.more(200);
      await restart(server);
      await heard.told('restored', i);
    }
    await load.more(200);
    await checkWhole(heard, load, await load.stop());
    assert.deepEqual(heard.events, ['lost', 'restored', 'lost', 'restored', 'lost', 'restored']);
  });

  redisTest(`${client}: Redis that keeps nothing, killed under load, is reported, and a gap is told`, async (t, start) => {
    const server = await start();
    const [one, two] = [await connect(t, server.port), await connect(t, server.port)];
    const heard = await HeardGroup.open(two, 'room', HISTORY);
    const load = new Load(one, 'room', 20);
    await load.more(200);
    await restart(server);
    await heard.told('restored with a gap');
    const before = heard.ids[0]!;
    await load.more(200);
    const last = await load.stop();
    await until(() => heard.texts.at(-1) === String(last), 'the last message');
    assert.deepEqual(load.failed, []);
    assert.deepEqual(heard.events, ['lost', 'restored with a gap']);
    const epochs = new Set(heard.ids.map((id) => id!.split('-')[0]));
    assert.equal(epochs.size, 2);
    assert.equal((await one.read('room', before, 1)).gap, true);
    assert.equal((await one.read('room', heard.ids.at(-2)!, 1)).gap, false);
  });

  redisTest(`${client}: Redis that comes back with an older state gives no id a second time, whoever still knows of them`, async (t, start) => {
    const server = await start();
    const [bus, redis] = [await connect(t, server.port), await redisClient(t, server.port)];
    const heard = await HeardGroup.open(bus, 'room', HISTORY);
    for (const text of numbered(1, 3)) await publish(bus, 'room', text, HISTORY);
    await redis.save();
    for (const text of numbered(4, 6)) await publish(bus, 'room', text, HISTORY);
    await heard.heard(6);
    await bus.close();
    await restart(server);
    const other = await connect(t, server.port);
    const ids = await Promise.all(numbered(7, 12).map((text) => publish(other, 'room', text, HISTORY)));
    assert.equal(new Set([...heard.ids, ...ids]).size, 12);
    for (const id of heard.ids) {
      const { messages, gap } = await other.read('room', id!, 100);
      assert.deepEqual([messages.map((each) => each.id), gap], [ids, true]);
    }
  });

  redisTest(`${client}: Redis whose append-only file has lost its end gives no id a second time`, async (t, start) => {
    const server = await start(...APPEND_ONLY);
    const [one, two] = [await connect(t, server.port), await connect(t, server.port)];
    const heard = [await HeardGroup.open(one, 'room', HISTORY), await HeardGroup.open(two, 'room', HISTORY)];
    for (const text of numbered(1, 6)) await publish(one, 'room', text, HISTORY);
    for (const each of heard) await each.heard(6);
    await server.stop();
    cutAppendOnlyFile(server, '4');
    // Two messages wait that would get the ids of two that were lost.
    const publishing = Promise.all([publish(one, 'room', '7', HISTORY), publish(one, 'room', '8', HISTORY)]);
    assert.equal(await server.start(), true);
    await publishing;
    for (const each of heard) {
      await each.told('restored with a gap');
      assert.deepEqual((await each.heard(8)).slice(-2), ['7', '8']);
      assert.equal(new Set(each.ids).size, 8);
    }
    for (const id of heard[0]!.ids.slice(0, 6)) assert.equal((await one.read('room', id!, 100)).gap, true, id);
  });

  redisTest(`${client}: an append-only file that may have lost its end is not carried on, even where nobody is left who knows`, async (t, start) => {
    const server = await start('--appendonly', 'yes', '--appendfsync', 'everysec');
    const one = await connect(t, server.port);
    const heard = await HeardGroup.open(one, 'room', HISTORY);
    for (const text of numbered(1, 6)) await publish(one, 'room', text, HISTORY);
    await heard.heard(6);
    await one.close();
    await server.stop();
    cutAppendOnlyFile(server, '4');
    assert.equal(await server.start(), true);
    const two = await connect(t, server.port);
    const ids: (string | undefined)[] = [];
    for (const text of numbered(7, 10)) ids.push(await publish(two, 'room', text, HISTORY));
    assert.equal(new Set([...heard.ids, ...ids]).size, 10);
    for (const id of heard.ids) {
      const { messages, gap } = await two.read('room', id!, 100);
      assert.deepEqual([messages.map((each) => each.id), gap], [ids, true]);
    }
  });

  for (const [how, isCarriedOn, args] of [
    ['as each message is answered', true, APPEND_ONLY],
    ['each second', false, ['--appendonly', 'yes', '--appendfsync', 'everysec']],
    ['as each message is answered, but not while it is rewritten', false, [...APPEND_ONLY, '--no-appendfsync-on-rewrite', 'yes']],
    ['in a way that nobody may ask for', false, [...APPEND_ONLY, '--rename-command', 'CONFIG', '']],
  ] as const) {
    redisTest(`${client}: behind a restart, an append-only file that is written ${how} is ${isCarriedOn ? '' : 'not '}carried on`, async (t, start) => {
      const server = await start(...args);
      const bus = await connect(t, server.port);
      const first = await publish(bus, 'room', '1', HISTORY);
      await restart(server);
      const other = await connect(t, server.port);
      assert.equal((await other.read('room', first!, 10)).gap, !isCarriedOn);
      const second = await publish(other, 'room', '2', HISTORY);
      assert.equal(second === first!.replace(/1$/, '2'), isCarriedOn, second);
      assert.deepEqual((await other.read('room', first!, 10)).messages.map(({ id }) => id).at(-1), second);
    });
  }

  redisTest(`${client}: connections that hear are killed under load, and nothing is missed`, async (t, start) => {
    const { port } = await start();
    const [one, two, redis] = [await connect(t, port), await connect(t, port), await redisClient(t, port)];
    const heard = await HeardGroup.open(two, 'room', HISTORY);
    const load = new Load(one, 'room', 20);
    for (let i = 1; i <= 5; i++) {
      await load.more(100);
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await heard.told('restored', i);
    }
    await checkWhole(heard, load, await load.stop());
    assert.equal(heard.events.includes('restored with a gap'), false);
  });

  redisTest(`${client}: what was carried out, but its answer lost, is not carried out again`, async (t, start) => {
    const { port } = await start();
    const cutter = await ReplyCutter.open(t, port);
    const [one, two] = [await connect(t, cutter.port), await connect(t, port)];
    const heard = await HeardGroup.open(two, 'room', HISTORY);
    await publish(one, 'room', '0', HISTORY);
    for (let i = 1; i <= 3; i++) {
      cutter.cutAnswerTo(/EVALSHA/);
      const ids = await Promise.all(numbered(3 * i - 2, 3 * i).map((text) => publish(one, 'room', text, HISTORY)));
      assert.equal(cutter.cuts, i);
      assert.deepEqual(ids, (await heard.heard(3 * i + 1), heard.ids.slice(3 * i - 2)));
    }
    assert.deepEqual(heard.texts, numbered(0, 9));
  });

  redisTest(`${client}: what was carried out, but its answer lost, is there once even where others have pushed it out of the history`, async (t, start) => {
    const { port } = await start();
    const cutter = await ReplyCutter.open(t, port);
    const [one, two] = [await connect(t, cutter.port), await connect(t, port)];
    const history = { ...HISTORY, maxMessages: 5 };
    const heard = await HeardGroup.open(two, 'room', history);
    await publish(one, 'room', '1', history);
    cutter.cutAnswerTo(/EVALSHA/, async () => {
      for (const text of numbered(3, 12)) await publish(two, 'room', text, history);
    });
    const id = await publish(one, 'room', '2', history);
    await publish(one, 'room', '13', history);
    assert.deepEqual(await heard.heard(13), numbered(1, 13));
    assert.deepEqual([cutter.cuts, id], [1, heard.ids[1]]);
  });

  redisTest(`${client}: a group without history is told at most once: an answer that is lost rejects`, async (t, start) => {
    const { port } = await start();
    const cutter = await ReplyCutter.open(t, port);
    const [one, two] = [await connect(t, cutter.port), await connect(t, port)];
    const heard = await HeardGroup.open(two, 'room');
    await publish(one, 'room', '0');
    cutter.cutAnswerTo(/EVALSHA/);
    await assert.rejects(publish(one, 'room', '1'));
    await publish(one, 'room', '2');
    assert.deepEqual(await heard.heard(3), ['0', '1', '2']);
  });

  redisTest(`${client}: while Redis is away, what is published waits, and is sent in order`, async (t, start) => {
    const server = await start();
    const [one, two] = [await connect(t, server.port), await connect(t, server.port)];
    const [plain, kept] = [await HeardGroup.open(two, 'plain'), await HeardGroup.open(two, 'kept', HISTORY)];
    await server.stop();
    await plain.told('lost');
    await assertAway(one);
    const publishing = numbered(1, 20).flatMap((text) => [publish(one, 'plain', text), publish(one, 'kept', text, HISTORY)]);
    assert.equal(await server.start(), true);
    await Promise.all([...publishing, plain.told('restored with a gap'), kept.told('restored with a gap')]);
    await publish(one, 'plain', '21');
    await until(() => plain.texts.at(-1) === '21', 'the last message');
    assert.deepEqual(plain.texts, numbered(1, 21).slice(-plain.texts.length));
    assert.deepEqual(await kept.heard(20), numbered(1, 20));
  });

  redisTest(`${client}: scripts that Redis forgets, and histories that it loses, disturb no order`, async (t, start) => {
    const { port } = await start();
    const [one, two, redis] = [await connect(t, port), await connect(t, port), await redisClient(t, port)];
    const heard = await HeardGroup.open(two, 'room', HISTORY);
    const load = new Load(one, 'room', 20);
    for (let i = 0; i < 5; i++) {
      await load.more(50);
      await redis.script('FLUSH');
    }
    await checkWhole(heard, load, await load.stop());
    assert.deepEqual(heard.events, []);
    await redis.flushall();
    const id = await publish(one, 'room', 'anew', HISTORY);
    await heard.told('restored with a gap');
    assert.deepEqual([heard.texts.at(-1), heard.ids.at(-1)], ['anew', id]);
    assert.match(id!, /-1$/);
  });

  redisTest(`${client}: a message that was not told is found by and by`, async (t, start) => {
    const { port } = await start();
    const [bus, redis] = [await connect(t, port), await redisClient(t, port)];
    const history = { ...HISTORY, maxAgeMs: 2_000 };
    const heard = await HeardGroup.open(bus, 'room', history);
    const first = await publish(bus, 'room', 'told', history);
    const [last] = (await redis.xrevrange('longwire:{room}', '+', '-', 'COUNT', 1)) as [string, string[]][];
    const [epoch] = first!.split('-');
    const fields = last![1].map((each) => each.replace(/told$/, 'untold'));
    await redis.xadd('longwire:{room}', `${epoch}-2`, ...fields);
    assert.deepEqual(await heard.heard(2), ['told', 'untold']);
    await publish(bus, 'room', 'told again', history);
    assert.deepEqual(await heard.heard(3), ['told', 'untold', 'told again']);
    assert.deepEqual(heard.events, []);
  });
}

for (const [client, connect] of Object.entries(REDIS_CLUSTER_CLIENTS)) {
  redisClusterTest(`${client}: connections that hear are killed in a cluster under load, and nothing is missed`, async (t, ports) => {
    const [one, two] = [await connect(t, ports), await connect(t, ports)];
    const nodes = await Promise.all(ports.map((port) => redisClient(t, port)));
    const heard = await HeardGroup.open(two, 'room', HISTORY);
    const load = new Load(one, 'room', 20);
    for (let i = 0; i < 3; i++) {
      await load.more(200);
      const before = heard.messages.length;
      for (const node of nodes) await node.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await until(() => heard.messages.length > before + 200, 'that it hears again', PATIENCE_MS);
    }
    await checkWhole(heard, load, await load.stop());
    assert.equal(heard.events.includes('restored with a gap'), false);
  });
}

for (const [client, connect] of Object.entries(REDIS_CLUSTER_CLIENTS)) {
  for (const [what, fail] of [
    ['is killed and stays away', (server: BusServer) => server.stop()],
    ['halts, with its connections', (server: BusServer) => server.pause()],
  ] as const) {
    redisClusterTest(`${client}: the node of a cluster that is listened at ${what}: it is told, and what comes then is heard`, async (t, ports, servers) => {
      const nodes = await Promise.all(ports.map((port) => redisClient(t, port)));
      const [one, two] = [await connect(t, ports, { publishTimeoutMs: 500 }), await connect(t, ports)];
      const groups = numbered(1, 12);
      const heard = await Promise.all(groups.map((group) => HeardGroup.open(two, group)));
      const owners = await Promise.all(groups.map((group) => ownerOf(nodes[0]!, group)));
      const failing = await indexOfListened(nodes);
      for (const group of groups) await publish(one, group, 'before');
      for (const each of heard) await each.heard(1);
      await fail(servers[failing]!);
      for (const each of heard) await each.told('restored with a gap');
      for (const [i, each] of heard.entries()) {
        if (owners[i] === failing) continue;
        await until(() => publish(one, groups[i]!, 'behind').then(() => true, () => false), 'that it is taken', PATIENCE_MS);
        await until(() => each.texts.includes('behind'), 'that it is heard', PATIENCE_MS);
      }
      for (const each of heard) assert.deepEqual(each.events, ['lost', 'restored with a gap']);
    });
  }

  redisClusterTest(`${client}: connections that hear are killed in a cluster: each time it is told what a group without history may have missed`, async (t, ports) => {
    const nodes = await Promise.all(ports.map((port) => redisClient(t, port)));
    const [one, two] = [await connect(t, ports), await connect(t, ports)];
    const heard = await HeardGroup.open(two, 'room');
    for (let i = 1; i <= 3; i++) {
      await nodes[await indexOfListened(nodes)]!.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await heard.told('restored with a gap', i);
      await publish(one, 'room', String(i));
      await until(() => heard.texts.includes(String(i)), 'that it is heard', PATIENCE_MS);
    }
    assert.equal(heard.events.length, 6);
  });

  redisClusterTest(`${client}: a cluster is left alone where all is well`, async (t, ports) => {
    const [one, two] = [await connect(t, ports), await connect(t, ports)];
    const heard = await HeardGroup.open(two, 'room');
    await new Promise((resolve) => setTimeout(resolve, 9_000));
    await publish(one, 'room', 'text');
    assert.deepEqual([await heard.heard(1), heard.events], [['text'], []]);
  });
}

redisTest('a replica that takes over is not trusted to have everything, even with an append-only file', async (t, start) => {
  const [master, replica] = [await start(), await start(...APPEND_ONLY)];
  const [bus, redis] = [await nodeRedisBus(t, master.port), await redisClient(t, replica.port)];
  await redis.replicaof('127.0.0.1', master.port);
  const heard = await HeardGroup.open(bus, 'room', HISTORY);
  await publish(bus, 'room', '1', HISTORY);
  await until(async () => (await redis.xlen('longwire:{room}')) === 1, 'the replication', PATIENCE_MS);
  await master.stop();
  await redis.replicaof('NO', 'ONE');
  await redis.config('SET', 'port', String(master.port));
  await heard.told('restored with a gap');
  await publish(bus, 'room', '2', HISTORY);
  await heard.heard(2);
  assert.notEqual(heard.ids[0]!.split('-')[0], heard.ids[1]!.split('-')[0]);
});

/** Which of the three nodes has a group. */
async function ownerOf(node: Redis, group: string): Promise<number> {
  return Math.floor((Number(await node.call('CLUSTER', 'KEYSLOT', `longwire:{${group}}`)) * 3) / 16384);
}

/** At which of the nodes a bus listens. */
async function indexOfListened(nodes: readonly Redis[]): Promise<number> {
  const channels = await Promise.all(nodes.map((node) => node.call('PUBSUB', 'CHANNELS') as Promise<string[]>));
  return channels.findIndex((each) => each.length > 0);
}

/** Waits until the bus knows that Redis is away. */
async function assertAway(bus: RedisBus): Promise<void> {
  await assert.rejects(bus.read('room', '', 1));
}
