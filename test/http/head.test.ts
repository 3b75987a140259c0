/** Which heads are requests, and for every other the rule it breaks first: RFC 9112 §2.2, §3 and §5, and the limits of a head. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP_ERRORS } from '#src/http/errors.js';
import { headOf, LIMITS, parseEveryWay, refusalOf } from '../support/http-events.js';

/** A head of these lines, the first of which is the request line. */
const head = (...lines: string[]): string => [...lines, '', ''].join('\r\n');
const withTarget = (method: string, target: string): string => head(`${method} ${target} HTTP/1.1`, 'Host: a');
const withField = (...lines: string[]): string => head('GET / HTTP/1.1', 'Host: a', ...lines);

// The request line (RFC 9112 §3).

const REQUEST_LINES = {
  'a target that is missing, as in HTTP/0.9': ['GET /', 'HTTP_BAD_REQUEST_LINE'],
  'a method alone': ['GET', 'HTTP_BAD_REQUEST_LINE'],
  'no spaces': ['GET/HTTP/1.1', 'HTTP_BAD_REQUEST_LINE'],
  'tabs for spaces': ['GET\t/\tHTTP/1.1', 'HTTP_BAD_REQUEST_LINE'],
  'two spaces ahead of the target': ['GET  / HTTP/1.1', 'HTTP_BAD_REQUEST_LINE'],
  'two spaces ahead of the version': ['GET /  HTTP/1.1', 'HTTP_BAD_REQUEST_LINE'],
  'a space in the target': ['GET /a b HTTP/1.1', 'HTTP_BAD_REQUEST_LINE'],
  'a space at its end': ['GET / HTTP/1.1 ', 'HTTP_BAD_REQUEST_LINE'],
  'a bare CR at its end': ['GET / HTTP/1.1\r', 'HTTP_BAD_VERSION'],
  'a version in lower case': ['GET / http/1.1', 'HTTP_BAD_VERSION'],
  'a version of two digits': ['GET / HTTP/1.10', 'HTTP_BAD_VERSION'],
  'a version without a minor one': ['GET / HTTP/1', 'HTTP_BAD_VERSION'],
  'a version of another protocol': ['GET / RTSP/1.0', 'HTTP_BAD_VERSION'],
  'HTTP/2.0': ['GET / HTTP/2.0', 'HTTP_UNSUPPORTED_VERSION'],
  'HTTP/0.9': ['GET / HTTP/0.9', 'HTTP_UNSUPPORTED_VERSION'],
  'a colon in the method': ['GE:T / HTTP/1.1', 'HTTP_BAD_METHOD'],
  'a NUL in the method': ['GE\0T / HTTP/1.1', 'HTTP_BAD_METHOD'],
  'a bare CR in the method': ['GE\rT / HTTP/1.1', 'HTTP_BAD_METHOD'],
  'a byte over 127 in the method': ['GE\xe9T / HTTP/1.1', 'HTTP_BAD_METHOD'],
} as const;

for (const [name, [line, code]] of Object.entries(REQUEST_LINES)) {
  test(`refuses a request line with ${name}`, () => {
    assert.equal(refusalOf(head(line, 'Host: a')), code);
  });
}

test('takes any token for a method, as it was sent', () => {
  for (const method of ['GET', 'get', 'M-SEARCH', 'X', "!#$%&'*+-.^_`|~09aZ", 'PROPFIND'.repeat(20)]) {
    assert.equal(headOf(withTarget(method, '/')).method, method);
  }
});

test('takes a later minor version for HTTP/1.1, which is what it is answered with (RFC 9110 §2.5)', () => {
  for (const minor of [2, 3, 9]) assert.equal(headOf(head(`GET / HTTP/1.${minor}`, 'Host: a')).isHttp10, false);
});

test('judges the version ahead of the target, whose forms are those of the version', () => {
  assert.equal(refusalOf(head('GET nonsense HTTP/3.0', 'Host: a')), 'HTTP_UNSUPPORTED_VERSION');
});

test('takes HTTP/1.0 and HTTP/1.1', () => {
  assert.equal(headOf(head('GET / HTTP/1.1', 'Host: a')).isHttp10, false);
  assert.equal(headOf(head('GET / HTTP/1.0')).isHttp10, true);
});

