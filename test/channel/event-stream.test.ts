/** Taking a channel as an event stream: what runs when, what becomes of a request that is a HEAD, a WebSocket, or taken before, and what groups send it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, asEventStream, withChannel } from '#src/channel/as-channel.js';
import type { Channel } from '#src/channel/contract.js';
import { MemoryChannelStore } from '#src/channel/store.js';
import { UsageError } from '#src/errors.js';
import type { HttpRequest, Outgoing } from '#src/http/contract.js';
import { FakeHost } from '../support/fake-host.js';

/** Lets the promises and microtasks that are ready run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('runs init, writes the head with its fields, then runs onOpen', () => {
  const host = new FakeHost();
  const seen: unknown[] = [];
  const see = (name: string) => (channel: Channel): void => void seen.push(name, channel.isEventStream, channel.isOpen, [...host.calls]);
  const channel = asEventStream(host.request, { headers: { 'X-A': 'b' }, init: see('init'), onOpen: see('open') });
  assert.deepEqual(seen, ['init', true, true, [], 'open', true, true, ['events {"X-A":"b"}']]);
  assert.equal(channel.isWebSocket, false);
  assert.deepEqual(host.calls, ['events {"X-A":"b"}']);
});

test('what init sends goes out behind the head', () => {
  const host = new FakeHost();
  asEventStream(host.request, {
    init: (channel) => {
      channel.send('early');
      channel.send({ id: '7' });
    },
    onOpen: (channel) => channel.send('late'),
  });
  assert.deepEqual(host.calls, ['events', 'event {"data":"early"}', 'event {"id":"7"}', 'event {"data":"late"}']);
});

test('what init sends as the last ends it, and nothing else runs', async () => {
  const host = new FakeHost();
  const log: unknown[] = [];
  asEventStream(host.request, { init: (channel) => channel.send('all', true), onOpen: () => assert.fail('is over'), onClose: (_, status, { clean }) => log.push(status, clean) });
  assert.deepEqual(host.calls, ['events', 'event {"data":"all"}', 'last', 'closed']);
  await settled();
  assert.deepEqual(log, ['server-close', true]);
});

test('close in init is the 204 that stops a browser from coming back', () => {
  const host = new FakeHost();
  const channel = asEventStream(host.request, { init: (each) => each.close(), onOpen: () => assert.fail('is over') });
  assert.deepEqual(host.calls, ['whole', 'closed']);
  assert.equal(channel.isOpen, false);
  assert.equal(host.settings.counters.eventStreamsOpen, 0);
});

test('what init throws is thrown, and the request can still be answered', () => {
  const host = new FakeHost();
  assert.throws(() => asEventStream(host.request, { init: () => { throw new Error('no'); } }), /^Error: no$/);
  host.port.handlerFailed(500);
  assert.deepEqual(host.takeCalls(), ['error 500', 'closed']);
  assert.equal(host.settings.counters.eventStreamsOpen, 0);
});

test('of a HEAD the head is the whole response: init runs, onOpen does not, and onClose tells', async () => {
  const host = new FakeHost({ isHead: true });
  const log: unknown[] = [];
  const channel = asEventStream(host.request, {
    init: () => log.push('init'),
    onOpen: () => assert.fail('is over'),
    onClose: (_, status, { clean }) => log.push(status, clean),
  });
  assert.deepEqual(host.calls, ['events', 'closed']);
  assert.deepEqual([channel.isOpen, channel.send('late')], [false, false]);
  await settled();
  assert.deepEqual(log, ['init', 'server-close', true]);
});

test('of a HEAD an event that init sends is refused', () => {
  const host = new FakeHost({ isHead: true });
  asEventStream(host.request, { init: (channel) => assert.equal(channel.send('early'), false) });
  assert.deepEqual(host.calls, ['events', 'closed']);
});

test('a request for a WebSocket becomes one, whose messages come', async () => {
  const host = new FakeHost({ isUpgrade: true });
  const log: unknown[] = [];
  const channel = asEventStream(host.request, { onOpen: (each) => each.send({ event: 'news', data: 'hello' }), onReceive: (_, message) => log.push(message) });
  assert.deepEqual([channel.isWebSocket, channel.isEventStream], [true, false]);
  host.port.received('a');
  await settled();
  assert.deepEqual([host.calls, log], [['accept', 'message hello'], ['a']]);
  assert.equal(host.settings.counters.eventStreamsOpen, 0);
});

test('a refused WebSocket is answered as by asChannel', () => {
  const host = new FakeHost({ isUpgrade: true, refusal: { status: 426, reason: 'why' } });
  const channel = asEventStream(host.request, { onOpen: () => assert.fail('is not open') });
  assert.deepEqual([host.calls, channel.isEventStream], [['whole {"status":426,"body":"why"}', 'closed'], false]);
});

test('a second time gives the same channel, sets the handlers it brings and writes no second head', async () => {
  const host = new FakeHost();
  const log: unknown[] = [];
  const first = asEventStream(host.request);
  for (const take of [asEventStream, asChannel]) assert.equal(take(host.request, { onOpen: () => assert.fail('taken before'), onClose: () => log.push('told') }), first);
  assert.equal(withChannel(host.request, (channel) => channel.send('a')), first);
  first.close();
  await settled();
  assert.deepEqual([host.calls, log], [['events', 'event {"data":"a"}', 'last', 'closed'], ['told']]);
});

test('a channel that was taken by asChannel and has sent nothing becomes an event stream', () => {
  const host = new FakeHost();
  const channel = asChannel(host.request);
  assert.equal(channel.isEventStream, false);
  assert.equal(asEventStream(host.request, { headers: { 'X-A': 'b' } }), channel);
  assert.equal(channel.isEventStream, true);
  channel.send('a');
  assert.deepEqual(host.calls, ['events {"X-A":"b"}', 'event {"data":"a"}']);
});

test('a response that has begun as something else is a UsageError, and goes on', () => {
  for (const begin of [(channel: Channel) => channel.send('a', false), (channel: Channel) => channel.send({ body: ['a'] })]) {
    const host = new FakeHost();
    const channel = asChannel(host.request);
    begin(channel);
    host.takeCalls();
    assert.throws(() => asEventStream(host.request, { onClose: () => assert.fail('was not set') }), UsageError);
    assert.deepEqual([channel.isEventStream, host.takeCalls()], [false, []]);
  }
});

test('a channel that was closed before stays closed', () => {
  const host = new FakeHost();
  asChannel(host.request).close();
  host.takeCalls();
  const channel = asEventStream(host.request);
  assert.deepEqual([channel.isOpen, channel.send('a'), host.takeCalls(), host.settings.counters.eventStreamsOpen], [false, false, [], 0]);
});

test('after the client left gives a closed channel, which tells so', async () => {
  const host = new FakeHost({ clientLeft: true });
  const log: unknown[] = [];
  const channel = asEventStream(host.request, { onOpen: () => assert.fail('is not open'), onClose: (_, status, { by }) => log.push(status, by) });
  assert.deepEqual([channel.isOpen, channel.isEventStream, host.takeCalls()], [false, true, ['cut', 'closed, client left']]);
  await settled();
  assert.deepEqual([log, host.settings.counters.eventStreamsOpen], [['client-close', 'client'], 0]);
});

test('what is no request of this server, or no handler, is a UsageError', () => {
  for (const request of [undefined, {}, { headers: {} }]) assert.throws(() => asEventStream(request as unknown as HttpRequest), UsageError);
  const host = new FakeHost();
  assert.throws(() => asEventStream(host.request, { onOpen: 'open' as unknown as () => void }), UsageError);
  assert.equal(host.channel, undefined);
});

// In groups.

interface Member {
  readonly host: FakeHost;
  readonly channel: Channel;
}

function member(take: (request: HttpRequest) => Channel, isUpgrade = false): Member {
  const host = new FakeHost({ isUpgrade });
  const channel = take(host.request);
  host.takeCalls();
  return { host, channel };
}

/** An event stream, a WebSocket, a stream and a poll, in one group. */
function oneOfEach(): { readonly store: MemoryChannelStore; readonly members: readonly Member[] } {
  const store = new MemoryChannelStore();
  const stream = (request: HttpRequest): Channel => withChannel(request, (channel) => channel.send('', false));
  const members = [member(asEventStream), member(asChannel, true), member(stream), member(asChannel)];
  for (const { channel } of members) store.addToGroup('room', channel);
  return { store, members };
}

