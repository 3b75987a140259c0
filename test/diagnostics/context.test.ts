/** A handler, and everything asynchronous behind it, sees the context that a tracer has bound to its request, and no other request does. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { asChannel, type DiagnosticsEvents, type Handler, withChannel } from 'longwire';
import { close, handshake, ping, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { post, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

const requests = channel('longwire.request');

/** Binds a storage to requests until the test is over: its value is the path, as soon as there is one. */
function bind(t: TestContext): AsyncLocalStorage<string> {
  const storage = new AsyncLocalStorage<string>();
  requests.bindStore(storage as AsyncLocalStorage<unknown>, (event) => (event as DiagnosticsEvents['longwire.request']).request.path);
  t.after(() => requests.unbindStore(storage as AsyncLocalStorage<unknown>));
  return storage;
}

const HANDLERS: Record<string, (seen: () => void) => Handler> = {
  'returns': (seen) => () => (seen(), 'x'),
  'awaits': (seen) => async () => (await delay(1), seen(), 'x'),
  'reads a body': (seen) => async (incoming) => (await incoming.text(), seen(), 'x'),
  'streams a body': (seen) => () => ({ body: (function* () { seen(); yield 'x'; seen(); })() }),
  'awaits and streams a body': (seen) => async () => (await delay(1), { body: (async function* () { seen(); yield 'x'; await delay(1); seen(); })() }),
  'answers later by a channel': (seen) => (incoming) => asChannel(incoming, { onOpen: (poll) => void setTimeout(() => (seen(), poll.send('x')), 1), onClose: seen }),
  'streams by a channel': (seen) => (incoming) => withChannel(incoming, (stream) => (seen(), stream.onClose(seen), stream.send({ body: (function* () { seen(); yield 'x'; })() }))),
};

for (const [name, makeHandler] of Object.entries(HANDLERS)) {
  test(`a handler that ${name} sees the context of its request, pipelined or not`, async (t) => {
    const storage = bind(t);
    const seen: Record<string, (string | undefined)[]> = {};
    const { port } = await startServer(t, (incoming) => {
      const own: (string | undefined)[] = (seen[incoming.path] = []);
      return makeHandler(() => own.push(storage.getStore()))(incoming);
    });
    const client = await RawClient.open(t, port);
    const paths = ['/a', '/b', '/c'];
    await client.send(paths.map((path) => post(path, 'body')).join(''));
    await until(() => Object.keys(seen).length === 3, 'the third request');
    await client.send(post('/d', 'body', 'Connection: close\r\n'));
    await client.readToEnd();
    for (const path of [...paths, '/d']) assert.deepEqual(new Set(seen[path]), new Set([path]));
  });
}

test('every callback of a WebSocket sees the context of the request that it came from', async (t) => {
  const storage = bind(t);
  const seen = new Map<string, string | undefined>();
  const note = (name: string) => () => void seen.set(name, storage.getStore());
  const { port } = await startServer(t, (incoming) =>
    asChannel(incoming, { init: note('init'), onOpen: note('onOpen'), onReceive: note('onReceive'), onPing: note('onPing'), onClose: note('onClose') }),
  );
  const client = await RawWebSocket.open(t, port, '/chat');
  await client.send(Buffer.concat([ping(), text('x'), close(1000)]));
  await until(() => seen.has('onClose'), 'onClose');
  assert.deepEqual([...seen].sort(), ['init', 'onClose', 'onOpen', 'onPing', 'onReceive'].map((name) => [name, '/chat']));
});

test('onError is called in the context of the request whose handler failed', async (t) => {
  const storage = bind(t);
  const seen: (string | undefined)[] = [];
  const failing: Record<string, Handler> = {
    '/throws': () => assert.fail('on purpose'),
    '/rejects': async () => (await delay(1), assert.fail('on purpose')),
    '/body': () => ({ body: (function* () { yield 'x'; assert.fail('on purpose'); })() }),
  };
  const { port } = await startServer(t, (incoming) => failing[incoming.path]!(incoming), { onError: () => void seen.push(storage.getStore()) });
  for (const path of Object.keys(failing)) {
    const client = await RawClient.open(t, port);
    await client.send(request(path));
    await client.readToEnd();
  }
  assert.deepEqual(seen, Object.keys(failing));
});

test('a request that begins when the context is no longer bound sees none, also behind one that saw it', async (t) => {
  const storage = bind(t);
  const seen: (string | undefined)[] = [];
  const { port } = await startServer(t, async (incoming) => {
    seen.push(storage.getStore());
    await delay(1);
    if (incoming.path === '/a') requests.unbindStore(storage as AsyncLocalStorage<unknown>);
    return 'x';
  });
  const client = await RawClient.open(t, port);
  await client.send(request('/a') + request('/b') + request('/c', 'Connection: close\r\n'));
  await client.readToEnd();
  assert.deepEqual(seen, ['/a', undefined, undefined]);
});

test('a listener of longwire.request runs in the context that is bound, before the handler', async (t) => {
  const storage = bind(t);
  const seen: (string | undefined)[] = [];
  const listener = (): unknown => seen.push(storage.getStore());
  requests.subscribe(listener);
  t.after(() => requests.unsubscribe(listener));
  const { port } = await startServer(t, () => String(seen.length));
  const client = await RawClient.open(t, port);
  await client.send(request('/a'));
  assert.equal((await client.readResponse()).body, '1');
  await client.send(handshake('/b'));
  await client.readUntil('\r\n\r\n');
  assert.deepEqual(seen, ['/a', '/b']);
});
