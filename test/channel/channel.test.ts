/** What each call does to a channel in each of its states: what it answers, what it writes, and that a wrong call changes nothing. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asChannel, asEventStream } from '#src/channel/as-channel.js';
import type { Channel } from '#src/channel/contract.js';
import { UsageError } from '#src/errors.js';
import type { Outgoing } from '#src/http/contract.js';
import { FakeHost, type FakeHostOptions } from '../support/fake-host.js';

type StateName = 'pending' | 'streaming' | 'emitting' | 'finishing' | 'closed' | 'open' | 'closing' | 'closed WebSocket';

interface Taken {
  readonly host: FakeHost;
  readonly channel: Channel;
}

/** A channel brought into a state; what was written on the way there is forgotten. */
function channelIn(state: StateName, options: FakeHostOptions = {}): Taken {
  const isUpgrade = state === 'open' || state === 'closing' || state === 'closed WebSocket';
  const host = new FakeHost({ isUpgrade, ...options });
  const channel = state === 'emitting' ? asEventStream(host.request) : asChannel(host.request);
  if (state === 'streaming' || state === 'finishing') channel.send('', false);
  if (state === 'finishing') channel.send({ body: ['a'] });
  if (state === 'closed' || state === 'closing' || state === 'closed WebSocket') channel.close();
  if (state === 'closed WebSocket') host.port.peerClosed(1000, '');
  host.takeCalls();
  return { host, channel };
}

const STATES: readonly StateName[] = ['pending', 'streaming', 'emitting', 'finishing', 'closed', 'open', 'closing', 'closed WebSocket'];
const LIST = { body: ['a', 'b'] };

interface Call {
  readonly name: string;
  readonly run: (channel: Channel) => boolean;
  /** What the outlet and the host are asked for, by state, where the call answers true; in all other states it answers false and asks for nothing. */
  readonly asks: Partial<Record<StateName, readonly string[]>>;
}

