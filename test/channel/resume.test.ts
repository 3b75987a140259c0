/** Members of a group with history: what each kind is sent when it comes, and when it comes back, and that nothing is sent twice or left out. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asChannel, asEventStream, withChannel } from '#src/channel/as-channel.js';
import { MemoryChannelStore } from '#src/channel/store.js';
import type { StoreOptions } from '#src/channel/store-options.js';
import { UsageError } from '#src/errors.js';
import { FakeClock } from '../support/clock.js';
import { FakeHost } from '../support/fake-host.js';
import { envelopeSocket, eventStream, type Member, poll, stream, webSocket } from '../support/members.js';

class Room {
  readonly clock = new FakeClock();
  readonly store: MemoryChannelStore<string>;
  readonly epoch: string;

  constructor(options: StoreOptions = {}) {
    this.store = new MemoryChannelStore<string>({ history: true, ...options }, this.clock);
    this.epoch = this.store.position('room').replace(/-0$/, '');
  }

  id(sequence: number): string {
    return `${this.epoch}-${sequence}`;
  }

  publish(...messages: readonly string[]): void {
    for (const each of messages) this.store.broadcast('room', each);
  }

  /** Joins, and gives what was sent to it in this turn of the event loop, with ids without their epoch. */
  async join(member: Member, since?: string | null): Promise<string[]> {
    this.store.addToGroup('room', member.channel, undefined, { since });
    await undefined;
    return this.calls(member);
  }

  calls({ host }: Member): string[] {
    return host.takeCalls().map((call) => (this.epoch === '' ? call : call.replaceAll(`${this.epoch}-`, 'e-')));
  }
}

/** Each kind that is told ids, and how it is sent messages, places and gaps. */
const KINDS = [
  {
    name: 'a WebSocket of longwire.v1',
    make: envelopeSocket,
    message: (n: number, data: string) => `message {"id":"e-${n}","data":"${data}"}`,
    place: (n: number) => `message {"id":"e-${n}"}`,
    gap: (n: number) => `message {"gap":true,"id":"e-${n}"}`,
  },
  {
    name: 'an event stream',
    make: eventStream,
    message: (n: number, data: string) => `event {"id":"e-${n}","data":"${data}"}`,
    place: (n: number) => `event {"id":"e-${n}"}`,
    gap: (n: number) => `event {"event":"gap","id":"e-${n}","data":""}`,
  },
] as const;

