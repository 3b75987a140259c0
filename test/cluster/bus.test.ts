/** The bus of a cluster: ports of workers on one relay, without processes. Nothing is lost or told twice, and what waits is bounded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BusHistory, clusterBus, UsageError } from 'longwire';
import { BusPort } from '#src/cluster/bus.js';
import { Relay } from '#src/cluster/relay.js';
import { turns, until } from '../support/deferred.js';
import { Heard, WiredWorker } from '../support/wired-worker.js';

const HISTORY: BusHistory = { maxMessages: 100, maxAgeMs: 60_000, maxBytes: 1024 ** 2 };

/** Two workers, or more, on one relay. */
function workersOf(relay: Relay, count = 2): WiredWorker[] {
  return Array.from({ length: count }, () => new WiredWorker(relay));
}

function say(worker: WiredWorker, text: string, history?: BusHistory, group = 'room'): Promise<string | undefined> {
  return worker.bus.publish(group, { origin: 'a store', bytes: Buffer.from(text) }, history);
}

for (const history of [undefined, HISTORY]) {
  const kind = history === undefined ? 'without' : 'with';

  test(`a message to a group ${kind} history reaches all who have subscribed, the publisher included, once, with its origin and its bytes`, async () => {
    const workers = workersOf(new Relay(() => 0), 3);
    const heard = workers.map(() => new Heard());
    await Promise.all(workers.map((each, i) => each.bus.subscribe('room', heard[i]!, history)));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const id = await workers[0]!.bus.publish('room', { origin: 'a store', bytes }, history);
    await until(() => heard.every(({ messages }) => messages.length === 1), 'the message');
    for (const { messages } of heard) assert.deepEqual({ ...messages[0]!, bytes: Uint8Array.from(messages[0]!.bytes) }, { origin: 'a store', id, bytes });
    assert.equal(id === undefined, history === undefined);
  });

  test(`messages of one worker to a group ${kind} history keep their order`, async () => {
    const [a, b] = workersOf(new Relay(() => 0)) as [WiredWorker, WiredWorker];
    const heard = [new Heard(), new Heard()];
    await a.bus.subscribe('room', heard[0]!, history);
    await b.bus.subscribe('room', heard[1]!, history);
    const texts = Array.from({ length: 90 }, (_, i) => `${i}`);
    await Promise.all(texts.map((text) => say(a, text, history)));
    await until(() => heard[1]!.told.length === 90, 'the messages');
    for (const { told } of heard) assert.deepEqual(told, texts);
  });
}

test('all hear the messages of all in the same order, where there is history, and ids count them', async () => {
  const workers = workersOf(new Relay(() => 0), 3);
  const heard = workers.map(() => new Heard());
  await Promise.all(workers.map((each, i) => each.bus.subscribe('room', heard[i]!, HISTORY)));
  for (let i = 0; i < 30; i++) for (const [w, each] of workers.entries()) void say(each, `${w}:${i}`, HISTORY);
  await until(() => heard.every(({ told }) => told.length === 90), 'the messages');
  assert.deepEqual(heard[1]!.told, heard[0]!.told);
  assert.deepEqual(heard[2]!.told, heard[0]!.told);
  assert.deepEqual(heard[0]!.sequences, Array.from({ length: 90 }, (_, i) => i + 1));
});

test('a worker is sent nothing of groups that it has not subscribed to, or no longer', async () => {
  const [a, b, c] = workersOf(new Relay(() => 0), 3) as [WiredWorker, WiredWorker, WiredWorker];
  const heard = new Heard();
  await b.bus.subscribe('another', new Heard(), undefined);
  const subscription = await c.bus.subscribe('room', heard, undefined);
  subscription.close();
  subscription.close();
  await c.bus.publish('elsewhere', { origin: 'c', bytes: Buffer.from('behind the close') }, undefined);
  const before = [b.packets, c.packets];
  await say(a, 'hello');
  await turns();
  assert.deepEqual([b.packets, c.packets], before);
  assert.deepEqual(heard.told, []);
});

