/** Event streams as a real browser hears them: EventSource in headless Chromium, its reconnects, and what stops them. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { asEventStream, type Channel, type ChannelHandlers, type CloseStatus } from 'longwire';
import { hasBrowser, openPage } from '../support/browser.js';
import { FakeClock } from '../support/clock.js';
import { deferred, until } from '../support/deferred.js';
import { startServer, type TestServer } from '../support/server.js';

const VIEWPORT = { width: 400, height: 300 };

/** What the page can do: it opens one EventSource, and tells all that it hears of it. */
const SCRIPT = `
  const open = (url, options) => {
    const source = window.source = new EventSource(url, options);
    window.heard = [];
    const hear = (what) => { window.heard.push(what); window.wake?.(); };
    source.onopen = () => hear('open');
    source.onerror = () => hear(['error', source.readyState]);
    for (const name of ['message', 'news', 'binary', '']) source.addEventListener(name, ({ type, data, lastEventId }) => hear({ type, data, lastEventId }));
  };
  const next = async () => {
    while (window.heard.length === 0) await new Promise((resolve) => { window.wake = resolve; });
    return window.heard.shift();
  };
  const nextEvent = async () => {
    for (;;) {
      const heard = await next();
      if (heard.type !== undefined) return heard;
    }
  };
  const bytesOf = (base64) => [...Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))];
`;
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>EventSource</title><script>${SCRIPT}</script>`;

const [CONNECTING, OPEN, CLOSED] = [0, 1, 2];

interface Scene extends TestServer {
  readonly page: Page;
  /** Every channel, the newest last. */
  readonly channels: Channel[];
  readonly closings: CloseStatus[];
  readonly clock: FakeClock;
  /** What the page gives for an expression. */
  run<T>(expression: string): Promise<T>;
  /** The channel of the next EventSource, or of its next reconnect. */
  connected(): Promise<Channel>;
}

interface SceneOptions {
  readonly handlers?: ChannelHandlers;
  /** What the handler still waits for behind the stream's head. */
  readonly behind?: (channel: Channel) => Promise<void> | undefined;
  /** The server of the page, if it is another. */
  readonly pageOf?: TestServer;
  /** Of the EventSource, as an expression. */
  readonly init?: string;
}

/** A server of event streams, and a page which has begun to listen; nothing where there is no browser. */
async function begin(t: TestContext, { handlers, behind, pageOf, init = '{}' }: SceneOptions = {}): Promise<Scene | undefined> {
  if (!hasBrowser(t)) return undefined;
  const channels: Channel[] = [];
  const closings: CloseStatus[] = [];
  const clock = new FakeClock();
  const server = await startServer(
    t,
    async (request) => {
      if (request.path !== '/events') return { headers: { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': 'session=1; Path=/' }, body: PAGE };
      const channel = asEventStream(request, {
        onOpen: (each) => void channels.push(each),
        onClose: (_channel, status) => void closings.push(status),
        ...handlers,
      });
      await behind?.(channel);
      return channel;
    },
    {},
    clock,
  );
  const { page } = await openPage(t, `${(pageOf ?? server).url}/`, VIEWPORT);
  const run = <T>(expression: string): Promise<T> => page.evaluate(expression);
  let connects = 0;
  const connected = async (): Promise<Channel> => {
    connects++;
    await until(() => channels.length >= connects, `connection ${connects}`);
    return channels[connects - 1]!;
  };
  await run(`open('${server.url}/events', ${init})`);
  return { ...server, page, channels, closings, clock, run, connected };
}

test('it opens behind the head, and hears events as they were sent', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const channel = await scene.connected();
  assert.equal(await scene.run('next()'), 'open');
  assert.equal(await scene.run('source.readyState'), OPEN);

  channel.send('first');
  channel.send('a\r\nb\rc\n\n d');
  channel.send('');
  channel.send({ event: 'news', id: '7-ü', data: 'grüße 😀\0' });
  channel.send({ data: 'has the id of the one before' });
  channel.send({ event: 'unheard', data: 'nobody listens' });
  channel.send({ id: '8' });
  channel.send({ event: '', data: 'an empty name' });
  channel.send({ id: '', data: 'no id' });
  for (const expected of [
    { type: 'message', data: 'first', lastEventId: '' },
    { type: 'message', data: 'a\nb\nc\n\n d', lastEventId: '' },
    { type: 'message', data: '', lastEventId: '' },
    { type: 'news', data: 'grüße 😀\0', lastEventId: '7-ü' },
    { type: 'message', data: 'has the id of the one before', lastEventId: '7-ü' },
    { type: 'message', data: 'an empty name', lastEventId: '8' },
    { type: 'message', data: 'no id', lastEventId: '' },
  ]) {
    assert.deepEqual(await scene.run('next()'), expected);
  }
  assert.deepEqual(scene.errors, []);
});

test('it hears bytes as an event of their own, in base64', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  (await scene.connected()).send(bytes);
  assert.deepEqual(await scene.run('nextEvent().then(({ type, data }) => [type, bytesOf(data)])'), ['binary', [...bytes]]);
});

test('it overlooks heartbeats, however many', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const channel = await scene.connected();
  assert.equal(await scene.run('next()'), 'open');
  const out = (): number => scene.server.stats().bytes.out;
  for (let i = 0; i < 3; i++) {
    const before = out();
    scene.clock.advance(17_000);
    await until(() => out() > before, 'a heartbeat');
  }
  channel.send('behind them');
  assert.deepEqual(await scene.run('next()'), { type: 'message', data: 'behind them', lastEventId: '' });
});

test('10,000 events sent in one turn come, all of them and in order', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const channel = await scene.connected();
  for (let i = 0; i < 10_000; i++) assert.equal(channel.send({ id: `${i}`, data: `event ${i}` }), true);
  const isRight = await scene.run(`(async () => {
    for (let i = 0; i < 10_000; i++) {
      const { data, lastEventId } = await nextEvent();
      if (data !== 'event ' + i || lastEventId !== String(i)) return i;
    }
    return 'all';
  })()`);
  assert.equal(isRight, 'all');
});

const ENDS: readonly (readonly [name: string, end: (channel: Channel) => unknown])[] = [
  ['was closed', (channel) => channel.close()],
  ['ended behind a last event', (channel) => channel.send({ id: '7', data: 'last' }, true)],
];

for (const [name, end] of ENDS) {
  test(`behind a stream that ${name} it reconnects, and tells the last id that it had`, async (t) => {
    const scene = await begin(t);
    if (scene === undefined) return;
    const first = await scene.connected();
    assert.equal(first.lastEventId, '');
    first.send({ id: '7', data: 'a', retry: 1 });
    end(first);
    const second = await scene.connected();
    assert.equal(second.lastEventId, '7');
    second.send('behind it');
    const heard = await scene.run(`(async () => { for (;;) { const each = await nextEvent(); if (each.data === 'behind it') return each; } })()`);
    assert.deepEqual(heard, { type: 'message', data: 'behind it', lastEventId: '7' });
  });
}

test('an id without data is one that it tells', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const first = await scene.connected();
  first.send({ id: 'position-ü', retry: 1 });
  first.close();
  assert.equal((await scene.connected()).lastEventId, 'position-ü');
});

test('behind a stream that was cut it reconnects', async (t) => {
  const failing = deferred();
  const scene = await begin(t, { behind: (channel) => (channel.lastEventId === '' ? failing.promise : undefined) });
  if (scene === undefined) return;
  const channel = await scene.connected();
  channel.send({ id: '7', data: 'a', retry: 1 });
  await scene.run('nextEvent()');
  assert.equal(await scene.run('source.readyState'), OPEN);
  failing.reject(new Error('the handler failed'));
  assert.deepEqual(await scene.run('next()'), ['error', CONNECTING]);
  assert.equal((await scene.connected()).lastEventId, '7');
});

test('it stays away from a server that answers 204', async (t) => {
  let isOver = false;
  const scene = await begin(t, { handlers: { init: (channel) => void (isOver && channel.close()) } });
  if (scene === undefined) return;
  const channel = await scene.connected();
  channel.send({ data: 'the last', retry: 1 });
  await scene.run('nextEvent()');
  isOver = true;
  channel.close();
  assert.deepEqual(await scene.run('next()'), ['error', CONNECTING]);
  assert.deepEqual(await scene.run('next()'), ['error', CLOSED]);
  assert.equal(scene.server.stats().responses['2xx'], 3, 'the page, the stream and the 204');
});

test('a page that closes it, or leaves, is noticed', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  await scene.connected();
  await scene.run('source.close()');
  await until(() => scene.closings.length === 1, 'onClose');
  await scene.run(`open('${scene.url}/events')`);
  await scene.connected();
  await scene.page.goto('about:blank');
  await until(() => scene.closings.length === 2, 'onClose');
  assert.deepEqual(scene.closings, ['client-close', 'client-close']);
});

test('when the server stops it hears the end, and tries to come back', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  (await scene.connected()).send('a');
  await scene.run('nextEvent()');
  const stopped = scene.server.stop();
  assert.deepEqual(await scene.run('next()'), ['error', CONNECTING]);
  await stopped;
  assert.deepEqual(scene.closings, ['server-close']);
});

test('a page of another origin hears it, with its cookies, where the headers say so', async (t) => {
  if (!hasBrowser(t)) return;
  const other = await startServer(t, () => ({ headers: { 'Content-Type': 'text/html', 'Set-Cookie': 'session=1; Path=/' }, body: PAGE }));
  const headers = { 'Access-Control-Allow-Origin': other.url, 'Access-Control-Allow-Credentials': 'true' };
  const scene = (await begin(t, { handlers: { headers }, pageOf: other, init: '{ withCredentials: true }' }))!;
  const channel = await scene.connected();
  assert.match(channel.request.header('cookie')!, /session=1/);
  channel.send('across');
  assert.deepEqual(await scene.run('nextEvent()'), { type: 'message', data: 'across', lastEventId: '' });
});

test('a page of another origin hears nothing where they do not', async (t) => {
  if (!hasBrowser(t)) return;
  const other = await startServer(t, () => ({ headers: { 'Content-Type': 'text/html' }, body: PAGE }));
  const scene = (await begin(t, { pageOf: other }))!;
  (await scene.connected()).send('not for you');
  assert.deepEqual(await scene.run('next()'), ['error', CLOSED]);
  await until(() => scene.closings.length === 1, 'onClose');
});