for (const { name, make, message, place, gap } of KINDS) {
  describe(name, () => {
    test('is told where it stands, and then each message with its id', async () => {
      const room = new Room();
      room.publish('a');
      for (const since of [undefined, null, '']) {
        const member = make();
        assert.deepEqual(await room.join(member, since), [place(room.store.stats('room').messages)]);
        room.publish('b');
        const [call] = room.calls(member);
        assert.equal(call, message(room.store.stats('room').messages, 'b'));
      }
    });

    test('is sent what came behind an id, in order, and then what is new', async () => {
      const room = new Room();
      room.publish('a', 'b', 'c');
      const member = make();
      assert.deepEqual(await room.join(member, room.id(1)), [message(2, 'b'), message(3, 'c')]);
      room.publish('d');
      assert.deepEqual(room.calls(member), [message(4, 'd')]);
    });

    test('is sent nothing where it has missed nothing', async () => {
      const room = new Room();
      room.publish('a');
      const member = make();
      assert.deepEqual(await room.join(member, room.id(1)), []);
      room.publish('b');
      assert.deepEqual(room.calls(member), [message(2, 'b')]);
    });

    test('is told of a gap where the history does not reach back, and sent what there is', async () => {
      const room = new Room({ history: { maxMessages: 2 } });
      room.publish('a', 'b', 'c', 'd');
      const member = make();
      assert.deepEqual(await room.join(member, room.id(1)), [gap(2), message(3, 'c'), message(4, 'd')]);
      assert.equal(room.store.stats('room').gaps, 1);
      assert.deepEqual(await room.join(make(), room.id(2)), [message(3, 'c'), message(4, 'd')]);
    });

    for (const since of ['other-1', 'nonsense', 'other', '-', '💥']) {
      test(`is told of a gap behind ${since}, which is no id of this history`, async () => {
        const room = new Room();
        room.publish('a');
        assert.deepEqual(await room.join(make(), since), [gap(0), message(1, 'a')]);
      });
    }

    test('is told of a gap behind an id that was not given yet', async () => {
      const room = new Room();
      room.publish('a');
      assert.deepEqual(await room.join(make(), room.id(2)), [gap(0), message(1, 'a')]);
    });

    test('is told the place of a message that leaves it out, and is not sent that when it comes back', async () => {
      const room = new Room();
      const member = make();
      await room.join(member, '');
      room.store.broadcast('room', 'its own', { except: member.channel });
      room.publish('b');
      assert.deepEqual(room.calls(member), [place(1), message(2, 'b')]);
    });

    test('that is still catching up when a message leaves it out is told its place', async () => {
      const room = new Room();
      const member = make({ softBufferBytes: 10 });
      await room.join(member, '');
      room.calls(member);
      member.host.bufferedAmount = 11;
      room.store.removeFromGroup('room', member.channel);
      await room.join(member, room.id(0));
      room.publish('a');
      room.store.broadcast('room', 'its own', { except: member.channel });
      room.publish('c');
      assert.deepEqual(room.calls(member), []);
      member.host.drain();
      assert.deepEqual(room.calls(member), [message(1, 'a'), place(2), message(3, 'c')]);
    });

    test('is sent no more than it takes, and the rest from the history as it takes it', async () => {
      const room = new Room();
      room.publish('a', 'b', 'c');
      const member = make({ softBufferBytes: 10 });
      member.host.onWrite = () => (member.host.bufferedAmount = 11);
      assert.deepEqual(await room.join(member, room.id(0)), [message(1, 'a')]);
      room.publish('d');
      assert.deepEqual(room.calls(member), []);
      for (const [n, data] of [[2, 'b'], [3, 'c'], [4, 'd']] as const) {
        member.host.drain();
        assert.deepEqual(room.calls(member), [message(n, data)]);
      }
      member.host.drain();
      member.host.onWrite = undefined;
      room.publish('e');
      assert.deepEqual(room.calls(member), [message(5, 'e')]);
    });

    test('is told of a gap where the history has overtaken it', async () => {
      const room = new Room({ history: { maxMessages: 2 } });
      room.publish('a');
      const member = make({ softBufferBytes: 10 });
      member.host.onWrite = () => (member.host.bufferedAmount = 11);
      assert.deepEqual(await room.join(member, room.id(0)), [message(1, 'a')]);
      room.publish('b', 'c', 'd', 'e');
      member.host.onWrite = undefined;
      member.host.drain();
      assert.deepEqual(room.calls(member), [gap(3), message(4, 'd'), message(5, 'e')]);
    });

    test('that leaves or closes while it catches up is sent nothing more', async () => {
      for (const end of ['leave', 'close'] as const) {
        const room = new Room();
        room.publish('a', 'b');
        const member = make({ softBufferBytes: 10 });
        member.host.onWrite = () => (member.host.bufferedAmount = 11);
        await room.join(member, room.id(0));
        if (end === 'leave') room.store.removeFromGroup('room', member.channel);
        else member.host.port.aborted('network');
        room.calls(member);
        member.host.onWrite = undefined;
        member.host.drain();
        room.publish('c');
        assert.deepEqual([room.calls(member), room.store.size('room')], [[], 0]);
      }
    });

    test('has the ids of the group that it joined first; messages of others come without', async () => {
      const room = new Room();
      const member = make();
      await room.join(member, undefined);
      room.calls(member);
      room.store.addToGroup('other', member.channel);
      room.store.broadcast('other', 'x');
      room.publish('a');
      const [other, own] = room.calls(member);
      assert.equal(other, message(0, 'x').replace('"id":"e-0",', ''));
      assert.equal(own, message(1, 'a'));
      room.store.broadcast('other', 'for others', { except: member.channel });
      assert.deepEqual(room.calls(member), []);
    });

    test('has the ids of the group in which it goes on, whichever it joined first', async () => {
      const room = new Room();
      const member = make();
      room.store.addToGroup('other', member.channel);
      room.calls(member);
      assert.deepEqual(await room.join(member, room.id(0)), []);
      room.store.broadcast('other', 'x');
      room.publish('a');
      assert.deepEqual(room.calls(member), [message(0, 'x').replace('"id":"e-0",', ''), message(1, 'a')]);
    });

    test('is told no ids any more after it has left the group that gave them', async () => {
      const room = new Room();
      const member = make();
      await room.join(member, undefined);
      for (const group of ['second', 'third']) room.store.addToGroup(group, member.channel);
      room.store.removeFromGroup('room', member.channel);
      room.calls(member);
      for (const group of ['second', 'third']) room.store.broadcast(group, group);
      assert.deepEqual(room.calls(member), ['second', 'third'].map((data) => message(0, data).replace('"id":"e-0",', '')));
      room.publish('a');
      assert.deepEqual(await room.join(member, room.id(0)), [message(1, 'a')]);
    });

    test('is not told the ids that the application gives messages of other groups', async () => {
      const room = new Room({ groupOptions: (group) => (group === 'other' ? { history: false } : undefined) });
      const member = make();
      await room.join(member, '');
      room.calls(member);
      room.store.addToGroup('other', member.channel);
      room.store.broadcast('other', { id: 'own', data: 'x' });
      assert.deepEqual(room.calls(member), [message(0, 'x').replace('"id":"e-0",', '')]);
    });

    test('of a group without history is sent envelopes or events without an id, or with that of the application', async () => {
      const room = new Room({ history: false });
      const member = make();
      assert.deepEqual(await room.join(member, 'e-1'), []);
      room.publish('a');
      room.store.broadcast('room', { id: 'own', data: 'b' });
      assert.deepEqual(room.calls(member), [message(0, 'a').replace('"id":"e-0",', ''), message(0, 'b').replace('e-0', 'own')]);
    });
  });
}

