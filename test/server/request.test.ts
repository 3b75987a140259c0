/** What a handler can ask a request: its target, its fields, and where it came from. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpRequest, UsageError } from 'longwire';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';

/** What `look` finds in the request that `bytes` are. */
async function ask<T>(t: Parameters<typeof startServer>[0], bytes: string, look: (incoming: HttpRequest, client: RawClient) => T): Promise<T> {
  const found: T[] = [];
  const clients: RawClient[] = [];
  const { port } = await startServer(t, (incoming) => {
    found.push(look(incoming, clients[0]!));
    return 'x';
  });
  clients.push(await RawClient.open(t, port));
  await clients[0]!.send(bytes);
  await clients[0]!.readUntil('\r\n\r\n');
  return found[0]!;
}

interface TargetCase {
  readonly target: string;
  readonly method?: string;
  readonly path: string;
  readonly query: string;
  readonly params?: Readonly<Record<string, string>>;
}

const TARGETS: readonly TargetCase[] = [
  { target: '/', path: '/', query: '' },
  { target: '/a/b%20c', path: '/a/b%20c', query: '' },
  { target: '/a?', path: '/a', query: '' },
  { target: '/a?x=1&y=%20z+', path: '/a', query: 'x=1&y=%20z+', params: { x: '1', y: ' z ' } },
  { target: '/a?b?c=d', path: '/a', query: 'b?c=d', params: { 'b?c': 'd' } },
  { target: '//double//slash', path: '//double//slash', query: '' },
  { target: '/../up', path: '/../up', query: '' },
  { target: '/a://b', path: '/a://b', query: '' },
  { target: 'http://localhost/a?x=1', path: '/a', query: 'x=1', params: { x: '1' } },
  { target: 'http://localhost', path: '/', query: '' },
  { target: 'http://localhost?x=/1', path: '/', query: 'x=/1', params: { x: '/1' } },
  { target: 'HTTP://localhost:443/a', path: '/a', query: '' },
  { target: '*', method: 'OPTIONS', path: '*', query: '' },
  { target: 'localhost:443', method: 'CONNECT', path: '', query: '' },
];

for (const { target, method = 'GET', path, query, params = {} } of TARGETS) {
  test(`tells path and query of ${method} ${target}`, async (t) => {
    const found = await ask(t, request(target, '', { method }), (incoming) => ({
      method: incoming.method,
      url: incoming.url,
      path: incoming.path,
      query: incoming.query,
      params: Object.fromEntries(incoming.searchParams),
    }));
    assert.deepEqual(found, { method, url: target, path, query, params });
  });
}

const AUTHORITIES = [
  { target: '/', host: 'a.example:80', authority: 'a.example:80' },
  { target: '*', method: 'OPTIONS', host: 'a', authority: 'a' },
  { target: '/http://b/', host: 'a', authority: 'a' },
  { target: 'http://b:8080/c', host: 'a', authority: 'b:8080' },
  { target: 'http://b', host: 'a', authority: 'b' },
  { target: 'http://[::1]:1?/c', host: 'a', authority: '[::1]:1' },
  { target: 'b:443', method: 'CONNECT', host: 'a', authority: 'b:443' },
  { target: '/', host: '', authority: '' },
];

