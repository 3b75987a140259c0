/** Field lines are read from their text in any case of their names, joined as node:http joins them, and reach no prototype. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { FieldLines, fieldValue, listElements, listNames, NO_FIELDS, startsWithName } from '#src/http/headers.js';

function fieldLines(...lines: string[]): FieldLines {
  const text = lines.map((line) => `${line}\r\n`).join('');
  return new FieldLines(text, 0, text.length);
}

test('finds a field by its name in lower case, in whatever case it was sent', () => {
  for (const sent of ['x-name', 'X-Name', 'X-NAME', 'x-nAmE']) {
    const fields = fieldLines('Host: a', `${sent}: value`, 'Other: b');
    assert.equal(fields.get('x-name'), 'value', sent);
    assert.equal(fields.toObject()['x-name'], 'value', sent);
  }
});

test('finds no field whose name only begins, ends or resembles', () => {
  const fields = fieldLines('X-Names: a', 'XX-Name: b', 'X_Name: c', 'Y: x-name: d', 'X^Y: e');
  assert.equal(fields.get('x-name'), undefined);
  assert.equal(fields.get('name'), undefined);
  assert.equal(fields.get('x~y'), undefined, '^ and ~ differ by 0x20 and are no letters');
  assert.equal(fields.get(''), undefined);
  assert.equal(fields.get(`x${'-'.repeat(10_000)}`), undefined);
});

test('finds no field by a text that is more than its name', () => {
  const fields = fieldLines('A: b:c', 'D: e', 'F: g:h');
  for (const name of ['a: b', 'a: b:c\r\nd', 'd: e\r\nf: g']) assert.equal(fields.get(name), undefined, JSON.stringify(name));
});

test('reads only the lines between its bounds', () => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\nX: c\r\n';
  const fields = new FieldLines(text, text.indexOf('Host'), text.indexOf('\r\n\r\n') + 2);
  assert.deepEqual(fields.toArray(), ['Host', 'a', 'X', 'b']);
  assert.equal(fields.get('x'), 'b');
});

test('gives names as sent and values without the white space around them', () => {
  const fields = fieldLines('Host:a', 'X-Empty:', 'X-Blank: \t ', 'X-Text: \t a \t b \t ', 'X-Text: \xa0c\xa0');
  assert.deepEqual(fields.toArray(), ['Host', 'a', 'X-Empty', '', 'X-Blank', '', 'X-Text', 'a \t b', 'X-Text', '\xa0c\xa0']);
  assert.equal(fields.get('x-empty'), '');
  assert.equal(fields.get('x-text'), 'a \t b, \xa0c\xa0');
});

test('gives an object without a prototype, which no field name can reach', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];
  const fields = fieldLines(...names.map((name) => `${name}: polluted`), '__PROTO__: twice');
  const object = fields.toObject();
  assert.equal(Object.getPrototypeOf(object), null);
  assert.deepEqual(Object.keys(object), names.map((name) => name.toLowerCase()));
  assert.equal(object['__proto__'], 'polluted, twice');
  assert.equal(fields.get('__proto__'), 'polluted, twice');
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  assert.equal(fieldLines('Host: a').toObject()['constructor'], undefined);
});

test('gives nothing where there are no fields', () => {
  assert.deepEqual(NO_FIELDS.toArray(), []);
  assert.deepEqual(Object.keys(NO_FIELDS.toObject()), []);
  assert.equal(NO_FIELDS.get('host'), undefined);
});

test('joins fields that are sent twice as node:http does', async (t) => {
  const names = [
    'Age', 'Authorization', 'Content-Type', 'ETag', 'Expires', 'From', 'If-Modified-Since', 'If-Unmodified-Since', 'Last-Modified', 'Location',
    'Max-Forwards', 'Proxy-Authorization', 'Referer', 'Retry-After', 'Server', 'User-Agent', 'Cookie', 'Accept', 'Accept-Language', 'Cache-Control',
    'Date', 'Forwarded', 'If-None-Match', 'Range', 'Sec-WebSocket-Protocol', 'Upgrade-Insecure-Requests', 'Vary', 'Via', 'X-Forwarded-For', 'X-Other',
  ];
  const lines = ['Host: a', ...names.flatMap((name) => [`${name}: one`, `${name.toUpperCase()}: two`, `${name.toLowerCase()}:`])];
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(`GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const [request] = (await once(server, 'request')) as [{ headers: Record<string, string>; rawHeaders: string[] }];

  const fields = fieldLines(...lines);
  assert.deepEqual({ ...fields.toObject() }, { ...request.headers });
  assert.deepEqual(fields.toArray(), request.rawHeaders);
  for (const [name, value] of Object.entries(request.headers)) assert.equal(fields.get(name), value, name);
});

test('takes the first Host and the first Content-Length', () => {
  const fields = fieldLines('Host: a', 'Content-Length: 1', 'host: b', 'content-length: 2');
  assert.deepEqual({ ...fields.toObject() }, { host: 'a', 'content-length': '1' });
});

test('trims SP and HTAB and nothing else', () => {
  assert.equal(fieldValue('\xa0 a \v', 0, 5), '\xa0 a \v');
  assert.equal(fieldValue('ab \t cd', 2, 5), '');
  assert.equal(fieldValue(' a ', 1, 1), '');
});

test('compares a name at its place, up to the end of the text', () => {
  assert.equal(startsWithName('xxHost', 2, 'host'), true);
  assert.equal(startsWithName('Hos', 0, 'host'), false);
  assert.equal(startsWithName('H\x4fST', 0, 'host'), true);
  assert.equal(startsWithName('[', 0, '{'), false);
});

test('reads the members of a list in lower case, without empty ones (RFC 9110 §5.6.1)', () => {
  assert.deepEqual(listElements(' Chat ,,v1\t'), ['Chat', 'v1'], 'a list of names with case keeps it');
  assert.deepEqual(listNames('Close'), ['close']);
  assert.deepEqual(listNames(' a ,\tB,,c\t, '), ['a', 'b', 'c']);
  assert.deepEqual(listNames('a b, \xa0c'), ['a b', '\xa0c']);
  assert.deepEqual(listNames(''), []);
  assert.deepEqual(listNames(' , ,'), []);
});
