/** What the documents say is so: their programs run, their tables and pictures agree with the source, their links lead somewhere. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { constants, inflateRawSync } from 'node:zlib';
import { EMPTY_ENVELOPE, encodeAnswer, encodeEnvelope, encodeGap, encodeItem, encodePosition, type Letter } from '#src/channel/envelope.js';
import { groupSettings } from '#src/channel/group-settings.js';
import { encodeEvent } from '#src/http/event-stream.js';
import { resolveOptions } from '#src/options.js';
import { type Certificate, certificate } from './support/certificate.js';
import { codeBlocksOf, readDocument, ROOT, sectionOf, sectionsOf } from './support/documents.js';
import { close, handshake, text } from './support/frames.js';
import { EVENT_NAMES } from './support/listener.js';
import { TestPage } from './support/page.js';
import { RawClient } from './support/raw-client.js';
import { RawWebSocket } from './support/raw-web-socket.js';
import { compilePrograms, type RunningProgram, runProgram } from './support/readme-programs.js';
import { fetchTls } from './support/tls.js';

/** Stands in the document as in the example's file, whose spans have a test of their own. */
const EXCERPT = 'Traces with OpenTelemetry';

const ALL_BLOCKS = ['README.md', 'docs/CLIENT.md', 'docs/OBSERVABILITY.md', 'docs/RESUME.md'].flatMap((document) => codeBlocksOf(readDocument(document))).filter((block) => block.language === 'ts');
const BLOCKS = ALL_BLOCKS.filter((block) => block.title !== EXCERPT);
const PROGRAMS = compilePrograms(BLOCKS);
after(() => PROGRAMS.remove());