for (const { target, method = 'GET', host, authority } of AUTHORITIES) {
  test(`tells the authority of ${method} ${target} with Host ${JSON.stringify(host)} (RFC 9112 §3.3)`, async (t) => {
    assert.equal(await ask(t, `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, (incoming) => incoming.authority), authority);
  });
}

test('has an empty authority where an HTTP/1.0 client sends no Host', async (t) => {
  assert.equal(await ask(t, 'GET / HTTP/1.0\r\n\r\n', (incoming) => incoming.authority), '');
});

test('gives the same searchParams every time', async (t) => {
  assert.ok(await ask(t, request('/?a=1'), (incoming) => incoming.searchParams === incoming.searchParams));
});

test('tells methods as sent: they are case-sensitive and may be any token', async (t) => {
  assert.equal(await ask(t, request('/', '', { method: 'pUrge-1' }), ({ method }) => method), 'pUrge-1');
});

for (const version of ['1.0', '1.1'] as const) {
  test(`tells version ${version}`, async (t) => {
    assert.equal(await ask(t, request('/', '', { version }), ({ httpVersion }) => httpVersion), version);
  });
}

const FIELDS = [
  'X-One: 1',
  'x-LIST: a',
  'Cookie: a=1',
  'X-List:b ',
  'Cookie:\tb=2\t',
  'User-Agent: first',
  'User-Agent: second',
  'X-Empty:',
  'X-Latin: \xfc',
  '__proto__: polluted',
  'constructor: theirs',
]
  .map((line) => `${line}\r\n`)
  .join('');

test('joins fields by lower-case name as node:http does', async (t) => {
  const headers = await ask(t, request('/', FIELDS), (incoming) => incoming.headers);
  assert.deepEqual(Object.entries(headers), [
    ['host', 'localhost'],
    ['x-one', '1'],
    ['x-list', 'a, b'],
    ['cookie', 'a=1; b=2'],
    ['user-agent', 'first'],
    ['x-empty', ''],
    ['x-latin', '\xfc'],
    ['__proto__', 'polluted'],
    ['constructor', 'theirs'],
  ]);
  assert.equal(Object.getPrototypeOf(headers), null);
});

test('looks a single field up in any case, joined in the same way', async (t) => {
  const names = ['X-One', 'x-one', 'x-list', 'COOKIE', 'user-agent', 'x-empty', '__proto__', 'x-none', 'x-on', 'x-one1'];
  const found = await ask(t, request('/', FIELDS), (incoming) => names.map((name) => incoming.header(name)));
  assert.deepEqual(found, ['1', '1', 'a, b', 'a=1; b=2', 'first', '', 'polluted', undefined, undefined, undefined]);
});

test('refuses a name of a field that is no text', async (t) => {
  await ask(t, request('/', FIELDS), (incoming) => {
    for (const name of [5, undefined, null]) assert.throws(() => incoming.header(name as unknown as string), UsageError);
  });
});

test('tells raw fields in turn, in the order and spelling they were sent', async (t) => {
  const raw = await ask(t, request('/', 'X-B: 1\r\nx-a:  2 \r\nX-B: 3\r\n'), (incoming) => incoming.rawHeaders);
  assert.deepEqual(raw, ['Host', 'localhost', 'X-B', '1', 'x-a', '2', 'X-B', '3']);
});

test('tells the address and port of the client, and the scheme', async (t) => {
  const found = await ask(t, request(), (incoming, client) => [incoming.remoteAddress, incoming.remotePort === client.socket.localPort, incoming.scheme]);
  assert.deepEqual(found, ['127.0.0.1', true, 'http']);
});

test('gives the same signal every time, not aborted while the client waits', async (t) => {
  assert.deepEqual(await ask(t, request(), (incoming) => [incoming.signal === incoming.signal, incoming.signal.aborted]), [true, false]);
});

test('has no trailers without a body', async (t) => {
  assert.deepEqual(await ask(t, request(), (incoming) => Object.keys(incoming.trailers)), []);
});

const UPGRADES = {
  'a handshake': [handshake(), true],
  'a plain request': [request(), false],
  'an upgrade to something else': [request('/', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'), false],
  'an upgrade in HTTP/1.0': [handshake().replace('HTTP/1.1', 'HTTP/1.0'), false],
  'websocket in any case and among others': [handshake().replace('Upgrade: websocket', 'Upgrade: h2c, WebSocket'), true],
} as const;

for (const [name, [bytes, isUpgrade]] of Object.entries(UPGRADES)) {
  test(`calls ${name} ${isUpgrade ? 'a' : 'no'} WebSocket upgrade`, async (t) => {
    assert.equal(await ask(t, bytes, (incoming) => incoming.isWebSocketUpgrade), isUpgrade);
  });
}

test('lets a request be asked after it was answered', async (t) => {
  const { url } = await startServer(t, (incoming) => {
    kept.push(incoming);
    return 'x';
  });
  const kept: HttpRequest[] = [];
  await fetch(`${url}/a?b=1`, { headers: { 'x-one': '1' } });
  await fetch(`${url}/other`);
  assert.deepEqual([kept[0]!.path, kept[0]!.query, kept[0]!.header('x-one'), kept[0]!.headers['x-one']], ['/a', 'b=1', '1', '1']);
});

test('shares nothing that a handler can change among requests of the same bytes', async (t) => {
  const seen: HttpRequest[] = [];
  const told: unknown[] = [];
  const { port } = await startServer(t, (incoming) => {
    seen.push(incoming);
    told.push([incoming.headers['x-seen'], incoming.rawHeaders.length, incoming.searchParams.get('n')]);
    (incoming.headers as Record<string, string>)['x-seen'] = 'yes';
    (incoming.rawHeaders as string[]).push('X-Seen', 'yes');
    incoming.searchParams.set('n', 'seen');
    return seen.length === 5 ? { body: 'x', headers: { Connection: 'close' } } : 'x';
  });
  const client = await RawClient.open(t, port);
  await client.send('GET /?n=1 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n'.repeat(5));
  await client.readToEnd();
  assert.deepEqual(told, Array(5).fill([undefined, 4, '1']));
  assert.equal(new Set(seen).size, 5);
  assert.equal(new Set(seen.map((each) => each.signal)).size, 5);
});