for (const [name, make, verb] of [
  ['another WebSocket', webSocket, 'message'],
  ['another stream', stream, 'chunk'],
] as const) {
  describe(name, () => {
    test('is sent bare messages, what it missed as well, and neither places nor gaps', async () => {
      const room = new Room({ history: { maxMessages: 2 } });
      room.publish('a', 'b', 'c');
      const member = make();
      assert.deepEqual(await room.join(member, room.id(0)), [`${verb} b`, `${verb} c`]);
      room.publish('d');
      room.store.broadcast('room', 'for others', { except: member.channel });
      assert.deepEqual(room.calls(member), [`${verb} d`]);
      assert.deepEqual(await room.join(make(), ''), []);
    });

    test('takes what comes from now on without since', async () => {
      const room = new Room();
      room.publish('a');
      const member = make();
      assert.deepEqual(await room.join(member), []);
      room.publish('b');
      assert.deepEqual(room.calls(member), [`${verb} b`]);
    });
  });
}

describe('an event stream', () => {
  test('goes on from its Last-Event-ID, whatever since says, which is as old as its address', async () => {
    const room = new Room();
    room.publish('a', 'b', 'c');
    for (const since of [undefined, '', room.id(0)]) {
      assert.deepEqual(await room.join(eventStream({ lastEventId: room.id(2) }), since), ['event {"id":"e-3","data":"c"}']);
    }
  });

  test('goes on from its Last-Event-ID in the group that asks for it, whichever it joined first', async () => {
    for (const others of [['before'], ['after'], ['before', 'after']]) {
      const room = new Room();
      room.publish('a', 'b');
      room.store.broadcast('before', 'old');
      const host = new FakeHost({ lastEventId: room.id(1) });
      const channel = asEventStream(host.request, {
        init: (each) => {
          if (others.includes('before')) room.store.addToGroup('before', each);
          room.store.addToGroup('room', each, undefined, { since: '' });
          if (others.includes('after')) room.store.addToGroup('after', each);
        },
      });
      room.store.broadcast(others[0]!, 'x');
      await undefined;
      room.store.broadcast(others[0]!, 'y');
      assert.deepEqual(room.calls({ host, channel }), ['events', 'event {"id":"e-2","data":"b"}', 'event {"data":"x"}', 'event {"data":"y"}']);
      assert.equal(room.store.stats().gaps, 0);
    }
  });

  test('that asks nowhere goes on from its Last-Event-ID in the group that it joined first', async () => {
    const room = new Room();
    room.publish('a', 'b');
    const member = eventStream({ lastEventId: room.id(1) });
    room.store.addToGroup('room', member.channel);
    room.store.addToGroup('other', member.channel);
    room.publish('c');
    await undefined;
    room.publish('d');
    assert.deepEqual(room.calls(member), [2, 3, 4].map((n) => `event {"id":"e-${n}","data":"${' abcd'[n]}"}`));
  });

  test('that a channel becomes after it has joined goes on from its Last-Event-ID, too', async () => {
    for (const since of [undefined, '']) {
      const room = new Room();
      room.publish('a', 'b');
      const host = new FakeHost({ lastEventId: room.id(1) });
      const channel = asChannel(host.request);
      room.store.addToGroup('room', channel, undefined, { since });
      room.publish('c');
      asEventStream(host.request);
      await undefined;
      assert.deepEqual(room.calls({ host, channel }), ['events', 'event {"id":"e-2","data":"b"}', 'event {"id":"e-3","data":"c"}']);
    }
  });

  test('joined within init has its head first', async () => {
    const room = new Room();
    room.publish('a');
    const host = new FakeHost();
    const channel = asEventStream(host.request, { init: (each) => room.store.addToGroup('room', each, undefined, { since: room.id(0) }) });
    assert.deepEqual(room.calls({ host, channel }), ['events', 'event {"id":"e-1","data":"a"}']);
  });
});

