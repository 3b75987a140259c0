/** What every bus must do, whatever carries it: cases for one medium, which each bus of a case is connected to by itself. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, type BusHistory, MemoryChannelStore } from 'longwire';
import { HeardGroup } from './bus-listener.js';
import { envelopeSocket } from './members.js';
import { until } from './signals.js';

/** What carries the messages. */
export interface Medium {
  readonly keepsHistory: boolean;
  /** A bus of its own, closed when the test is over. */
  connect(): Promise<Bus>;
}

export interface BusCase {
  readonly name: string;
  readonly run: (t: TestContext, medium: Medium) => Promise<void>;
}

/** Options that no bus takes. */
export const WRONG_OPTIONS: readonly unknown[] = [
  null, 5, 'longwire', { prefx: 'a' }, { prefix: 5 }, { prefix: {} }, { prefix: null },
  ...[0, -1, NaN, '5', true, null].flatMap((value) => [{ publishTimeoutMs: value }, { maxPendingBytes: value }]),
];
export const HISTORY: BusHistory = { maxMessages: 1_000, maxAgeMs: 60_000, maxBytes: 1024 * 1024 };
const ORIGIN = 'a-store';
/** Behind everything that a case publishes: who has heard it has heard all that came before. */
const END = 'the end';

export function publish(bus: Bus, group: string, text: string, history?: BusHistory, origin = ORIGIN): Promise<string | undefined> {
  return bus.publish(group, { origin, bytes: Buffer.from(text) }, history);
}

/** The texts `first` to `last`. */
export function numbered(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
}

function sequenceOf(id: string | undefined): number {
  return Number(/-(\d+)$/.exec(id!)![1]);
}

function epochOf(id: string | undefined): string {
  return /^([0-9a-z]{1,16})-/.exec(id!)![1]!;
}

/** Names that a medium may not take for anything but names. */
const ODD_NAMES = ['room', 'room.a', 'room.b', 'room*', 'room.>', '*', '>', 'Room', '', ' ', 'two words', '{a}b', '{}', '}', 'a:b', 'ü', '💬', 'line\nfeed', '%', '%25', '%7b', '\ud800', '\ud801', '\ud880', '\u0600', '\ufffd', 'x'.repeat(200)];

const PLAIN: readonly BusCase[] = [
  {
    name: 'everybody hears every message, the publisher too, with its origin and its bytes',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      const heard = [await HeardGroup.open(one, 'room'), await HeardGroup.open(two, 'room')];
      const payloads = [new Uint8Array(), Uint8Array.from({ length: 256 }, (_, i) => i), Buffer.from('\n\n'), new Uint8Array(100_000).fill(7)];
      for (const [i, bytes] of payloads.entries()) await one.publish('room', { origin: `store ${i}`, bytes }, undefined);
      for (const each of heard) {
        await each.heard(payloads.length);
        assert.deepEqual(each.messages, payloads.map((bytes, i) => ({ origin: `store ${i}`, id: undefined, bytes: new Uint8Array(bytes) })));
      }
    },
  },
  {
    name: 'a group is heard by its own name alone, whatever stands in it',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      const heard = await Promise.all(ODD_NAMES.map((name) => HeardGroup.open(one, name)));
      for (const name of ODD_NAMES) await publish(two, name, `to ${JSON.stringify(name)}`);
      for (const name of ODD_NAMES) await publish(two, name, END);
      for (const [i, each] of heard.entries()) assert.deepEqual(await each.heard(2), [`to ${JSON.stringify(ODD_NAMES[i])}`, END]);
    },
  },
  {
    name: 'nothing is missed that is published once subscribe has resolved, nor heard once it is closed',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      const steady = await HeardGroup.open(one, 'room');
      for (let i = 1; i <= 30; i++) {
        const heard = await HeardGroup.open(one, 'room');
        await publish(two, 'room', `before ${i}`);
        assert.deepEqual(await heard.heard(1), [`before ${i}`]);
        heard.close();
        await publish(two, 'room', `behind ${i}`);
        await steady.heard(2 * i);
        assert.equal(heard.messages.length, 1);
      }
      steady.close();
      const again = await HeardGroup.open(one, 'room');
      await publish(two, 'room', END);
      // In a cluster it may hear from a node that has been told of the last one late.
      await until(() => again.texts.at(-1) === END, 'the end');
      assert.equal(steady.messages.length, 60);
    },
  },
  {
    name: 'what is published without waiting keeps its order',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      const heard = await HeardGroup.open(two, 'room');
      await Promise.all(numbered(1, 3_000).map((text) => publish(one, 'room', text)));
      assert.deepEqual(await heard.heard(3_000), numbered(1, 3_000));
    },
  },
  {
    name: 'a message that nobody hears is taken all the same, and has no id where none was asked for',
    async run(_t, medium) {
      assert.equal(await publish(await medium.connect(), 'room', 'text'), undefined);
    },
  },
];