test('what one turn of the event loop publishes travels in one packet', async () => {
  const [a, b] = workersOf(new Relay(() => 0)) as [WiredWorker, WiredWorker];
  const heard = new Heard();
  await b.bus.subscribe('room', heard, undefined);
  const before = b.packets;
  for (let i = 0; i < 1_000; i++) void say(a, 'x');
  await until(() => heard.told.length === 1_000, 'the messages');
  assert.equal(b.packets - before, 1);
});

test('two listeners of one worker are told apart: each hears from its own subscription on, and closing one leaves the other', async () => {
  const [a, b] = workersOf(new Relay(() => 0)) as [WiredWorker, WiredWorker];
  const [first, second] = [new Heard(), new Heard()];
  const { position, close } = await b.bus.subscribe('room', first, HISTORY);
  assert.equal(position?.split('-')[1], '0');
  const [later] = await Promise.all([b.bus.subscribe('room', second, HISTORY), say(a, '1', HISTORY)]);
  close();
  await say(a, '2', HISTORY);
  await until(() => second.sequences.at(-1) === 2, 'the messages');
  assert.equal(Number(later.position?.split('-')[1]), second.sequences[0]! - 1);
  assert.ok(!first.told.includes('2'));
});

test('a subscription that is asked for while the last one closes is not closed with it', async () => {
  const [a, b] = workersOf(new Relay(() => 0)) as [WiredWorker, WiredWorker];
  const heard = new Heard();
  const first = await b.bus.subscribe('room', new Heard(), undefined);
  const second = b.bus.subscribe('room', heard, undefined);
  first.close();
  await second;
  await say(a, 'hello');
  await until(() => heard.told.length === 1, 'the message');
});

test('a subscription to a group with history says its position, and `read` brings what is kept behind an id', async () => {
  const [a, b] = workersOf(new Relay(() => 0)) as [WiredWorker, WiredWorker];
  const ids = await Promise.all(['1', '2', '3', '4'].map((text) => say(a, text, HISTORY)));
  const { position } = await b.bus.subscribe('room', new Heard(), HISTORY);
  assert.equal(position, ids[3]);
  const { messages, gap } = await b.bus.read('room', ids[0]!, 2);
  assert.deepEqual(messages.map(({ id, bytes }) => [id, Buffer.from(bytes).toString()]), [[ids[1], '2'], [ids[2], '3']]);
  assert.equal(gap, false);
  assert.deepEqual(await b.bus.read('room', ids[3]!, 2), { messages: [], gap: false });
});

test('`read` says that there is a gap where the history does not reach back, or the id is none of it, and brings all that is kept', async () => {
  const [a] = workersOf(new Relay(() => 0)) as [WiredWorker];
  const limits = { ...HISTORY, maxMessages: 2 };
  const ids = await Promise.all(['1', '2', '3', '4'].map((text) => say(a, text, limits)));
  const epoch = ids[0]!.split('-')[0]!;
  for (const since of [ids[0]!, `${epoch}-0`, `${epoch}-5`, 'another-3', 'nonsense', '']) {
    const { messages, gap } = await a.bus.read('room', since, 10);
    assert.deepEqual([messages.map(({ id }) => id), gap], [ids.slice(2), true], since);
  }
  assert.equal((await a.bus.read('room', ids[1]!, 10)).gap, false);
  assert.deepEqual(await a.bus.read('another room', ids[1]!, 10), { messages: [], gap: true });
});

test('`read` brings nothing that is too old, and says how old the rest is, however long ago it was swept', async () => {
  let now = 0;
  const [a] = workersOf(new Relay(() => now)) as [WiredWorker];
  const limits = { ...HISTORY, maxAgeMs: 100 };
  const first = await say(a, '1', limits);
  now = 50;
  const second = await say(a, '2', limits);
  now = 101;
  const { messages, gap } = await a.bus.read('room', `${first!.split('-')[0]!}-0`, 10);
  assert.deepEqual([messages.map(({ id, ageMs }) => [id, ageMs]), gap], [[[second, 51]], true]);
});

