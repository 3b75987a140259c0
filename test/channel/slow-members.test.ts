/** Members that take less than comes: what each policy makes of them, what is counted, and that it costs nobody else anything. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryChannelStore } from '#src/channel/store.js';
import type { OnSlow, StoreOptions } from '#src/channel/store-options.js';
import { UsageError } from '#src/errors.js';
import { envelopeSocket, eventStream, type Member, poll, stream, webSocket } from '../support/members.js';
import { Random } from '../support/random.js';

function roomOf(options: StoreOptions, ...members: readonly Member[]): MemoryChannelStore {
  const store = new MemoryChannelStore(options);
  for (const { channel, host } of members) {
    store.addToGroup('room', channel);
    host.takeCalls();
  }
  return store;
}

function counted(store: MemoryChannelStore): string {
  const { dropped, replaced, closed, gaps } = store.stats('room');
  const all = store.stats();
  assert.deepEqual([all.dropped, all.replaced, all.closed, all.gaps], [dropped, replaced, closed, gaps]);
  return [`${dropped} dropped`, `${replaced} replaced`, `${closed} closed`, `${gaps} gaps`].filter((each) => !each.startsWith('0 ')).join(', ');
}

describe("onSlow 'close'", () => {
  for (const [name, make, end] of [['a WebSocket', webSocket, 'failFrame 1013'], ['a stream', stream, 'cut'], ['an event stream', eventStream, 'cut']] as const) {
    for (const onOverflow of ['close', 'drop'] as const) {
      test(`closes ${name} once more waits than may, whatever the server's onOverflow is (${onOverflow})`, () => {
        const [slow, healthy] = [make({ onOverflow }), make({ onOverflow })];
        const store = roomOf({ onSlow: 'close' }, slow, healthy);
        slow.host.bufferedAmount = 1000;
        assert.equal(store.broadcast('room', 'a'), 2, 'up to the limit it is sent');
        slow.host.takeCalls();
        slow.host.bufferedAmount = 1001;
        assert.equal(store.broadcast('room', 'b'), 1);
        assert.equal(slow.host.takeCalls()[0], end);
        assert.deepEqual(store.members('room'), [healthy.channel]);
        assert.equal(counted(store), '1 closed');
      });
    }
  }

  test('is what happens where nothing is said, if the server closes as well', () => {
    const slow = webSocket();
    const store = roomOf({}, slow, webSocket());
    slow.host.bufferedAmount = 1001;
    assert.equal(store.broadcast('room', 'a'), 1);
    assert.deepEqual([slow.channel.isOpen, counted(store)], [false, '1 closed']);
  });
});

test('what a group has counted goes with its last member, but not what its store has', () => {
  const slow = webSocket();
  const store = roomOf({}, slow);
  slow.host.bufferedAmount = 1001;
  store.broadcast('room', 'a');
  assert.deepEqual([store.stats('room').closed, store.stats().closed], [0, 1]);
});

describe("onSlow 'drop'", () => {
  for (const onOverflow of ['close', 'drop'] as const) {
    for (const options of [{ onSlow: 'drop' }, { onSlow: 'drop', history: true }] as const) {
      test(`sends a slow member less, and leaves it open (onOverflow ${onOverflow}, ${JSON.stringify(options)})`, () => {
        const [slow, healthy] = [webSocket({ onOverflow }), webSocket()];
        const store = roomOf(options, slow, healthy);
        slow.host.bufferedAmount = 1001;
        assert.equal(store.broadcast('room', 'a'), 1);
        assert.equal(store.broadcast('room', () => 'own'), 1);
        slow.host.drain();
        assert.equal(store.broadcast('room', 'b'), 2);
        assert.deepEqual(slow.host.takeCalls(), ['message b']);
        assert.deepEqual(healthy.host.takeCalls(), ['message a', 'message own', 'message b']);
        assert.equal(counted(store), '2 dropped');
      });
    }
  }

  test('is what happens where nothing is said, if the server drops as well', () => {
    const slow = webSocket({ onOverflow: 'drop' });
    const store = roomOf({}, slow);
    slow.host.bufferedAmount = 1001;
    assert.equal(store.broadcast('room', 'a'), 0);
    assert.deepEqual([slow.channel.isOpen, counted(store)], [true, '1 dropped']);
  });

  test('sends a member that has ids later, from the history, and nothing twice', () => {
    const slow = envelopeSocket();
    const store = roomOf({ onSlow: 'drop', history: true }, slow);
    const epoch = store.position('room').split('-')[0];
    store.broadcast('room', 'a');
    slow.host.takeCalls();
    slow.host.bufferedAmount = 1001;
    assert.equal(store.broadcast('room', 'b'), 1, 'it will be sent');
    store.broadcast('room', 'c');
    assert.deepEqual(slow.host.takeCalls(), []);
    slow.host.drain();
    store.broadcast('room', 'd');
    assert.deepEqual(slow.host.takeCalls(), ['b', 'c', 'd'].map((data, i) => `message {"id":"${epoch}-${i + 2}","data":"${data}"}`));
    assert.equal(counted(store), '');
  });

  test('sends such a member later what the history is too small for, as far as that may wait', () => {
    const slow = envelopeSocket();
    const store = roomOf({ onSlow: 'drop', history: { maxBytes: 3 } }, slow);
    const epoch = store.position('room').split('-')[0];
    slow.host.bufferedAmount = 1001;
    const large = 'x'.repeat(600);
    for (let i = 0; i < 5; i++) store.broadcast('room', large);
    store.broadcast('room', 'a');
    slow.host.onWrite = () => (slow.host.bufferedAmount = 1001);
    for (let i = 0; i < 5; i++) slow.host.drain();
    const sent = slow.host.takeCalls().map((call) => call.replace('message ', '').replace(large, 'large'));
    assert.deepEqual(sent, [
      `{"id":"${epoch}-1","data":"large"}`, `{"id":"${epoch}-2","data":"large"}`, `{"gap":true,"id":"${epoch}-5"}`, `{"id":"${epoch}-6","data":"a"}`,
    ]);
    assert.equal(counted(store), '1 gaps');
  });

  test('tells such a member of a gap where the history has overtaken it', () => {
    const slow = envelopeSocket();
    const store = roomOf({ onSlow: 'drop', history: { maxMessages: 1 } }, slow);
    const epoch = store.position('room').split('-')[0];
    slow.host.bufferedAmount = 1001;
    for (const data of 'abc') store.broadcast('room', data);
    slow.host.drain();
    assert.deepEqual(slow.host.takeCalls(), [`message {"gap":true,"id":"${epoch}-2"}`, `message {"id":"${epoch}-3","data":"c"}`]);
    assert.equal(counted(store), '1 gaps');
  });
});

describe("onSlow 'latest'", () => {
  test('keeps the newest message of each key for a slow member, and sends them in the order in which they came', () => {
    const [slow, healthy] = [webSocket(), webSocket()];
    const store = roomOf({ onSlow: 'latest' }, slow, healthy);
    slow.host.bufferedAmount = 101;
    for (const [key, data] of [['x', 'x1'], ['y', 'y1'], ['x', 'x2'], [undefined, 'n1'], ['y', 'y2'], [undefined, 'n2'], ['x', 'x3']] as const) {
      assert.equal(store.broadcast('room', data, { key }), 2);
    }
    assert.deepEqual(slow.host.takeCalls(), []);
    assert.equal(healthy.host.takeCalls().length, 7);
    slow.host.drain();
    assert.deepEqual(slow.host.takeCalls(), ['message y2', 'message n2', 'message x3']);
    assert.equal(counted(store), '4 replaced');
    store.broadcast('room', 'new');
    assert.deepEqual(slow.host.takeCalls(), ['message new']);
  });

  test('sends what it kept piece by piece, as it is taken', () => {
    const slow = webSocket();
    const store = roomOf({ onSlow: 'latest' }, slow);
    slow.host.bufferedAmount = 101;
    for (const key of 'xyz') store.broadcast('room', key, { key });
    slow.host.onWrite = () => (slow.host.bufferedAmount = 101);
    slow.host.drain();
    assert.deepEqual(slow.host.takeCalls(), ['message x']);
    store.broadcast('room', 'y again', { key: 'y' });
    slow.host.drain();
    slow.host.drain();
    slow.host.drain();
    assert.deepEqual(slow.host.takeCalls(), ['message z', 'message y again']);
  });

  test('keeps no more bytes than may wait, whatever the number of keys', () => {
    const slow = webSocket();
    const store = roomOf({ onSlow: 'latest' }, slow);
    slow.host.bufferedAmount = 101;
    for (let i = 0; i < 1000; i++) store.broadcast('room', `${i}`.padStart(100, '0'), { key: String(i) });
    const { dropped } = store.stats('room');
    slow.host.drain();
    const sent = slow.host.takeCalls();
    assert.ok(sent.length >= 4 && sent.length <= 10, `${sent.length} were kept`);
    assert.equal(sent.at(-1), `message ${'999'.padStart(100, '0')}`);
    assert.equal(dropped, 1000 - sent.length);
  });

  test('keeps one message that alone is over that', () => {
    const slow = webSocket();
    const store = roomOf({ onSlow: 'latest' }, slow);
    slow.host.bufferedAmount = 101;
    store.broadcast('room', 'a');
    store.broadcast('room', 'x'.repeat(5000), { key: 'large' });
    slow.host.drain();
    assert.deepEqual(slow.host.takeCalls(), [`message ${'x'.repeat(5000)}`]);
  });

  test('tells ids that grow, and does not send later what left the member out', () => {
    const slow = envelopeSocket();
    const store = roomOf({ onSlow: 'latest', history: true }, slow);
    const epoch = store.position('room').split('-')[0];
    slow.host.bufferedAmount = 101;
    store.broadcast('room', 'a', { key: 'a' });
    store.broadcast('room', 'b', { key: 'b', except: slow.channel });
    store.broadcast('room', 'a again', { key: 'a' });
    slow.host.drain();
    store.broadcast('room', 'c');
    assert.deepEqual(slow.host.takeCalls(), [`message {"id":"${epoch}-2"}`, `message {"id":"${epoch}-3","data":"a again"}`, `message {"id":"${epoch}-4","data":"c"}`]);
  });

  test('tells the place of each message that left the member out where it lies between others, and behind them', () => {
    const slow = envelopeSocket();
    const store = roomOf({ onSlow: 'latest', history: true }, slow);
    const epoch = store.position('room').split('-')[0];
    slow.host.bufferedAmount = 101;
    for (const [data, isOwn] of [['a', false], ['its own', true], ['also its own', true], ['b', false], ['again its own', true]] as const) {
      store.broadcast('room', data, { key: data, ...(isOwn && { except: slow.channel }) });
    }
    assert.deepEqual(slow.host.takeCalls(), []);
    slow.host.drain();
    const [a, third, b, fifth] = slow.host.takeCalls().map((call) => call.replace(`${epoch}-`, ''));
    assert.deepEqual([a, third, b, fifth], ['message {"id":"1","data":"a"}', 'message {"id":"3"}', 'message {"id":"4","data":"b"}', 'message {"id":"5"}']);
    assert.equal(counted(store), '');
  });

  test('sends a message that is still being handed out when the member has taken what it was kept', () => {
    const [leaving, slow] = [webSocket(), webSocket()];
    const store = roomOf({ onSlow: 'latest', history: true }, leaving, slow);
    slow.host.bufferedAmount = 101;
    store.broadcast('room', 'a');
    leaving.host.onWrite = () => {
      leaving.host.onWrite = undefined;
      store.broadcast('room', 'c');
      slow.host.drain();
    };
    store.broadcast('room', 'b');
    assert.deepEqual(slow.host.takeCalls(), ['message a', 'message b', 'message c']);
  });

  test('answers a poll as always', () => {
    const waiting = poll();
    assert.equal(roomOf({ onSlow: 'latest' }, waiting).broadcast('room', 'a'), 1);
    assert.deepEqual(waiting.host.takeCalls(), ['whole a', 'closed']);
  });

  test('holds nothing for a member that has left or closed', () => {
    for (const end of ['leave', 'close'] as const) {
      const slow = webSocket();
      const store = roomOf({ onSlow: 'latest' }, slow);
      slow.host.bufferedAmount = 101;
      store.broadcast('room', 'a');
      if (end === 'leave') store.removeFromGroup('room', slow.channel);
      else slow.host.port.aborted('network');
      slow.host.takeCalls();
      slow.host.drain();
      assert.deepEqual(slow.host.takeCalls(), []);
    }
  });
});

test('a policy is of a group, and else of its store', () => {
  const [a, b] = [webSocket(), webSocket()];
  const store = new MemoryChannelStore({ onSlow: 'drop', groupOptions: (group) => (group === 'b' ? { onSlow: 'close' } : undefined) });
  store.addToGroup('a', a.channel);
  store.addToGroup('b', b.channel);
  for (const { host } of [a, b]) host.bufferedAmount = 1001;
  store.broadcast('a', 'x');
  store.broadcast('b', 'x');
  assert.deepEqual([a.channel.isOpen, b.channel.isOpen], [true, false]);
});

describe('a slow member that a message leaves out', () => {
  for (const onSlow of ['drop', 'latest'] as const) {
    for (const onOverflow of ['close', 'drop'] as const) {
      test(`stays open where onSlow is '${onSlow}' and onOverflow '${onOverflow}', and is told the place when it has taken what waits`, () => {
        const slow = envelopeSocket({ onOverflow });
        const store = roomOf({ onSlow, history: true }, slow);
        const epoch = store.position('room').split('-')[0];
        slow.host.bufferedAmount = 1001;
        assert.equal(store.broadcast('room', 'its own', { except: slow.channel }), 0);
        assert.deepEqual([slow.host.takeCalls(), slow.channel.isOpen], [[], true]);
        slow.host.drain();
        store.broadcast('room', 'b');
        assert.deepEqual(slow.host.takeCalls(), [`message {"id":"${epoch}-1"}`, `message {"id":"${epoch}-2","data":"b"}`]);
        assert.equal(counted(store), '');
      });
    }
  }

  for (const onOverflow of ['close', 'drop'] as const) {
    test(`is closed where onSlow is 'close' and onOverflow '${onOverflow}', and counted`, () => {
      const slow = envelopeSocket({ onOverflow });
      const store = roomOf({ onSlow: 'close', history: true }, slow);
      slow.host.bufferedAmount = 1001;
      store.broadcast('room', 'its own', { except: slow.channel });
      assert.deepEqual([slow.channel.isOpen, counted(store)], [false, '1 closed']);
    });
  }

  test('is sent nothing, and stays as it is, where it is told no ids', () => {
    for (const onSlow of ['close', 'drop', 'latest'] as const) {
      const slow = webSocket();
      const store = roomOf({ onSlow, history: true }, slow);
      slow.host.bufferedAmount = 1001;
      store.broadcast('room', 'its own', { except: slow.channel });
      slow.host.drain();
      assert.deepEqual([slow.host.takeCalls(), slow.channel.isOpen, counted(store)], [[], true, '']);
    }
  });
});

for (const options of [
  { onSlow: 'fast' }, { onSlow: true }, { history: 1 }, { history: 'yes' }, { history: null }, { history: { maxMessages: 0 } }, { history: { maxAgeMs: -1 } }, { history: { maxBytes: 1.5 } },
] as readonly unknown[]) {
  test(`${JSON.stringify(options)} is a UsageError`, () => {
    assert.throws(() => new MemoryChannelStore(options as StoreOptions), UsageError);
    const store = new MemoryChannelStore({ groupOptions: () => options as StoreOptions });
    assert.throws(() => store.addToGroup('room', webSocket().channel), UsageError);
    assert.deepEqual(store.groups(), []);
  });
}

test('whatever a slow member takes and when: with ids it has each message once and in order, or is told of a gap', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const onSlow: OnSlow = random.once(2) ? 'drop' : 'latest';
    const history = { maxMessages: 1 + random.below(10), maxBytes: random.once(3) ? 1 : 1000 };
    const store = new MemoryChannelStore({ onSlow, history });
    const member = envelopeSocket();
    store.addToGroup('room', member.channel);
    const { host } = member;
    host.onWrite = () => (host.bufferedAmount += random.below(300));
    let published = 0;
    for (let i = 0; i < 100; i++) {
      if (random.once(4)) host.drain();
      else store.broadcast('room', String(++published), { key: String(random.below(3)) });
    }
    host.onWrite = undefined;
    for (let i = 0; i < 50; i++) host.drain();
    store.broadcast('room', String(++published));
    check(host.takeCalls(), published, onSlow, `seed ${seed}`);
  }
});

function check(calls: readonly string[], published: number, onSlow: OnSlow, seed: string): void {
  let position = 0;
  for (const call of calls) {
    const { id, data, gap } = JSON.parse(call.replace('message ', '')) as { id: string; data?: string; gap?: true };
    const sequence = Number(id.split('-')[1]);
    if (data === undefined) {
      assert.ok(gap === true ? sequence > position : sequence === position, `${seed}: ${call} behind ${position}`);
    } else {
      assert.equal(data, String(sequence), seed);
      assert.ok(onSlow === 'latest' ? sequence > position : sequence === position + 1, `${seed}: ${call} behind ${position}`);
    }
    position = sequence;
  }
  assert.equal(position, published, seed);
}
