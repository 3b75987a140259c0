/** The demo's server without a browser: what it serves, what it refuses and in which words, and that the program starts and stops. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { type Demo, startDemo } from '../../demo/app.js';
import { RawClient } from '../support/raw-client.js';

const DRAFT = { name: 'Ada', text: 'hello', key: 'k.1' };

const FILES = [
  ['/', 'text/html; charset=utf-8', '<!doctype html>'],
  ['/style.css', 'text/css; charset=utf-8', ':root {'],
  ['/app.js', 'text/javascript; charset=utf-8', 'new WebSocket('],
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

const NOWHERE = ['/nothing', '/public/index.html', '/index.html', '/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/style.css/', '//style.css', '/room', '/room/telegraph'];

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
  ['what is not JSON', 'hello', 422, 'A message is JSON in UTF-8.'],
  ['what is not UTF-8', Buffer.from('{"name":"Ada","text":"\xff","key":"k"}', 'latin1'), 422, 'A message is JSON in UTF-8.'],
  ['no object', '[]', 422, 'The key is 1 to 64 letters, digits, dots, dashes or underscores.'],
  ['null', 'null', 422, 'A message is an object with name, text and key.'],
  ['a text of spaces', JSON.stringify({ ...DRAFT, text: '   ' }), 422, 'The text is 1 to 500 characters.'],
  ['a text of 501 characters', JSON.stringify({ ...DRAFT, text: 'x'.repeat(501) }), 422, 'The text is 1 to 500 characters.'],
  ['a name of 25 characters', JSON.stringify({ ...DRAFT, name: 'x'.repeat(25) }), 422, 'The name is 1 to 24 characters.'],
  ['a text that is a number', JSON.stringify({ ...DRAFT, text: 7 }), 422, 'The text is 1 to 500 characters.'],
  ['a key with a space', JSON.stringify({ ...DRAFT, key: 'a b' }), 422, 'The key is 1 to 64 letters, digits, dots, dashes or underscores.'],
  ['more than 4096 bytes', JSON.stringify({ ...DRAFT, text: 'x'.repeat(4096) }), 413, 'A message is at most 4096 bytes.'],
] as const;

for (const [what, body, status, error] of REFUSED_POSTS) {
  test(`refuses ${what} with ${status}, and nobody hears it`, async (t) => {
    const demo = await begin(t);
    const stream = await hear(t, demo, 'streaming');
    const response = await post(demo, 'polling', body);
    assert.deepEqual([response.status, await response.json()], [status, { error }]);
    await post(demo, 'polling', JSON.stringify(DRAFT));
    assert.equal((await nextMessage(stream)).text, 'hello');
  });
}

test('refuses what a form of another site could send: text/plain, or a foreign Origin', async (t) => {
  const demo = await begin(t);
  assert.equal((await post(demo, 'streaming', JSON.stringify(DRAFT), { 'Content-Type': 'text/plain' })).status, 415);
  assert.equal((await post(demo, 'streaming', JSON.stringify(DRAFT), { Origin: 'https://elsewhere.example' })).status, 403);
  assert.equal((await post(demo, 'streaming', JSON.stringify(DRAFT), { Origin: demo.url })).status, 204);
});

for (const path of ['/room/websocket', '/stats']) {
  test(`refuses the WebSocket ${path} to a page of another site, and asks a plain GET to upgrade`, async (t) => {
    const { url } = await begin(t);
    const socket = new WebSocket(url.replace('http', 'ws') + path, { origin: 'https://elsewhere.example' });
    const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [Error];
    assert.equal(error.message, 'Unexpected server response: 403');
    const plain = await fetch(url + path);
    assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket']);
  });
}

test('answers 405 with what is allowed', async (t) => {
  const { url } = await begin(t);
  for (const [path, allowed] of [['/', 'GET, HEAD'], ['/room/streaming', 'GET, POST']] as const) {
    const response = await fetch(url + path, { method: 'DELETE' });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, allowed]);
  }
});

test('tells a WebSocket what was wrong with its message, and hears the next', async (t) => {
  const demo = await begin(t);
  const socket = new WebSocket(`${demo.url.replace('http', 'ws')}/room/websocket`);
  t.after(() => socket.terminate());
  await once(socket, 'open');
  socket.send('nonsense');
  assert.equal(String((await once(socket, 'message'))[0]), '{"error":"A message is JSON in UTF-8."}\n');
  socket.send(JSON.stringify(DRAFT));
  assert.equal(JSON.parse(String((await once(socket, 'message'))[0])).text, 'hello');
});

test('a poll gets at once what was said since, and otherwise waits', async (t) => {
  const demo = await begin(t);
  for (const text of ['one', 'two']) await post(demo, 'polling', JSON.stringify({ ...DRAFT, text }));
  const lines = (await (await fetch(`${demo.url}/room/polling?since=0`)).text()).trim().split('\n').map((line) => JSON.parse(line) as { id: number; text: string });
  assert.deepEqual(lines.map(({ text }) => text), ['one', 'two']);
  const [one, two] = lines;
  assert.equal((JSON.parse(await (await fetch(`${demo.url}/room/polling?since=${one!.id}`)).text()) as { text: string }).text, 'two');
  const poll = fetch(`${demo.url}/room/polling?since=${two!.id}`);
  await channelsOpen(demo, 1);
  await post(demo, 'streaming', JSON.stringify({ ...DRAFT, text: 'three' }));
  assert.equal((JSON.parse(await (await poll).text()) as { text: string }).text, 'three');
});

test('started as a program anywhere, it says where it listens, and SIGTERM ends its streams and itself in order', async (t) => {
  const program = startProgram(t, '0');
  const [line] = await Promise.race([once(createInterface(program.stdout), 'line'), once(program, 'exit')]);
  const url = /^Longwire demo: (http:\/\/127\.0\.0\.1:[1-9]\d*)$/.exec(String(line))?.[1];
  assert.ok(url !== undefined, String(line));
  assert.ok((await (await fetch(url)).text()).includes('One room'));
  const stream = await fetch(`${url}/room/streaming`);
  const exit = once(program, 'exit');
  program.kill('SIGTERM');
  assert.equal(await stream.text(), '');
  assert.deepEqual(await exit, [0, null]);
});

for (const [what, portOf] of [['a port that is taken', (port: number) => String(port)], ['a PORT that is none', () => 'ninety']] as const) {
  test(`started with ${what}, it says so and exits with 1`, async (t) => {
    const { port } = await begin(t);
    const program = startProgram(t, portOf(port));
    const [line] = (await once(createInterface(program.stderr), 'line')) as [string];
    assert.match(line, /^The demo does not start: .*(EADDRINUSE|port must be)/);
    const [code] = program.exitCode === null ? await once(program, 'exit') : [program.exitCode];
    assert.equal(code, 1);
  });
}

async function begin(t: TestContext): Promise<Demo> {
  const demo = await startDemo({ port: 0 });
  t.after(() => demo.stop({ timeoutMs: 0 }));
  return demo;
}

function post(demo: Demo, transport: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${demo.url}/room/${transport}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });
}

/** A request that was sent is not yet one that waits. */
async function channelsOpen(demo: Demo, count: number): Promise<void> {
  const until = performance.now() + 10_000;
  while (demo.stats().channels.open !== count) {
    assert.ok(performance.now() < until, `${count} channels were expected, and ${demo.stats().channels.open} are open`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function hear(t: TestContext, demo: Demo, transport: string): Promise<Reader> {
  const leaving = new AbortController();
  t.after(() => leaving.abort());
  return (await fetch(`${demo.url}/room/${transport}`, { signal: leaving.signal })).body!.getReader();
}

async function nextMessage(reader: Reader): Promise<{ text: string }> {
  return JSON.parse(new TextDecoder().decode((await reader.read()).value)) as { text: string };
}

/** From a folder that is not the package's: nothing may depend on it. */
function startProgram(t: TestContext, port: string) {
  const file = join(import.meta.dirname, '..', '..', 'demo', 'server.js');
  const program = spawn(process.execPath, [file], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PORT: port } });
  t.after(() => program.kill('SIGKILL'));
  return program;
}
