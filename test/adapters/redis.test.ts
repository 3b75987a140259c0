/** A bus over Redis: what it leaves in Redis, how it is bounded, and what it refuses. */

import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { UsageError } from 'longwire';
import { RedisBus, type RedisBusOptions, type RedisClient } from 'longwire/redis';
import { createClientPool, createSentinel } from 'redis';
import { HISTORY, numbered, prefixesAreApart, publish, WRONG_OPTIONS } from '../support/bus-conformance.js';
import { HeardGroup } from '../support/bus-listener.js';
import { redisTest } from '../support/bus-servers.js';
import { nodeRedisBus, REDIS_CLIENTS, redisClient } from '../support/buses.js';
import { until } from '../support/signals.js';

for (const [client, connect] of Object.entries(REDIS_CLIENTS)) {
  redisTest(`${client}: a group with history is one key, and a note for a while, one without is none, and only groups that somebody is in are subscribed`, async (t, start) => {
    const { port } = await start();
    const [bus, redis] = [await connect(t, port), await redisClient(t, port)];
    const heard = [await HeardGroup.open(bus, 'plain'), await HeardGroup.open(bus, 'kept', HISTORY)];
    await publish(bus, 'plain', 'text');
    await publish(bus, 'kept', 'text', HISTORY);
    await publish(bus, 'nobody is here', 'text', HISTORY);
    assert.deepEqual((await redis.keys('*}')).sort(), ['longwire:{kept}', 'longwire:{nobody is here}']);
    for (const note of await redis.keys('*[^}]')) assert.ok((await redis.pttl(note)) > 0, note);
    assert.deepEqual(((await redis.call('PUBSUB', 'CHANNELS')) as string[]).sort(), ['longwire:{kept}', 'longwire:{plain}']);
    const second = await HeardGroup.open(bus, 'plain');
    second.close();
    await publish(bus, 'plain', 'more');
    await heard[0]!.heard(2);
    for (const each of heard) each.close();
    await until(async () => ((await redis.call('PUBSUB', 'CHANNELS')) as string[]).length === 0, 'the end of the subscriptions');
  });

  redisTest(`${client}: buses with different prefixes do not hear of each other`, async (t, start) => {
    const { port } = await start();
    const buses = await Promise.all(['one:', 'two:', ''].map((prefix) => connect(t, port, { prefix })));
    const heard = await Promise.all(buses.map((bus) => HeardGroup.open(bus, 'room', HISTORY)));
    for (const [i, bus] of buses.entries()) await publish(bus, 'room', `message ${i}`, HISTORY);
    for (const [i, each] of heard.entries()) assert.deepEqual(await each.heard(1), [`message ${i}`]);
    for (const each of heard) assert.equal(each.messages.length, 1);
    assert.deepEqual((await (await redisClient(t, port)).keys('*}')).sort(), ['one:{room}', 'two:{room}', '{room}']);
  });

  redisTest(`${client}: buses with different prefixes do not hear of each other where one begins with the other`, async (t, start) => {
    const { port } = await start();
    await prefixesAreApart((prefix) => connect(t, port, { prefix }), ':', HISTORY);
  });

  redisTest(`${client}: while Redis does not answer, publish rejects when its time is up, and at once where too much waits`, async (t, start) => {
    const server = await start();
    const bus = await connect(t, server.port, { publishTimeoutMs: 200, maxPendingBytes: 10_000 });
    const heard = await HeardGroup.open(bus, 'kept', HISTORY);
    await publish(bus, 'kept', '1', HISTORY);
    await server.pause();
    const outcomes: string[] = [];
    const follow = (name: string, publishing: Promise<unknown>): Promise<void> =>
      publishing.then(() => void outcomes.push(`${name} taken`), (error: Error) => void outcomes.push(`${name}: ${error.message}`));
    const waiting = [follow('kept', publish(bus, 'kept', 'late', HISTORY)), follow('plain', publish(bus, 'plain', 'x'.repeat(10_000)))];
    await follow('beyond', publish(bus, 'kept', 'too much', HISTORY));
    await Promise.all(waiting);
    assert.deepEqual(outcomes, [
      'beyond: the bus has not taken what waits for it already, 10000 bytes or more',
      'kept: the bus has not taken the message within 200 ms',
      'plain: the bus has not taken the message within 200 ms',
    ]);
    // Nobody waits for them any more, but the client has them still.
    await assert.rejects(publish(bus, 'plain', 'too much'), /10000 bytes or more/);
    server.resume();
    await until(async () => publish(bus, 'kept', 'at last', HISTORY).then(() => true, () => false), 'an answer');
    await until(() => heard.texts.at(-1) === 'at last', 'the last message');
    // What was on its way then was not lost, and is in its place.
    assert.deepEqual(heard.texts, ['1', 'late', 'at last']);
    assert.deepEqual(heard.events, []);
  });

  redisTest(`${client}: a history that nobody uses is forgotten; one that somebody hears of is tended`, async (t, start) => {
    const { port } = await start();
    const [bus, redis] = [await connect(t, port), await redisClient(t, port)];
    const history = { ...HISTORY, maxAgeMs: 100 };
    const heard = await HeardGroup.open(bus, 'used', history);
    await publish(bus, 'used', 'text', history);
    await publish(bus, 'unused', 'text', history);
    let [before, tended] = [Infinity, 0];
    await until(async () => {
      const left = await redis.pttl('longwire:{used}');
      assert.ok(left > 0);
      if (left > before) tended++;
      before = left;
      return (await redis.exists('longwire:{unused}')) === 0 && tended >= 2;
    }, 'that the one is forgotten, and the other not');
    assert.match((await publish(bus, 'used', 'more', history))!, /-2$/);
    heard.close();
    await until(async () => (await redis.exists('longwire:{used}')) === 0, 'that it is forgotten');
  });

  redisTest(`${client}: messages that are too old go, but not the place of the newest`, async (t, start) => {
    const { port } = await start();
    const bus = await connect(t, port);
    const history = { ...HISTORY, maxAgeMs: 150 };
    const heard = await HeardGroup.open(bus, 'room', history);
    for (const text of numbered(1, 5)) await publish(bus, 'room', text, history);
    const ids = await heard.heard(5).then(() => heard.ids as string[]);
    await until(async () => (await bus.read('room', heard.position!, 10)).gap, 'that the first are dropped');
    await until(async () => (await bus.read('room', ids[3]!, 10)).messages.length === 0, 'that the newest is not read');
    assert.deepEqual(await bus.read('room', ids[3]!, 10), { messages: [], gap: true });
    assert.deepEqual(await bus.read('room', '', 10), { messages: [], gap: true });
    assert.deepEqual((await bus.read('room', ids[4]!, 10)), { messages: [], gap: false });
    assert.equal((await publish(bus, 'room', '6', history)), ids[4]!.replace(/5$/, '6'));
  });

  redisTest(`${client}: a key that holds something else is left alone, and the message refused`, async (t, start) => {
    const { port } = await start();
    const [bus, redis] = [await connect(t, port), await redisClient(t, port)];
    await redis.set('longwire:{room}', 'mine');
    await assert.rejects(publish(bus, 'room', 'text', HISTORY), /WRONGTYPE/);
    assert.equal(await redis.get('longwire:{room}'), 'mine');
    await redis.del('longwire:{room}');
    await redis.xadd('longwire:{room}', '1-1', 'name', 'value');
    await assert.rejects(publish(bus, 'room', 'text', HISTORY), /something else than the history of a group/);
    await assert.rejects(bus.read('room', '', 10), /something else than the history of a group/);
    assert.equal(await redis.xlen('longwire:{room}'), 1);
  });

  redisTest(`${client}: a closed bus takes nothing, keeps nobody waiting and leaves no connection`, async (t, start) => {
    const server = await start();
    const redis = await redisClient(t, server.port);
    await redis.ping();
    const before = ((await redis.client('LIST')) as string).trim().split('\n').length;
    const bus = await connect(t, server.port);
    await HeardGroup.open(bus, 'room', HISTORY);
    await server.pause();
    const [publishing, subscribing] = [publish(bus, 'room', 'text', HISTORY), bus.subscribe('other', new HeardGroup(), HISTORY)];
    await bus.close();
    await assert.rejects(publishing, /the bus is closed/);
    await assert.rejects(subscribing, /the bus is closed/);
    await assert.rejects(publish(bus, 'room', 'text', undefined), /the bus is closed/);
    await assert.rejects(bus.subscribe('room', new HeardGroup(), undefined), /the bus is closed/);
    server.resume();
    // The client of the test that the bus was given is still there.
    await until(async () => ((await redis.client('LIST')) as string).trim().split('\n').length === before + 1, 'the end of the connections');
  });
}