/** What each program of the documents has to do, by the heading it stands under. */
const CHECKS: Readonly<Record<string, (program: RunningProgram, t: TestContext) => Promise<void>>> = {
  'Hello world': async ({ url, printed }) => {
    assert.equal(await get(url), 'hello');
    await printed('listening on http://127.0.0.1:');
  },

  'One Channel, four transports': async ({ url, printed }) => {
    assert.equal(await get(url), 'hello, and goodbye');
    await printed('closed: server-close');
  },

  'Long polling': async ({ url }) => {
    let isAnswered = false;
    const poll = get(url).finally(() => (isAnswered = true));
    while (!isAnswered) assert.equal(await post(url, 'news'), '');
    assert.equal(await poll, 'news');
  },

  'Streaming': async ({ url }) => {
    assert.equal(await get(url), '1\n2\n3\n');
  },

  'Server-sent events': async ({ url, port }, t) => {
    const client = await RawClient.open(t, port);
    await client.send('GET / HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n');
    await client.readUntil('event: welcome\nretry: 1000\ndata: back from 0\n\n');
    assert.equal(await post(url, 'first\nsecond'), '1\n');
    await client.readUntil('id: 1\ndata: first\ndata: second\n\n');
  },

  'WebSocket': async ({ url, port, printed }, t) => {
    assert.equal((await fetch(url)).status, 426);
    const client = await RawWebSocket.open(t, port);
    await client.send(text('hello'));
    assert.equal((await client.readFrame()).payload.toString(), 'hello');
    await client.send(close(1000, 'enough'));
    assert.equal((await client.readClose()).code, 1000);
    await printed('normal (1000) by the client enough');
  },

  'Groups': async ({ url, port }, t) => {
    const webSocket = await RawWebSocket.open(t, port);
    const stream = await RawClient.open(t, port);
    await stream.send('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await stream.readUntil('\r\n\r\n');
    const poll = get(url);
    while ((await post(url, 'news')) !== '3\n');
    assert.equal((await webSocket.readFrame()).payload.toString(), 'news');
    await stream.readUntil('4\r\nnews\r\n');
    assert.equal(await poll, 'news');
  },

  'Coming back': ({ url, port }, t) => goesOn(t, url, port),
  'Joining': ({ url, port }, t) => goesOn(t, url, port),

  'A server for it': async ({ url }, t) => {
    const heard: string[] = [];
    for (const transport of ['websocket', 'event-stream', 'poll'] as const) {
      const page = new TestPage(t, `${url}/room`, { since: 'everything', transports: [transport] });
      await page.connection.send(`by ${transport}`);
      heard.push(`by ${transport}`);
      await page.hears(heard.length);
      assert.deepEqual(page.texts, heard);
    }
  },

  'Requests and responses': async ({ url }) => {
    assert.deepEqual(JSON.parse(await post(`${url}/hello`, '{"name":"Ada"}')), { hello: 'Ada' });
    assert.equal(await post(`${url}/count`, 'x'.repeat(100_000)), '100000\n');
    assert.equal(await get(`${url}/license`), readDocument('LICENSE'));
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
    assert.equal((await fetch(`${url}/hello`, { method: 'POST', body: 'no JSON' })).status, 400);
  },

  'Refusing an upgrade': async ({ port }, t) => {
    const own = 'Origin: https://example.org\r\n';
    const refused = await RawClient.open(t, port);
    await refused.send(handshake('/', own));
    assert.match(await refused.readToEnd(), /^HTTP\/1\.1 403 [\s\S]*sign in first\n$/);
    const stranger = await RawClient.open(t, port);
    await stranger.send(handshake('/', 'Origin: https://example.com\r\nCookie: session=1\r\n'));
    assert.match(await stranger.readToEnd(), /^HTTP\/1\.1 403 [\s\S]*a page of this origin may not open a WebSocket here\n$/);
    const accepted = await RawWebSocket.open(t, port, '/', `${own}Cookie: session=1\r\n`);
    await accepted.send(text('hello'));
    assert.equal((await accepted.readFrame()).payload.toString(), 'hello');
  },

  'Compression': async ({ port }, t) => {
    const client = await RawWebSocket.open(t, port, '/', 'Sec-WebSocket-Extensions: permessage-deflate\r\n');
    await client.send(text('hello'));
    const [said, picture] = [await client.readFrame(), await client.readFrame()];
    assert.deepEqual([said.rsv, picture.rsv], [4, 0]);
    assert.ok(said.payload.length < 200, `${said.payload.length} bytes`);
    const inflated = inflateRawSync(Buffer.concat([said.payload, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: constants.Z_SYNC_FLUSH });
    assert.deepEqual(JSON.parse(inflated.toString()), Array(100).fill({ said: 'hello' }));
    assert.deepEqual(picture.payload, readFileSync(join(ROOT, 'docs', 'demo.png')));
  },

  'TLS': async ({ port, child, cwd, printed }, t) => {
    assert.equal(await fetchTls({ port, ca: certificate(t)!.cert }), 'hello');
    await assert.rejects(fetchTls({ port, ca: certificate(t)!.cert }, '/', { maxVersion: 'TLSv1.2' }));
    writeCertificate(cwd, certificate(t, 'localhost', 'again')!);
    child.kill('SIGHUP');
    await printed('a new certificate');
    assert.equal(await fetchTls({ port, ca: certificate(t, 'localhost', 'again')!.cert }), 'hello');
    writeCertificate(cwd, { key: 'no key', cert: 'no certificate' });
    child.kill('SIGHUP');
    await printed('the old certificate stays: UsageError: ');
    assert.equal(await fetchTls({ port, ca: certificate(t, 'localhost', 'again')!.cert }), 'hello');
  },

  'Stopping, and numbers': async ({ url, child, printed }) => {
    assert.equal(await get(url), 'hello');
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await printed('stopped { requests: 1, errors: {}, ');
    assert.deepEqual(await exit, [0, null]);
  },

  'All cores': async ({ url, port, child }, t) => {
    const members = await Promise.all(Array.from({ length: 8 }, () => RawWebSocket.open(t, port)));
    const heard = Promise.all(members.map(async (member) => (await member.readFrame()).payload.toString()));
    const said = setInterval(() => void post(url, 'hello, all of you'), 100); // until the last worker has subscribed
    t.after(() => clearInterval(said));
    assert.deepEqual(await heard, Array(8).fill('hello, all of you'));
    clearInterval(said);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    for (const member of members) member.client.end();
    assert.deepEqual(await exit, [0, null]);
  },

  'Errors': async ({ url }) => {
    assert.equal(await post(url, 'short'), 'short');
    const refused = await fetch(url, { method: 'POST', body: 'more than ten bytes' });
    assert.equal(refused.status, 413);
    assert.equal(await refused.text(), 'ten bytes at most\n');
  },

  'An access log': async ({ url, printed }) => {
    assert.equal(await get(`${url}/a?b`), 'hello');
    await printed('127.0.0.1 GET /a?b 200');
  },

  'A context for each request': async ({ url, printed }) => {
    const response = await fetch(`${url}/path`, { method: 'POST', body: 'sent' });
    assert.equal(await response.text(), 'sent');
    await printed(`[${response.headers.get('x-request-id')}] /path`);
  },
};

test('every program of the documents compiles', () => {
  assert.equal(PROGRAMS.complaints, '');
});

test('every program of the documents has a check, and every check a program', () => {
  assert.deepEqual(BLOCKS.map((block) => block.title).sort(), Object.keys(CHECKS).sort());
});

for (const [title, check] of Object.entries(CHECKS)) {
  test(`the program under «${title}» does what is said there`, { timeout: 120_000 }, async (t) => {
    const cwd = title === 'TLS' ? folderWithCertificate(t) : ROOT;
    if (cwd !== undefined) await check(await runProgram(t, PROGRAMS, BLOCKS.findIndex((block) => block.title === title), cwd), t);
  });
}

test('the tracer in docs/OBSERVABILITY.md is that of the example', () => {
  const [excerpt = assert.fail('no excerpt')] = ALL_BLOCKS.filter((block) => block.title === EXCERPT);
  assert.ok(readDocument('examples/opentelemetry.ts').includes(excerpt.code));
});

test('docs/OBSERVABILITY.md has a row for every event, and no other', () => {
  const rows = [...sectionOf('docs/OBSERVABILITY.md', 'Events').matchAll(/^\| `(.+?)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(rows, EVENT_NAMES);
});

const DEFAULTS = Object.entries(resolveOptions({})).map(([name, value]) => [name, inWords(name, value)] as const);

test('the README lists every option with its default, and no other', () => {
  const rows = [...sectionOf('README.md', 'Options').matchAll(/^\| `(\w+)` \| (.+?) \| .+ \|$/gm)].map(([, name, value]) => [name, value] as const);
  assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(DEFAULTS));
  assert.equal(rows.length, DEFAULTS.length);
});

test('the comments in src/options.ts name the defaults as they are', () => {
  const comments = [...readDocument('src/options.ts').matchAll(/\/\*\* (.+) \*\/\n {2}readonly (\w+)\?:/g)];
  const named = comments.flatMap(([, comment, name]) => [...comment!.matchAll(/Default (\d+(?: \w+)?)\./g)].map((match) => [name, match[1]] as const));
  assert.ok(named.length > 20);
  const defaults = Object.fromEntries(DEFAULTS);
  for (const [name, value] of named) assert.equal(value, defaults[name!], name);
});

test('SECURITY.md names the limits with their defaults', () => {
  const limits = [...readDocument('SECURITY.md').matchAll(/`(max\w+|min\w+|\w+Ms)` (\d+(?: (?:KiB|MiB|s))?)/g)];
  assert.ok(limits.length > 10);
  const defaults = Object.fromEntries(DEFAULTS);
  for (const [, name, value] of limits) assert.equal(value, defaults[name!], name);
});

test('docs/ARCHITECTURE.md shows the states of a channel as its table has them', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'draw-states.mjs')], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const pictures = codeBlocksOf(readDocument('docs/ARCHITECTURE.md')).filter((block) => block.language === 'mermaid');
  assert.deepEqual(pictures.map((block) => block.code), [stdout]);
});

test('every configuration of docs/DEPLOYMENT.md is run by a test', () => {
  const tests = readdirSync(join(ROOT, 'test', 'deployments')).map((file) => readDocument(`test/deployments/${file}`)).join('');
  const blocks = codeBlocksOf(readDocument('docs/DEPLOYMENT.md'));
  assert.ok(blocks.length > 5);
  for (const { title } of blocks) assert.ok(tests.includes(`deploymentConfig('${title}'`), `no test runs what stands under «${title}»`);
  assert.equal(new Set(blocks.map(({ title }) => title)).size, blocks.length, 'one block under each heading');
});

test('the proxies of docs/DEPLOYMENT.md give up an idle connection before Longwire does', () => {
  const seconds = [...readDocument('docs/DEPLOYMENT.md').matchAll(/(?:keepalive_timeout|timeout http-keep-alive) (\d+)s/g)].map(([, count]) => Number(count));
  assert.ok(seconds.length > 2);
  assert.ok(Math.max(...seconds) * 1000 < resolveOptions({}).keepAliveTimeoutMs);
});

const DOCUMENTS = [...readdirSync(ROOT), ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`)].filter((file) => file.endsWith('.md'));

for (const document of DOCUMENTS) {
  test(`the links of ${document} to files and headings lead somewhere`, () => {
    const links = [...readDocument(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!).filter((link) => !/^[a-z]+:/.test(link));
    for (const link of links) {
      const [file = '', heading] = link.split('#');
      const path = file === '' ? document : join(dirname(document), file);
      assert.ok(existsSync(join(ROOT, path)), `${link} is no file`);
      if (heading !== undefined) assert.ok(sectionsOf(readDocument(path)).some(({ title }) => anchorOf(title) === heading), `${link} is no heading`);
    }
  });
}

test('docs/RESUME.md shows what goes over the wire as it does', () => {
  const blocks = codeBlocksOf(readDocument('docs/RESUME.md')).filter(({ language }) => language === '').map(({ code }) => code);
  const id = (sequence: number): string => `k3xq0v9z2m4p-${sequence}`;
  const letters: Letter[] = [{ id: id(7), data: 'hello' }, { id: id(8), data: Uint8Array.of(1, 2, 255) }, { id: id(9), event: 'joined', data: 'Ada' }];
  const envelopes = letters.map(encodeEnvelope).map((each) => (typeof each === 'string' ? each : Buffer.from(each).toString('hex').replaceAll(/..(?!$)/g, '$& ')));
  const items = letters.map(encodeItem);
  const direct = 'to this channel alone, or of a group without history';
  assert.deepEqual(blocks, [
    lines(...envelopes),
    lines(encodePosition(id(9)), encodeGap(id(6)), encodeEnvelope({ data: direct }) as string, EMPTY_ENVELOPE),
    letters.map(encodeEvent).join(''),
    encodeEvent({ id: id(9) }) + encodeEvent({ event: 'gap', id: id(6), data: '' }),
    lines(encodeAnswer(items.slice(0, 2), id(8), false), encodeAnswer(items.slice(2), id(9), true), encodeAnswer([], id(9), false)),
  ]);
});

test('docs/RESUME.md names the limits of a history with their defaults', () => {
  const rows = [...sectionOf('docs/RESUME.md', 'What is kept, and for how long').matchAll(/^\| `(\w+)` \| (.+?) \|/gm)].map(([, name, value]) => [name, value]);
  assert.deepEqual(rows, Object.entries(groupSettings({ history: true }).history!).map(([name, value]) => [name, inWords(name, value)]));
});

/** The folder of a program that reads its certificate; `undefined` where none can be made. */
function folderWithCertificate(t: TestContext): string | undefined {
  const own = certificate(t);
  if (own === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'longwire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeCertificate(folder, own);
  return folder;
}

function writeCertificate(folder: string, { key, cert }: Certificate): void {
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
}

function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** A poll, a WebSocket and an event stream go on from the same id. */
async function goesOn(t: TestContext, url: string, port: number): Promise<void> {
  const { next } = JSON.parse(await get(`${url}?since=`)) as { next: string };
  for (const news of ['one', 'two']) assert.equal(await post(url, news), '0\n');
  const { messages } = JSON.parse(await get(`${url}?since=${next}`)) as { messages: { id: string; data: string }[] };
  assert.deepEqual(messages.map(({ data }) => data), ['one', 'two']);
  const [one, two] = messages.map((message) => message.id);
  const webSocket = await RawWebSocket.open(t, port, `/?since=${one}`, 'Sec-WebSocket-Protocol: longwire.v1\r\n');
  assert.equal((await webSocket.readFrame()).payload.toString(), `{"id":"${two}","data":"two"}`);
  const events = await RawClient.open(t, port);
  await events.send(`GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: ${one}\r\n\r\n`);
  await events.readUntil(`id: ${two}\ndata: two\n\n`);
}

async function get(url: string): Promise<string> {
  return (await fetch(url)).text();
}

async function post(url: string, body: string): Promise<string> {
  return (await fetch(url, { method: 'POST', body })).text();
}

/** A default as the documents write it. */
function inWords(name: string, value: unknown): string {
  if (value === undefined || value === Infinity) return '–';
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('Ms')) return `${value / 1000} s`;
  if (!name.includes('Bytes')) return String(value);
  return value % 1024 ** 2 === 0 ? `${value / 1024 ** 2} MiB` : `${value / 1024} KiB`;
}

/** The anchor of a heading, as repositories make it. */
function anchorOf(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-');
}
