/** Every callback of a channel runs in the async context of the call that took it, whoever caused it to run. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import { asChannel, withChannel, type ChannelHandlers } from 'longwire';
import { get } from '../support/channels.js';
import { turns, until } from '../support/deferred.js';
import { close, handshake, ping, pong, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';

const storage = new AsyncLocalStorage<string>();

/** Notes in which context each callback ran. */
function record(seen: Map<string, Set<string | undefined>>): Required<Pick<ChannelHandlers, 'init' | 'onOpen' | 'onReceive' | 'onPing' | 'onPong' | 'onDrain' | 'onClose' | 'onHandshakeError'>> {
  const note = (name: string) => (): void => {
    const contexts = seen.get(name) ?? new Set();
    seen.set(name, contexts.add(storage.getStore()));
  };
  return {
    init: note('init'),
    onOpen: note('onOpen'),
    onReceive: async () => {
      note('onReceive')();
      await turns(1);
      note('onReceive')();
    },
    onPing: note('onPing'),
    onPong: note('onPong'),
    onDrain: note('onDrain'),
    onClose: note('onClose'),
    onHandshakeError: note('onHandshakeError'),
  };
}

async function openEach(t: Parameters<typeof startServer>[0], bytes: (name: string) => string) {
  const seen = new Map<string, Map<string, Set<string | undefined>>>();
  const channels = new Map<string, ReturnType<typeof asChannel>>();
  const { port } = await startServer(
    t,
    (request) => {
      const name = request.path.slice(1);
      const callbacks = new Map<string, Set<string | undefined>>();
      seen.set(name, callbacks);
      return storage.run(name, () => {
        const channel = asChannel(request, record(callbacks));
        channels.set(name, channel);
        return channel;
      });
    },
    { maxQueuedMessages: 2 },
  );
  const clients = new Map<string, RawClient>();
  for (const name of ['one', 'two']) {
    const client = await RawClient.open(t, port);
    await client.send(bytes(name));
    clients.set(name, client);
    await until(() => channels.has(name), `channel ${name}`);
  }
  const assertOwn = async (...callbacks: string[]): Promise<void> => {
    for (const [name, each] of seen) {
      await until(() => callbacks.every((callback) => each.has(callback)), `all callbacks of ${name}`);
      for (const callback of callbacks) assert.deepEqual([...each.get(callback)!], [name], `${callback} of ${name}`);
    }
  };
  return { clients, channels, assertOwn };
}

test('the callbacks of a WebSocket run in the context of its taker', async (t) => {
  const { clients, channels, assertOwn } = await openEach(t, (name) => handshake(`/${name}`));
  for (const [name, client] of clients) {
    await client.readUntil('\r\n\r\n');
    // More messages than are queued: some are read on after a pause.
    await client.send(Buffer.concat([ping(), pong(), ...Array<Buffer>(20).fill(text('message'))]));
    client.socket.pause();
    // Sent and closed from another context than the taker's.
    storage.run('sender', () => {
      const channel = channels.get(name)!;
      while (channel.bufferedAmount < 200_000) channel.send(new Uint8Array(100_000));
    });
    await turns();
    client.socket.resume();
  }
  await assertOwn('init', 'onOpen', 'onReceive', 'onPing', 'onPong', 'onDrain');
  storage.run('closer', () => channels.get('one')!.close());
  await clients.get('one')!.send(close(1000));
  await clients.get('two')!.send(close(1000));
  await assertOwn('onClose');
});

test('the callbacks of a stream run in the context of its taker', async (t) => {
  const { clients, channels, assertOwn } = await openEach(t, (name) => get(`/${name}`));
  for (const [name, client] of clients) {
    client.socket.pause();
    storage.run('sender', () => {
      const channel = channels.get(name)!;
      while (channel.bufferedAmount < 200_000) channel.send(new Uint8Array(100_000), false);
    });
    await turns();
    client.socket.resume();
  }
  await assertOwn('init', 'onOpen', 'onDrain');
  storage.run('closer', () => channels.get('one')!.close());
  clients.get('two')!.reset();
  await assertOwn('onClose');
});