describe('a poll with since', () => {
  const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
  const answer = (body: string, headers: unknown = JSON_HEADERS): string[] => [`whole ${JSON.stringify({ headers, body: body })}`, 'closed'];
  const answered = (calls: readonly string[]): unknown => JSON.parse((JSON.parse(calls[0]!.replace('whole ', '')) as { body: string }).body);

  test('is answered at once with the place where it stands, if it is empty', async () => {
    const room = new Room();
    room.publish('a');
    assert.deepEqual(await room.join(poll(), ''), answer('{"messages":[],"next":"e-1"}'));
  });

  test('is answered at once with all that waits', async () => {
    const room = new Room();
    room.publish('a', 'b', 'c');
    assert.deepEqual(await room.join(poll(), room.id(1)), answer('{"messages":[{"id":"e-2","data":"b"},{"id":"e-3","data":"c"}],"next":"e-3"}'));
    assert.equal(room.store.size('room'), 0);
  });

  test('waits where nothing does, and is answered with the next message', async () => {
    const room = new Room();
    room.publish('a');
    const member = poll();
    assert.deepEqual(await room.join(member, room.id(1)), []);
    assert.equal(room.store.broadcast('room', { status: 201, body: 'b' }), 1);
    assert.deepEqual(room.calls(member), answer('{"messages":[{"id":"e-2","data":"b"}],"next":"e-2"}'));
  });

  test('that waits is answered with a message that the history is too small for', async () => {
    const room = new Room({ history: { maxBytes: 3 } });
    const member = poll();
    assert.deepEqual(await room.join(member, room.id(0)), []);
    assert.equal(room.store.broadcast('room', 'large'), 1);
    assert.deepEqual(room.calls(member), answer('{"messages":[{"id":"e-1","data":"large"}],"next":"e-1"}'));
  });

  test('is told of a gap at once', async () => {
    const room = new Room({ history: { maxMessages: 1 } });
    room.publish('a', 'b', 'c');
    assert.deepEqual(answered(await room.join(poll(), room.id(1))), { gap: true, messages: [{ id: 'e-3', data: 'c' }], next: 'e-3' });
    assert.deepEqual(answered(await new Room().join(poll(), 'other-1')), { gap: true, messages: [], next: 'e-0' });
  });

  test('is answered with a place where a message leaves it out', async () => {
    const room = new Room();
    const member = poll();
    await room.join(member, room.id(0));
    room.store.broadcast('room', 'its own', { except: member.channel });
    assert.deepEqual(room.calls(member), answer('{"messages":[],"next":"e-1"}'));
  });

  test('is answered in parts where much waits', async () => {
    const room = new Room();
    const text = 'x'.repeat(40);
    room.publish(text, text, text);
    const first = answered(await room.join(poll({ softBufferBytes: 100 }), room.id(0))) as { messages: { id: string }[]; next: string };
    assert.deepEqual([first.messages.map(({ id }) => id), first.next], [['e-1', 'e-2'], 'e-2']);
    const rest = answered(await room.join(poll({ softBufferBytes: 100 }), room.id(2))) as { messages: { id: string }[] };
    assert.deepEqual(rest.messages.map(({ id }) => id), ['e-3']);
  });

  test('has the fields that the application gives, which win', async () => {
    const room = new Room();
    const fields = { 'cache-control': 'private', 'X-A': ['b', 'c'], 'X-N': 1, 'X-U': undefined };
    for (const headers of [fields, new Headers([['cache-control', 'private'], ['x-a', 'b, c'], ['x-n', '1']])]) {
      const member = poll();
      room.store.addToGroup('room', member.channel, undefined, { since: '', headers });
      await undefined;
      const sent = JSON.parse(room.calls(member)[0]!.replace('whole ', '')) as { headers: [string, string][] };
      assert.deepEqual(sent.headers[0], ['Content-Type', 'application/json']);
      assert.deepEqual(sent.headers.slice(1).map(([name, value]) => `${name.toLowerCase()}: ${value}`).join('\n').replace('\nx-a: c', ', c'), 'cache-control: private\nx-a: b, c\nx-n: 1');
    }
  });

  test('with a field that cannot be sent is reported, and hurts nobody else', async () => {
    const room = new Room();
    const [broken, healthy] = [poll(), envelopeSocket()];
    broken.host.throwNext = new UsageError('refused');
    room.store.addToGroup('room', broken.channel, undefined, { since: '' });
    await room.join(healthy, '');
    assert.deepEqual(broken.host.errors.map((error) => (error as Error).message), ['refused']);
    room.publish('a');
    assert.deepEqual(room.calls(healthy), ['message {"id":"e-1","data":"a"}']);
  });

  test('that has become a stream is sent bare messages', async () => {
    const room = new Room();
    const member = poll();
    await room.join(member, room.id(0));
    member.channel.send('head', false);
    room.publish('a');
    assert.deepEqual(room.calls(member), ['begin head', 'chunk a']);
  });

  test('waits while earlier responses to its client wait, and loses nothing', async () => {
    const room = new Room();
    const member = poll({ onOverflow: 'drop' });
    member.host.bufferedAmount = 1001;
    assert.deepEqual(await room.join(member, room.id(0)), []);
    room.publish('a', 'b');
    assert.deepEqual(room.calls(member), []);
    member.host.drain();
    assert.deepEqual(room.calls(member), answer('{"messages":[{"id":"e-1","data":"a"},{"id":"e-2","data":"b"}],"next":"e-2"}'));
  });

  test('is answered in JSON by a group without history, too, and keeps its place', async () => {
    const room = new Room({ history: false });
    const member = poll();
    assert.deepEqual(await room.join(member, 'e-5'), []);
    room.publish('a');
    assert.deepEqual(room.calls(member), answer('{"messages":[{"data":"a"}],"next":"e-5"}'));
  });

  test('is answered by another group that it is in without moving its place', async () => {
    const room = new Room();
    room.publish('a');
    const member = poll();
    room.store.addToGroup('other', member.channel);
    await room.join(member, room.id(1));
    room.store.broadcast('other', { event: 'named', data: 'x' });
    assert.deepEqual(room.calls(member), answer('{"messages":[{"event":"named","data":"x"}],"next":"e-1"}'));
  });

  test('is answered by a function without moving its place', async () => {
    const room = new Room();
    const member = poll();
    await room.join(member, room.id(0));
    assert.equal(room.store.broadcast('room', () => 'for you'), 1);
    assert.deepEqual(room.calls(member), answer('{"messages":[{"data":"for you"}],"next":"e-0"}'));
    assert.equal(room.store.position('room'), room.id(0));
  });
});