redisTest('ioredis with a keyPrefix of its own: it stands before ours', async (t, start) => {
  const { port } = await start();
  const client = new Redis({ host: '127.0.0.1', port, keyPrefix: 'app:' });
  const bus = new RedisBus(client);
  t.after(async () => (await bus.close(), client.disconnect()));
  const heard = await HeardGroup.open(bus, 'room', HISTORY);
  await publish(bus, 'room', 'text', HISTORY);
  assert.deepEqual(await heard.heard(1), ['text']);
  assert.deepEqual(await (await redisClient(t, port)).keys('*}'), ['app:longwire:{room}']);
});

redisTest('what is refused for good rejects at once, and what follows is not held up by it', async (t, start) => {
  const { port } = await start();
  const redis = await redisClient(t, port);
  await redis.acl('SETUSER', 'default', 'resetkeys', '~longwire:{mine}*');
  const bus = await nodeRedisBus(t, port);
  const publishing = [publish(bus, 'others', '1', HISTORY), publish(bus, 'mine', '1', HISTORY), publish(bus, 'mine', '2', HISTORY)];
  const [refused, ...taken] = await Promise.allSettled(publishing);
  assert.match(String((refused as PromiseRejectedResult).reason), /NOPERM/);
  assert.deepEqual(taken.map(({ status }) => status), ['fulfilled', 'fulfilled']);
});