const CALLS: readonly Call[] = [
  {
    name: 'send(text)',
    run: (channel) => channel.send('a'),
    asks: { pending: ['whole a', 'closed'], streaming: ['chunkLast a', 'closed'], emitting: ['event {"data":"a"}'], open: ['message a'] },
  },
  {
    name: 'send(bytes)',
    run: (channel) => channel.send(Buffer.from('a')),
    asks: { pending: ['whole a', 'closed'], streaming: ['chunkLast a', 'closed'], emitting: ['event {"data":{"type":"Buffer","data":[97]}}'], open: ['message a'] },
  },
  {
    name: 'send(text, false)',
    run: (channel) => channel.send('a', false),
    asks: { pending: ['begin a'], streaming: ['chunk a'], emitting: ['event {"data":"a"}'], open: ['message a'] },
  },
  {
    name: 'send(text, true)',
    run: (channel) => channel.send('a', true),
    asks: { pending: ['whole a', 'closed'], streaming: ['chunkLast a', 'closed'], emitting: ['event {"data":"a"}', 'last', 'closed'], open: ['message a', 'closeFrame 1000', 'closed, client left'] },
  },
  {
    name: 'send of a response',
    run: (channel) => channel.send({ status: 201, body: 'a' }),
    asks: { pending: ['whole {"status":201,"body":"a"}', 'closed'], streaming: ['chunkLast a', 'closed'], emitting: ['event {"data":"a"}'], open: ['message a'] },
  },
  {
    name: 'send of a response without a body, false',
    run: (channel) => channel.send({ status: 201 }, false),
    asks: { pending: ['begin {"status":201}'], streaming: ['chunk'], emitting: [], open: [] },
  },
  {
    name: 'send of a response without a body, true',
    run: (channel) => channel.send({ body: null }, true),
    asks: { pending: ['whole {"body":null}', 'closed'], streaming: ['chunkLast', 'closed'], emitting: ['last', 'closed'], open: ['closeFrame 1000', 'closed, client left'] },
  },
  {
    name: 'send of a response that can have no body, false',
    run: (channel) => channel.send({ status: 204 }, false),
    asks: { pending: ['headAlone {"status":204}', 'closed'], streaming: ['chunk'], emitting: [], open: [] },
  },
  {
    name: 'send of an event',
    run: (channel) => channel.send({ event: 'news', id: '7', data: 'a' }),
    asks: { pending: ['whole a', 'closed'], streaming: ['chunkLast a', 'closed'], emitting: ['event {"event":"news","id":"7","data":"a"}'], open: ['message a'] },
  },
  {
    name: 'send of an event, false',
    run: (channel) => channel.send({ data: 'a', retry: 5 }, false),
    asks: { pending: ['begin a'], streaming: ['chunk a'], emitting: ['event {"data":"a","retry":5}'], open: ['message a'] },
  },
  {
    name: 'send of an event, true',
    run: (channel) => channel.send({ data: 'a' }, true),
    asks: { pending: ['whole a', 'closed'], streaming: ['chunkLast a', 'closed'], emitting: ['event {"data":"a"}', 'last', 'closed'], open: ['message a', 'closeFrame 1000', 'closed, client left'] },
  },
  {
    name: 'send of an event without data, false',
    run: (channel) => channel.send({ id: '7' }, false),
    asks: { pending: ['begin {}'], streaming: ['chunk'], emitting: ['event {"id":"7"}'], open: [] },
  },
  {
    name: 'send of an event that holds nothing, false',
    run: (channel) => channel.send({ data: undefined }, false),
    asks: { pending: ['begin {}'], streaming: ['chunk'], emitting: [], open: [] },
  },
  {
    name: 'close()',
    run: (channel) => channel.close(),
    asks: { pending: ['whole', 'closed'], streaming: ['last', 'closed'], emitting: ['last', 'closed'], open: ['closeFrame 1000', 'closed, client left'] },
  },
  {
    name: 'close(code, reason)',
    run: (channel) => channel.close(4001, 'enough'),
    asks: { pending: ['whole', 'closed'], streaming: ['last', 'closed'], emitting: ['last', 'closed'], open: ['closeFrame 4001 enough', 'closed, client left'] },
  },
  { name: 'ping()', run: (channel) => channel.ping(), asks: { open: ['ping'] } },
  { name: 'ping(text)', run: (channel) => channel.ping('é'), asks: { open: ['ping é'] } },
  { name: 'ping(125 bytes)', run: (channel) => channel.ping(Buffer.alloc(125, 'x')), asks: { open: [`ping ${'x'.repeat(125)}`] } },
];

for (const { name, run, asks } of CALLS) {
  describe(name, () => {
    for (const state of STATES) {
      const expected = asks[state];
      test(`${expected === undefined ? 'answers false and writes nothing' : 'answers true'} on a ${state} channel`, () => {
        const { host, channel } = channelIn(state);
        assert.equal(run(channel), expected !== undefined);
        assert.deepEqual(host.takeCalls(), expected ?? []);
      });
    }
  });
}

describe('a streamed body', () => {
  test('begins behind its head on a pending channel, without one on a streaming one, and closes the channel for sends', () => {
    for (const [state, asked] of [['pending', 'body with head'], ['streaming', 'body']] as const) {
      const { host, channel } = channelIn(state);
      assert.equal(channel.send(LIST, false), true);
      assert.deepEqual(host.takeCalls(), [asked]);
      assert.equal(channel.isOpen, false);
      assert.equal(channel.send('x'), false);
      assert.equal(channel.close(), false);
      assert.deepEqual(host.takeCalls(), []);
    }
  });

  test('ends the response when it ends', () => {
    const { host } = channelIn('finishing');
    host.port.bodyEnded();
    assert.deepEqual(host.takeCalls(), ['last', 'closed']);
  });

  test('cuts the response when it fails', () => {
    const { host } = channelIn('finishing');
    host.port.bodyFailed();
    assert.deepEqual(host.takeCalls(), ['cut', 'closed, client left']);
  });

  test('is a UsageError on a WebSocket and an event stream', () => {
    for (const state of ['open', 'emitting'] as const) {
      const { host, channel } = channelIn(state);
      assert.throws(() => channel.send(LIST), UsageError, state);
      assert.deepEqual([host.takeCalls(), channel.isOpen], [[], true], state);
    }
  });

  test('writes nothing and answers false on a closed channel', () => {
    const { host, channel } = channelIn('closed');
    assert.equal(channel.send(LIST), false);
    assert.deepEqual(host.takeCalls(), []);
  });
});