describe('a poll without since', () => {
  test('is answered with the next message alone, as the application gave it', async () => {
    const room = new Room();
    room.publish('a');
    const member = poll();
    assert.deepEqual(await room.join(member), []);
    room.store.broadcast('room', { status: 201, body: 'b' });
    assert.deepEqual(room.calls(member), ['whole {"status":201,"body":"b"}', 'closed']);
  });

  test('that joins and is written to in one turn is answered with that', async () => {
    const room = new Room();
    const member = poll();
    room.store.addToGroup('room', member.channel);
    room.publish('a', 'b');
    await undefined;
    assert.deepEqual(room.calls(member), ['whole a', 'closed']);
  });

  for (const reason of ['joins and is written to in one turn', 'waits behind earlier responses to its client']) {
    test(`that ${reason} has the status and headers that were broadcast`, async () => {
      const room = new Room();
      const member = poll();
      if (reason.startsWith('waits')) member.host.bufferedAmount = 1001;
      room.store.addToGroup('room', member.channel);
      if (reason.startsWith('waits')) await undefined;
      room.store.broadcast('room', { status: 201, headers: { 'Content-Type': 'text/plain' }, body: '<b>' });
      await undefined;
      member.host.drain();
      assert.deepEqual(room.calls(member), ['whole {"status":201,"headers":[["Content-Type","text/plain"]],"body":"<b>"}', 'closed']);
    });
  }

  test('is answered with the headers as they were at the broadcast', async () => {
    const room = new Room();
    const [first, second] = [poll(), poll()];
    for (const { channel } of [first, second]) room.store.addToGroup('room', channel);
    const headers = new Map([['X-A', 'a']]);
    room.store.broadcast('room', { headers: headers.entries(), body: 'b' });
    headers.set('X-A', 'later');
    await undefined;
    for (const member of [first, second]) assert.deepEqual(room.calls(member), ['whole {"headers":[["X-A","a"]],"body":"b"}', 'closed']);
  });
});