const KEPT: readonly BusCase[] = [
  {
    name: 'ids count from the position on, without a hole, and are the same for all',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      const first = await HeardGroup.open(one, 'room', HISTORY);
      const published = [await publish(one, 'room', '1', HISTORY), await publish(two, 'room', '2', HISTORY), await publish(one, 'room', '3', HISTORY)];
      const second = await HeardGroup.open(two, 'room', HISTORY);
      published.push(await publish(two, 'room', '4', HISTORY));
      assert.deepEqual(await first.heard(4), ['1', '2', '3', '4']);
      assert.deepEqual(first.ids, published);
      assert.deepEqual([first.position, ...published].map(sequenceOf), [0, 1, 2, 3, 4]);
      assert.equal(new Set([first.position, ...published].map(epochOf)).size, 1);
      assert.equal(second.position, published[2]);
      assert.deepEqual(await second.heard(1), ['4']);
      assert.deepEqual(second.ids, [published[3]]);
    },
  },
  {
    name: 'publishers on many connections are heard by all in one order, and each in its own',
    async run(_t, medium) {
      const buses = [await medium.connect(), await medium.connect(), await medium.connect()];
      const heard = await Promise.all(buses.map((bus) => HeardGroup.open(bus, 'room', HISTORY)));
      const ids = await Promise.all(buses.map((bus, i) => Promise.all(numbered(1, 300).map((text) => publish(bus, 'room', `${i}:${text}`, HISTORY)))));
      const [first] = heard;
      for (const each of heard) {
        await each.heard(900);
        assert.deepEqual([each.texts, each.ids], [first!.texts, first!.ids]);
      }
      assert.deepEqual(first!.ids.map(sequenceOf), numbered(1, 900).map(Number));
      for (const [i, own] of ids.entries()) {
        const messages = first!.messages.filter((_, at) => first!.texts[at]!.startsWith(`${i}:`));
        assert.deepEqual(messages.map(({ id }) => id), own);
        assert.deepEqual(messages.map(({ bytes }) => Buffer.from(bytes).toString()), numbered(1, 300).map((text) => `${i}:${text}`));
      }
    },
  },
  {
    name: 'who subscribes while others publish hears everything behind the position',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      let isOver = false;
      let count = 0;
      const publishing = (async () => {
        while (!isOver) await publish(one, 'room', String(++count), HISTORY);
      })();
      const heard: HeardGroup[] = [];
      for (let i = 0; i < 20; i++) {
        heard.push(await HeardGroup.open(two, 'room', HISTORY));
        await heard.at(-1)!.heard(3);
        if (i % 2 === 0) heard.pop()!.close();
      }
      isOver = true;
      await publishing;
      await publish(one, 'room', END, HISTORY);
      for (const each of heard) {
        const first = sequenceOf(each.position) + 1;
        assert.deepEqual(await each.heard(count - first + 2), [...numbered(first, count), END]);
      }
    },
  },
  {
    name: 'reads on behind an id, at most so many at once, until there is nothing more',
    async run(_t, medium) {
      const [one, two] = [await medium.connect(), await medium.connect()];
      const { position } = await HeardGroup.open(one, 'room', HISTORY);
      const ids = await Promise.all(numbered(1, 25).map((text) => publish(one, 'room', text, HISTORY)));
      const texts: string[] = [];
      let since = position!;
      for (let step = 1; step <= 3; step++) {
        const { messages, gap } = await two.read('room', since, 10);
        assert.equal(gap, false);
        assert.deepEqual(messages.map(({ id }) => id), ids.slice((step - 1) * 10, step * 10));
        assert.ok(messages.every(({ origin }) => origin === ORIGIN));
        texts.push(...messages.map(({ bytes }) => Buffer.from(bytes).toString()));
        since = messages.at(-1)!.id!;
      }
      assert.deepEqual(texts, numbered(1, 25));
      assert.deepEqual(await two.read('room', since, 10), { messages: [], gap: false });
    },
  },
  {
    name: 'what is read says how old it is, if at all',
    async run(_t, medium) {
      const bus = await medium.connect();
      const { position } = await HeardGroup.open(bus, 'room', HISTORY);
      const start = performance.now();
      await publish(bus, 'room', '1', HISTORY);
      await delay(100);
      const { messages } = await bus.read('room', position!, 10);
      const { ageMs = 100 } = messages[0]!;
      assert.ok(ageMs >= 95 && ageMs <= performance.now() - start + 5, `${ageMs} ms`);
    },
  },
  {
    name: 'behind an id that is not of this history lies all that is kept, with a gap',
    async run(_t, medium) {
      const bus = await medium.connect();
      const { position } = await HeardGroup.open(bus, 'room', HISTORY);
      await publish(bus, 'room', '1', HISTORY);
      await publish(bus, 'room', '2', HISTORY);
      const epoch = epochOf(position);
      for (const since of ['', 'nonsense', 'elsewhere-1', '1-1', `${epoch}-3`, `${epoch}-9007199254740991`, `${epoch}-`, `${epoch}-01`, `${epoch}-1-1`, `${epoch}--1`, `${epoch}-1\r\n`]) {
        const { messages, gap } = await bus.read('room', since, 10);
        assert.deepEqual([messages.length, gap], [2, true], since);
      }
      assert.equal((await bus.read('room', `${epoch}-2`, 10)).gap, false);
    },
  },
  {
    name: 'keeps no more messages than it was told, and says where they no longer reach back',
    async run(_t, medium) {
      const bus = await medium.connect();
      const history = { ...HISTORY, maxMessages: 5 };
      const heard = await HeardGroup.open(bus, 'room', history);
      for (const text of numbered(1, 12)) await publish(bus, 'room', text, history);
      await heard.heard(12);
      const read = async (since: string): Promise<[string[], boolean]> => {
        const { messages, gap } = await bus.read('room', since, 100);
        return [messages.map(({ bytes }) => Buffer.from(bytes).toString()), gap];
      };
      assert.deepEqual(await read(heard.ids[6]!), [numbered(8, 12), false]);
      assert.deepEqual(await read(heard.ids[5]!), [numbered(8, 12), true]);
      assert.deepEqual(await read(heard.position!), [numbered(8, 12), true]);
      assert.deepEqual(await read(heard.ids[10]!), [['12'], false]);
    },
  },
  {
    name: 'keeps no more bytes than it was told, give or take what goes with a message',
    async run(_t, medium) {
      const bus = await medium.connect();
      const history = { ...HISTORY, maxBytes: 50_000 };
      await HeardGroup.open(bus, 'room', history);
      for (let i = 0; i < 40; i++) await publish(bus, 'room', 'x'.repeat(5_000), history);
      const { messages } = await bus.read('room', '', 100);
      assert.ok(messages.length === 9 || messages.length === 10, `${messages.length} messages`);
      await publish(bus, 'room', 'y'.repeat(60_000), history);
      assert.ok((await bus.read('room', '', 100)).messages.length <= 1);
    },
  },
  {
    name: 'keeps messages without a limit where it is told so',
    async run(_t, medium) {
      const bus = await medium.connect();
      const history = { maxMessages: Infinity, maxAgeMs: Infinity, maxBytes: Infinity };
      const { position } = await HeardGroup.open(bus, 'room', history);
      await Promise.all(numbered(1, 2_000).map((text) => publish(bus, 'room', text, history)));
      assert.equal((await bus.read('room', position!, 5_000)).messages.length, 2_000);
    },
  },
];