redisTest('a bus takes a client of Redis, options that make sense, and origins of one line', async (t, start) => {
  for (const client of [undefined, null, {}, 'redis://127.0.0.1', { sendCommand() {} }]) {
    assert.throws(() => new RedisBus(client as unknown as RedisClient), UsageError);
  }
  const { port } = await start();
  const client = await redisClient(t, port);
  for (const options of [...WRONG_OPTIONS, { prefix: '\ud800' }]) {
    assert.throws(() => new RedisBus(client, options as RedisBusOptions), UsageError, JSON.stringify(options));
  }
  for (const other of [createClientPool({ url: `redis://127.0.0.1:${port}` }), createSentinel({ name: 'x', sentinelRootNodes: [{ host: '127.0.0.1', port }] })]) {
    assert.throws(() => new RedisBus(other as unknown as RedisClient), UsageError);
  }
  await assert.rejects(publish(await nodeRedisBus(t, port), 'room', 'text', undefined, 'two\nlines'), UsageError);
});

redisTest('ioredis that connects when it is first used: so does the bus', async (t, start) => {
  const { port } = await start();
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, enableOfflineQueue: false });
  const bus = new RedisBus(client);
  t.after(async () => (await bus.close(), client.disconnect()));
  const heard = await HeardGroup.open(bus, 'room', HISTORY);
  await publish(bus, 'room', 'text', HISTORY);
  assert.deepEqual(await heard.heard(1), ['text']);
  assert.equal(client.status, 'wait');
});