describe('a channel whose kind shows only after it has joined', () => {
  test('within init is a WebSocket in the end, and is sent what it missed behind its handshake', async () => {
    const room = new Room();
    room.publish('a');
    const host = new FakeHost({ isUpgrade: true, protocol: 'longwire.v1' });
    const channel = asChannel(host.request, {
      init(each) {
        room.store.addToGroup('room', each, undefined, { since: room.id(0) });
        room.publish('b');
        assert.equal(room.store.broadcast('room', () => 'own'), 0, 'it cannot be sent to yet');
      },
      onOpen: (each) => each.send('welcome'),
    });
    await undefined;
    assert.deepEqual(room.calls({ host, channel }), ['accept', 'message {"data":"welcome"}', 'message {"id":"e-1","data":"a"}', 'message {"id":"e-2","data":"b"}']);
  });

  test('within init is no poll that a group without history could answer', async () => {
    const room = new Room({ history: false });
    const host = new FakeHost({ isUpgrade: true });
    const channel = asChannel(host.request, {
      init(each) {
        room.store.addToGroup('room', each);
        assert.equal(room.store.broadcast('room', 'a'), 0);
      },
    });
    room.publish('b');
    assert.deepEqual(room.calls({ host, channel }), ['accept', 'message b']);
  });

  test('is sent what comes between, if it only wants what is new', async () => {
    const room = new Room();
    room.publish('a');
    const host = new FakeHost({ isUpgrade: true, protocol: 'longwire.v1' });
    const channel = asChannel(host.request, {
      init(each) {
        room.store.addToGroup('room', each, undefined, { since: '' });
        room.publish('b');
      },
    });
    await undefined;
    assert.deepEqual(room.calls({ host, channel }), ['accept', 'message {"id":"e-1"}', 'message {"id":"e-2","data":"b"}']);
  });

  test('within withChannel is a stream in the end', async () => {
    const room = new Room();
    room.publish('a');
    const host = new FakeHost();
    const channel = withChannel(host.request, (each) => {
      room.store.addToGroup('room', each, undefined, { since: room.id(0) });
      each.send('head ', false);
    });
    await undefined;
    assert.deepEqual(room.calls({ host, channel }), ['begin head', 'chunk a']);
  });
});

describe('messages that the history is too small for', () => {
  for (const [kind, options, sent] of [
    ['a bare WebSocket', { protocol: 'chat' }, ['message large', 'message a', 'message larger']],
    ['a WebSocket of longwire.v1', { protocol: 'longwire.v1' }, ['message {"id":"e-0"}', ...['large', 'a', 'larger'].map((data, i) => `message {"id":"e-${i + 1}","data":"${data}"}`)]],
  ] as const) {
    test(`reach ${kind} that joins in the turn in which they are broadcast, in order`, async () => {
      const room = new Room({ history: { maxBytes: 3 } });
      const host = new FakeHost({ isUpgrade: true, ...options });
      const channel = asChannel(host.request, { init: (each) => room.store.addToGroup('room', each) });
      for (const data of ['large', 'a', 'larger']) assert.equal(room.store.broadcast('room', data), 1);
      await undefined;
      const calls = room.calls({ host, channel });
      assert.deepEqual(calls, ['accept', ...sent]);
      assert.equal(room.store.stats().gaps, 0);
    });
  }

  test('reach a poll without since that joins in the turn in which they are broadcast', async () => {
    const room = new Room({ history: { maxBytes: 3 } });
    const member = poll();
    room.store.addToGroup('room', member.channel);
    room.publish('large');
    await undefined;
    assert.deepEqual(room.calls(member), ['whole large', 'closed']);
  });

  test('are not sent to who comes back later, who is told of a gap', async () => {
    const room = new Room({ history: { maxBytes: 3 } });
    room.publish('a', 'large', 'b');
    assert.deepEqual(await room.join(envelopeSocket(), room.id(0)), ['message {"gap":true,"id":"e-2"}', 'message {"id":"e-3","data":"b"}']);
  });

  test('leave no place untold where they leave a member out', async () => {
    const room = new Room({ history: { maxBytes: 3 } });
    const member = envelopeSocket({ softBufferBytes: 10 });
    member.host.bufferedAmount = 11;
    await room.join(member, room.id(0));
    room.store.broadcast('room', 'large', { except: member.channel });
    room.publish('b');
    member.host.drain();
    assert.deepEqual(room.calls(member), ['message {"id":"e-1"}', 'message {"id":"e-2","data":"b"}']);
  });
});

