/** A channel calls back in order, in the async context that took it, never inside `send` or `close`; `onClose` comes once, last. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test } from 'node:test';
import { asChannel, asEventStream, withChannel } from '#src/channel/as-channel.js';
import type { CloseDetail, CloseStatus } from '#src/channel/close-status.js';
import type { Channel, Message } from '#src/channel/contract.js';
import { UsageError } from '#src/errors.js';
import type { HttpRequest } from '#src/http/contract.js';
import { FakeHost } from '../support/fake-host.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const webSocket = (): FakeHost => new FakeHost({ isUpgrade: true });

interface End {
  readonly name: string;
  readonly host: () => FakeHost;
  readonly end: (host: FakeHost, channel: Channel) => void;
  readonly status: CloseStatus;
  readonly detail: CloseDetail;
}

const ENDS: readonly End[] = [
  { name: 'a whole response', host: () => new FakeHost(), end: (_, channel) => channel.send('a'), status: 'server-close', detail: { code: undefined, reason: '', by: 'server', clean: true } },
  { name: 'a poll closed without an answer', host: () => new FakeHost(), end: (_, channel) => channel.close(4000, 'unused'), status: 'server-close', detail: { code: undefined, reason: '', by: 'server', clean: true } },
  { name: 'a client that left', host: () => new FakeHost(), end: (host) => host.port.aborted('client'), status: 'client-close', detail: { code: undefined, reason: '', by: 'client', clean: false } },
  { name: 'a connection lost', host: () => new FakeHost(), end: (host) => host.port.aborted('network'), status: 'client-close', detail: { code: undefined, reason: '', by: 'network', clean: false } },
  { name: 'a client given up', host: () => new FakeHost(), end: (host) => host.port.aborted('timeout'), status: 'server-close', detail: { code: undefined, reason: '', by: 'timeout', clean: false } },
  { name: 'the shutdown of a poll', host: () => new FakeHost(), end: (host) => host.port.shutDown(), status: 'server-close', detail: { code: undefined, reason: '', by: 'shutdown', clean: true } },
  {
    name: 'a streamed body that ended',
    host: () => new FakeHost(),
    end: (host, channel) => {
      channel.send({ body: ['a'] });
      host.port.bodyEnded();
    },
    status: 'server-close',
    detail: { code: undefined, reason: '', by: 'server', clean: true },
  },
  {
    name: 'a streamed body that failed',
    host: () => new FakeHost(),
    end: (host, channel) => {
      channel.send({ body: ['a'] });
      host.port.bodyFailed();
    },
    status: 'server-close',
    detail: { code: undefined, reason: '', by: 'server', clean: false },
  },
  { name: 'the peer\'s Close', host: webSocket, end: (host) => host.port.peerClosed(1000, 'bye'), status: 'normal', detail: { code: 1000, reason: 'bye', by: 'client', clean: true } },
  { name: 'the peer\'s Close without a code', host: webSocket, end: (host) => host.port.peerClosed(undefined, ''), status: 'no-status-received', detail: { code: 1005, reason: '', by: 'client', clean: true } },
  { name: 'a code of the application', host: webSocket, end: (host) => host.port.peerClosed(4711, 'x'), status: 'unknown', detail: { code: 4711, reason: 'x', by: 'client', clean: true } },
  { name: 'a WebSocket lost', host: webSocket, end: (host) => host.port.aborted('network'), status: 'abnormal', detail: { code: 1006, reason: '', by: 'network', clean: false } },
  { name: 'a WebSocket given up', host: webSocket, end: (host) => host.port.aborted('timeout'), status: 'abnormal', detail: { code: 1006, reason: '', by: 'timeout', clean: false } },
  { name: 'a broken rule', host: webSocket, end: (host) => host.port.peerFailed(1007, 'text must be valid UTF-8'), status: 'invalid-payload-data', detail: { code: 1007, reason: 'text must be valid UTF-8', by: 'server', clean: false } },
  {
    name: 'our Close, answered',
    host: webSocket,
    end: (host, channel) => {
      channel.close(4000, 'enough');
      host.port.peerClosed(4000, '');
    },
    status: 'unknown',
    detail: { code: 4000, reason: 'enough', by: 'server', clean: true },
  },
  {
    name: 'our Close, never answered',
    host: webSocket,
    end: (host, channel) => {
      channel.close();
      host.port.aborted('timeout');
    },
    status: 'normal',
    detail: { code: 1000, reason: '', by: 'server', clean: false },
  },
  {
    name: 'our Close, before a handler that fails',
    host: webSocket,
    end: (host, channel) => {
      channel.close();
      host.port.handlerFailed(500);
      host.port.peerClosed(1000, '');
    },
    status: 'normal',
    detail: { code: 1000, reason: '', by: 'server', clean: true },
  },
  {
    name: 'a shutdown, answered',
    host: webSocket,
    end: (host) => {
      host.port.shutDown();
      host.port.peerClosed(1001, '');
    },
    status: 'going-away',
    detail: { code: 1001, reason: '', by: 'shutdown', clean: true },
  },
];

describe('onClose tells of', () => {
  for (const { name, host: hostOf, end, status, detail } of ENDS) {
    test(`${name}, once and not inside the call, set before or after`, async () => {
      const host = hostOf();
      const told: unknown[] = [];
      const channel = asChannel(host.request, { onClose: (_, ...args) => told.push(args) });
      end(host, channel);
      assert.deepEqual(told, []);
      await settled();
      assert.deepEqual(told, [[status, detail]]);
      host.port.aborted('network');
      channel.close();
      await settled();
      assert.equal(told.length, 1);

      const lateHost = hostOf();
      const late = asChannel(lateHost.request);
      end(lateHost, late);
      await settled();
      const toldLate: unknown[] = [];
      late.onClose((...args) => toldLate.push(args));
      assert.deepEqual(toldLate, []);
      await settled();
      assert.deepEqual(toldLate, [[status, detail]]);
    });
  }
});

describe('onClose', () => {
  test('is replaced by setting it again, also between the close and the call', async () => {
    const host = new FakeHost();
    const channel = asChannel(host.request, { onClose: () => assert.fail('was replaced') });
    channel.close();
    let calls = 0;
    channel.onClose(() => calls++);
    await settled();
    assert.equal(calls, 1);
  });

  test('finds the channel closed', async () => {
    const host = webSocket();
    const found: unknown[] = [];
    const channel = asChannel(host.request, { onClose: (it) => found.push(it.isOpen, it.send('x'), it.close()) });
    host.port.peerClosed(1000, '');
    assert.equal(channel.isOpen, false);
    host.takeCalls();
    await settled();
    assert.deepEqual([found, host.takeCalls()], [[false, false, false], []]);
  });

  test('waits for the messages before it', async () => {
    const host = webSocket();
    const log: unknown[] = [];
    const gates: (() => void)[] = [];
    asChannel(host.request, {
      onReceive: (_, message) => new Promise<void>((resolve) => {
        log.push(String(message));
        gates.push(resolve);
      }),
      onClose: (_, status) => log.push(status),
    });
    host.port.received('a');
    host.port.received('b');
    host.port.peerClosed(1000, '');
    host.port.received('behind the Close');
    for (const count of [1, 2, 3]) {
      await settled();
      assert.deepEqual(log, ['a', 'b', 'normal'].slice(0, count));
      gates.shift()?.();
    }
    assert.equal(host.settings.unfinished.size, 0);
  });

  test('waits for messages that nobody has taken yet', async () => {
    const host = webSocket();
    const log: string[] = [];
    const channel = asChannel(host.request, { onClose: (_, status) => log.push(status) });
    host.port.received('a');
    host.port.peerClosed(1000, '');
    await settled();
    assert.equal(log.length, 0);
    channel.onReceive((message) => log.push(String(message)));
    await settled();
    assert.deepEqual(log, ['a', 'normal']);
  });

  test('waits no longer than 30 seconds; what is left is dropped and counted', async () => {
    const host = webSocket();
    const log: string[] = [];
    asChannel(host.request, {
      onReceive: (_, message) => new Promise<void>(() => log.push(String(message))),
      onClose: (_, status) => log.push(status),
    });
    for (const message of ['a', 'b', 'c']) host.port.received(message);
    host.port.peerClosed(1000, '');
    host.clock.advance(29_000);
    await settled();
    assert.deepEqual(log, ['a']);
    host.clock.advance(2_000);
    await settled();
    assert.deepEqual(log, ['a', 'normal']);
    assert.equal(host.settings.counters.drops, 2);
    assert.equal(host.settings.unfinished.size, 0);
    host.clock.advance(1_000);
    assert.equal(host.clock.running, 0, 'the channel has left the ticker');
  });
});

describe('messages', () => {
  test('are held until onOpen has returned, then come in order', () => {
    const host = webSocket();
    const log: string[] = [];
    asChannel(host.request, {
      onOpen: () => {
        host.port.received('a');
        host.port.received('b');
        log.push('opened');
      },
      onReceive: (_, message) => log.push(String(message)),
    });
    assert.deepEqual(log, ['opened', 'a', 'b']);
  });

  test('are held until the function of withChannel has returned, whatever it throws', () => {
    const host = webSocket();
    const log: string[] = [];
    assert.throws(() => withChannel(host.request, (channel) => {
      channel.onReceive((message) => log.push(String(message)));
      host.port.received('a');
      log.push('throws');
      throw new Error('from the function');
    }), /from the function/);
    assert.deepEqual(log, ['throws', 'a']);
  });

  test('are held, and reading stops at the limit, until onReceive is set', async () => {
    const host = new FakeHost({ isUpgrade: true, maxQueuedMessages: 2 });
    const channel = asChannel(host.request);
    host.takeCalls();
    host.port.received('a');
    assert.deepEqual(host.takeCalls(), []);
    host.port.received('b');
    assert.deepEqual(host.takeCalls(), ['pauseReading']);
    const log: Message[] = [];
    channel.onReceive((message) => log.push(message));
    assert.deepEqual([log, host.takeCalls()], [[], []], 'not within the call');
    await settled();
    assert.deepEqual([log, host.takeCalls()], [['a', 'b'], ['resumeReading']]);
  });

  test('go to the function that is set when their turn comes', async () => {
    const host = webSocket();
    const log: string[] = [];
    const channel = asChannel(host.request, {
      onReceive: async (it, message) => {
        log.push(`first ${String(message)}`);
        it.onReceive((next) => log.push(`second ${String(next)}`));
      },
    });
    host.port.received('a');
    host.port.received('b');
    await settled();
    host.port.received('c');
    assert.deepEqual(log, ['first a', 'second b', 'second c']);
    assert.equal(channel.isOpen, true);
  });

  test('that come behind our Close are discarded; those before it are handed over', async () => {
    const host = webSocket();
    const log: string[] = [];
    const channel = asChannel(host.request, {
      onReceive: async (_, message) => {
        await settled();
        log.push(String(message));
      },
    });
    host.port.received('a');
    host.port.received('b');
    channel.close();
    host.port.received('c');
    for (let i = 0; i < 5; i++) await settled();
    assert.deepEqual(log, ['a', 'b']);
  });

  test('never come on HTTP', () => {
    const host = new FakeHost();
    asChannel(host.request, { onReceive: () => assert.fail('there is no message') });
    host.port.received('stray');
  });
});

describe('an error in a callback is reported, and the channel stays open:', () => {
  const error = new Error('of the application');
  const throwing = (): never => {
    throw error;
  };
  const rejecting = (): Promise<never> => Promise.reject(error);
  const PLACES: readonly (readonly [name: string, run: (host: FakeHost, fail: () => unknown) => void])[] = [
    ['onOpen', (host, fail) => void asChannel(host.request, { onOpen: fail })],
    ['onReceive', (host, fail) => {
      asChannel(host.request, { onReceive: fail });
      host.port.received('a');
    }],
    ['onPing', (host, fail) => {
      asChannel(host.request, { onPing: fail });
      host.port.pinged(new Uint8Array(0));
    }],
    ['onPong', (host, fail) => {
      asChannel(host.request, { onPong: fail });
      host.port.ponged(new Uint8Array(0));
    }],
    ['onDrain', (host, fail) => {
      asChannel(host.request, { onDrain: fail });
      host.port.outputDrained();
    }],
  ];
  for (const [name, run] of PLACES) {
    for (const [how, fail] of [['throws', throwing], ['rejects', rejecting]] as const) {
      test(`${name} ${how}`, async () => {
        const host = webSocket();
        run(host, fail);
        await settled();
        assert.deepEqual(host.errors, [error]);
        assert.equal(host.channel!.isOpen, true);
      });
    }
  }

  test('onClose throws or rejects', async () => {
    for (const fail of [throwing, rejecting]) {
      const host = webSocket();
      asChannel(host.request, { onClose: fail }).close();
      host.port.peerClosed(1000, '');
      await settled();
      assert.deepEqual(host.errors, [error]);
    }
  });

  test('the next message comes behind one whose function rejected', async () => {
    const host = webSocket();
    const log: string[] = [];
    asChannel(host.request, {
      onReceive: async (_, message) => {
        log.push(String(message));
        if (message === 'a') throw error;
      },
    });
    host.port.received('a');
    host.port.received('b');
    await settled();
    assert.deepEqual([log, host.errors], [['a', 'b'], [error]]);
  });

  test('an async function of withChannel rejects', async () => {
    const host = webSocket();
    withChannel(host.request, rejecting);
    await settled();
    assert.deepEqual(host.errors, [error]);
  });
});

test('every callback runs in the async context of the call that took the channel', async () => {
  const storage = new AsyncLocalStorage<string>();
  const host = webSocket();
  const seen: string[] = [];
  const see = (name: string) => (): void => void seen.push(`${name} ${storage.getStore()}`);
  storage.run('taker', () => {
    asChannel(host.request, {
      onOpen: see('open'),
      onReceive: async () => {
        see('message')();
        await settled();
        see('behind await')();
      },
      onPing: see('ping'),
      onPong: see('pong'),
      onDrain: see('drain'),
      onClose: see('close'),
    });
  });
  storage.run('somebody else', () => {
    const { port } = host;
    port.runInContext<typeof port>(function () {
      this.received('a');
      this.received('b');
    }, port);
    port.pinged(new Uint8Array(0));
    port.ponged(new Uint8Array(0));
    port.outputDrained();
    port.peerClosed(1000, '');
  });
  for (let i = 0; i < 6; i++) await settled();
  assert.deepEqual(seen, ['open', 'message', 'ping', 'pong', 'drain', 'behind await', 'message', 'behind await', 'close'].map((name) => `${name} taker`));
});

test('messages that waited for onReceive run in the context of the taker too', async () => {
  const storage = new AsyncLocalStorage<string>();
  const host = webSocket();
  const channel = storage.run('taker', () => asChannel(host.request));
  host.port.received('a');
  const seen: unknown[] = [];
  storage.run('somebody else', () => channel.onReceive(() => seen.push(storage.getStore())));
  await settled();
  assert.deepEqual(seen, ['taker']);
});

describe('taking', () => {
  test('runs init before the handshake is answered and onOpen behind it', () => {
    const host = webSocket();
    const seen: unknown[] = [];
    asChannel(host.request, {
      init: (channel) => seen.push('init', channel.isWebSocket, [...host.calls]),
      onOpen: (channel) => seen.push('open', channel.isWebSocket, [...host.calls]),
    });
    assert.deepEqual(seen, ['init', false, [], 'open', true, ['accept']]);
  });

  test('a second time gives the same channel, sets the handlers it brings and opens nothing again', async () => {
    const host = webSocket();
    const log: string[] = [];
    const first = asChannel(host.request, { onReceive: () => log.push('first'), onClose: () => log.push('kept') });
    const second = asChannel(host.request, { init: () => assert.fail('taken before'), onOpen: () => assert.fail('taken before'), onReceive: () => log.push('second') });
    assert.equal(second, first);
    assert.equal(withChannel(host.request, (channel) => assert.equal(channel, first)), first);
    host.port.received('a');
    host.port.peerClosed(1000, '');
    await settled();
    assert.deepEqual(log, ['second', 'kept']);
    assert.deepEqual(host.calls.filter((call) => call === 'accept').length, 1);
  });

  test('with an invalid handshake answers it, tells why, and gives a closed channel', async () => {
    const refusal = { status: 426, reason: 'Sec-WebSocket-Version must be 13' };
    const host = new FakeHost({ isUpgrade: true, refusal });
    const log: unknown[] = [];
    const channel = asChannel(host.request, {
      onOpen: () => assert.fail('is not open'),
      onHandshakeError: (error) => log.push(error),
      onClose: (_, status) => log.push(status),
    });
    assert.equal(channel.isOpen, false);
    assert.equal(channel.isWebSocket, false);
    assert.deepEqual(host.takeCalls(), [`whole ${JSON.stringify({ status: 426, body: refusal.reason })}`, 'closed']);
    await settled();
    assert.deepEqual(log, [refusal, 'server-close']);
  });

  test('after the client left gives a closed channel, which tells so', async () => {
    for (const isUpgrade of [false, true]) {
      const host = new FakeHost({ isUpgrade, clientLeft: true });
      const log: unknown[] = [];
      const channel = asChannel(host.request, { onOpen: () => assert.fail('is not open'), onClose: (_, status, detail) => log.push(status, detail.by) });
      assert.equal(channel.isOpen, false);
      assert.equal(channel.send('x'), false);
      await settled();
      assert.deepEqual(log, ['client-close', 'client']);
      assert.ok(!host.calls.includes('accept'));
    }
  });

  test('with handlers that are no object is a UsageError, and the channel is not taken', () => {
    const host = new FakeHost();
    for (const handlers of [null, 'x', 5, () => {}] as readonly unknown[]) {
      for (const take of [asChannel, asEventStream]) assert.throws(() => take(host.request, handlers as object), UsageError);
    }
    assert.deepEqual([host.channel, host.calls], [undefined, []]);
  });

  test('from what is no request of this server is a UsageError', () => {
    for (const request of [undefined, {}, { headers: {} }]) {
      assert.throws(() => asChannel(request as unknown as HttpRequest), UsageError);
      assert.throws(() => withChannel(request as unknown as HttpRequest, () => undefined), UsageError);
    }
  });
});
