/** Groups of several processes over a bus: who hears what, in which order, and what becomes of it when the bus goes and comes back. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BusEvent, BusHistory, BusListener, StoreOptions } from 'longwire';
import { MemoryChannelStore } from '#src/channel/store.js';
import { UsageError } from '#src/errors.js';
import { FakeClock } from '../support/clock.js';
import { turns } from '../support/deferred.js';
import { envelopeSocket, eventStream, type Member, poll, stream, webSocket } from '../support/members.js';
import { Broker, type Connection } from '../support/broker.js';
import { countHeld } from '../support/garbage.js';

/** One process with its store. */
class Process {
  readonly clock = new FakeClock();
  readonly bus: Connection;
  readonly events: BusEvent[] = [];
  readonly errors: unknown[] = [];
  readonly store: MemoryChannelStore<string>;

  constructor(broker: Broker, options: StoreOptions = {}) {
    this.bus = broker.connect();
    this.store = new MemoryChannelStore<string>({ bus: this.bus, onBusEvent: (event) => this.events.push(event), onError: (error) => this.errors.push(error), ...options }, this.clock);
  }

  async join(member: Member, since?: string): Promise<Member> {
    this.store.addToGroup('room', member.channel, undefined, { since });
    await turns(1);
    return member;
  }
}

function processes(count: number, options: StoreOptions = {}, broker = new Broker()): Process[] {
  return Array.from({ length: count }, () => new Process(broker, options));
}

function calls({ host }: Member): string[] {
  return host.takeCalls();
}

function parcelOf(head: unknown): Uint8Array {
  const text = JSON.stringify(head);
  return Buffer.from(`\x01\0\0\0${String.fromCharCode(text.length)}${text}x`);
}

const message = (id: string, data: string): string => `message {"id":"${id}","data":"${data}"}`;

describe('without history', () => {
  test('members here have a message at once, those elsewhere when the bus brings it, and nobody twice', async () => {
    const [a, b] = processes(2);
    const [here, there] = [await a!.join(webSocket()), await b!.join(webSocket())];
    assert.equal(a!.store.broadcast('room', 'hello'), 1);
    assert.deepEqual([calls(here), calls(there)], [['message hello'], []]);
    await turns();
    assert.deepEqual([calls(here), calls(there)], [[], ['message hello']]);
  });

  test('all of a message arrives: its kind, its name, its response, and that it is not to be compressed', async () => {
    const [a, b] = processes(2);
    const [socket, events, chunks, waiting] = [await b!.join(webSocket()), await b!.join(eventStream()), await b!.join(stream()), await b!.join(poll())];
    a!.store.broadcast('room', { status: 201, headers: { 'X-A': ['b', 'c'], 'X-N': 1 }, body: 'grüße' }, { compress: false });
    await turns();
    assert.deepEqual(socket!.host.sentAsIs, ['grüße']);
    assert.deepEqual(calls(events!), ['event {"data":"grüße"}']);
    assert.deepEqual(calls(chunks!), ['chunk grüße']);
    assert.deepEqual(calls(waiting!), ['whole {"status":201,"headers":[["X-A","b"],["X-A","c"],["X-N","1"]],"body":"grüße"}', 'closed']);
    a!.store.broadcast('room', { event: 'named', id: 'own', data: 'x\ny', retry: 5 });
    a!.store.broadcast('room', Uint8Array.of(1, 2, 255));
    await turns();
    assert.deepEqual(calls(events!), ['event {"event":"named","id":"own","retry":5,"data":"x\\ny"}', 'event {"data":{"0":1,"1":2,"2":255}}']);
    assert.deepEqual(socket!.host.calls.length, 3);
  });

  test('except leaves out a member here, and nobody elsewhere', async () => {
    const [a, b] = processes(2);
    const [sender, there] = [await a!.join(webSocket()), await b!.join(webSocket())];
    assert.equal(a!.store.broadcast('room', 'hello', { except: sender.channel }), 0);
    await turns();
    assert.deepEqual([calls(sender), calls(there)], [[], ['message hello']]);
  });

  test('what a function gives stays here', async () => {
    const broker = new Broker();
    const [a, b] = processes(2, {}, broker);
    await a!.join(webSocket());
    const there = await b!.join(webSocket());
    assert.equal(a!.store.broadcast('room', () => 'own'), 1);
    await turns();
    assert.deepEqual([broker.published, calls(there)], [[], []]);
  });

  test('one process needs no member of its own to be heard', async () => {
    const [a, b] = processes(2);
    const there = await b!.join(webSocket());
    assert.equal(a!.store.broadcast('room', 'hello'), 0);
    await turns();
    assert.deepEqual([calls(there), a!.bus.calls], [['message hello'], []]);
  });
});