test('the refusal of a handshake runs in the context of the taker', async (t) => {
  const { assertOwn } = await openEach(t, (name) => handshake(`/${name}`).replace('Version: 13', 'Version: 12'));
  await assertOwn('init', 'onHandshakeError', 'onClose');
});

test('handlers set in withChannel, and set later from another context, run in the context of the taker', async (t) => {
  const seen: (string | undefined)[] = [];
  const { port } = await startServer(t, (request) =>
    storage.run('taker', () =>
      withChannel(request, (channel) => {
        channel.onReceive(() => seen.push(storage.getStore()));
        setImmediate(() => storage.run('later', () => channel.onClose(() => seen.push(storage.getStore()))));
      }),
    ),
  );
  const client = await RawClient.open(t, port);
  await client.send(Buffer.concat([Buffer.from(handshake()), text('a')]));
  await until(() => seen.length === 1, 'the message');
  await turns();
  client.reset();
  await until(() => seen.length === 2, 'onClose');
  assert.deepEqual(seen, ['taker', 'taker']);
});

test('messages held until onReceive is set from another context run in the context of the taker', async (t) => {
  const seen: (string | undefined)[] = [];
  let channel: ReturnType<typeof asChannel> | undefined;
  const { port, server } = await startServer(t, (request) => storage.run('taker', () => (channel = asChannel(request))));
  const client = await RawClient.open(t, port);
  await client.send(Buffer.concat([Buffer.from(handshake()), text('a'), text('b')]));
  await until(() => server.stats().messages.in === 2, 'two messages');
  storage.run('setter', () => channel!.onReceive(async () => void seen.push(storage.getStore())));
  await until(() => seen.length === 2, 'both');
  assert.deepEqual(seen, ['taker', 'taker']);
});

test('handlers run in the context in which the server was started, those of pipelined requests too', async (t) => {
  const seen: (string | undefined)[] = [];
  const { port } = await storage.run('home', () =>
    startServer(t, async () => {
      seen.push(storage.getStore());
      await turns();
      return 'x';
    }),
  );
  const client = await RawClient.open(t, port);
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3));
  await until(() => seen.length === 3, 'three requests');
  assert.deepEqual(seen, ['home', 'home', 'home']);
});

/** Whether this Node forgets what was entered in a scope (`enterWith`) when the scope is left. */
function scopesForget(): boolean {
  const scope = new AsyncResource('test');
  scope.runInAsyncScope(() => storage.enterWith('entered'));
  return scope.runInAsyncScope(() => storage.getStore() === undefined);
}

test('what a handler enters for the rest of its call reaches no handler of another connection', async (t) => {
  const { port } = await startServer(t, () => {
    const found = storage.getStore();
    storage.enterWith('entered');
    return `${found}`;
  });
  const clients = [await RawClient.open(t, port), await RawClient.open(t, port)];
  for (const client of clients) {
    await client.send(get().repeat(2));
    assert.equal((await client.readResponse()).body, 'undefined');
    // Before Node 24 a connection keeps it, as one of node:http does.
    assert.equal((await client.readResponse()).body, scopesForget() ? 'undefined' : 'entered');
  }
});

test('onClientError hears of what a WebSocket does wrong in the context in which its channel was taken', async (t) => {
  const seen: unknown[] = [];
  const options = { maxMessageBytesPerSecond: 100, onClientError: ({ code }: { code: string }) => seen.push([code, storage.getStore()]) };
  const { port } = await startServer(t, (request) => storage.run(request.path, () => asChannel(request)), options);
  const wrongs = { '/unmasked': Buffer.from([0x81, 0x00]), '/fast': text('x'.repeat(1000)) };
  for (const [path, wrong] of Object.entries(wrongs)) {
    const client = await RawClient.open(t, port);
    await client.send(handshake(path));
    await client.readUntil('\r\n\r\n');
    await client.send(wrong);
    await client.readToEnd();
  }
  assert.deepEqual(seen, [['WS_UNMASKED', '/unmasked'], ['WS_TOO_FAST', '/fast']]);
});
