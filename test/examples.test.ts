/** The examples do what their head comments say, each started as a user starts it and driven by real clients. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import type { Server, ServerOptions } from 'longwire';
import { WebSocket } from 'ws';
import * as channelStore from '../examples/channel-store.js';
import * as cluster from '../examples/cluster.js';
import * as eventStream from '../examples/event-stream.js';
import * as longPolling from '../examples/long-polling.js';
import * as streaming from '../examples/streaming.js';
import * as webSocketEcho from '../examples/websocket-echo.js';
import { PATIENCE_MS } from './support/patience.js';

const EXAMPLES = ['long-polling', 'streaming', 'event-stream', 'websocket-echo', 'channel-store', 'opentelemetry', 'cluster'];

test('long-polling: an event completes every response that waits for it', async (t) => {
  const { url, server } = await begin(t, longPolling.start);
  const polls = [fetch(url), fetch(url)];
  await channelsOpen(server, 2);
  const posted = await fetch(url, { method: 'POST', body: 'dinner is ready' });
  assert.equal(posted.status, 204);
  for (const response of await Promise.all(polls)) {
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.deepEqual(await response.json(), { event: 'dinner is ready' });
  }
  await channelsOpen(server, 0);
});

test('long-polling: an event that nobody waits for goes to nobody, and a client that left is no longer waited for', async (t) => {
  const { url, server } = await begin(t, longPolling.start);
  const client = new AbortController();
  const left = assert.rejects(fetch(url, { signal: client.signal }), { name: 'AbortError' });
  await channelsOpen(server, 1);
  client.abort();
  await left;
  await channelsOpen(server, 0);
  assert.equal((await fetch(url, { method: 'POST', body: 'too late' })).status, 204);
});

test('streaming: ten messages come in order, then the server closes the response', async (t) => {
  const log = t.mock.method(console, 'log', () => {});
  const { url } = await begin(t, (options) => streaming.start(options, { everyMs: 2, closeAfterMs: 200 }));
  const response = await fetch(url);
  assert.equal(response.headers.get('transfer-encoding'), 'chunked');
  const expected = Array.from({ length: 10 }, (_, id) => `message ${id} from the server\n`).join('');
  assert.equal(await response.text(), expected);
  assert.deepEqual(log.mock.calls.map((call) => call.arguments), [['channel closed: server-close']]);
});

test('streaming: the first message does not wait for the last, and a client that leaves is noticed', async (t) => {
  const logged = firstLogged(t);
  const { url } = await begin(t, (options) => streaming.start(options, { everyMs: 60_000, closeAfterMs: 600_000 }));
  const client = new AbortController();
  const response = await fetch(url, { signal: client.signal });
  const { value } = await response.body!.getReader().read();
  assert.equal(new TextDecoder().decode(value), 'message 0 from the server\n');
  client.abort();
  assert.equal(await logged, 'channel closed: client-close');
});

test('event-stream: what is posted is an event, and a client that comes back gets what it has missed, and nothing twice', async (t) => {
  const { url, server } = await begin(t, eventStream.start);
  const stream = await listen(t, url);
  await channelsOpen(server, 1);
  for (const text of ['one\nline more', 'two']) await fetch(url, { method: 'POST', body: text });
  const first = 'id: 1\ndata: one\ndata: line more\n\n';
  const second = 'id: 2\ndata: two\n\n';
  assert.equal(await stream.read(first.length + second.length), first + second);
  stream.leave();
  await channelsOpen(server, 0);
  await fetch(url, { method: 'POST', body: 'three' });
  const back = await listen(t, url, { 'Last-Event-ID': '1' });
  const missed = `${second}id: 3\ndata: three\n\n`;
  assert.equal(await back.read(missed.length), missed);
});

test('event-stream: a client that is new hears only what comes, and the page listens to /events', async (t) => {
  const { url, server } = await begin(t, eventStream.start);
  assert.match(await (await fetch(url)).text(), /new EventSource\('\/events'\)/);
  await fetch(url, { method: 'POST', body: 'before' });
  const stream = await listen(t, url);
  await channelsOpen(server, 1);
  await fetch(url, { method: 'POST', body: 'behind' });
  const expected = 'id: 2\ndata: behind\n\n';
  assert.equal(await stream.read(expected.length), expected);
});

test('websocket-echo: text comes back as text, bytes as bytes, and the close is told', async (t) => {
  const logged = firstLogged(t);
  const { url } = await begin(t, webSocketEcho.start);
  const socket = await openSocket(t, url);
  for (const [data, isBinary] of [['grüß dich', false], [Buffer.from([0, 255, 7]), true]] as const) {
    socket.send(data);
    const [echoed, echoedBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    assert.deepEqual([echoed, echoedBinary], [Buffer.from(data as string), isBinary]);
  }
  socket.close(1000);
  assert.equal(await logged, 'channel closed: normal (1000)');
});

test('websocket-echo: a plain request is told what to do', async (t) => {
  const { url } = await begin(t, webSocketEcho.start);
  assert.equal(await (await fetch(url)).text(), 'Open a WebSocket to this address.\n');
});

test('channel-store: one broadcast reaches a WebSocket, a stream and a long poll, and only the poll is over', async (t) => {
  const { url, server } = await begin(t, channelStore.start);
  const socket = await openSocket(t, url);
  const stream = (await fetch(`${url}/stream`)).body!.getReader();
  const poll = fetch(`${url}/poll?since=0`);
  await channelsOpen(server, 3);
  const framed = once(socket, 'message');
  await fetch(url, { method: 'POST', body: 'hello, all of you' });
  const expected = '{"id":1,"text":"hello, all of you"}\n';
  assert.equal(String((await framed)[0]), expected);
  assert.equal(new TextDecoder().decode((await stream.read()).value), expected);
  const polled = await poll;
  assert.equal(polled.headers.get('content-type'), 'application/x-ndjson');
  assert.equal(await polled.text(), expected);
  assert.equal(server.stats().channels.open, 2);
});

test('channel-store: a poll that comes back gets at once what was said since, and nothing twice', async (t) => {
  const { url, server } = await begin(t, channelStore.start);
  for (const text of ['one', 'two', 'three']) await fetch(url, { method: 'POST', body: text });
  assert.equal(await (await fetch(`${url}/poll?since=1`)).text(), '{"id":2,"text":"two"}\n{"id":3,"text":"three"}\n');
  const poll = fetch(`${url}/poll?since=3`);
  await channelsOpen(server, 1);
  await fetch(url, { method: 'POST', body: 'four' });
  assert.equal(await (await poll).text(), '{"id":4,"text":"four"}\n');
});

test('cluster: what is said to one worker reaches the members of all', async (t) => {
  const server = await cluster.start({ port: 0, workers: 2 });
  t.after(() => server.stop({ timeoutMs: 0 }));
  const members = new Map<string, IncomingMessage>();
  while (members.size < 2) {
    const [response] = (await once(get(server.url, { agent: false }), 'response')) as [IncomingMessage];
    t.after(() => response.destroy());
    members.set(response.headers['x-worker'] as string, response.setEncoding('utf8'));
  }
  await fetch(server.url, { method: 'POST', body: 'hello, all of you' });
  for (const response of members.values()) {
    let heard = '';
    response.on('data', (text: string) => (heard += text));
    while (!heard.includes('data: hello, all of you\n\n')) await once(response, 'data');
  }
});

for (const name of EXAMPLES) {
  test(`${name}: started as a program it serves, and says where`, async (t) => {
    const file = join(import.meta.dirname, '..', 'examples', `${name}.js`);
    const program = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PORT: '0' } });
    t.after(() => program.kill('SIGKILL'));
    const [line] = await Promise.race([once(createInterface(program.stdout), 'line'), once(program, 'exit')]);
    assert.match(String(line), /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.equal((await fetch(String(line), { method: 'POST', body: 'hello' })).ok, true);
  });
}

async function begin(t: TestContext, start: (options: ServerOptions) => Promise<Server>): Promise<{ server: Server; url: string }> {
  const server = await start({ port: 0 });
  t.after(() => server.stop({ timeoutMs: 0 }));
  return { server, url: server.url };
}

async function openSocket(t: TestContext, url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  t.after(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

/** Opens the event stream of the example. */
async function listen(t: TestContext, url: string, headers: Record<string, string> = {}): Promise<{ read(length: number): Promise<string>; leave(): void }> {
  const client = new AbortController();
  t.after(() => client.abort());
  const response = await fetch(`${url}/events`, { headers, signal: client.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const pieces = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (length: number): Promise<string> => {
    let text = '';
    while (text.length < length) text += (await pieces.read()).value;
    return text;
  };
  return { read, leave: () => client.abort() };
}

/** Waits until the server counts so many open channels: a request that was sent is not yet one that waits. */
async function channelsOpen(server: Server, count: number): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (server.stats().channels.open !== count) {
    assert.ok(performance.now() < until, `${count} channels were expected, and ${server.stats().channels.open} are open`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Keeps what is logged from the output of the tests; resolves with the first line. */
function firstLogged(t: TestContext): Promise<unknown> {
  return new Promise((resolve) => t.mock.method(console, 'log', resolve));
}