describe('a subscription', () => {
  test('is there while a group has members, and a little longer', async () => {
    const [a] = processes(1);
    const first = await a!.join(webSocket());
    const second = await a!.join(webSocket());
    first.channel.close();
    second.channel.close();
    a!.clock.advance(10_000);
    const third = await a!.join(webSocket());
    assert.deepEqual(a!.bus.calls, ['subscribe room'], 'who comes back soon costs nothing');
    third.channel.close();
    a!.clock.advance(20_000);
    assert.deepEqual(a!.bus.calls, ['subscribe room', 'close room']);
    assert.equal(a!.clock.running, 0);
    await a!.join(webSocket());
    assert.deepEqual(a!.bus.calls, ['subscribe room', 'close room', 'subscribe room']);
  });

  test('that fails is told of, and tried again each second while it is wanted', async () => {
    const broker = new Broker();
    const [a, b] = processes(2, {}, broker);
    a!.bus.isLost = true;
    const member = await a!.join(webSocket());
    a!.clock.advance(1000);
    await turns();
    assert.deepEqual(a!.events.map(({ type, group }) => `${type} ${group}`), ['lost room']);
    a!.bus.isLost = false;
    a!.clock.advance(1000);
    await turns();
    b!.store.broadcast('room', 'hello');
    await turns();
    assert.deepEqual([calls(member), a!.bus.calls.length, a!.events.slice(1)], [['message hello'], 3, [{ type: 'restored', group: 'room', hasGap: true }]]);
  });

  test('that comes when nobody wants it any more is closed', async () => {
    const [a] = processes(1);
    const { channel } = webSocket();
    a!.store.addToGroup('room', channel);
    channel.close();
    a!.clock.advance(20_000);
    assert.deepEqual(a!.bus.calls, ['subscribe room']);
    await turns();
    assert.deepEqual([a!.bus.calls, a!.clock.running], [['subscribe room', 'close room'], 0]);
  });

  test('that failed is not tried again when nobody wants it any more', async () => {
    const [a] = processes(1);
    a!.bus.isLost = true;
    const { channel } = await a!.join(webSocket());
    channel.close();
    for (let i = 0; i < 30; i++) {
      a!.clock.advance(1000);
      await turns(1);
    }
    const tries = a!.bus.calls.length;
    a!.clock.advance(10_000);
    await turns();
    assert.deepEqual([a!.bus.calls.length, a!.clock.running], [tries, 0]);
  });
});

