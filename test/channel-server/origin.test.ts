/** The origin policy through sockets: who is refused hears 403, who was to be told of it is, and nothing is opened. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type HandshakeError, type ServerOptions, UsageError } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';

/** The answer to a handshake for `localhost`, and what became of the server. */
async function answerTo(t: TestContext, options: ServerOptions, bytes: string) {
  const refusals: HandshakeError[] = [];
  let opened = 0;
  const server = await startChannelServer(t, options, undefined, {
    onOpen: () => void opened++,
    onHandshakeError: (error) => refusals.push(error),
  });
  const client = await RawClient.open(t, options.path === undefined ? server.port : { path: options.path });
  await client.send(bytes);
  const { head, body } = await client.readResponse();
  return { server, client, head, body, refusals, opened, status: Number(head.slice(9, 12)) };
}

const COOKIE = 'Cookie: session=1\r\n';
const origin = (value: string): string => `Origin: ${value}\r\n`;
const FORWARDED = 'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: example.org\r\n';

test('a page of another host that sends cookies is refused with 403, and onHandshakeError is told', async (t) => {
  const { server, client, head, body, refusals, opened } = await answerTo(t, {}, handshake('/', origin('https://evil.example') + COOKIE));
  assert.match(head, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(head, /\r\nConnection: close\r\n/);
  assert.equal(body, 'a page of this origin may not open a WebSocket here\n');
  assert.equal(await client.readToEnd(), '');
  assert.deepEqual(refusals, [{ status: 403, reason: 'a page of this origin may not open a WebSocket here' }]);
  assert.equal(opened, 0);
  const taken = await server.next();
  assert.equal((await taken.closed()).status, 'server-close');
  assert.deepEqual([taken.channel.isOpen, taken.channel.isWebSocket], [false, false]);
  assert.equal(server.server.stats().webSockets.total, 0);
  assert.deepEqual(server.errors, []);
});

interface Case {
  readonly name: string;
  readonly fields: string;
  readonly status: 101 | 403;
  readonly options?: ServerOptions;
  readonly target?: string;
}

const PROXIED: ServerOptions = { trustProxy: ['127.0.0.1'] };
const OTHERS_TRUSTED: ServerOptions = { trustProxy: ['10.0.0.0/8'] };

const CASES: Case[] = [
  { name: 'its own page with cookies', fields: origin('http://localhost') + COOKIE, status: 101 },
  { name: 'its own page with cookies over TLS that ends before us', fields: origin('https://localhost') + COOKIE, status: 101 },
  { name: 'another page without cookies', fields: origin('https://evil.example'), status: 101 },
  { name: 'cookies without a page', fields: COOKIE, status: 101 },
  { name: 'another port with cookies', fields: origin('http://localhost:8080') + COOKIE, status: 403 },
  { name: 'the origin null with cookies', fields: origin('null') + COOKIE, status: 403 },
  { name: 'two Origin fields, both of its own host, with cookies', fields: origin('http://localhost').repeat(2) + COOKIE, status: 403 },
  { name: 'two Origin fields, one of its own host, with cookies', fields: origin('http://localhost') + origin('http://evil.example') + COOKIE, status: 403 },
  { name: 'an empty Origin with cookies', fields: origin('') + COOKIE, status: 403 },

  { name: 'a page of the host in an absolute target, which wins over Host', fields: origin('http://example.org') + COOKIE, target: 'http://example.org/', status: 101 },
  { name: 'a page of Host, where an absolute target names another', fields: origin('http://localhost') + COOKIE, target: 'http://example.org/', status: 403 },

  { name: 'a page of the host that a trusted proxy was asked for', fields: origin('https://example.org') + COOKIE + FORWARDED, options: PROXIED, status: 101 },
  { name: 'the same, told by Forwarded', fields: `${origin('https://example.org:8443')}${COOKIE}Forwarded: for=192.0.2.1;host="example.org:8443"\r\n`, options: PROXIED, status: 101 },
  { name: 'a page of the host that the proxy asks for', fields: origin('http://localhost') + COOKIE + FORWARDED, options: PROXIED, status: 101 },
  { name: 'a page of neither, behind a proxy', fields: origin('https://evil.example') + COOKIE + FORWARDED, options: PROXIED, status: 403 },
  { name: 'a forwarded host from a client where nobody is trusted', fields: origin('https://example.org') + COOKIE + FORWARDED, status: 403 },
  { name: 'a forwarded host from a client that is none of the proxies', fields: origin('https://example.org') + COOKIE + FORWARDED, options: OTHERS_TRUSTED, status: 403 },
  { name: 'Forwarded from a client that is none of the proxies', fields: `${origin('https://example.org')}${COOKIE}Forwarded: host=example.org\r\n`, options: OTHERS_TRUSTED, status: 403 },
  { name: 'a forwarded host that the client put ahead of the proxy\'s', fields: `${origin('https://evil.example')}${COOKIE}X-Forwarded-For: 192.0.2.9, 192.0.2.1\r\nX-Forwarded-Host: evil.example, example.org\r\n`, options: PROXIED, status: 403 },

  { name: 'a page on the list, with cookies', fields: origin('https://example.org') + COOKIE, options: { allowedOrigins: ['https://example.org'] }, status: 101 },
  { name: 'a page that is not on the list, without cookies', fields: origin('https://evil.example'), options: { allowedOrigins: ['https://example.org'] }, status: 403 },
  { name: 'its own page, which is not on the list', fields: origin('http://localhost'), options: { allowedOrigins: ['https://example.org'] }, status: 403 },
  { name: 'no page, where there is a list', fields: COOKIE, options: { allowedOrigins: [] }, status: 101 },
  { name: 'the origin null, where a function allows it', fields: origin('null') + COOKIE, options: { allowedOrigins: (each) => each === 'null' }, status: 101 },
  { name: 'no page, where a function allows named ones', fields: '', options: { allowedOrigins: (each) => each !== undefined }, status: 403 },
  { name: 'a page and a path that a function allows', fields: origin('https://evil.example') + COOKIE, options: { allowedOrigins: (_, { path }) => path === '/open' }, target: '/open', status: 101 },
  { name: 'any page with cookies, where all are allowed', fields: origin('https://evil.example') + COOKIE, options: { allowedOrigins: '*' }, status: 101 },
];

for (const { name, fields, status, options = {}, target = '/' } of CASES) {
  test(`${status === 101 ? 'accepts' : 'refuses'} ${name}`, async (t) => {
    const answer = await answerTo(t, options, handshake(target, fields));
    assert.equal(answer.status, status);
    assert.deepEqual(answer.refusals.map((refusal) => refusal.status), status === 403 ? [403] : []);
    assert.equal(answer.opened, status === 101 ? 1 : 0);
    assert.deepEqual(answer.server.errors, []);
  });
}

test('judges on a unix socket by Host, and by the forwarded host where it trusts the proxy there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'longwire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const bytes = handshake('/', origin('https://example.org') + COOKIE + FORWARDED);
  const own = handshake('/', origin('https://localhost') + COOKIE);
  assert.equal((await answerTo(t, { path: join(folder, 'a') }, bytes)).status, 403);
  assert.equal((await answerTo(t, { path: join(folder, 'b') }, own)).status, 101);
  assert.equal((await answerTo(t, { path: join(folder, 'c'), trustProxy: ['unix'] }, bytes)).status, 101);
});