// The target (RFC 9112 §3.2).

test('takes the four forms of a target, as they were sent', () => {
  const targets = [
    ['GET', '/'],
    ['GET', '//'],
    ['GET', '/a/../b?c=d?e&f=%20'],
    ['GET', '/"<>\\^`{|}[]'],
    ['GET', `/${'a'.repeat(4000)}`],
    ['GET', 'http://a'],
    ['GET', 'http://a?b'],
    ['PUT', 'HTTPS://a:443/b?c'],
    ['CONNECT', 'a:443'],
    ['CONNECT', '[::1]:443'],
    ['OPTIONS', '*'],
    ['OPTIONS', '/'],
  ] as const;
  for (const [method, target] of targets) assert.equal(headOf(withTarget(method, target)).target, target);
});

test('refuses a target that has none of the four forms', () => {
  const targets = [
    ['GET', 'a'],
    ['GET', '?a'],
    ['GET', '*'],
    ['OPTIONS', '**'],
    ['GET', 'a:443'],
    ['GET', 'ftp://a/'],
    ['GET', 'http:/a'],
    ['GET', 'http://'],
    ['GET', 'http:///a'],
    ['GET', 'http://user@a/'],
    ['GET', '/a#b'],
    ['GET', '/a\tb'],
    ['GET', '/a\0b'],
    ['GET', '/a\rb'],
    ['GET', '/\x7f'],
    ['GET', '/\xe9'],
    ['CONNECT', '/'],
    ['CONNECT', 'a'],
    ['CONNECT', 'a:'],
    ['CONNECT', 'a:123456'],
    ['CONNECT', 'http://a:80'],
  ] as const;
  for (const [method, target] of targets) assert.equal(refusalOf(withTarget(method, target)), 'HTTP_BAD_TARGET', `${method} ${target}`);
});

// Lines (RFC 9112 §2.2).

test('refuses a line that ends with a bare LF', () => {
  assert.equal(refusalOf('GET / HTTP/1.1\nHost: a\r\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nHost: a\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nHost: a\r\n\n'), 'HTTP_BARE_LF');
  assert.equal(refusalOf('GET / HTTP/1.1\nHost: a\n\n'), 'HTTP_BARE_LF');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n\r\n'), 'HTTP_BARE_LF');
});

test('refuses a bare CR in a field line (RFC 9112 §2.2)', () => {
  assert.equal(refusalOf(withField('X: a\rb')), 'HTTP_BAD_FIELD_VALUE');
  assert.equal(refusalOf(withField('X: a\r')), 'HTTP_BAD_FIELD_VALUE');
  assert.equal(refusalOf(withField('X: \r')), 'HTTP_BAD_FIELD_VALUE');
  assert.equal(refusalOf(withField('X\r: a')), 'HTTP_BAD_FIELD_NAME');
  assert.equal(refusalOf(withField('\rX: a')), 'HTTP_BAD_FIELD_NAME');
  assert.equal(refusalOf(withField('\r')), 'HTTP_BAD_FIELD_NAME');
});

test('does not take a bare CR for the end of a field line, so that no field hides in another', () => {
  assert.equal(refusalOf(withField('X: a\rContent-Length: 4')), 'HTTP_BAD_FIELD_VALUE');
});

// Field lines (RFC 9112 §5).

const FIELD_LINES = {
  'a space ahead of the colon': ['X : a', 'HTTP_BAD_FIELD_NAME'],
  'a tab ahead of the colon': ['X\t: a', 'HTTP_BAD_FIELD_NAME'],
  'an empty name': [': a', 'HTTP_BAD_FIELD_NAME'],
  'no colon': ['X', 'HTTP_BAD_FIELD_NAME'],
  'a NUL in the name': ['X\0Y: a', 'HTTP_BAD_FIELD_NAME'],
  'a slash in the name': ['X/Y: a', 'HTTP_BAD_FIELD_NAME'],
  'a byte over 127 in the name': ['X\xe9: a', 'HTTP_BAD_FIELD_NAME'],
  'a NUL in the value': ['X: a\0b', 'HTTP_BAD_FIELD_VALUE'],
  'a vertical tab in the value': ['X: a\x0bb', 'HTTP_BAD_FIELD_VALUE'],
  'a DEL in the value': ['X: a\x7f', 'HTTP_BAD_FIELD_VALUE'],
  'an escape in the value': ['X: \x1b[2J', 'HTTP_BAD_FIELD_VALUE'],
  'a space at its start, which folds it into the one before (RFC 9112 §5.2)': [' X: a', 'HTTP_OBSOLETE_FOLDING'],
  'a tab at its start, which folds it into the one before (RFC 9112 §5.2)': ['\tX: a', 'HTTP_OBSOLETE_FOLDING'],
  'nothing but a space': [' ', 'HTTP_OBSOLETE_FOLDING'],
} as const;