describe('with history', () => {
  const history = { maxMessages: 5 };

  test('all members have the ids and the order of the bus, wherever they are', async () => {
    const [a, b] = processes(2, { history });
    const members = [await a!.join(envelopeSocket()), await b!.join(envelopeSocket()), await b!.join(eventStream())];
    assert.deepEqual(members.map(calls), [['message {"id":"epoch1-0"}'], ['message {"id":"epoch1-0"}'], ['event {"id":"epoch1-0"}']]);
    assert.equal(a!.store.broadcast('room', 'from a'), 1, 'it will go to one here');
    assert.equal(b!.store.broadcast('room', 'from b'), 2);
    assert.deepEqual(members.map(calls), [[], [], []]);
    await turns();
    assert.deepEqual(calls(members[0]!), [message('epoch1-1', 'from a'), message('epoch1-2', 'from b')]);
    assert.deepEqual(calls(members[1]!), [message('epoch1-1', 'from a'), message('epoch1-2', 'from b')]);
    assert.deepEqual(calls(members[2]!), ['event {"id":"epoch1-1","data":"from a"}', 'event {"id":"epoch1-2","data":"from b"}']);
  });

  test('except holds when the message comes back, and when the member does', async () => {
    const [a, b] = processes(2, { history });
    const [sender, there] = [await a!.join(envelopeSocket()), await b!.join(envelopeSocket())];
    [sender, there].forEach(calls);
    assert.equal(a!.store.broadcast('room', 'own', { except: sender.channel }), 0);
    assert.equal(a!.store.broadcast('room', 'next'), 1);
    await turns();
    assert.deepEqual(calls(sender), ['message {"id":"epoch1-1"}', message('epoch1-2', 'next')]);
    assert.deepEqual(calls(there), [message('epoch1-1', 'own'), message('epoch1-2', 'next')]);
  });

  test('a member comes back to another process, which had never heard of the group', async () => {
    const [a, b] = processes(2, { history });
    await a!.join(webSocket());
    for (const data of ['a', 'b', 'c']) a!.store.broadcast('room', data);
    await turns();
    const member = await b!.join(envelopeSocket(), 'epoch1-1');
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-2', 'b'), message('epoch1-3', 'c')]);
    assert.deepEqual(b!.bus.calls, ['subscribe room', 'read room epoch1-1', 'read room epoch1-3'].slice(0, 2));
    a!.store.broadcast('room', 'd');
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-4', 'd')]);
  });

  test('what comes out of what the bus keeps is as old as the bus says, and is not kept for longer', async () => {
    const [a, b] = processes(2, { history: { maxAgeMs: 500 } });
    await a!.join(webSocket());
    for (const data of ['too old', 'old']) a!.store.broadcast('room', data);
    await turns();
    const read = b!.bus.read.bind(b!.bus);
    b!.bus.read = async (...args) => {
      const { messages, gap } = await read(...args);
      return { messages: messages.map((each) => ({ ...each, ageMs: each.id === 'epoch1-1' ? 501 : 400 })), gap };
    };
    const members = [envelopeSocket(), envelopeSocket(), envelopeSocket()];
    for (const each of members) {
      await b!.join(each, 'epoch1-0');
      await turns();
      b!.clock.advance(each === members[0] ? 100 : 1);
    }
    const kept = ['message {"gap":true,"id":"epoch1-1"}', message('epoch1-2', 'old')];
    assert.deepEqual(members.map(calls), [kept, kept, ['message {"gap":true,"id":"epoch1-2"}']]);
  });

  test('what was read once is there for the next', async () => {
    const [a, b] = processes(2, { history });
    await a!.join(webSocket());
    for (const data of ['a', 'b', 'c']) a!.store.broadcast('room', data);
    await turns();
    const members = [envelopeSocket(), envelopeSocket(), envelopeSocket()];
    await Promise.all(members.map((each) => b!.join(each, 'epoch1-1')));
    const later = await b!.join(envelopeSocket(), 'epoch1-2');
    assert.deepEqual(members.map(calls), members.map(() => [message('epoch1-2', 'b'), message('epoch1-3', 'c')]));
    assert.deepEqual(calls(later), [message('epoch1-3', 'c')]);
    assert.deepEqual(b!.bus.calls, ['subscribe room', 'read room epoch1-1']);
  });

  test('a member is told of a gap where the bus does not reach back either, and sent what there is', async () => {
    const [a, b] = processes(2, { history });
    await a!.join(webSocket());
    for (const data of 'abcdefg') a!.store.broadcast('room', data);
    await turns();
    for (const since of ['epoch1-1', 'other-1', 'nonsense', 'DROP TABLE']) {
      const member = await b!.join(envelopeSocket(), since);
      await turns();
      assert.deepEqual(calls(member), ['message {"gap":true,"id":"epoch1-2"}', ...[...'cdefg'].map((data, i) => message(`epoch1-${i + 3}`, data))]);
    }
    assert.ok(b!.bus.calls.filter((call) => call.startsWith('read')).every((call) => /^read room epoch1-\d+$/.test(call)), 'the bus is asked with ids of its own alone');
  });

  test('a member that was sent something which the bus has yet to bring here is not sent it again', async () => {
    const [a, b] = processes(2, { history });
    await b!.join(webSocket());
    await a!.join(webSocket());
    a!.store.broadcast('room', 'a');
    const member = envelopeSocket();
    b!.store.addToGroup('room', member.channel, undefined, { since: 'epoch1-2' });
    assert.deepEqual(calls(member), []);
    a!.store.broadcast('room', 'b');
    a!.store.broadcast('room', 'c');
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-3', 'c')]);
  });

  test('a member is told of a gap behind an id that the bus has not given, and sent what there is', async () => {
    const [a, b] = processes(2, { history });
    await a!.join(webSocket());
    for (const data of 'ab') a!.store.broadcast('room', data);
    await turns();
    const [first, second, waiting] = [envelopeSocket(), envelopeSocket(), poll()];
    for (const each of [first, second]) {
      await b!.join(each, 'epoch1-50');
      await turns();
      assert.deepEqual(calls(each), ['message {"gap":true,"id":"epoch1-0"}', message('epoch1-1', 'a'), message('epoch1-2', 'b')]);
    }
    await b!.join(waiting, 'epoch1-3');
    await turns();
    assert.match(calls(waiting)[0]!, /\{\\"gap\\":true,\\"messages\\":\[.*\],\\"next\\":\\"epoch1-2\\"\}/);
    a!.store.broadcast('room', 'c');
    await turns();
    assert.deepEqual([calls(first), calls(second), b!.store.stats().gaps], [[message('epoch1-3', 'c')], [message('epoch1-3', 'c')], 3]);
  });

  test('a member with an id that is ahead waits until the bus says whether it is one', async () => {
    const [a, b] = processes(2, { history });
    await b!.join(webSocket());
    b!.bus.failNextRead = new Error('not now');
    const member = await b!.join(envelopeSocket(), 'epoch1-1');
    await turns();
    assert.deepEqual([calls(member), b!.errors.length], [[], 1]);
    a!.store.broadcast('room', 'a');
    await turns();
    b!.clock.advance(1000);
    await turns();
    a!.store.broadcast('room', 'b');
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-2', 'b')]);
  });

  for (const what of ['subscription', 'answer'] as const) {
    test(`members that leave while the bus owes its ${what} are held by nobody, and nothing is asked for them`, async () => {
      const [a, b] = processes(2, { history });
      await a!.join(webSocket());
      if (what === 'subscription') b!.bus.isLost = true;
      await b!.join(envelopeSocket(), 'epoch1-7');
      await turns();
      b!.bus.isLost = true;
      const come = async (): Promise<WeakRef<object>> => {
        const { channel } = await b!.join(envelopeSocket(), 'epoch1-8');
        await turns(2);
        b!.store.removeFromGroup('room', channel);
        return new WeakRef(channel);
      };
      const gone: WeakRef<object>[] = [];
      for (let i = 0; i < 20; i++) gone.push(await come());
      // The first may be the one that is being asked for.
      const held = await countHeld(gone);
      assert.ok(held <= 2, `${held} of ${gone.length} channels are held`);
      const asked = b!.bus.calls.length;
      b!.bus.isLost = false;
      for (let i = 0; i < 3; i++) {
        b!.clock.advance(1000);
        await turns();
      }
      assert.ok(b!.bus.calls.slice(asked).filter((call) => call.endsWith('epoch1-8')).length <= 1, b!.bus.calls.slice(asked).join());
    });
  }

  test('a poll goes on in another process', async () => {
    const [a, b] = processes(2, { history });
    await a!.join(webSocket());
    a!.store.broadcast('room', 'a');
    await turns();
    const waiting = poll();
    await b!.join(waiting, 'epoch1-0');
    await turns();
    assert.match(calls(waiting)[0]!, /\{\\"messages\\":\[\{\\"id\\":\\"epoch1-1\\",\\"data\\":\\"a\\"\}\],\\"next\\":\\"epoch1-1\\"\}/);
  });

  test('a reading that fails is reported, and tried again', async () => {
    const [a, b] = processes(2, { history });
    await a!.join(webSocket());
    a!.store.broadcast('room', 'a');
    await turns();
    const error = new Error('not now');
    b!.bus.failNextRead = error;
    const member = await b!.join(envelopeSocket(), 'epoch1-0');
    await turns();
    assert.deepEqual([calls(member), b!.errors, b!.events], [[], [error], []]);
    b!.clock.advance(1000);
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-1', 'a')]);
  });

  test('what came from the bus twice is sent once, and what came out of order is fetched', async () => {
    const broker = new Broker();
    const [a] = processes(1, { history }, broker);
    const member = await a!.join(envelopeSocket());
    calls(member);
    const messages: Parameters<BusListener['message']>[0][] = [];
    const spy = broker.connect();
    await spy.subscribe('room', { message: (each) => void messages.push(each), lost: () => {}, restored: () => {} }, { maxMessages: 5, maxAgeMs: 1, maxBytes: 1 });
    for (const data of ['a', 'b', 'c']) a!.store.broadcast('room', data);
    await turns();
    calls(member);
    for (const each of messages) a!.bus.bring('room', each);
    await turns();
    assert.deepEqual(calls(member), []);
    a!.bus.isLost = true;
    spy.publish('room', { origin: 'spy', bytes: messages[0]!.bytes }, LIMITS);
    spy.publish('room', { origin: 'spy', bytes: messages[1]!.bytes }, LIMITS);
    await turns();
    a!.bus.isLost = false;
    a!.bus.bring('room', messages[4]!);
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-4', 'a'), message('epoch1-5', 'b')]);
  });

  test('a member that is catching up when messages are missing here is sent all of them, once', async () => {
    const [a, b] = processes(2, { history });
    await b!.join(webSocket());
    const member = await a!.join(envelopeSocket({ softBufferBytes: 10 }));
    calls(member);
    member.host.onWrite = () => (member.host.bufferedAmount = 11);
    for (const data of ['a', 'b', 'c']) b!.store.broadcast('room', data);
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-1', 'a'), message('epoch1-2', 'b'), message('epoch1-3', 'c')]);
    a!.store.removeFromGroup('room', member.channel);
    await a!.join(member, 'epoch1-1');
    a!.bus.lose();
    b!.store.broadcast('room', 'd');
    await turns();
    a!.bus.restore({ catchesUp: false });
    await turns();
    for (let i = 0; i < 5; i++) {
      member.host.drain();
      await turns();
    }
    assert.deepEqual(calls(member), [message('epoch1-2', 'b'), message('epoch1-3', 'c'), message('epoch1-4', 'd')]);
  });

  test('a bus that finds nothing, and calls that no gap, keeps nobody waiting', async () => {
    const broker = new Broker();
    const [a, b] = processes(2, { history }, broker);
    await b!.join(webSocket());
    b!.store.broadcast('room', 'a');
    await turns();
    a!.bus.read = async () => ({ messages: [], gap: false });
    const member = await a!.join(envelopeSocket(), 'epoch1-0');
    await turns();
    assert.deepEqual(calls(member), ['message {"gap":true,"id":"epoch1-1"}']);
  });

  test('what is on the bus and was not published by a store is reported, and hurts nobody', async () => {
    const broker = new Broker();
    const [a] = processes(1, { history: false }, broker);
    const member = await a!.join(webSocket());
    for (const bytes of [new Uint8Array(0), Buffer.from('nonsense'), Buffer.from('\x01\x00\x00\x00\x02{}x'), Buffer.from('\x01\xff\xff\xff\xff{}'), Buffer.from('\x02\x00\x00\x00\x07{"n":1}x'), parcelOf({ n: 1, event: 'a\ndata: b' }), parcelOf({ n: 1, event: 7 })]) {
      broker.publish('room', { origin: 'x', bytes }, undefined);
    }
    await turns();
    assert.equal(a!.errors.length, 7);
    a!.store.broadcast('room', 'still here');
    assert.deepEqual(calls(member), ['message still here']);
  });
});

