/** Which pages may open a WebSocket: those of the request's own host where it has cookies, or those that the application names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpRequest, UsageError } from 'longwire';
import { type AllowedOrigins, isOriginAllowed } from '#src/websocket/origin.js';

function requestWith(fields: Readonly<Record<string, string>>): HttpRequest {
  return { header: (name: string) => fields[name] } as unknown as HttpRequest;
}

const COOKIE = { cookie: 'session=1' };

interface Case {
  readonly name: string;
  readonly origin: string;
  readonly hosts: readonly (string | undefined)[];
  readonly isAllowed: boolean;
}

const OWN: Case[] = [
  { name: 'the same host', origin: 'https://example.org', hosts: ['example.org'], isAllowed: true },
  { name: 'the same host over another scheme', origin: 'http://example.org', hosts: ['example.org'], isAllowed: true },
  { name: 'the same host and port', origin: 'https://example.org:8443', hosts: ['example.org:8443'], isAllowed: true },
  { name: 'the same host in other letters', origin: 'HTTPS://Example.ORG', hosts: ['eXample.org'], isAllowed: true },
  { name: 'the default port of http spelled out in Host', origin: 'http://example.org', hosts: ['example.org:80'], isAllowed: true },
  { name: 'the default port of https spelled out in Host', origin: 'https://example.org', hosts: ['example.org:443'], isAllowed: true },
  { name: 'the default port spelled out in the origin', origin: 'https://example.org:443', hosts: ['example.org'], isAllowed: true },
  { name: 'two default ports, TLS ending between them', origin: 'https://example.org:443', hosts: ['example.org:80'], isAllowed: true },
  { name: 'an empty port', origin: 'https://example.org', hosts: ['example.org:'], isAllowed: true },
  { name: 'the same IPv4 address', origin: 'http://127.0.0.1:3000', hosts: ['127.0.0.1:3000'], isAllowed: true },
  { name: 'the same IPv6 address', origin: 'http://[::1]', hosts: ['[::1]'], isAllowed: true },
  { name: 'the same IPv6 address and port, in other letters', origin: 'http://[2001:DB8::1]:8080', hosts: ['[2001:db8::1]:8080'], isAllowed: true },
  { name: 'an IPv6 address with the default port', origin: 'http://[::1]:80', hosts: ['[::1]'], isAllowed: true },
  { name: 'the host that a proxy was asked for', origin: 'https://example.org', hosts: ['backend:8080', 'example.org'], isAllowed: true },
  { name: 'the host that a proxy asked for', origin: 'https://backend:8080', hosts: ['backend:8080', 'example.org'], isAllowed: true },
  { name: 'the same name with the same trailing dot', origin: 'https://example.org.', hosts: ['example.org.'], isAllowed: true },
  { name: 'a page of an extension with such a host', origin: 'app://example.org', hosts: ['example.org'], isAllowed: true },

  { name: 'another host', origin: 'https://example.com', hosts: ['example.org'], isAllowed: false },
  { name: 'a host below it', origin: 'https://evil.example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'a host above it', origin: 'https://example.org', hosts: ['chat.example.org'], isAllowed: false },
  { name: 'a host that begins with it', origin: 'https://example.org.evil.example', hosts: ['example.org'], isAllowed: false },
  { name: 'a host that ends with it', origin: 'https://evilexample.org', hosts: ['example.org'], isAllowed: false },
  { name: 'another port', origin: 'http://127.0.0.1:3001', hosts: ['127.0.0.1:3000'], isAllowed: false },
  { name: 'a port, where Host has none', origin: 'http://example.org:8080', hosts: ['example.org'], isAllowed: false },
  { name: 'no port, where Host has one', origin: 'http://example.org', hosts: ['example.org:8080'], isAllowed: false },
  { name: 'a port that ends in a default one', origin: 'http://example.org:8080', hosts: ['example.org:80'], isAllowed: false },
  { name: 'a trailing dot that Host has not', origin: 'https://example.org.', hosts: ['example.org'], isAllowed: false },
  { name: 'null', origin: 'null', hosts: ['null'], isAllowed: false },
  { name: 'nothing', origin: '', hosts: [''], isAllowed: false },
  { name: 'a scheme alone, and an empty Host', origin: 'http://:80', hosts: [''], isAllowed: false },
  { name: 'no scheme', origin: 'example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'no scheme, but the slashes', origin: '//example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'the host as a user', origin: 'https://example.org@evil.example', hosts: ['example.org'], isAllowed: false },
  { name: 'a user', origin: 'https://user@example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'a path', origin: 'https://example.org/', hosts: ['example.org'], isAllowed: false },
  { name: 'several, joined', origin: 'https://example.org, https://example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'several as RFC 6454 has them', origin: 'https://evil.example https://example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'two authorities', origin: 'https://evil.example://example.org', hosts: ['example.org'], isAllowed: false },
  { name: 'no host of its own', origin: 'https://example.org', hosts: [undefined], isAllowed: false },
];

for (const { name, origin, hosts, isAllowed } of OWN) {
  test(`a request with cookies ${isAllowed ? 'may' : 'may not'} come from ${name}`, () => {
    assert.equal(isOriginAllowed(requestWith({ ...COOKIE, origin }), hosts, undefined), isAllowed);
  });
}

test('a request without cookies, or without an Origin, may come from anywhere', () => {
  assert.equal(isOriginAllowed(requestWith({ origin: 'https://evil.example' }), ['example.org'], undefined), true);
  assert.equal(isOriginAllowed(requestWith({ origin: 'null' }), ['example.org'], undefined), true);
  assert.equal(isOriginAllowed(requestWith(COOKIE), ['example.org'], undefined), true);
  assert.equal(isOriginAllowed(requestWith({}), [], undefined), true);
});

test('cookies that are empty are cookies', () => {
  assert.equal(isOriginAllowed(requestWith({ cookie: '', origin: 'https://evil.example' }), ['example.org'], undefined), false);
});

const LIST: AllowedOrigins = ['https://example.org', 'HTTP://Example.COM:80', 'http://[::1]:8080', 'app://one'];

const LISTED: readonly (readonly [origin: string, isAllowed: boolean])[] = [
  ['https://example.org', true],
  ['https://EXAMPLE.org', true],
  ['https://example.org:443', true],
  ['http://example.com', true],
  ['http://[::1]:8080', true],
  ['app://one', true],
  ['http://example.org', false],
  ['https://example.org:80', false],
  ['https://example.org:8443', false],
  ['https://example.org/', false],
  ['https://example.org.', false],
  ['https://www.example.org', false],
  ['https://example.org, https://example.org', false],
  ['null', false],
  ['', false],
];

for (const [origin, isAllowed] of LISTED) {
  test(`a list ${isAllowed ? 'allows' : 'does not allow'} «${origin}», with cookies and without`, () => {
    for (const cookies of [{}, COOKIE]) assert.equal(isOriginAllowed(requestWith({ ...cookies, origin }), ['example.org', 'null'], LIST), isAllowed);
  });
}

test('a list does not bind clients without an Origin, and does not add to the own host', () => {
  assert.equal(isOriginAllowed(requestWith(COOKIE), ['example.org'], []), true);
  assert.equal(isOriginAllowed(requestWith({ ...COOKIE, origin: 'https://own.example' }), ['own.example'], LIST), false);
});

test('a star allows every origin', () => {
  for (const origin of ['https://evil.example', 'null', '']) assert.equal(isOriginAllowed(requestWith({ ...COOKIE, origin }), [], '*'), true);
});

test('a function is asked with the origin as sent and the request, and only true allows', () => {
  const asked: unknown[] = [];
  const request = requestWith({ origin: 'HTTPS://Example.org' });
  for (const answer of [true, false, undefined, 1, 'yes']) {
    const allowed = isOriginAllowed(request, [], ((...args: unknown[]) => (asked.push(args), answer)) as unknown as AllowedOrigins);
    assert.equal(allowed, answer === true);
  }
  assert.deepEqual(asked, Array(5).fill(['HTTPS://Example.org', request]));
  assert.equal(isOriginAllowed(requestWith(COOKIE), [], (origin) => origin === undefined), true, 'it is asked without an Origin, too');
});

test('a function that answers with a promise is wrong, whatever becomes of the promise', async () => {
  for (const answer of [Promise.resolve(true), Promise.reject(new Error('unheard'))]) {
    const allowed = (() => answer) as unknown as AllowedOrigins;
    assert.throws(() => isOriginAllowed(requestWith({}), [], allowed), (error) => error instanceof UsageError && /not a promise: allow '\*'/.test(error.message));
  }
  await new Promise((resolve) => setImmediate(resolve));
});