/** What a store makes of any bus. */
const STORED: readonly BusCase[] = [
  {
    name: 'what a store broadcasts as soon as a group has its first member reaches it, once and in order',
    async run(_t, medium) {
      const store = new MemoryChannelStore({ bus: await medium.connect(), history: true });
      for (const since of ['', undefined]) {
        for (let i = 1; i <= 5; i++) {
          const [room, { channel, host }] = [`room ${since} ${i}`, envelopeSocket()];
          store.addToGroup(room, channel, undefined, { since });
          assert.equal(store.broadcast(room, 'first'), 1);
          await until(() => host.calls.length >= 2, `the first message, behind ${host.calls.join()}`);
          store.broadcast(room, 'second');
          await until(() => host.calls.length >= 3, `the second message, behind ${host.calls.join()}`);
          assert.deepEqual(host.takeCalls().map((call) => call.replace(/"[0-9a-z]+-/, '"e-')), ['message {"id":"e-0"}', 'message {"id":"e-1","data":"first"}', 'message {"id":"e-2","data":"second"}']);
          channel.close();
        }
      }
    },
  },
];

const NOT_KEPT: readonly BusCase[] = [
  {
    name: 'a group that asks for history gets messages without ids, and nothing to read',
    async run(_t, medium) {
      const bus = await medium.connect();
      const heard = await HeardGroup.open(bus, 'room', HISTORY);
      assert.equal(heard.position, undefined);
      assert.equal(await publish(bus, 'room', 'text', HISTORY), undefined);
      assert.deepEqual(await heard.heard(1), ['text']);
      assert.deepEqual(heard.ids, [undefined]);
      assert.deepEqual(await bus.read('room', '', 10), { messages: [], gap: true });
    },
  },
];

/** Buses are only heard by those that have the same prefix: whatever the prefixes and the groups look like together. `point` is what stands at the end of a prefix. */
export async function prefixesAreApart(connect: (prefix: string) => Promise<Bus>, point: string, history?: BusHistory): Promise<void> {
  const prefixes = [`chat${point}`, `chat${point}admin${point}`, 'chat', 'cha', 'chat=', `chat${point}=`, 'chat%7b', ''];
  const groups = ['room', `admin${point}room`, `chat${point}room`, 't', 't=room', '=room', 'room}', '{room', '', point];
  const heard: [string, HeardGroup][] = [];
  for (const prefix of prefixes) {
    const bus = await connect(prefix);
    for (const group of groups) heard.push([`«${prefix}» «${group}»`, await HeardGroup.open(bus, group, history)]);
  }
  for (const prefix of prefixes) {
    const bus = await connect(prefix);
    for (const group of groups) await publish(bus, group, `«${prefix}» «${group}»`, history);
    for (const group of groups) await publish(bus, group, END, history);
  }
  for (const [name, each] of heard) assert.deepEqual(await each.heard(2), [name, END]);
}

/** The cases of a medium. */
export function busCases(keepsHistory: boolean): readonly BusCase[] {
  return [...PLAIN, ...(keepsHistory ? KEPT : NOT_KEPT), ...STORED];
}