test('a handshake that is invalid is answered for that, whatever its origin', async (t) => {
  const { status } = await answerTo(t, {}, handshake('/', origin('https://evil.example') + COOKIE).replace('Version: 13', 'Version: 8'));
  assert.equal(status, 426);
});

test('a plain request is none of the policy\'s business', async (t) => {
  const server = await startChannelServer(t, { allowedOrigins: [] }, undefined, { onOpen: (channel) => void channel.send('hello') });
  const client = await RawClient.open(t, server.port);
  await client.send(`GET / HTTP/1.1\r\nHost: localhost\r\n${origin('https://evil.example')}${COOKIE}\r\n`);
  assert.equal((await client.readResponse()).body, 'hello');
});

for (const [name, allowedOrigins, expected] of [
  ['throws', () => assert.fail('no list'), /no list/],
  ['answers with a promise', async () => true, /must answer true or false, not a promise/],
  ['answers with a promise that rejects', async () => assert.fail('late'), /must answer true or false, not a promise/],
] as const) {
  test(`a function that ${name} opens nothing: 500, and onError hears of it`, async (t) => {
    const { status, opened, refusals, server } = await answerTo(t, { allowedOrigins: allowedOrigins as unknown as () => boolean }, handshake('/', origin('http://localhost')));
    assert.deepEqual([status, opened, refusals], [500, 0, []]);
    assert.equal(server.errors.length, 1);
    assert.match(String(server.errors[0]), expected);
    assert.equal(server.errors[0] instanceof UsageError, name !== 'throws');
  });
}

test('what becomes of the list after the start changes nothing', async (t) => {
  const list = ['https://example.org'];
  const server = await startChannelServer(t, { allowedOrigins: list });
  list[0] = 'https://evil.example';
  for (const [value, status] of [['https://example.org', 101], ['https://evil.example', 403]] as const) {
    const client = await RawClient.open(t, server.port);
    await client.send(handshake('/', origin(value)));
    assert.equal(Number((await client.readUntil('\r\n\r\n')).slice(9, 12)), status);
  }
});
