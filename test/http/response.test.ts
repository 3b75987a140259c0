/** What goes out: fields that are safe to send or a `UsageError`, heads byte for byte, and chunks that a decoder reads back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '#src/errors.js';
import type { HeaderFields } from '#src/http/contract.js';
import { checkStatus, encodeChunk, encodeFields, encodeHead, type HeadPlan } from '#src/http/response.js';
import { bodyOf } from '../support/http-events.js';

const lines = (headers: unknown): string => encodeFields(headers as HeaderFields).lines;

// Fields.

test('encodes fields given in every form, in their order and case', () => {
  const expected = 'X-One: 1\r\nx-two: b\r\n';
  assert.equal(lines({ 'X-One': 1, 'x-two': 'b' }), expected);
  assert.equal(lines([['X-One', '1'], ['x-two', 'b']]), expected);
  assert.equal(lines(new Map([['X-One', '1'], ['x-two', 'b']])), expected);
  assert.equal(lines(new Headers({ 'X-One': '1', 'x-two': 'b' })), 'x-one: 1\r\nx-two: b\r\n');
  assert.equal(lines(Object.assign(Object.create(null), { 'X-One': 1, 'x-two': 'b' })), expected);
});

test('sends a field with several values once for each', () => {
  assert.equal(lines({ 'Set-Cookie': ['a=1', 'b=2'] }), 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n');
  assert.equal(lines([['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']]), 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n');
  const headers = new Headers([['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']]);
  assert.equal(lines(headers), 'set-cookie: a=1\r\nset-cookie: b=2\r\n');
});

test('leaves out a field whose value is undefined, and one with no values', () => {
  assert.equal(lines({ X: undefined, Y: [], Z: '' }), 'Z: \r\n');
  assert.equal(lines(undefined), '');
  assert.equal(lines({}), '');
});

test('takes every value that can be sent', () => {
  for (const value of ['', 'a', ' a\tb ', '\x21\x7e', '\x80\xff', 'caf\xe9', 0, -1, 1.5]) assert.equal(lines({ X: value }), `X: ${value}\r\n`);
});

const BAD_VALUES = ['a\rb', 'a\nb', 'a\r\nX: b', '\r\n\r\n', '\n', '\r', '\0', 'a\x1f', '\x7f', '\u0100', '\u{1f600}', '\u010a', '\u2028'];

for (const value of BAD_VALUES) {
  test(`refuses the field value ${JSON.stringify(value)}, in every form`, () => {
    for (const headers of [{ X: value }, { X: ['a', value] }, [['X', value]], new Map([['X', value]]), { Connection: value }, { 'Content-Type': value }]) {
      assert.throws(() => encodeFields(headers as HeaderFields), UsageError);
    }
  });
}

test('refuses every field name that is no token', () => {
  for (const name of ['', ' ', 'X ', ' X', 'X:', 'X: a\r\nY', 'X\r\n', 'X\n', 'X\0', 'X\t', '(X)', 'X/Y', 'X\xe9', '\u212aey', '"X"']) {
    for (const headers of [{ [name]: 'a' }, [[name, 'a']], new Map([[name, 'a']])]) assert.throws(() => encodeFields(headers as HeaderFields), UsageError, JSON.stringify(name));
  }
});

test('refuses what is no value or no fields at all', () => {
  const wrong: unknown[] = [
    { X: null }, { X: true }, { X: {} }, { X: [null] }, { X: [undefined] }, { X: [['a']] }, { X: 1n }, { X: Symbol.iterator }, { X: () => 'a' },
    [['X']], [['X', 'a', 'b']], ['X: a'], [['X', undefined]], [['X', ['a']]], [[1, 'a']], [null],
    'X: a', 1, true, () => ({}),
  ];
  for (const headers of wrong) assert.throws(() => encodeFields(headers as HeaderFields), UsageError);
});

test('names the field that is wrong, and repeats nothing of its value', () => {
  assert.throws(() => encodeFields({ 'X-Bad': 'secret\r\n' }), (error: Error) => error.message.includes('X-Bad') && !error.message.includes('secret'));
});

test('refuses a Transfer-Encoding, which is the server\'s', () => {
  for (const headers of [{ 'Transfer-Encoding': 'chunked' }, { 'transfer-ENCODING': '' }, new Headers({ 'Transfer-Encoding': 'gzip' })]) {
    assert.throws(() => encodeFields(headers), UsageError);
  }
});

test('notes a Content-Length and leaves it to the head', () => {
  for (const [value, length] of [['5', 5], [5, 5], ['0', 0], ['999999999999999', 999999999999999]] as const) {
    const fields = encodeFields({ 'content-LENGTH': value, X: 'a' });
    assert.equal(fields.contentLength, length);
    assert.equal(fields.lines, 'X: a\r\n');
  }
  assert.equal(encodeFields({ X: 'a' }).contentLength, undefined);
});

test('refuses two Content-Length that differ, and takes two that do not', () => {
  assert.throws(() => encodeFields({ 'Content-Length': 5, 'content-length': 6 }), UsageError);
  assert.equal(encodeFields({ 'Content-Length': ['5', '05'] }).contentLength, 5);
});

test('refuses a Content-Length that is no number of bytes', () => {
  for (const value of ['', '-1', '1.5', ' 5', '5, 5', '0x5', 'five', NaN, Infinity, -0.5, 1e21, 1e16]) assert.throws(() => encodeFields({ 'Content-Length': value }), UsageError, String(value));
});

test('hears a Connection: close and leaves the field to the head', () => {
  for (const value of ['close', 'Close', 'foo, close']) {
    const fields = encodeFields({ Connection: value });
    assert.equal(fields.closes, true);
    assert.equal(fields.lines, '');
  }
  for (const value of ['keep-alive', '', 'closed']) assert.equal(encodeFields({ Connection: value }).closes, false);
  assert.equal(encodeFields([['Connection', 'close'], ['Connection', 'keep-alive']]).closes, true);
});

test('notes the connection options that name fields, and not those that are its own', () => {
  assert.deepEqual(encodeFields({ Connection: 'keep-alive, X-Hop, ,Upgrade,close' }).connectionOptions, ['X-Hop']);
  assert.deepEqual(encodeFields({ Connection: ['X-Hop', 'X-Other'] }).connectionOptions, ['X-Hop', 'X-Other']);
});

test('refuses a Connection that is no list of tokens', () => {
  for (const value of ['a b', 'close; b', 'a, "b"']) assert.throws(() => encodeFields({ Connection: value }), UsageError, value);
});

test('keeps nothing of one call for the next', () => {
  encodeFields({ 'Content-Length': 5, Connection: 'close', Date: 'x', Server: 'x', Upgrade: 'x', 'Content-Type': 'x' });
  const { lines: none, ...notes } = encodeFields(undefined);
  assert.equal(none, '');
  assert.deepEqual(notes, { hasContentType: false, hasDate: false, hasServer: false, hasUpgrade: false, contentLength: undefined, closes: false, connectionOptions: [] });
});

// Status.

test('takes a final status, and 200 for none', () => {
  for (const status of [200, 204, 299, 304, 404, 418, 500, 599]) assert.equal(checkStatus(status), status);
  assert.equal(checkStatus(undefined), 200);
});

test('refuses every other status', () => {
  for (const status of [0, 1, 99, 100, 101, 103, 199, 600, 999, 1000, -200, 200.5, NaN, Infinity, '200', null, true, [200]]) assert.throws(() => checkStatus(status), UsageError, String(status));
});

// Heads.

const PLAN: HeadPlan = {
  status: 200,
  fields: encodeFields(undefined),
  framing: { kind: 'none' },
  isText: false,
  isHttp10: false,
  keepsAlive: true,
  dateLine: 'Date: today\r\n',
  serverLine: '',
};

const HEADS: Record<string, [Partial<HeadPlan>, string]> = {
  'nothing but its status': [{}, 'HTTP/1.1 200 OK\r\nDate: today\r\n\r\n'],
  'another status': [{ status: 404 }, 'HTTP/1.1 404 Not Found\r\nDate: today\r\n\r\n'],
  'a status without a phrase, and the space behind it (RFC 9112 §4)': [{ status: 599 }, 'HTTP/1.1 599 \r\nDate: today\r\n\r\n'],
  'a length': [{ framing: { kind: 'length', length: 0 } }, 'HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 0\r\n\r\n'],
  'chunks': [{ framing: { kind: 'chunked' } }, 'HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\r\n'],
  'a body until the close': [{ framing: { kind: 'until-close' }, isHttp10: true, keepsAlive: false }, 'HTTP/1.1 200 OK\r\nDate: today\r\nConnection: close\r\n\r\n'],
  'text': [{ isText: true }, 'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nDate: today\r\n\r\n'],
  'text of a type of its own': [{ isText: true, fields: encodeFields({ 'content-TYPE': 'text/plain' }) }, 'HTTP/1.1 200 OK\r\ncontent-TYPE: text/plain\r\nDate: today\r\n\r\n'],
  'a date of its own': [{ fields: encodeFields({ date: 'then' }) }, 'HTTP/1.1 200 OK\r\ndate: then\r\n\r\n'],
  'a server': [{ serverLine: 'Server: ours\r\n' }, 'HTTP/1.1 200 OK\r\nDate: today\r\nServer: ours\r\n\r\n'],
  'a server of its own': [{ serverLine: 'Server: ours\r\n', fields: encodeFields({ SERVER: 'theirs' }) }, 'HTTP/1.1 200 OK\r\nSERVER: theirs\r\nDate: today\r\n\r\n'],
  'a connection that is kept in HTTP/1.0': [{ isHttp10: true }, 'HTTP/1.1 200 OK\r\nDate: today\r\nConnection: keep-alive\r\n\r\n'],
  'a connection that is not kept': [{ keepsAlive: false }, 'HTTP/1.1 200 OK\r\nDate: today\r\nConnection: close\r\n\r\n'],
  'an Upgrade, which Connection names (RFC 9110 §7.8)': [{ fields: encodeFields({ Upgrade: 'a' }) }, 'HTTP/1.1 200 OK\r\nUpgrade: a\r\nDate: today\r\nConnection: Upgrade\r\n\r\n'],
  'a field for this connection alone, which Connection names (RFC 9110 §7.6.1)': [
    { fields: encodeFields({ 'X-Hop': 'a', Connection: 'X-Hop' }) },
    'HTTP/1.1 200 OK\r\nX-Hop: a\r\nDate: today\r\nConnection: X-Hop\r\n\r\n',
  ],
  'a field for this connection alone in HTTP/1.0': [
    { isHttp10: true, fields: encodeFields({ Upgrade: 'a', Connection: 'X-Hop' }) },
    'HTTP/1.1 200 OK\r\nUpgrade: a\r\nDate: today\r\nConnection: keep-alive, Upgrade, X-Hop\r\n\r\n',
  ],
  'an Upgrade on a connection that is not kept': [
    { keepsAlive: false, fields: encodeFields({ Upgrade: 'a' }) },
    'HTTP/1.1 200 OK\r\nUpgrade: a\r\nDate: today\r\nConnection: close, Upgrade\r\n\r\n',
  ],
};

for (const [name, [plan, text]] of Object.entries(HEADS)) {
  test(`encodes a head with ${name}`, () => {
    assert.equal(encodeHead({ ...PLAN, ...plan }), text);
  });
}

// Chunks.

test('encodes chunks that a decoder reads back', () => {
  const pieces: (string | Uint8Array)[] = [
    'a', 'hello', 'x'.repeat(16), 'x'.repeat(4096), '\r\n0\r\n\r\n', 'caf\xe9', '\u20ac\u{1f600}', '\xff', '\ud800 alone', '\0',
    Uint8Array.of(0, 255, 13, 10), Buffer.from('buffer'), new Uint8Array(100_000).fill(7), new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  ];
  for (const piece of pieces) {
    const chunk = encodeChunk(piece);
    const wire = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
    const request = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${wire}0\r\n\r\n`;
    const expected = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : Buffer.from(piece);
    assert.equal(bodyOf(request).text, expected.toString('latin1'));
  }
});

test('encodes a chunk of ASCII as a string, and every other as bytes', () => {
  assert.equal(encodeChunk('hello world, again'), '12\r\nhello world, again\r\n');
  assert.deepEqual(encodeChunk('\xe9'), Buffer.from('2\r\n\xc3\xa9\r\n', 'latin1'));
  assert.deepEqual(encodeChunk(Uint8Array.of(1, 2)), Buffer.from('2\r\n\x01\x02\r\n'));
});