const BROADCASTS: readonly (readonly [name: string, message: Outgoing, event: string])[] = [
  ['text', 'news', '{"data":"news"}'],
  ['a response', { status: 201, body: 'news' }, '{"data":"news"}'],
  ['an event', { event: 'sports', id: '7', retry: 5, data: 'news' }, '{"event":"sports","id":"7","retry":5,"data":"news"}'],
];

for (const [name, message, event] of BROADCASTS) {
  test(`a broadcast of ${name} is an event to an event stream, which stays open, and its data to all others`, () => {
    const { store, members } = oneOfEach();
    assert.equal(store.broadcast('room', message), 4);
    const whole = typeof message === 'object' && 'status' in message ? JSON.stringify(message) : 'news';
    assert.deepEqual(members.map(({ host }) => host.takeCalls()), [[`event ${event}`], ['message news'], ['chunk news'], [`whole ${whole}`, 'closed']]);
    assert.deepEqual(members.map(({ channel }) => channel.isOpen), [true, true, true, false]);
  });
}

test('what a function gives for an event stream is an event, behind which it stays open', () => {
  const { store, members } = oneOfEach();
  assert.equal(store.broadcast('room', (channel) => (channel.isEventStream ? { id: '7', data: 'for you' } : undefined)), 1);
  assert.deepEqual([members[0]!.host.takeCalls(), members[0]!.channel.isOpen], [['event {"id":"7","data":"for you"}'], true]);
});