test('all that is broadcast in the turn in which a WebSocket joins reaches it, however little the history keeps', async () => {
  const room = new Room({ history: { maxMessages: 1 } });
  room.publish('before');
  const host = new FakeHost({ isUpgrade: true });
  const channel = asChannel(host.request, { init: (each) => room.store.addToGroup('room', each) });
  room.publish('a', 'b', 'c');
  await undefined;
  room.publish('d');
  assert.deepEqual(room.calls({ host, channel }), ['accept', ...['a', 'b', 'c', 'd'].map((data) => `message ${data}`)]);
});

describe('the order of messages', () => {
  test('is the same for all where one is broadcast while another is handed out', async () => {
    const room = new Room();
    const [slow, healthy] = [envelopeSocket(), envelopeSocket()];
    await room.join(slow, '');
    await room.join(healthy, '');
    room.calls(healthy);
    slow.host.bufferedAmount = 1001;
    slow.host.onChannelClosed = () => assert.equal(room.store.broadcast('room', 'it has left'), 1);
    room.publish('a');
    assert.deepEqual(room.calls(healthy), ['message {"id":"e-1","data":"a"}', 'message {"id":"e-2","data":"it has left"}']);
  });

  test('holds for one who joins meanwhile, and who is sent each once', async () => {
    const room = new Room();
    const [slow, joining] = [envelopeSocket(), envelopeSocket()];
    await room.join(slow, '');
    slow.host.bufferedAmount = 1001;
    slow.host.onChannelClosed = () => {
      room.store.addToGroup('room', joining.channel, undefined, { since: room.id(0) });
      room.publish('b');
      room.store.addToGroup('room', joining.channel, 'the same again');
    };
    room.publish('a');
    assert.deepEqual(room.calls(joining), ['message {"id":"e-1","data":"a"}', 'message {"id":"e-2","data":"b"}']);
  });
});

test('a member that catches up while messages are handed out is sent each once', async () => {
  const room = new Room();
  const [slow, behind] = [envelopeSocket(), envelopeSocket({ softBufferBytes: 10 })];
  await room.join(slow, '');
  behind.host.bufferedAmount = 11;
  await room.join(behind, room.id(0));
  slow.host.bufferedAmount = 1001;
  slow.host.onChannelClosed = () => {
    room.publish('b');
    behind.host.drain();
  };
  room.publish('a');
  assert.deepEqual(room.calls(behind), ['message {"id":"e-1","data":"a"}', 'message {"id":"e-2","data":"b"}']);
});

describe('what is wrong', () => {
  test('is to go on in two groups', async () => {
    const room = new Room();
    const { channel } = envelopeSocket();
    room.store.addToGroup('room', channel, undefined, { since: '' });
    assert.throws(() => room.store.addToGroup('other', channel, undefined, { since: '' }), UsageError);
    assert.equal(room.store.size('other'), 0);
    room.store.addToGroup('room', channel, 'attachment', { since: '' });
    room.store.removeFromGroup('room', channel);
    room.store.addToGroup('other', channel, undefined, { since: '' });
    assert.equal(room.store.size('other'), 1);
  });

  test('is a since that is no text', () => {
    const room = new Room();
    for (const since of [7, {}, []]) assert.throws(() => room.store.addToGroup('room', poll().channel, undefined, { since: since as unknown as string }), UsageError);
  });

  test('are fields of an answer that cannot be sent', () => {
    const room = new Room();
    const { channel } = poll();
    for (const headers of [5, null, { 'X-A': 'a\r\nb' }, { 'X A': 'a' }, [5]] as readonly unknown[]) {
      assert.throws(() => room.store.addToGroup('room', channel, undefined, { since: '', headers: headers as Headers }), UsageError);
    }
    assert.equal(room.store.size('room'), 0);
  });

  test('is such an event also where a function gives it, and is reported', async () => {
    for (const history of [true, false]) {
      const room = new Room({ history });
      const [socket, waiting] = [envelopeSocket(), poll()];
      for (const member of [socket, waiting]) await room.join(member);
      room.calls(socket);
      for (const message of [{ id: 'own', data: 'a' }, { event: 'gap', data: 'a' }]) room.store.broadcast('room', () => message);
      const errors = [socket, waiting].map(({ host }) => host.errors.filter((error) => error instanceof UsageError).length);
      assert.deepEqual(errors, history ? [2, 2] : [0, 0]);
      assert.deepEqual([room.calls(socket).length, room.calls(waiting)[0]], history ? [0, undefined] : [2, 'whole a']);
    }
  });

  test('is an id of the application, or an event named gap, in a group with history', () => {
    const room = new Room();
    assert.throws(() => room.store.broadcast('room', { id: 'own', data: 'a' }), UsageError);
    assert.throws(() => room.store.broadcast('room', { event: 'gap', data: 'a' }), UsageError);
    assert.equal(room.store.position('room'), room.id(0));
    assert.equal(new Room({ history: false }).store.broadcast('room', { event: 'gap', id: 'own', data: 'a' }), 0);
  });
});