test('`read` brings not much more than a megabyte at once, and one message however large', async () => {
  const [a] = workersOf(new Relay(() => 0)) as [WiredWorker];
  const limits = { ...HISTORY, maxBytes: Infinity };
  const text = 'x'.repeat(700_000);
  const ids = await Promise.all(Array.from({ length: 5 }, () => say(a, text, limits)));
  assert.deepEqual((await a.bus.read('room', ids[0]!, 100)).messages.map(({ id }) => id), ids.slice(1, 3));
  assert.deepEqual((await a.bus.read('room', ids[2]!, 100)).messages.map(({ id }) => id), ids.slice(3));
});

test('a worker that dies loses nothing that the primary has taken', async () => {
  const relay = new Relay(() => 0);
  const [a, b] = workersOf(relay) as [WiredWorker, WiredWorker];
  const ids = await Promise.all(['1', '2'].map((text) => say(a, text, HISTORY)));
  a.leave();
  const { messages, gap } = await b.bus.read('room', `${ids[0]!.split('-')[0]!}-0`, 10);
  assert.deepEqual([messages.map(({ id }) => id), gap], [ids, false]);
});

test('a slow worker gets what it missed from the history, in order, once, and without a word', async () => {
  const relay = new Relay(() => 0, 4_000);
  const [a, b] = workersOf(relay) as [WiredWorker, WiredWorker];
  const heard = [new Heard(), new Heard()];
  await a.bus.subscribe('room', heard[0]!, HISTORY);
  await b.bus.subscribe('room', heard[1]!, HISTORY);
  b.hold();
  for (let i = 0; i < 90; i++) await say(a, `${i}`.padEnd(200), HISTORY);
  assert.equal(heard[0]!.told.length, 90);
  b.release();
  await until(() => heard[1]!.told.length >= 90, 'the messages');
  assert.deepEqual(heard[1]!.told, heard[0]!.told);
  assert.deepEqual(heard[1]!.sequences, Array.from({ length: 90 }, (_, i) => i + 1));
  assert.equal(relay.stats().gaps, 0);
});

test('a slow worker is told of a gap where the history has gone on without it, and goes on with what is left', async () => {
  const relay = new Relay(() => 0, 2_000);
  const [a, b] = workersOf(relay) as [WiredWorker, WiredWorker];
  const heard = new Heard();
  const limits = { ...HISTORY, maxMessages: 5 };
  await b.bus.subscribe('room', heard, limits);
  b.hold();
  for (let i = 1; i <= 90; i++) await say(a, `${i}`.padEnd(200), limits);
  b.release();
  await until(() => heard.sequences.at(-1) === 90, 'the messages');
  const at = heard.told.indexOf('lost');
  assert.deepEqual(heard.told.slice(at, at + 2), ['lost', 'restored with a gap']);
  assert.deepEqual(heard.sequences.slice(at), [86, 87, 88, 89, 90]);
  assert.deepEqual(heard.sequences.slice(0, at), Array.from({ length: at }, (_, i) => i + 1));
  assert.equal(relay.stats().gaps, 1);
});

test('a slow worker is told of a gap where there is no history, and hears what comes then', async () => {
  const relay = new Relay(() => 0, 2_000);
  const [a, b] = workersOf(relay) as [WiredWorker, WiredWorker];
  const heard = new Heard();
  await b.bus.subscribe('room', heard, undefined);
  b.hold();
  for (let i = 1; i <= 90; i++) await say(a, `${i}`.padEnd(200));
  b.release();
  await until(() => heard.told.includes('restored with a gap'), 'the gap');
  await say(a, 'again');
  await until(() => heard.told.at(-1) === 'again', 'the message behind it');
  assert.equal(heard.told.filter((each) => each === 'lost').length, 1);
});

test('a slow worker makes the primary keep no more than its bound, and slows no other down', async () => {
  const relay = new Relay(() => 0, 100_000);
  const [a, b, c] = workersOf(relay, 3) as [WiredWorker, WiredWorker, WiredWorker];
  const heard = [new Heard(), new Heard()];
  await b.bus.subscribe('room', heard[0]!, undefined);
  await c.bus.subscribe('room', heard[1]!, undefined);
  b.hold();
  const text = 'x'.repeat(10_000);
  for (let i = 0; i < 100; i++) await say(a, text);
  await until(() => heard[1]!.told.length === 100, 'the messages to the other');
  b.release();
  await until(() => heard[0]!.told.includes('restored with a gap'), 'the gap');
  assert.ok(heard[0]!.messages.length <= 11, `${heard[0]!.messages.length} messages were kept`);
});

