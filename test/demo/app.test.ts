/** The demo's server without a browser: what it serves, what it refuses and in which words, and that the program starts, shares a room, and stops. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { type Demo, startDemo } from '../../demo/app.js';
import { redisTest } from '../support/bus-servers.js';
import { until } from '../support/deferred.js';
import { TestPage } from '../support/page.js';
import { PATIENCE_MS } from '../support/patience.js';
import { RawClient } from '../support/raw-client.js';

const DRAFT = { name: 'Ada', text: 'hello', key: 'k.1', via: 'poll' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

const FILES = [
  ['/', 'text/html; charset=utf-8', '<!doctype html>'],
  ['/style.css', 'text/css; charset=utf-8', ':root {'],
  ['/app.js', 'text/javascript; charset=utf-8', "import { connect } from '/longwire/index.js';"],
  ['/longwire/index.js', 'text/javascript; charset=utf-8', 'export function connect('],
  ['/icon.svg', 'image/svg+xml', '<svg'],
] as const;

for (const [path, type, part] of FILES) {
  test(`serves ${path} as ${type}, and its head alone to HEAD`, async (t) => {
    const { url } = await begin(t);
    const response = await fetch(url + path);
    assert.deepEqual([response.status, response.headers.get('content-type'), response.headers.get('x-content-type-options')], [200, type, 'nosniff']);
    const body = await response.text();
    assert.ok(body.includes(part));
    const head = await fetch(url + path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, String(Buffer.byteLength(body)), '']);
  });
}

const NOWHERE = [
  '/nothing', '/public/index.html', '/index.html', '/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/style.css/', '//style.css',
  '/longwire', '/longwire/', '/longwire/index.d.ts', '/longwire/../server.js', '/room/telegraph', '/constructor', '/stats/',
];

for (const path of NOWHERE) {
  test(`answers 404 for ${path}, sent as it stands`, async (t) => {
    const { port } = await begin(t);
    const client = await RawClient.open(t, port);
    await client.send(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const { head, body } = await client.readResponse();
    assert.match(head, /^HTTP\/1\.1 404 /);
    assert.equal(body, 'There is nothing here.\n');
  });
}

const REFUSED_POSTS = [
  ['what is not JSON', 'hello', 422, 'What is sent here is JSON in UTF-8.'],
  ['what is not UTF-8', Buffer.from('{"name":"Ada","text":"\xff","key":"k"}', 'latin1'), 422, 'What is sent here is JSON in UTF-8.'],
  ['no object', '[]', 422, 'The name is 1 to 24 characters.'],
  ['null', 'null', 422, 'What is sent here is an object in JSON.'],
  ['a text of spaces', JSON.stringify({ ...DRAFT, text: '   ' }), 422, 'The text is 1 to 500 characters.'],
  ['a text of 501 characters', JSON.stringify({ ...DRAFT, text: 'x'.repeat(501) }), 422, 'The text is 1 to 500 characters.'],
  ['a name of 25 characters', JSON.stringify({ ...DRAFT, name: 'x'.repeat(25) }), 422, 'The name is 1 to 24 characters.'],
  ['a text that is a number', JSON.stringify({ ...DRAFT, text: 7 }), 422, 'The text is 1 to 500 characters.'],
  ['a key with a space', JSON.stringify({ ...DRAFT, key: 'a b' }), 422, 'The key is 1 to 64 letters, digits, dots, dashes or underscores.'],
  ['a transport that is none', JSON.stringify({ ...DRAFT, via: 'pigeon' }), 422, 'The transport is one of websocket, event-stream, poll.'],
  ['more than 4096 bytes', JSON.stringify({ ...DRAFT, text: 'x'.repeat(4096) }), 413, 'A message is at most 4096 bytes.'],
] as const;

for (const [what, body, status, error] of REFUSED_POSTS) {
  test(`refuses ${what} with ${status}, and nobody hears it`, async (t) => {
    const demo = await begin(t);
    const page = await enter(t, demo, 'event-stream');
    const response = await post(demo, '/room', body);
    assert.deepEqual([response.status, await response.text()], [status, `${error}\n`]);
    await post(demo, '/room', JSON.stringify(DRAFT));
    await page.hears(1);
    assert.equal(textsOf(page).join(), 'hello');
  });
}

test('tells a WebSocket what was wrong with its message, and hears the next', async (t) => {
  const demo = await begin(t);
  const page = await enter(t, demo, 'websocket');
  await page.connection.send('nonsense');
  await page.hears(1);
  assert.deepEqual(page.heard[0], { data: 'What is sent here is JSON in UTF-8.', id: undefined, event: 'refused' });
  await page.connection.send(JSON.stringify(DRAFT));
  await page.hears(2);
  assert.match(String(page.texts[1]), /"text":"hello"/);
});

test('refuses what a form of another site could send: text/plain, or a foreign Origin', async (t) => {
  const demo = await begin(t);
  const body = JSON.stringify(DRAFT);
  assert.equal((await post(demo, '/room', body, { 'Content-Type': 'text/plain' })).status, 415);
  for (const origin of ['https://elsewhere.example', 'null', `http://127.0.0.1.elsewhere.example:${demo.port}`]) {
    assert.equal((await post(demo, '/room', body, { Origin: origin })).status, 403, origin);
    assert.equal((await fetch(`${demo.url}/room`, { headers: { Origin: origin } })).status, 403, origin);
    const socket = new WebSocket(`${demo.url.replace('http', 'ws')}/room`, { origin });
    const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [Error];
    assert.equal(error.message, 'Unexpected server response: 403');
  }
  assert.equal((await post(demo, '/room', body, { Origin: demo.url })).status, 204);
});

test('lets a page of another port of the same machine hear and speak', async (t) => {
  const demo = await begin(t);
  const origin = 'http://127.0.0.1:9';
  const asked = await fetch(`${demo.url}/room`, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' } });
  assert.deepEqual([asked.status, asked.headers.get('access-control-allow-origin'), asked.headers.get('access-control-allow-headers')], [204, origin, 'Content-Type']);
  const posted = await post(demo, '/room', JSON.stringify(DRAFT), { Origin: origin });
  assert.deepEqual([posted.status, posted.headers.get('access-control-allow-origin')], [204, origin]);
  const refused = await post(demo, '/room', '{}', { Origin: origin });
  assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [422, origin]);
  const polled = await fetch(`${demo.url}/room?since=`, { headers: { Origin: origin, Accept: 'application/json' } });
  assert.deepEqual([polled.status, polled.headers.get('access-control-allow-origin')], [200, origin]);
  const socket = new WebSocket(`${demo.url.replace('http', 'ws')}/room`, { origin });
  t.after(() => socket.terminate());
  await once(socket, 'open');
});

test('answers 405 with what is allowed', async (t) => {
  const { url } = await begin(t);
  for (const [path, allowed] of [['/', 'GET, HEAD'], ['/room', 'GET, POST'], ['/room/cut', 'POST'], ['/stats', 'GET']] as const) {
    const response = await fetch(url + path, { method: 'DELETE' });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, allowed], path);
  }
});

test('who comes late is told all that was said, whichever way it comes', async (t) => {
  const demo = await begin(t);
  for (const text of ['one', 'two']) await post(demo, '/room', JSON.stringify({ ...DRAFT, text }));
  for (const transport of ['websocket', 'event-stream', 'poll'] as const) {
    const page = new TestPage(t, `${demo.url}/room`, { since: 'everything', transports: [transport] });
    await page.hears(2);
    assert.deepEqual(textsOf(page), ['one', 'two']);
    page.connection.close();
  }
});

test('a terminal hears the room as an event stream', async (t) => {
  const demo = await begin(t);
  const leaving = new AbortController();
  t.after(() => leaving.abort());
  const response = await fetch(`${demo.url}/room`, { signal: leaving.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await post(demo, '/room', JSON.stringify(DRAFT));
  let text = '';
  while (!text.includes('"text":"hello"')) text += (await reader.read()).value;
});

test('counts to a hundred, one number behind the other, and not twice at a time', async (t) => {
  const demo = await begin(t);
  const page = await enter(t, demo, 'event-stream');
  assert.equal((await post(demo, '/room/count', '{}')).status, 204);
  const again = await post(demo, '/room/count', '{}');
  assert.deepEqual([again.status, await again.text()], [422, 'This server is counting already.\n']);
  await page.hears(5);
  assert.deepEqual(page.heard.slice(0, 5).map(({ data, event }) => [event, (JSON.parse(String(data)) as { n: number }).n]), [1, 2, 3, 4, 5].map((n) => ['count', n]));
});

test('cuts a page off by one transport, and no other page, and lets it in by the others', async (t) => {
  const demo = await begin(t);
  const cut: string[] = [];
  const page = new TestPage(t, () => `${demo.url}/room?page=one&cut=${cut.join()}`);
  const other = new TestPage(t, `${demo.url}/room?page=two`);
  for (const each of [page, other]) await each.opened('websocket');
  cut.push('websocket');
  assert.equal((await post(demo, '/room/cut', JSON.stringify({ key: 'one', via: 'websocket' }))).status, 204);
  await page.opened('event-stream');
  assert.deepEqual(page.states.find(({ state }) => state === 'waiting')!.ending, { code: 1012, reason: 'cut' });
  cut.push('event-stream');
  await post(demo, '/room/cut', JSON.stringify({ key: 'one', via: 'event-stream' }));
  await page.opened('poll');
  cut.push('poll');
  await post(demo, '/room/cut', JSON.stringify({ key: 'one', via: 'poll' }));
  await until(() => page.states.at(-1)!.state === 'waiting', 'the end of all');
  assert.deepEqual(page.states.at(-1)!.ending, { status: 503 });
  assert.deepEqual(other.story, ['connecting websocket', 'open websocket']);
  assert.equal((await post(demo, '/room/cut', JSON.stringify({ key: 'one', via: 'pigeon' }))).status, 422);
});

test('tells whoever watches what it counts, and who is in the room', async (t) => {
  const demo = await begin(t);
  await enter(t, demo, 'event-stream');
  const watcher = new TestPage(t, `${demo.url}/stats`);
  const last = () => JSON.parse(String(watcher.texts.at(-1) ?? '{}')) as { port?: number; members?: object; stats?: { requests: number } };
  await until(() => last().members !== undefined, 'a reading');
  assert.deepEqual([last().port, last().members], [demo.port, { websocket: 0, 'event-stream': 1, poll: 0 }]);
  await enter(t, demo, 'websocket');
  await until(() => JSON.stringify(last().members) === '{"websocket":1,"event-stream":1,"poll":0}', 'the change');
  assert.ok(last().stats!.requests >= 3);
});

test('tells who watches by poll no more often than others: once a second, and soon after a change', async (t) => {
  const demo = await begin(t);
  const watcher = new TestPage(t, `${demo.url}/stats`, { transports: ['poll'] });
  await watcher.hears(1);
  const other = new TestPage(t, `${demo.url}/stats`, { transports: ['event-stream'] });
  await other.hears(1);
  const before = { at: performance.now(), heard: watcher.heard.length, requests: demo.stats().requests };
  await watcher.hears(before.heard + 3);
  assert.ok(performance.now() - before.at > 1_800, 'three readings take more than two seconds'); // the first may have been under way
  assert.ok(other.heard.length <= 6, `the other was told ${other.heard.length} times`);
  assert.ok(demo.stats().requests - before.requests <= 6, `${demo.stats().requests - before.requests} requests`);
  await enter(t, demo, 'event-stream');
  const members = () => (JSON.parse(String(watcher.texts.at(-1))) as { members: Record<string, number> }).members;
  await until(() => members()['event-stream'] === 1, 'the change');
});

test('tells the only watcher, by poll, also where it was not there when the next reading was due', async (t) => {
  const demo = await begin(t);
  const poll = () => fetch(`${demo.url}/stats?since=`, { headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(PATIENCE_MS) });
  assert.equal((await poll()).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal((await poll()).status, 200);
});

test('started as a program anywhere, it says where it listens, and SIGTERM ends its streams and itself in order', async (t) => {
  const program = startProgram(t, ['--port', '0']);
  const url = await addressOf(program);
  assert.ok((await (await fetch(url)).text()).includes('One room'));
  const stream = await fetch(`${url}/room`);
  const exit = once(program, 'exit');
  program.kill('SIGTERM');
  assert.ok(!(await stream.text()).includes('data:'));
  assert.deepEqual(await exit, [0, null]);
});

for (const [what, argsOf, message] of [
  ['a port that is taken', (port: number) => ['--port', String(port)], /EADDRINUSE/],
  ['a port that is none', () => ['--port', 'ninety'], /port must be/],
  ['an argument that is none', () => ['--prot', '9090'], /--prot/],
  ['a Redis that is not there', () => ['--port', '0', '--redis', 'redis://127.0.0.1:9'], /ECONNREFUSED/],
] as const) {
  test(`started with ${what}, it says so and exits with 1`, async (t) => {
    const { port } = await begin(t);
    const program = startProgram(t, argsOf(port));
    const [line] = (await once(createInterface(program.stderr), 'line')) as [string];
    assert.match(line, /^The demo does not start: /);
    assert.match(line, message);
    const [code] = program.exitCode === null ? await once(program, 'exit') : [program.exitCode];
    assert.equal(code, 1);
  });
}

redisTest('two programs share a room over Redis, and when one is killed its clients go on at the other, with nothing lost', async (t, startRedis) => {
  const redis = await startRedis();
  const args = ['--port', '0', '--redis', `redis://127.0.0.1:${redis.port}`];
  const [first, second] = [startProgram(t, args), startProgram(t, args)];
  const addresses = [await addressOf(first), await addressOf(second)];
  const pages = [
    new TestPage(t, addresses.map((each) => `${each}/room`), { maxRetryMs: 500 }),
    new TestPage(t, addresses.map((each) => `${each}/room`), { maxRetryMs: 500, transports: ['event-stream'] }),
    new TestPage(t, addresses.map((each) => `${each}/room`), { maxRetryMs: 500, transports: ['poll'] }),
  ];
  for (const page of pages) await until(() => page.connection.id !== '', 'the position');
  const say = (i: number) => fetch(`${addresses[1]}/room`, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ ...DRAFT, text: String(i) }) });
  for (let i = 1; i <= 60; i++) {
    assert.equal((await say(i)).status, 204);
    if (i === 20) first.kill('SIGKILL');
  }
  for (const page of pages) {
    await page.hears(60);
    assert.deepEqual(textsOf(page), Array.from({ length: 60 }, (_, i) => String(i + 1)));
    assert.deepEqual([page.gaps, new URL(page.connection.state.url).origin], [0, addresses[1]]);
  }
  const exit = once(second, 'exit');
  second.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

async function begin(t: TestContext): Promise<Demo> {
  const demo = await startDemo({ port: 0 });
  t.after(() => demo.stop({ timeoutMs: 0 }));
  return demo;
}

/** A connection to the room that is in it. */
async function enter(t: TestContext, { url }: Demo, transport: 'websocket' | 'event-stream'): Promise<TestPage> {
  const page = new TestPage(t, `${url}/room`, { transports: [transport] });
  await until(() => page.connection.id !== '', 'the position');
  return page;
}

function textsOf(page: TestPage): string[] {
  return page.texts.map((data) => (JSON.parse(String(data)) as { text: string }).text);
}

function post({ url }: Demo, path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });
}

/** From a folder that is not the package's: nothing may depend on it. */
function startProgram(t: TestContext, args: readonly string[]) {
  const file = join(import.meta.dirname, '..', '..', 'demo', 'server.js');
  const program = spawn(process.execPath, [file, ...args], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => program.kill('SIGKILL'));
  return program;
}

async function addressOf(program: ReturnType<typeof startProgram>): Promise<string> {
  const [line] = await Promise.race([once(createInterface(program.stdout), 'line'), once(program, 'exit')]);
  const url = /^Longwire demo: (http:\/\/127\.0\.0\.1:[1-9]\d*)$/.exec(String(line))?.[1];
  assert.ok(url !== undefined, String(line));
  return url;
}