describe('a history', () => {
  test('keeps what is broadcast to nobody', async () => {
    const room = new Room();
    assert.equal(room.store.broadcast('room', 'a'), 0);
    assert.deepEqual(await room.join(webSocket(), room.id(0)), ['message a']);
  });

  test('has bytes of its own, whatever becomes of those of the application', async () => {
    const room = new Room();
    const bytes = Buffer.alloc(10_000, 'a');
    room.store.broadcast('room', bytes);
    bytes.fill('b');
    assert.deepEqual(await room.join(webSocket(), room.id(0)), [`message ${'a'.repeat(10_000)}`]);
  });

  test('keeps that a message is not to be compressed', async () => {
    const room = new Room();
    room.store.broadcast('room', 'secret', { compress: false });
    room.store.broadcast('room', 'plain');
    const member = webSocket();
    await room.join(member, room.id(0));
    assert.deepEqual(member.host.sentAsIs, ['secret']);
  });

  test('has none of what a function gives', async () => {
    const room = new Room();
    const member = envelopeSocket();
    await room.join(member, '');
    room.calls(member);
    assert.equal(room.store.broadcast('room', () => 'own'), 1);
    assert.deepEqual(room.calls(member), ['message {"data":"own"}']);
    assert.equal(room.store.position('room'), room.id(0));
  });

  test('outlives the last member until it is too old, and then is another', async () => {
    const room = new Room({ history: { maxAgeMs: 10_000 } });
    const member = webSocket();
    await room.join(member, '');
    room.publish('a');
    room.clock.advance(9_000);
    member.channel.close();
    room.clock.advance(9_000);
    assert.equal(room.store.position('room'), room.id(1));
    assert.deepEqual(await room.join(envelopeSocket(), room.id(1)), []);
    room.store.members('room')[0]!.close();
    room.clock.advance(11_000);
    assert.notEqual(room.store.position('room').split('-')[0], room.epoch);
  });

  test('sends nothing that is too old, however long ago it was swept', async () => {
    const room = new Room({ history: { maxAgeMs: 100 } });
    await room.join(webSocket());
    room.clock.advance(1100);
    room.publish('a');
    room.clock.advance(100);
    assert.deepEqual(await room.join(envelopeSocket(), room.id(0)), ['message {"id":"e-1","data":"a"}']);
    room.clock.advance(1);
    assert.deepEqual(await room.join(envelopeSocket(), room.id(0)), ['message {"gap":true,"id":"e-1"}']);
  });

  test('lasts as long as somebody is there, however quiet it is', async () => {
    const room = new Room({ history: { maxAgeMs: 10_000 } });
    const member = envelopeSocket();
    await room.join(member, '');
    room.calls(member);
    room.clock.advance(100_000);
    room.publish('a');
    assert.deepEqual(room.calls(member), ['message {"id":"e-1","data":"a"}']);
  });

  test('of many groups is forgotten with them, and nothing runs on', () => {
    const room = new Room({ history: { maxAgeMs: 10_000 } });
    for (let i = 0; i < 1000; i++) room.store.broadcast(`group ${i}`, 'a');
    assert.deepEqual([room.store.stats().messages, room.store.stats().bytes, room.clock.running], [1000, 1000, 1]);
    room.clock.advance(12_000);
    assert.deepEqual([room.store.stats().messages, room.clock.running], [0, 0]);
  });

  test('is of those groups alone that ask for it', () => {
    const room = new Room({ history: false, groupOptions: (group) => (group === 'room' ? { history: { maxMessages: 1 } } : undefined) });
    room.publish('a', 'b');
    room.store.broadcast('other', 'a');
    assert.deepEqual([room.store.stats('room').messages, room.store.stats('other').messages], [1, 0]);
    assert.equal(room.store.position('other'), '');
  });
});

test('members are counted by kind', async () => {
  const room = new Room();
  for (const member of [webSocket(), envelopeSocket(), eventStream(), stream(), stream(), poll()]) await room.join(member);
  assert.deepEqual(room.store.counts('room'), { webSockets: 2, eventStreams: 1, streams: 2, polls: 1 });
  assert.deepEqual(room.store.counts('nowhere'), { webSockets: 0, eventStreams: 0, streams: 0, polls: 0 });
  assert.equal(room.store.stats().members, 6);
});