test('what a publisher missed of its own because it was slow comes to it later, in its place', async () => {
  const relay = new Relay(() => 0, 2_000);
  const [a, b] = workersOf(relay) as [WiredWorker, WiredWorker];
  const heard = [new Heard(), new Heard()];
  await a.bus.subscribe('room', heard[0]!, HISTORY);
  await b.bus.subscribe('room', heard[1]!, HISTORY);
  a.hold();
  const said = Array.from({ length: 40 }, (_, i) => say(i % 2 === 0 ? a : b, `${i}`.padEnd(200), HISTORY));
  await until(() => heard[1]!.told.length === 40, 'the messages to the other');
  a.release();
  await Promise.all(said);
  await until(() => heard[0]!.told.length >= 40, 'the messages');
  assert.deepEqual(heard[0]!.told, heard[1]!.told);
});

test('takes no more than 16 MiB that the primary does not take, and publishes again when it has', async () => {
  const sent: (() => void)[] = [];
  const relay = new Relay(() => 0);
  const port = relay.join((packet, taken) => setImmediate(() => (bus.receive(packet), taken())));
  const bus = new BusPort((packet, taken) => sent.push(() => (port.receive(packet), taken())));
  const bytes = new Uint8Array(1024 ** 2);
  const taken = Array.from({ length: 16 }, () => bus.publish('room', { origin: 'a', bytes }, undefined));
  await assert.rejects(bus.publish('room', { origin: 'a', bytes }, undefined), { message: /too slow/ });
  const isDone = Promise.all(taken);
  let isOver = false;
  void isDone.then(() => (isOver = true));
  while (!isOver) {
    for (const each of sent.splice(0)) each();
    await turns(1);
  }
  const again = bus.publish('room', { origin: 'a', bytes }, undefined);
  await turns(1);
  for (const each of sent.splice(0)) each();
  await again;
});

test('a group is forgotten when its history has become too old and nobody has subscribed; without history at once', async () => {
  let now = 0;
  const relay = new Relay(() => now);
  const [a, b] = workersOf(relay) as [WiredWorker, WiredWorker];
  const plain = await b.bus.subscribe('plain', new Heard(), undefined);
  await b.bus.subscribe('room', new Heard(), HISTORY);
  const id = await say(a, 'hello', HISTORY);
  await say(a, 'nobody hears this', undefined, 'another');
  assert.equal(relay.stats().groups, 2);
  plain.close();
  await say(a, 'a turn later', undefined, 'another');
  assert.equal(relay.stats().groups, 1);

  now = 30_000;
  b.leave();
  now = 89_999;
  relay.sweep(now);
  assert.equal(relay.stats().groups, 1);
  assert.deepEqual(await a.bus.read('room', `${id!.split('-')[0]!}-0`, 10), { messages: [], gap: true });
  now = 90_000;
  relay.sweep(now);
  assert.equal(relay.stats().groups, 0);
  const { position } = await a.bus.subscribe('room', new Heard(), HISTORY);
  assert.notEqual(position!.split('-')[0], id!.split('-')[0]);
});

test('counts what it relays', async () => {
  const relay = new Relay(() => 0);
  const [a] = workersOf(relay) as [WiredWorker];
  await a.bus.subscribe('room', new Heard(), undefined);
  await say(a, 'one');
  await say(a, 'two', HISTORY, 'another');
  assert.deepEqual(relay.stats(), { groups: 2, published: 2, gaps: 0 });
});

test('there is no bus in a process that is no worker, and a name must be text', () => {
  assert.equal(clusterBus(), undefined);
  assert.throws(() => clusterBus('a\0b'), UsageError);
  assert.throws(() => clusterBus(7 as unknown as string), UsageError);
});