test('isOpen, isEventStream, isWebSocket and protocol follow the state', () => {
  for (const state of STATES) {
    const { channel } = channelIn(state);
    const isWebSocket = state === 'open' || state === 'closing' || state === 'closed WebSocket';
    assert.equal(channel.isOpen, state === 'pending' || state === 'streaming' || state === 'emitting' || state === 'open', state);
    assert.equal(channel.isEventStream, state === 'emitting', state);
    assert.equal(channel.isWebSocket, isWebSocket, state);
    assert.equal(channel.protocol, isWebSocket ? 'chat' : '', state);
  }
});

const WRONG_CALLS: readonly (readonly [name: string, run: (channel: Channel) => unknown])[] = [
  ...[null, undefined, 42, true, ['a']].map((data) => [`send(${Array.isArray(data) ? 'a list' : String(data)})`, (channel: Channel) => channel.send(data as unknown as Outgoing)] as const),
  ['send of a response with a number as its body', (channel) => channel.send({ body: 42 as unknown as string })],
  ['send of an event whose name breaks the line', (channel) => channel.send({ event: 'a\nb', data: '' })],
  ['send of an event whose id breaks the line', (channel) => channel.send({ id: 'a\rb', data: '' })],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, NaN, Infinity].map((code) => [`close(${code})`, (channel: Channel) => channel.close(code)] as const),
  ['close with a reason of 124 bytes', (channel) => channel.close(1000, 'x'.repeat(124))],
  ['close with a reason of 124 bytes in 62 characters', (channel) => channel.close(1000, 'é'.repeat(62))],
  ['ping(126 bytes)', (channel) => channel.ping(new Uint8Array(126))],
  ...[5, 'x', null].map((options) => [`send(options: ${options})`, (channel: Channel) => channel.send('a', true, options as unknown as object)] as const),
  ['ping(126 bytes in 63 characters)', (channel) => channel.ping('é'.repeat(63))],
  ...(['onReceive', 'onPing', 'onPong', 'onDrain', 'onClose'] as const).map((name) => [`${name}(no function)`, (channel: Channel) => channel[name](undefined as unknown as () => void)] as const),
];

describe('throws a UsageError and changes nothing in any state:', () => {
  for (const [name, run] of WRONG_CALLS) {
    test(name, () => {
      for (const state of STATES) {
        const { host, channel } = channelIn(state);
        const { isOpen } = channel;
        assert.throws(() => run(channel), UsageError, state);
        assert.deepEqual([host.takeCalls(), channel.isOpen], [[], isOpen], state);
      }
    });
  }
});

test('accepts every close code that may be sent, and a reason of 123 bytes', () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
    const { host, channel } = channelIn('open');
    assert.equal(channel.close(code, 'x'.repeat(123)), true);
    assert.deepEqual(host.takeCalls()[0], `closeFrame ${code} ${'x'.repeat(123)}`);
  }
});