const LIMITS: BusHistory = { maxMessages: 5, maxAgeMs: 1, maxBytes: 1 };

describe('what is broadcast while the first member is still being subscribed for', () => {
  const history = true;

  for (const keepsHistory of [true, false]) {
    for (const since of [undefined, '']) {
      test(`reaches it once, behind its place (since ${JSON.stringify(since)}, a bus ${keepsHistory ? 'with' : 'without'} history)`, async () => {
        const [a] = processes(1, { history }, new Broker(keepsHistory));
        const members = [envelopeSocket(), webSocket()];
        for (const { channel } of members) a!.store.addToGroup('room', channel, undefined, { since });
        assert.deepEqual(['one', 'two'].map((data) => a!.store.broadcast('room', data)), [2, 2]);
        await turns();
        a!.store.broadcast('room', 'three');
        await turns();
        const epoch = a!.store.position('room').split('-')[0]!;
        assert.deepEqual(members.map(calls), [
          [`message {"id":"${epoch}-0"}`, message(`${epoch}-1`, 'one'), message(`${epoch}-2`, 'two'), message(`${epoch}-3`, 'three')],
          ['message one', 'message two', 'message three'],
        ]);
      });
    }
  }

  test('is the answer to a poll, with since and without', async () => {
    const [a] = processes(1, { history });
    const [plain, asking] = [poll(), poll()];
    a!.store.addToGroup('room', plain.channel);
    a!.store.addToGroup('room', asking.channel, undefined, { since: '' });
    assert.equal(a!.store.broadcast('room', 'one'), 2);
    await turns();
    assert.match(calls(plain)[0]!, /^whole .*one/);
    assert.match(calls(asking)[0]!, /\{\\"messages\\":\[\{\\"id\\":\\"epoch1-1\\",\\"data\\":\\"one\\"\}\],\\"next\\":\\"epoch1-1\\"\}/);
  });

  test('reaches it where the group was heard of before, but no longer', async () => {
    const [a, b] = processes(2, { history });
    const first = await a!.join(webSocket());
    a!.store.broadcast('room', 'before');
    await turns();
    first.channel.close();
    a!.clock.advance(20_000);
    b!.store.broadcast('room', 'missed');
    const member = envelopeSocket();
    a!.store.addToGroup('room', member.channel, undefined, { since: 'epoch1-1' });
    assert.equal(a!.store.broadcast('room', 'new'), 1);
    await turns();
    assert.deepEqual(calls(member), [message('epoch1-2', 'missed'), message('epoch1-3', 'new')]);
  });

  test('leaves out whom it is to leave out', async () => {
    for (const since of ['', 'epoch1-1']) {
      const [a, b] = processes(2, { history });
      await b!.join(webSocket());
      b!.store.broadcast('room', 'before');
      const member = envelopeSocket();
      a!.store.addToGroup('room', member.channel, undefined, { since });
      assert.equal(a!.store.broadcast('room', 'own', { except: member.channel }), 0);
      await turns();
      assert.deepEqual(calls(member), [...(since === '' ? ['message {"id":"epoch1-1"}'] : []), 'message {"id":"epoch1-2"}']);
    }
  });

  test('reaches it from another process, where the bus brings it before it says that it is subscribed', async () => {
    const [a, b] = processes(2, { history });
    const subscribe = a!.bus.subscribe.bind(a!.bus);
    a!.bus.subscribe = async (...args) => {
      const subscription = await subscribe(...args);
      b!.store.broadcast('room', 'early');
      await turns();
      return subscription;
    };
    const member = envelopeSocket();
    a!.store.addToGroup('room', member.channel, undefined, { since: '' });
    a!.store.broadcast('room', 'own');
    await turns(30);
    assert.deepEqual(calls(member), ['message {"id":"epoch1-0"}', message('epoch1-1', 'early'), message('epoch1-2', 'own')]);
  });

  test('waits for a bus that is away, for ten seconds', async () => {
    const [a] = processes(1, { history });
    a!.bus.isLost = true;
    const member = await a!.join(envelopeSocket());
    a!.store.broadcast('room', 'too early');
    a!.clock.advance(6000);
    await turns();
    a!.store.broadcast('room', 'one');
    a!.store.broadcast('room', 'two');
    assert.deepEqual(a!.events.map(({ type }) => type), ['lost']);
    a!.clock.advance(4000);
    await turns();
    assert.deepEqual(a!.events.map(({ type }) => type), ['lost', 'publish-failed']);
    a!.bus.isLost = false;
    a!.clock.advance(1000);
    await turns();
    assert.deepEqual(calls(member), ['message {"id":"epoch1-0"}', message('epoch1-1', 'one'), message('epoch1-2', 'two')]);
    member.channel.close();
    a!.clock.advance(20_000);
    assert.equal(a!.clock.running, 0);
  });

  test('is told of as failed where 16 MiB wait already', async () => {
    const [a] = processes(1, { history });
    a!.bus.isLost = true;
    await a!.join(webSocket());
    const megabyte = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 17; i++) a!.store.broadcast('room', megabyte);
    assert.deepEqual(a!.events.map(({ type }) => type), ['lost', 'publish-failed']);
  });
});