test('a broadcast within init reaches an event stream behind its head', () => {
  const store = new MemoryChannelStore();
  const host = new FakeHost();
  asEventStream(host.request, {
    init: (channel) => {
      store.addToGroup('room', channel);
      assert.equal(store.broadcast('room', 'early'), 1);
    },
  });
  assert.deepEqual(host.calls, ['events', 'event {"data":"early"}']);
  assert.equal(store.size('room'), 1);
});

test('a broadcast is encoded once for all event streams', () => {
  const store = new MemoryChannelStore();
  const members = Array.from({ length: 3 }, () => member(asEventStream));
  for (const { channel } of members) store.addToGroup('room', channel);
  assert.equal(store.broadcast('room', { id: '7', data: 'news' }), 3);
  assert.deepEqual(members.flatMap(({ host }) => host.encoded), ['news']);
});

test('an event without data, or one that is wrong, is no broadcast', () => {
  for (const message of [{ id: '7' }, { retry: 5 }, { event: 'sports' }, { id: 'a\nb', data: '' }, { data: 'a', status: 200 }]) {
    const { store, members } = oneOfEach();
    assert.throws(() => store.broadcast('room', message), UsageError);
    for (const { host, channel } of members) assert.deepEqual([host.takeCalls(), channel.isOpen], [[], true]);
  }
});

test('an event stream leaves its groups at the moment it closes', () => {
  const CLOSES: readonly ((member: Member) => unknown)[] = [
    ({ channel }) => channel.close(),
    ({ channel }) => channel.send('last', true),
    ({ host }) => host.port.aborted('network'),
    ({ host }) => host.port.shutDown(),
  ];
  for (const close of CLOSES) {
    const { store, members } = oneOfEach();
    close(members[0]!);
    assert.deepEqual(store.members('room'), members.slice(1).map(({ channel }) => channel));
  }
});