describe('where the outlet refuses what it is given', () => {
  for (const [name, state, run] of [
    ['the first piece', 'pending', (channel) => channel.send('a', false)],
    ['a whole response', 'pending', (channel) => channel.send('a')],
    ['a streamed body', 'pending', (channel) => channel.send(LIST)],
    ['a piece', 'streaming', (channel) => channel.send('a', false)],
    ['the last piece', 'streaming', (channel) => channel.send('a')],
    ['an event', 'emitting', (channel) => channel.send('a', false)],
    ['the last event', 'emitting', (channel) => channel.send('a', true)],
  ] as readonly (readonly [string, StateName, (channel: Channel) => boolean])[]) {
    test(`${name}, the error is thrown, the channel is as it was, and the call can be made again`, () => {
      const { host, channel } = channelIn(state);
      host.throwNext = new UsageError('refused');
      assert.throws(() => run(channel), /refused/);
      assert.deepEqual([host.takeCalls(), channel.isOpen], [[], true]);
      assert.equal(host.settings.counters.channelsOpen, 1);
      assert.equal(run(channel), true);
    });
  }
});

describe('what the driver tells', () => {
  const TOLD: readonly (readonly [name: string, state: StateName, tell: (host: FakeHost) => void, asks: readonly string[]])[] = [
    ['a Close of the peer', 'open', (host) => host.port.peerClosed(1000, 'bye'), ['closeReply 1000', 'closed, client left']],
    ['a Close without a code', 'open', (host) => host.port.peerClosed(undefined, ''), ['closeReply undefined', 'closed, client left']],
    ['the answer to our Close', 'closing', (host) => host.port.peerClosed(1000, ''), []],
    ['a broken rule', 'open', (host) => host.port.peerFailed(1002, 'why'), ['failFrame 1002 why', 'closed, client left']],
    ['a broken rule behind our Close', 'closing', (host) => host.port.peerFailed(1002, 'why'), []],
    ['a lost WebSocket', 'open', (host) => host.port.aborted('network'), ['closed, client left']],
    ['a lost stream', 'streaming', (host) => host.port.aborted('client'), ['cut', 'closed, client left']],
    ['a lost event stream', 'emitting', (host) => host.port.aborted('network'), ['cut', 'closed, client left']],
    ['a lost poll', 'pending', (host) => host.port.aborted('client'), ['cut', 'closed, client left']],
    ['a lost body', 'finishing', (host) => host.port.aborted('timeout'), ['cut', 'closed, client left']],
    ['the shutdown of a poll', 'pending', (host) => host.port.shutDown(), ['error 503', 'closed']],
    ['the shutdown of a stream', 'streaming', (host) => host.port.shutDown(), ['last', 'closed']],
    ['the shutdown of an event stream', 'emitting', (host) => host.port.shutDown(), ['last', 'closed']],
    ['the shutdown of a body, which may finish', 'finishing', (host) => host.port.shutDown(), []],
    ['the shutdown of a WebSocket', 'open', (host) => host.port.shutDown(), ['closeFrame 1001', 'closed, client left']],
    ['the shutdown of a closing WebSocket', 'closing', (host) => host.port.shutDown(), []],
    ['a handler that failed, to a poll', 'pending', (host) => host.port.handlerFailed(500), ['error 500', 'closed']],
    ['a handler that failed, to a stream', 'streaming', (host) => host.port.handlerFailed(500), ['cut', 'closed, client left']],
    ['a handler that failed, to an event stream', 'emitting', (host) => host.port.handlerFailed(500), ['cut', 'closed, client left']],
    ['a handler that failed, to a body', 'finishing', (host) => host.port.handlerFailed(500), ['cut', 'closed, client left']],
    ['a handler that failed, to a WebSocket', 'open', (host) => host.port.handlerFailed(500), ['closeFrame 1011', 'closed, client left']],
  ];
  for (const [name, state, tell, asks] of TOLD) {
    test(`${name} is answered`, () => {
      const { host } = channelIn(state);
      tell(host);
      assert.deepEqual(host.takeCalls(), asks);
    });
  }

  test('changes nothing on a channel that is closed', () => {
    for (const state of ['closed', 'closed WebSocket'] as const) {
      for (const [, , tell] of TOLD) {
        const { host } = channelIn(state);
        tell(host);
        assert.deepEqual(host.takeCalls(), [], state);
      }
    }
  });
});