describe('a bus that is lost and restored', () => {
  const history = { maxMessages: 5 };

  async function lostWhile(published: string, options: StoreOptions, restore?: { catchesUp: boolean }) {
    const broker = new Broker();
    const [a, b] = processes(2, options, broker);
    const [here, there] = [await a!.join(envelopeSocket()), await b!.join(webSocket())];
    a!.store.broadcast('room', 'before');
    await turns();
    calls(here);
    a!.bus.lose();
    for (const data of published) b!.store.broadcast('room', data);
    await turns();
    assert.deepEqual(calls(here), []);
    a!.bus.restore(restore);
    await turns();
    return { broker, a: a!, b: b!, here, there };
  }

  test('is told of, and what came meanwhile is made up for, where there is a history', async () => {
    const { a, b, here } = await lostWhile('abc', { history });
    assert.deepEqual(a.events.map((event) => ({ ...event, error: undefined })), [{ type: 'lost', group: 'room', error: undefined }, { type: 'restored', group: 'room', hasGap: false, error: undefined }]);
    assert.deepEqual(calls(here), [...'abc'].map((data, i) => message(`epoch1-${i + 2}`, data)));
    b.store.broadcast('room', 'after');
    await turns();
    assert.deepEqual(calls(here), [message('epoch1-5', 'after')]);
  });

  test('and does not know what came meanwhile is asked for it', async () => {
    const { a, here } = await lostWhile('abc', { history }, { catchesUp: false });
    assert.deepEqual(calls(here), [...'abc'].map((data, i) => message(`epoch1-${i + 2}`, data)));
    assert.deepEqual(a.bus.calls, ['subscribe room', 'close room', 'subscribe room', 'read room epoch1-1']);
  });

  test('and brings what was published here only when it is read: who is left out of it is not sent it', async () => {
    for (const catchesUp of [true, false]) {
      const [a, b] = processes(2, { history });
      const [sender, there] = [await a!.join(envelopeSocket()), await b!.join(webSocket())];
      [sender, there].forEach(calls);
      a!.store.broadcast('room', 'heard', { except: sender.channel });
      await turns();
      const publish = a!.bus.publish.bind(a!.bus);
      a!.bus.publish = (...args) => {
        a!.bus.lose();
        return b!.bus.publish(...args);
      };
      a!.store.broadcast('room', 'own', { except: sender.channel });
      await turns();
      a!.bus.publish = publish;
      a!.bus.restore({ catchesUp });
      await turns();
      a!.store.broadcast('room', 'own again', { except: sender.channel });
      await turns();
      assert.deepEqual([calls(sender), calls(there)], [[1, 2, 3].map((n) => `message {"id":"epoch1-${n}"}`), ['message heard', 'message own', 'message own again']], `catchesUp: ${catchesUp}`);
      a!.store.removeFromGroup('room', sender.channel);
    }
  });

  test('does not bring back what left out a member that has yet to come to it', async () => {
    const [a, b] = processes(2, { history });
    await b!.join(webSocket());
    const member = await a!.join(envelopeSocket({ softBufferBytes: 10 }));
    member.host.onWrite = () => (member.host.bufferedAmount = 11);
    b!.store.broadcast('room', 'a');
    await turns();
    a!.store.removeFromGroup('room', member.channel);
    calls(member);
    await a!.join(member, 'epoch1-0');
    a!.store.broadcast('room', 'own', { except: member.channel });
    await turns();
    a!.bus.lose();
    b!.store.broadcast('room', 'b');
    await turns();
    a!.bus.restore({ catchesUp: false });
    for (let i = 0; i < 5; i++) {
      await turns();
      member.host.drain();
    }
    assert.deepEqual(calls(member), [message('epoch1-1', 'a'), 'message {"id":"epoch1-2"}', message('epoch1-3', 'b')]);
  });

  describe("and a member that is behind, with onSlow 'latest',", () => {
    /** Sent `a` before the bus is lost; `published` meanwhile; and `c` behind its return, all while the member takes nothing. */
    async function slowWhile(published: string, make: () => Member, isForgotten = false) {
      const broker = new Broker();
      const [a, b] = processes(2, { history, onSlow: 'latest' }, broker);
      const [slow] = [await a!.join(make()), await b!.join(webSocket())];
      calls(slow);
      slow.host.bufferedAmount = 101;
      b!.store.broadcast('room', 'a', { key: 'a' });
      await turns();
      a!.bus.lose();
      for (const data of published) b!.store.broadcast('room', data, { key: data });
      await turns();
      if (isForgotten) broker.forget();
      a!.bus.restore({ catchesUp: false });
      await turns();
      a!.store.broadcast('room', 'c', { key: 'c' });
      await turns();
      assert.deepEqual(calls(slow), []);
      for (let i = 0; i < 3; i++) {
        slow.host.drain();
        await turns();
      }
      a!.store.broadcast('room', 'end');
      await turns();
      return { calls: calls(slow), gaps: a!.store.stats().gaps };
    }

    test('is sent what came meanwhile behind what it was kept, and then what is new', async () => {
      assert.deepEqual((await slowWhile('xy', envelopeSocket)).calls, ['a', 'x', 'y', 'c', 'end'].map((data, i) => message(`epoch1-${i + 1}`, data)));
      assert.deepEqual((await slowWhile('xy', webSocket)).calls, ['a', 'x', 'y', 'c', 'end'].map((data) => `message ${data}`));
    });

    test('is sent nothing but that where nothing came', async () => {
      assert.deepEqual((await slowWhile('', envelopeSocket)).calls, ['a', 'c', 'end'].map((data, i) => message(`epoch1-${i + 1}`, data)));
    });

    test('is told of a gap where a part is forgotten', async () => {
      const { calls, gaps } = await slowWhile('uvwxyz', envelopeSocket);
      assert.deepEqual([gaps, calls.slice(0, 2), calls.at(-1)], [1, [message('epoch1-1', 'a'), 'message {"gap":true,"id":"epoch1-3"}'], message('epoch1-9', 'end')]);
    });

    test('is told of a gap where all is forgotten', async () => {
      const { calls, gaps } = await slowWhile('x', envelopeSocket, true);
      assert.deepEqual([gaps, calls], [1, [message('epoch1-1', 'a'), 'message {"gap":true,"id":"epoch2-0"}', message('epoch2-1', 'c'), message('epoch2-2', 'end')]]);
    });
  });

  test('and has forgotten a part: members are told of the gap, and sent the rest', async () => {
    const { here } = await lostWhile('abcdefgh', { history });
    assert.deepEqual(calls(here), ['message {"gap":true,"id":"epoch1-4"}', ...[...'defgh'].map((data, i) => message(`epoch1-${i + 5}`, data))]);
  });

  test('and has forgotten all: its ids are of another epoch, and members are told of a gap', async () => {
    const broker = new Broker();
    const [a] = processes(1, { history }, broker);
    const [member, waiting, plain] = [await a!.join(envelopeSocket()), poll(), await a!.join(webSocket())];
    a!.store.broadcast('room', 'before');
    await turns();
    await a!.join(waiting, 'epoch1-1');
    [member, plain].forEach(calls);
    a!.bus.lose();
    broker.forget();
    a!.bus.restore();
    await turns();
    assert.deepEqual(calls(member), ['message {"gap":true,"id":"epoch2-0"}']);
    assert.match(calls(waiting)[0]!, /\{\\"gap\\":true,\\"messages\\":\[\],\\"next\\":\\"epoch2-0\\"\}/);
    a!.store.broadcast('room', 'after');
    await turns();
    assert.deepEqual([calls(member), calls(plain)], [[message('epoch2-1', 'after')], ['message after']]);
  });

  test('and has missed nothing: members are told nothing', async () => {
    const { here } = await lostWhile('', { history }, { catchesUp: false });
    assert.deepEqual(calls(here), []);
  });

  test('does not take what is broadcast meanwhile, which is told of', async () => {
    for (const options of [{ history }, {}]) {
      const [a] = processes(1, options);
      const member = await a!.join(webSocket());
      a!.bus.lose();
      assert.equal(a!.store.broadcast('room', 'a'), 1);
      await turns();
      assert.deepEqual(a!.events.map(({ type, group }) => `${type} ${group}`), ['lost room', 'publish-failed room']);
      assert.deepEqual(calls(member), options.history === undefined ? ['message a'] : []);
    }
  });

  test('without history has a gap, which the application alone is told of', async () => {
    const { a, b, here } = await lostWhile('abc', {});
    assert.deepEqual(a.events.map(({ type }) => type), ['lost', 'restored']);
    assert.equal((a.events[1] as { hasGap?: boolean }).hasGap, true);
    b.store.broadcast('room', 'after');
    await turns();
    assert.deepEqual(calls(here), ['message {"data":"after"}']);
  });
});

