/** §2 Message: how a message is read, and its version. */

import { refusals, type Rule } from '../../support/rfc.js';
import { chunk, postChunked, request } from '../../support/requests.js';

/** Every byte that a value may hold beside ASCII. */
const OBS_TEXT = Array.from({ length: 0x80 }, (_, i) => String.fromCharCode(0x80 + i)).join('');

export const MESSAGE: readonly Rule[] = [
  {
    section: '2.1',
    level: 'MUST',
    rule: 'A message is a start line, field lines, an empty line, and perhaps a body.',
    cases: [
      {
        name: 'takes a request line and one field',
        bytes: 'GET /a HTTP/1.1\r\nHost: b\r\n\r\n',
        parsed: { method: 'GET', target: '/a', version: '1.1', fields: ['Host', 'b'], body: '', framing: { kind: 'none' } },
      },
      {
        name: 'takes a request line without any field in HTTP/1.0',
        bytes: 'GET /a HTTP/1.0\r\n\r\n',
        parsed: { method: 'GET', target: '/a', version: '1.0', fields: [], body: '', framing: { kind: 'none' } },
      },
      {
        name: 'takes a body behind the empty line',
        bytes: 'POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 6\r\n\r\n\r\n\r\n\r\n',
        parsed: { method: 'POST', body: '\r\n\r\n\r\n', framing: { kind: 'length', length: 6 } },
      },
    ],
  },
  {
    section: '2.2',
    level: 'MUST',
    rule: 'A message is read as octets, not as text in some encoding.',
    cases: [
      {
        name: 'takes bytes over 127 in a field value one for one, whatever encoding they could be in',
        bytes: request('/', `X-Bytes: a${OBS_TEXT}b\r\n`),
        parsed: { fields: ['Host', 'localhost', 'X-Bytes', `a${OBS_TEXT}b`] },
      },
      { name: 'takes no byte sequence of UTF-8 for a line end', bytes: request('/', 'X-Bytes: \xe5\x98\x8a\xe5\x98\x8dX-Other: 1\r\n'), parsed: { fields: ['Host', 'localhost', 'X-Bytes', '\xe5\x98\x8a\xe5\x98\x8dX-Other: 1'] } },
      ...refusals('HTTP_BAD_TARGET', { 'a target with bytes over 127': request('/\xc3\xa9') }),
      ...refusals('HTTP_BAD_METHOD', { 'a byte order mark ahead of the request line': `\xef\xbb\xbf${request()}` }),
    ],
  },
  {
    section: '2.2',
    level: 'MAY',
    rule: 'A recipient may take a single LF for the end of a line; this server does not.',
    cases: refusals('HTTP_BARE_LF', {
      'a request whose lines all end with LF': 'GET / HTTP/1.1\nHost: a\n\n',
      'a request line that ends with LF': 'GET / HTTP/1.1\nHost: a\r\n\r\n',
      'a field line that ends with LF': 'GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n',
      'an empty line that ends with LF': 'GET / HTTP/1.1\r\nHost: a\r\n\n',
      'a field line that ends with LF CR': 'GET / HTTP/1.1\r\nHost: a\n\r\n\r\n',
      'a line of a chunk size that ends with LF': `${postChunked('/')}1\na\r\n0\r\n\r\n`,
      'a last chunk that ends with LF': `${postChunked('/')}0\n\r\n`,
      'an empty line behind the trailers that ends with LF': `${postChunked('/')}0\r\n\n`,
      'a trailer that ends with LF': `${postChunked('/')}0\r\nX-A: 1\n\r\n`,
    }),
  },
  {
    section: '2.2',
    level: 'MUST',
    rule: 'A CR without its LF makes what it stands in invalid.',
    cases: [
      ...refusals('HTTP_BAD_METHOD', { 'a CR in a method': 'GE\rT / HTTP/1.1\r\nHost: a\r\n\r\n' }),
      ...refusals('HTTP_BAD_TARGET', { 'a CR in a target': 'GET /\ra HTTP/1.1\r\nHost: a\r\n\r\n' }),
      ...refusals('HTTP_BAD_VERSION', { 'a second CR at the end of the request line': 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n' }),
      ...refusals('HTTP_BAD_FIELD_NAME', { 'a CR in a field name': 'GET / HTTP/1.1\r\nHost: a\r\nX\r-A: 1\r\n\r\n', 'a CR ahead of a field name': 'GET / HTTP/1.1\r\n\rHost: a\r\n\r\n' }),
      ...refusals('HTTP_BAD_FIELD_VALUE', {
        'a CR in a field value, with what looks like a field behind it': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\rContent-Length: 5\r\n\r\n',
        'a second CR at the end of a field line': 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n',
        'a CR in a trailer': `${postChunked('/')}0\r\nX-A: 1\r2\r\n\r\n`,
      }),
      ...refusals('HTTP_BAD_CHUNK_EXTENSION', { 'a CR in a chunk extension': `${postChunked('/')}1;a\rb\r\na\r\n0\r\n\r\n`, 'a CR behind a chunk size': `${postChunked('/')}1\r\r\na\r\n0\r\n\r\n` }),
      ...refusals('HTTP_BAD_CHUNK_END', { 'a CR without LF behind the data of a chunk': `${postChunked('/')}1\r\na\r0\r\n\r\n` }),
    ],
  },
  {
    section: '2.2',
    level: 'MUST NOT',
    rule: 'A sender writes no CR without its LF outside of a body.',
    heldBy: [
      { file: 'http/response.test.ts', name: 'refuses the field value "a\\rb", in every form' },
      { file: 'http/response.test.ts', name: 'refuses every field name that is no token' },
    ],
  },
  {
    section: '2.2',
    level: 'SHOULD',
    rule: 'A server skips at least one empty line that stands ahead of a request line; this one skips up to eight.',
    cases: [
      { name: 'skips an empty line ahead of the first request', bytes: `\r\n${request('/a')}`, parsed: { method: 'GET', target: '/a' } },
      { name: 'skips eight empty lines ahead of a request', bytes: `${'\r\n'.repeat(8)}${request('/a')}`, parsed: { method: 'GET', target: '/a' } },
      {
        name: 'skips an empty line that an old client sends behind a body',
        bytes: `POST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\nx\r\n${request('/b')}`,
        parsed: [{ target: '/a', body: 'x' }, { target: '/b' }],
      },
      ...refusals('HTTP_BAD_REQUEST_LINE', { 'nine empty lines ahead of a request': `${'\r\n'.repeat(9)}${request()}` }),
      ...refusals('HTTP_BAD_METHOD', { 'a line with nothing but LF ahead of a request': `\n${request()}`, 'a line with nothing but a space ahead of a request': ` \r\n${request()}` }),
    ],
  },
  {
    section: '2.2',
    level: 'MUST NOT',
    rule: 'A sender puts no white space between the start line and the first field.',
    cases: [{ name: 'writes the first field right behind the status line', bytes: request(), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'], body: 'hello' }] }],
  },
  {
    section: '2.2',
    level: 'MUST',
    rule: 'White space between the request line and the first field is refused, or its lines are dropped; this server refuses.',
    cases: refusals('HTTP_OBSOLETE_FOLDING', {
      'a space ahead of the first field': 'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
      'a tab ahead of the first field': 'GET / HTTP/1.1\r\n\tHost: a\r\n\r\n',
      'a line of white space ahead of the first field': 'GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n',
      'a folded line ahead of the first field that hides another': 'GET / HTTP/1.1\r\n X-A: 1\r\nHost: a\r\nContent-Length: 5\r\n\r\n',
    }),
  },
  {
    section: '2.2',
    level: 'SHOULD',
    rule: 'Bytes that are no HTTP message are answered with 400, and the connection is closed.',
    cases: [
      ...refusals('HTTP_BAD_REQUEST_LINE', {
        'a line of text': 'hello\r\n\r\n',
        'a request line of HTTP/0.9': 'GET /\r\n\r\n',
        'the greeting of a mail client': 'EHLO example.org\r\n\r\n',
      }),
      ...refusals('HTTP_BAD_METHOD', { 'a NUL': '\0\0\0\0\r\n\r\n', 'a JSON document': '{"method":"GET"}\r\n\r\n', 'a first byte over 127': '\x80\x01\r\n\r\n' }),
      ...refusals('HTTP_TLS_ON_PLAIN_PORT', { 'a TLS handshake on a plain port': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' }),
      ...refusals('HTTP_BAD_FIELD_NAME', { 'a line without a colon among the fields': request('/', 'hello\r\n') }),
      {
        name: 'closes behind an error, with the same status as every client sees',
        bytes: 'hello\r\n\r\n',
        answered: [{ status: 400, head: ['HTTP/1.1 400 Bad Request', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 11', 'Connection: close'], body: 'Bad Request' }],
        closes: true,
        served: 0,
      },
      { name: 'answers what was valid ahead of an error first', bytes: `${request()}hello\r\n\r\n`, answered: [{ status: 200, body: 'hello' }, { status: 400 }], closes: true, served: 1 },
    ],
  },
  {
    section: '2.3',
    level: 'MUST',
    rule: 'A version is HTTP/, a digit, a dot and a digit, in exactly this case.',
    cases: [
      { name: 'takes HTTP/1.1', bytes: request('/'), parsed: { version: '1.1' } },
      { name: 'takes HTTP/1.0', bytes: request('/', '', { version: '1.0' }), parsed: { version: '1.0' } },
      ...refusals('HTTP_BAD_VERSION', {
        'a version in lower case': 'GET / http/1.1\r\nHost: a\r\n\r\n',
        'a version in mixed case': 'GET / Http/1.1\r\nHost: a\r\n\r\n',
        'a minor version of two digits': request('/', '', { version: '1.10' }),
        'a major version of two digits': request('/', '', { version: '11.1' }),
        'a version with zeros ahead': request('/', '', { version: '01.1' }),
        'a version without a minor one': request('/', '', { version: '1' }),
        'a version without a digit behind the dot': request('/', '', { version: '1.' }),
        'a version with a comma': request('/', '', { version: '1,1' }),
        'a version with a sign': request('/', '', { version: '+1.1' }),
        'a version with a hex digit': request('/', '', { version: '1.A' }),
        'a version with a digit that is none of ASCII': request('/', '', { version: '1.\xb9' }),
        'another protocol': 'GET / ICY/1.1\r\nHost: a\r\n\r\n',
        'no version behind the second space': 'GET / \r\nHost: a\r\n\r\n',
      }),
      ...refusals('HTTP_BAD_REQUEST_LINE', { 'white space within a version': 'GET / HTTP/ 1.1\r\nHost: a\r\n\r\n' }),
    ],
  },
  {
    section: '2.3',
    level: 'SHOULD',
    rule: 'A later minor version is served as the latest that is known; another major version is refused with 505.',
    cases: [
      { name: 'serves HTTP/1.2 as HTTP/1.1', bytes: request('/', '', { version: '1.2' }), parsed: { version: '1.1', keepsAlive: true } },
      { name: 'serves HTTP/1.9 as HTTP/1.1', bytes: request('/', '', { version: '1.9' }), parsed: { version: '1.1', keepsAlive: true } },
      { name: 'takes chunks in HTTP/1.2', bytes: `${postChunked('/').replace('1.1', '1.2')}${chunk('ab')}${chunk('')}`, parsed: { body: 'ab', framing: { kind: 'chunked' } } },
      ...refusals('HTTP_UNSUPPORTED_VERSION', {
        'HTTP/2.0': request('/', '', { version: '2.0' }),
        'HTTP/3.0': request('/', '', { version: '3.0' }),
        'HTTP/0.9 as a version': request('/', '', { version: '0.9' }),
        'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      }),
    ],
  },
  {
    section: '2.3',
    level: 'SHOULD',
    rule: 'The version of a response is the highest that the server conforms to, whatever minor version the request has.',
    cases: [
      { name: 'answers HTTP/1.0 with HTTP/1.1', bytes: request('/', '', { version: '1.0' }), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5', 'Connection: close'] }], closes: true },
      { name: 'answers HTTP/1.9 with HTTP/1.1', bytes: request('/', '', { version: '1.9' }), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'] }] },
      { name: 'answers HTTP/2.0 with HTTP/1.1', bytes: request('/', '', { version: '2.0' }), answered: [{ status: 505, head: ['HTTP/1.1 505 HTTP Version Not Supported', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 26', 'Connection: close'] }], closes: true, served: 0 },
    ],
  },
];