describe('above the outbound cap', () => {
  const FULL = { maxBufferedBytes: 1000 };

  for (const [state, asks] of [
    ['pending', ['cut', 'closed, client left']],
    ['streaming', ['cut', 'closed, client left']],
    ['emitting', ['cut', 'closed, client left']],
    ['open', ['failFrame 1013', 'closed, client left']],
  ] as const) {
    test(`a send closes a ${state} channel by default, and answers false`, () => {
      const { host, channel } = channelIn(state, FULL);
      host.bufferedAmount = 1001;
      assert.equal(channel.send('a', false), false);
      assert.deepEqual(host.takeCalls(), asks);
      assert.equal(channel.isOpen, false);
      assert.equal(host.settings.counters.drops, 1);
    });

    test(`a send to a ${state} channel is dropped where the application says so, and the next one goes out`, () => {
      const { host, channel } = channelIn(state, { ...FULL, onOverflow: 'drop' });
      host.bufferedAmount = 1001;
      assert.equal(channel.send('a', false), false);
      assert.deepEqual([host.takeCalls(), channel.isOpen, host.settings.counters.drops], [[], true, 1]);
      host.bufferedAmount = 0;
      assert.equal(channel.send('b', false), true);
      assert.equal(host.takeCalls().length, 1);
    });
  }

  test('what waits is judged before a send: at the cap, a message of any size goes out', () => {
    const { host, channel } = channelIn('open', FULL);
    host.bufferedAmount = 1000;
    assert.equal(channel.send('x'.repeat(100_000)), true);
    assert.equal(host.settings.counters.drops, 0);
  });

  test('a channel can still be closed and pinged', () => {
    const { host, channel } = channelIn('open', FULL);
    host.bufferedAmount = 5000;
    assert.equal(channel.ping(), true);
    assert.equal(channel.close(), true);
    assert.deepEqual(host.takeCalls(), ['ping', 'closeFrame 1000', 'closed, client left']);
  });
});

test('counts open channels, WebSockets and messages', () => {
  const { host, channel } = channelIn('open');
  const { counters } = host.settings;
  assert.deepEqual([counters.channelsOpen, counters.webSocketsOpen, counters.webSocketsTotal], [1, 1, 1]);
  channel.send('a');
  channel.send('b', true);
  host.port.received('late');
  assert.deepEqual([counters.channelsOpen, counters.webSocketsOpen, counters.webSocketsTotal], [0, 0, 1]);
  assert.deepEqual([counters.messagesOut, counters.messagesIn], [2, 1]);
  host.port.peerClosed(1000, '');
  host.port.aborted('network');
  assert.deepEqual([counters.channelsOpen, counters.webSocketsOpen], [0, 0]);
});

test('counts open event streams, and what they send as messages', () => {
  const { host, channel } = channelIn('emitting');
  const { counters } = host.settings;
  assert.deepEqual([counters.channelsOpen, counters.eventStreamsOpen, counters.webSocketsOpen], [1, 1, 0]);
  channel.send('a');
  channel.send({ status: 200 });
  channel.send('b', true);
  assert.deepEqual([counters.channelsOpen, counters.eventStreamsOpen, counters.messagesOut], [0, 0, 2]);
});

describe('drained', () => {
  test('resolves at once where nothing waits, in every state', async () => {
    for (const state of STATES) await channelIn(state).channel.drained();
  });

  test('resolves when what waits was taken, and bufferedAmount says how much that is', async () => {
    const { host, channel } = channelIn('open');
    host.bufferedAmount = 500;
    assert.equal(channel.bufferedAmount, 500);
    let isDrained = false;
    const drained = channel.drained().then(() => (isDrained = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isDrained, false);
    host.drain();
    await drained;
  });
});