describe('a bus that keeps no history', () => {
  test('leaves the ids to each process', async () => {
    const [a, b] = processes(2, { history: true }, new Broker(false));
    const [here, there] = [await a!.join(envelopeSocket()), await b!.join(envelopeSocket())];
    const [epoch, other] = [a!.store.position('room').split('-')[0]!, b!.store.position('room').split('-')[0]!];
    assert.notEqual(epoch, other);
    [here, there].forEach(calls);
    a!.store.broadcast('room', 'a');
    b!.store.broadcast('room', 'b');
    await turns();
    assert.deepEqual(calls(here), [message(`${epoch}-1`, 'a'), message(`${epoch}-2`, 'b')]);
    assert.deepEqual(calls(there), [message(`${other}-1`, 'a'), message(`${other}-2`, 'b')]);
    assert.deepEqual(calls(await a!.join(envelopeSocket(), `${epoch}-1`)), [message(`${epoch}-2`, 'b')]);
    assert.deepEqual(calls(await b!.join(envelopeSocket(), `${epoch}-1`))[0], `message {"gap":true,"id":"${other}-0"}`);
  });

  test('makes a gap of what came while it was lost', async () => {
    const [a, b] = processes(2, { history: true }, new Broker(false));
    const here = await a!.join(envelopeSocket());
    a!.store.broadcast('room', 'heard');
    await turns();
    const [last] = [a!.store.position('room'), calls(here)];
    a!.bus.lose();
    b!.store.broadcast('room', 'missed');
    await turns();
    a!.bus.restore();
    await turns();
    b!.store.broadcast('room', 'heard again');
    await turns();
    const epoch = a!.store.position('room').split('-')[0]!;
    assert.deepEqual(calls(here), [`message {"gap":true,"id":"${epoch}-0"}`, message(`${epoch}-1`, 'heard again')]);
    assert.deepEqual(calls(await a!.join(envelopeSocket(), last)), [`message {"gap":true,"id":"${epoch}-0"}`, message(`${epoch}-1`, 'heard again')]);
  });
});

describe('what is wrong', () => {
  test('is a bus without its verbs, or a callback that is no function', () => {
    for (const options of [{ bus: {} }, { bus: 'redis' }, { bus: { publish: () => {} } }, { onBusEvent: 7 }, { onError: 'x' }, { groupOptions: {} }]) {
      assert.throws(() => new MemoryChannelStore(options as unknown as StoreOptions), UsageError);
    }
  });

  test('is a response whose headers can be none', async () => {
    const [a] = processes(1);
    const member = await a!.join(webSocket());
    for (const headers of [null, 7]) assert.throws(() => a!.store.broadcast('room', { headers: headers as unknown as undefined, body: 'a' }), UsageError);
    assert.deepEqual(calls(member), []);
  });

  test('is what onBusEvent throws: it is reported, and hurts nobody', async () => {
    const error = new Error('from onBusEvent');
    const [a] = processes(1, { onBusEvent: () => { throw error; } });
    await a!.join(webSocket());
    a!.bus.lose();
    assert.deepEqual(a!.errors, [error]);
  });
});