for (const [name, [line, code]] of Object.entries(FIELD_LINES)) {
  test(`refuses a field line with ${name}, wherever it stands`, () => {
    assert.equal(refusalOf(head('GET / HTTP/1.1', 'Host: a', line)), code);
    assert.equal(refusalOf(head('GET / HTTP/1.1', line, 'Host: a')), code);
  });
}

test('takes every byte that a value may hold, and no white space around it', () => {
  const lines = { 'X:a': 'a', 'X:': '', 'X: ': '', 'X:\t \t': '', 'X: \ta b\t ': 'a b', 'X: a:b': 'a:b', 'X: \xa0\xff': '\xa0\xff', 'X: a\tb': 'a\tb' };
  for (const [line, value] of Object.entries(lines)) assert.deepEqual(headOf(withField(line)).fields.slice(2), ['X', value]);
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('').replace(/[\0-\x08\x0a-\x1f\x7f]/g, '');
  assert.deepEqual(headOf(withField(`X: a${all}z`)).fields.slice(2), ['X', `a${all}z`]);
});

test('reports the rule that is broken first, in the order in which the bytes came', () => {
  assert.equal(refusalOf(head('GET /', 'X : a', 'Y: \0')), 'HTTP_BAD_REQUEST_LINE');
  assert.equal(refusalOf(head('GET / HTTP/1.1', 'X : a', 'Y: \0')), 'HTTP_BAD_FIELD_NAME');
  assert.equal(refusalOf(head('GET / HTTP/1.1', 'Y: \0', 'X : a')), 'HTTP_BAD_FIELD_VALUE');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nX : a\r\nY: b\n\r\n'), 'HTTP_BAD_FIELD_NAME');
  assert.equal(refusalOf('GET / HTTP/1.1\r\nY: b\nX : a\r\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(refusalOf(head('GET / HTTP/1.1', 'Y: \0')), 'HTTP_BAD_FIELD_VALUE', 'what is missing comes last');
});

// Limits.

const SMALL = { maxLineBytes: 40, maxHeadBytes: 100, maxHeaderCount: 4 };

test('takes a request line as long as the limit, and refuses one byte more', () => {
  const line = (length: number): string => head(`GET /${'a'.repeat(length - 'GET / HTTP/1.1'.length)} HTTP/1.1`, 'Host: a');
  assert.equal(headOf(line(40), SMALL).method, 'GET');
  assert.equal(refusalOf(line(41), SMALL), 'HTTP_LINE_TOO_LONG');
  assert.equal(headOf(line(LIMITS.maxLineBytes)).method, 'GET');
  assert.equal(refusalOf(line(LIMITS.maxLineBytes + 1)), 'HTTP_LINE_TOO_LONG');
});

test('takes a field line as long as the limit, and refuses one byte more', () => {
  const field = (length: number): string => withField(`X: ${'a'.repeat(length - 3)}`);
  assert.equal(headOf(field(40), SMALL).fields.length, 4);
  assert.equal(refusalOf(field(41), SMALL), 'HTTP_HEAD_TOO_LARGE');
  assert.equal(headOf(field(LIMITS.maxLineBytes)).fields.length, 4);
  assert.equal(refusalOf(field(LIMITS.maxLineBytes + 1)), 'HTTP_HEAD_TOO_LARGE');
});

/** Field lines of this size together, their ends included, behind a `Host`. */
const fieldsOf = (size: number): string[] => ['Host: a', `X: ${'a'.repeat(30)}`, `Y: ${'a'.repeat(30)}`, `Z: ${'a'.repeat(size - 9 - 35 - 35 - 5)}`];

test('takes field lines as large together as the limit, and refuses one byte more', () => {
  assert.equal(head('', ...fieldsOf(100)).length, 100 + 4);
  assert.equal(headOf(head('GET / HTTP/1.1', ...fieldsOf(100)), SMALL).fields.length, 8);
  assert.equal(refusalOf(head('GET / HTTP/1.1', ...fieldsOf(101)), SMALL), 'HTTP_HEAD_TOO_LARGE');
  assert.equal(refusalOf(head('GET / HTTP/1.1', ...fieldsOf(104)), SMALL), 'HTTP_HEAD_TOO_LARGE');
});

test('takes as many field lines as the limit, and refuses one more', () => {
  assert.equal(headOf(withField('X: 1', 'X: 2', 'X: 3'), SMALL).fields.length, 8);
  assert.equal(refusalOf(withField('X: 1', 'X: 2', 'X: 3', 'X: 4'), SMALL), 'HTTP_TOO_MANY_FIELDS');
  assert.equal(headOf(withField(...Array<string>(99).fill('X:'))).fields.length, 200);
  assert.equal(refusalOf(withField(...Array<string>(100).fill('X:'))), 'HTTP_TOO_MANY_FIELDS');
});

test('refuses a line that is too long before its end has come', () => {
  assert.deepEqual(parseEveryWay(`GET /${'a'.repeat(38)}`, SMALL), { events: [], error: 'HTTP_LINE_TOO_LONG' });
  assert.deepEqual(parseEveryWay(`GET / HTTP/1.1\r\nX: ${'a'.repeat(40)}`, SMALL), { events: [], error: 'HTTP_HEAD_TOO_LARGE' });
});

test('refuses field lines that are too large before their end has come', () => {
  assert.deepEqual(parseEveryWay(`${head('GET / HTTP/1.1', ...fieldsOf(100)).slice(0, -2)}X: a`, SMALL), { events: [], error: 'HTTP_HEAD_TOO_LARGE' });
});

test('reports a limit that is passed, and not what is wrong behind it, in whatever pieces the bytes come', () => {
  const fields = fieldsOf(90).join('\r\n');
  const tooLarge = {
    'a bare LF': `GET / HTTP/1.1\r\n${fields}\r\nLast: ${'a'.repeat(20)}\n\r\n`,
    'a control character': `GET / HTTP/1.1\r\n${fields}\r\nLast: ${'a'.repeat(20)}\0\r\n\r\n`,
    'no field name': `GET / HTTP/1.1\r\n${fields}\r\n${'a'.repeat(30)}\r\n\r\n`,
  };
  for (const [name, text] of Object.entries(tooLarge)) assert.equal(refusalOf(text, { ...SMALL, maxHeaderCount: 9 }), 'HTTP_HEAD_TOO_LARGE', name);
  assert.equal(refusalOf(`GET /${'a'.repeat(50)} HTTP/1.1\nHost: a\r\n\r\n`, SMALL), 'HTTP_LINE_TOO_LONG');
  assert.equal(refusalOf(`GET / HTTP/1.1\r\nX: ${'a'.repeat(50)}\nHost: a\r\n\r\n`, SMALL), 'HTTP_HEAD_TOO_LARGE');
  assert.equal(refusalOf(`GET / HTTP/1.1\r\nX : a\r\nX: ${'a'.repeat(50)}\r\n\r\n`, SMALL), 'HTTP_BAD_FIELD_NAME', 'what is wrong ahead of it counts');
});


test('answers every code with the status that its rule owes', () => {
  const owed = { HTTP_LINE_TOO_LONG: 414, HTTP_HEAD_TOO_LARGE: 431, HTTP_TOO_MANY_FIELDS: 431, HTTP_UNSUPPORTED_VERSION: 505, HTTP_BARE_LF: 400, HTTP_BAD_TARGET: 400 } as const;
  for (const [code, status] of Object.entries(owed)) assert.equal(HTTP_ERRORS[code as keyof typeof owed].status, status);
});
