/** What the fields of a request say of the message: its Host, where its body ends, whether the connection stays, what the client expects. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP_ERRORS } from '#src/http/errors.js';
import { keepsAlive } from '#src/http/framing.js';
import { headOf, parseEveryWay, refusalOf } from '../support/http-events.js';

const request = (...lines: string[]): string => ['POST / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');
const oldRequest = (...lines: string[]): string => ['POST / HTTP/1.0', ...lines, '', ''].join('\r\n');

// Host (RFC 9112 §3.2, RFC 9110 §7.2).

test('takes a valid Host', () => {
  for (const host of ['', 'a', 'a.example:8080', 'a:', '127.0.0.1:80', '[::1]', '[::ffff:1.2.3.4]:443', 'a_b', "a%20b!$&'()*+,;=~", 'xn--bcher-kva.example']) {
    assert.equal(headOf(`GET / HTTP/1.1\r\nHost:${host}\r\n\r\n`).target, '/', host);
  }
});

test('refuses a Host that is none', () => {
  for (const host of ['a b', 'a/b', 'a@b', 'http://a', 'a:b', 'a:1:2', 'a:123456', '[::1', '::1', '[]', '[::g]', 'a?b', 'a#b', 'a\\b', 'a%2', 'a%zz', 'b\xfccher', 'a, b', '<a>', '"a"']) {
    assert.equal(refusalOf(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 'HTTP_BAD_HOST', host);
  }
});

test('refuses a request of HTTP/1.1 without a Host', () => {
  assert.equal(refusalOf('GET / HTTP/1.1\r\n\r\n'), 'HTTP_BAD_HOST');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nHosts: a\r\nX-Host: a\r\n\r\n'), 'HTTP_BAD_HOST');
  assert.equal(refusalOf('GET http://a/ HTTP/1.1\r\n\r\n'), 'HTTP_BAD_HOST');
});

test('refuses two Hosts, even if they are the same', () => {
  assert.equal(refusalOf(request('Host: a')), 'HTTP_BAD_HOST');
  assert.equal(refusalOf(request('HOST: b')), 'HTTP_BAD_HOST');
  assert.equal(refusalOf(request('host:')), 'HTTP_BAD_HOST');
  assert.equal(refusalOf(oldRequest('Host: a', 'Host: a')), 'HTTP_BAD_HOST');
});

test('takes a request of HTTP/1.0 without a Host, but none with a bad one', () => {
  assert.equal(headOf(oldRequest()).isHttp10, true);
  assert.equal(refusalOf(oldRequest('Host: a b')), 'HTTP_BAD_HOST');
});

// Content-Length (RFC 9110 §8.6, RFC 9112 §6.3).

test('takes a Content-Length in digits', () => {
  const found = { '0': 0, '00': 0, '5': 5, ' 5 ': 5, '\t5': 5, '0000000000000000000005': 5 };
  for (const [value, length] of Object.entries(found)) {
    const { framing } = headOf(request(`Content-Length:${value}`) + 'x'.repeat(length));
    assert.deepEqual(framing, length === 0 ? { kind: 'none' } : { kind: 'length', length }, value);
  }
});

test('takes a request without a body where nothing announces one', () => {
  assert.deepEqual(headOf(request()).framing, { kind: 'none' });
  assert.deepEqual(headOf(request('Content-Type: text/plain', 'Content-Lengths: 5', 'X-Content-Length: 5')).framing, { kind: 'none' });
});

test('refuses a Content-Length that is no number in digits', () => {
  for (const value of ['', ' ', '-1', '+5', '5.0', '0x5', '5e1', '5 5', '5,5', '5, 5', '5,', ',5', '"5"', '5;a', '\xb2', '5\xa0', 'five', 'NaN', 'Infinity', '1_000']) {
    assert.equal(refusalOf(request(`Content-Length: ${value}`)), 'HTTP_BAD_CONTENT_LENGTH', value);
  }
});

test('refuses two Content-Lengths, even if they are the same', () => {
  for (const [first, second] of [['5', '5'], ['5', '6'], ['0', '0'], ['5', ''], ['', '5']]) {
    assert.equal(refusalOf(request(`Content-Length: ${first}`, `content-LENGTH: ${second}`)), 'HTTP_BAD_CONTENT_LENGTH');
  }
});

test('takes the largest Content-Length that can be counted, and refuses a larger one as too large', () => {
  const largest = Number.MAX_SAFE_INTEGER;
  const [head] = parseEveryWay(request(`Content-Length: ${largest}`)).events;
  assert.deepEqual(head?.type === 'head' && head.framing, { kind: 'length', length: largest });
  for (const value of [BigInt(largest) + 1n, BigInt(largest) + 2n, 2n ** 64n, 2n ** 64n + 5n, 10n ** 400n]) {
    assert.equal(refusalOf(request(`Content-Length: ${value}`)), 'HTTP_BODY_TOO_LARGE', String(value));
  }
});

// Transfer-Encoding (RFC 9112 §6.1, §6.3, §7.1).

test('takes chunked as the only transfer coding, in any case and with empty list members', () => {
  for (const value of ['chunked', 'Chunked', 'CHUNKED', ' chunked ', '\tchunked\t', ',chunked', 'chunked,', ' , chunked , ']) {
    assert.deepEqual(headOf(`${request(`Transfer-Encoding:${value}`)}0\r\n\r\n`).framing, { kind: 'chunked' }, value);
  }
  assert.deepEqual(headOf(`${request('Transfer-Encoding: chunked', 'transfer-encoding:')}0\r\n\r\n`).framing, { kind: 'chunked' });
});

const TRANSFER_ENCODINGS = {
  '': 'HTTP_BAD_TRANSFER_ENCODING',
  ',': 'HTTP_BAD_TRANSFER_ENCODING',
  'identity': 'HTTP_BAD_TRANSFER_ENCODING',
  'gzip': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked, gzip': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked, identity': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked, chunked': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked,chunked': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked, gzip, chunked': 'HTTP_BAD_TRANSFER_ENCODING',
  '\xa0chunked': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked\xa0': 'HTTP_BAD_TRANSFER_ENCODING',
  '\x85chunked': 'HTTP_BAD_TRANSFER_ENCODING',
  'xchunked': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunkedx': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked;q=1': 'HTTP_BAD_TRANSFER_ENCODING',
  '"chunked"': 'HTTP_BAD_TRANSFER_ENCODING',
  'chunked gzip': 'HTTP_BAD_TRANSFER_ENCODING',
  'chun ked': 'HTTP_BAD_TRANSFER_ENCODING',
  'gzip, chunked': 'HTTP_UNKNOWN_TRANSFER_ENCODING',
  'identity, chunked': 'HTTP_UNKNOWN_TRANSFER_ENCODING',
  'gzip, deflate,, chunked': 'HTTP_UNKNOWN_TRANSFER_ENCODING',
} as const;

for (const [value, code] of Object.entries(TRANSFER_ENCODINGS)) {
  test(`refuses the Transfer-Encoding ${JSON.stringify(value)} with ${HTTP_ERRORS[code].status}`, () => {
    assert.equal(refusalOf(request(`Transfer-Encoding: ${value}`)), code);
  });
}

test('judges the codings of several Transfer-Encoding lines as one list', () => {
  const lines = (...values: string[]): string => request(...values.map((value) => `Transfer-Encoding: ${value}`));
  assert.equal(refusalOf(lines('chunked', 'chunked')), 'HTTP_BAD_TRANSFER_ENCODING');
  assert.equal(refusalOf(lines('chunked', 'identity')), 'HTTP_BAD_TRANSFER_ENCODING');
  assert.equal(refusalOf(lines('gzip', 'chunked')), 'HTTP_UNKNOWN_TRANSFER_ENCODING');
});

test('refuses a Transfer-Encoding with a Content-Length, whatever each of them says', () => {
  for (const coding of ['chunked', 'gzip', 'identity', '']) {
    for (const length of ['5', '0', 'x', '']) {
      assert.equal(refusalOf(request(`Transfer-Encoding: ${coding}`, `Content-Length: ${length}`)), 'HTTP_LENGTH_AND_ENCODING');
      assert.equal(refusalOf(request(`Content-Length: ${length}`, `Transfer-Encoding: ${coding}`)), 'HTTP_LENGTH_AND_ENCODING');
    }
  }
});

test('refuses a Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)', () => {
  for (const coding of ['chunked', 'gzip', 'gzip, chunked']) assert.equal(refusalOf(oldRequest(`Transfer-Encoding: ${coding}`)), 'HTTP_BAD_TRANSFER_ENCODING');
  assert.equal(refusalOf(oldRequest('Transfer-Encoding: chunked', 'Content-Length: 5')), 'HTTP_LENGTH_AND_ENCODING');
});

// Connection (RFC 9112 §9.3).

const CONNECTIONS = [
  // Connection, kept in HTTP/1.1, kept in HTTP/1.0
  [undefined, true, false],
  ['', true, false],
  ['close', false, false],
  ['Close', false, false],
  ['keep-alive', true, true],
  ['Keep-Alive', true, true],
  ['keep-alive, close', false, false],
  ['close, keep-alive', false, false],
  ['upgrade', true, false],
  ['Upgrade, close', false, false],
  ['foo,\tKEEP-ALIVE ,bar', true, true],
  ['closed', true, false],
  ['close\xa0', true, false],
] as const;

test('tells whether the connection outlives the request', () => {
  for (const [connection, in11, in10] of CONNECTIONS) {
    assert.equal(keepsAlive(connection, false), in11, `${connection} in 1.1`);
    assert.equal(keepsAlive(connection, true), in10, `${connection} in 1.0`);
    const lines = connection === undefined ? [] : [`Connection: ${connection}`];
    assert.equal(headOf(request(...lines)).keepsAlive, in11, `${connection} in a request of 1.1`);
    assert.equal(headOf(oldRequest(...lines)).keepsAlive, in10, `${connection} in a request of 1.0`);
  }
});

test('reads several Connection lines as one list', () => {
  assert.equal(headOf(request('Connection: keep-alive', 'connection: close')).keepsAlive, false);
  assert.equal(headOf(oldRequest('Connection: foo', 'CONNECTION: keep-alive')).keepsAlive, true);
});

// Expect (RFC 9110 §10.1.1).

test('tells a client that waits for 100 Continue, in any case', () => {
  for (const value of ['100-continue', '100-Continue', ' 100-CONTINUE\t']) assert.equal(headOf(`${request('Content-Length: 1', `Expect:${value}`)}x`).expectsContinue, true);
  assert.equal(headOf(`${request('Content-Length: 1')}x`).expectsContinue, false);
});

test('ignores the expectation of 100 Continue in HTTP/1.0', () => {
  assert.equal(headOf(`${oldRequest('Content-Length: 1', 'Expect: 100-continue')}x`).expectsContinue, false);
});

test('takes an expectation for the list that it is', () => {
  const expects = (...lines: string[]): boolean => headOf(`${request('Content-Length: 1', ...lines)}x`).expectsContinue;
  assert.equal(expects('Expect: 100-continue, 100-Continue,'), true);
  assert.equal(expects('Expect: 100-continue', 'Expect: 100-continue'), true);
  assert.equal(expects('Expect:'), false);
  assert.equal(expects('Expect: ,'), false);
});

test('refuses an expectation that it does not know', () => {
  for (const value of ['200-ok', '100-continue, x', 'x, 100-continue', '100', '100-continue;q=1']) assert.equal(refusalOf(request(`Expect: ${value}`)), 'HTTP_UNKNOWN_EXPECTATION', value);
});

// Upgrade (RFC 9110 §7.8).

test('tells a client that asks for WebSocket', () => {
  const asked = (...lines: string[]): boolean => headOf(request(...lines)).isWebSocketUpgrade;
  for (const value of ['websocket', 'WebSocket', 'h2c, websocket', 'websocket,']) assert.equal(asked(`Upgrade: ${value}`), true, value);
  for (const value of ['', 'h2c', 'websockets', 'websocket/13', 'web socket']) assert.equal(asked(`Upgrade: ${value}`), false, value);
  assert.equal(asked('Upgrade: h2c', 'Upgrade: websocket'), true);
  assert.equal(asked('X-Upgrade: websocket'), false);
});

test('ignores an Upgrade in HTTP/1.0', () => {
  assert.equal(headOf(oldRequest('Upgrade: websocket', 'Connection: Upgrade')).isWebSocketUpgrade, false);
});
