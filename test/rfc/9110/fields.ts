/** §5 Fields: their names, lines, order, limits and values, and the rules that many of them share. */

import type { Case, Rule } from '../../support/rfc.js';
import { postChunked, request } from '../../support/requests.js';

const refusesValue = (what: string, value: string): Case => ({ name: `refuses a field value with ${what}`, bytes: request('/', `X-A: ${value}\r\n`), refused: 'HTTP_BAD_FIELD_VALUE' });

const CONTROLS = [...Array.from({ length: 32 }, (_, code) => code).filter((code) => ![0, 9, 10, 13].includes(code)), 127];

export const FIELDS: readonly Rule[] = [
  {
    section: '5.1',
    level: 'ought to',
    rule: 'Field names are case-insensitive tokens.',
    cases: [
      { name: 'takes Host in any case', bytes: 'GET / HTTP/1.1\r\nhOsT: a\r\n\r\n', parsed: { fields: ['hOsT', 'a'], handed: { authority: 'a', headers: { host: 'a' } } } },
      { name: 'takes Content-Length in any case', bytes: 'POST / HTTP/1.1\r\nHost: a\r\nCONTENT-length: 5\r\n\r\nhello', parsed: { body: 'hello' } },
      { name: 'takes Transfer-Encoding in any case', bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n', parsed: { body: 'hello' } },
      { name: 'takes Connection in any case', bytes: request('/', 'cONNECTION: cLOSE\r\n'), parsed: { keepsAlive: false } },
      { name: 'hands a name over in lower case, and as it was sent', bytes: request('/', 'X-MiXed: A\r\n'), parsed: { fields: ['Host', 'localhost', 'X-MiXed', 'A'], handed: { headers: { host: 'localhost', 'x-mixed': 'A' } } } },
      { name: 'takes every character of a token in a name', bytes: request('/', "!#$%&'*+-.^_`|~09azAZ: 1\r\n"), parsed: { fields: ['Host', 'localhost', "!#$%&'*+-.^_`|~09azAZ", '1'] } },
      ...['(', ')', ',', '/', ';', '<', '=', '>', '?', '@', '[', '\\', ']', '{', '}', '"', '\x80', '\xe9'].map(
        (character): Case => ({ name: `refuses a name with ${JSON.stringify(character)}`, bytes: request('/', `X${character}A: 1\r\n`), refused: 'HTTP_BAD_FIELD_NAME' }),
      ),
    ],
  },
  {
    section: '5.1',
    level: 'SHOULD',
    rule: 'A recipient ignores fields that it does not know.',
    cases: [
      {
        name: 'serves a request with fields that nobody knows, and hands them over',
        bytes: request('/', 'X-Unheard-Of: 1\r\nContent-Lengths: 7\r\nTransfer-Encoding2: gzip\r\n'),
        parsed: { body: '', fields: ['Host', 'localhost', 'X-Unheard-Of', '1', 'Content-Lengths', '7', 'Transfer-Encoding2', 'gzip'] },
      },
    ],
  },
  {
    section: '5.2',
    level: 'ought to',
    rule: 'The value of a field that stands on several lines is that of all lines in order, separated by commas.',
    cases: [
      { name: 'joins two lines of a field with a comma, in order', bytes: request('/', 'X-A: 1\r\nX-B: 3\r\nx-a: 2\r\n'), parsed: { handed: { headers: { host: 'localhost', 'x-a': '1, 2', 'x-b': '3' } } } },
      { name: 'joins lines of which one is empty', bytes: request('/', 'X-A: 1\r\nX-A:\r\nX-A: 2\r\n'), parsed: { handed: { headers: { host: 'localhost', 'x-a': '1, , 2' } } } },
      { name: 'reads several lines of Connection as one list', bytes: request('/', 'Connection: x\r\nConnection: close\r\n'), parsed: { keepsAlive: false } },
    ],
  },
  {
    section: '5.3',
    level: 'MUST NOT',
    rule: 'A sender generates no field twice unless its value is a list, or it is Set-Cookie, whose lines are not joined.',
    cases: [
      {
        name: 'sends Set-Cookie on a line for each cookie',
        bytes: request(),
        handler: () => ({ headers: { 'Set-Cookie': ['a=1', 'b=2; Path=/'] }, body: new Uint8Array() }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Set-Cookie: a=1', 'Set-Cookie: b=2; Path=/', 'Content-Length: 0'] }],
      },
      {
        name: 'sends no field twice that the application has given in another case',
        bytes: request('/', '', { version: '1.0' }),
        handler: () => ({ headers: { 'content-TYPE': 'text/plain', DATE: 'Thu, 01 Jan 2026 00:00:00 GMT', 'content-length': 2, connection: 'close' }, body: 'hi' }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'content-TYPE: text/plain', 'DATE: Thu, 01 Jan 2026 00:00:00 GMT', 'Content-Length: 2', 'Connection: close'], body: 'hi' }],
        closes: true,
      },
    ],
  },
  {
    section: '5.3',
    level: 'MUST NOT',
    rule: 'A server does not apply a request before it has its whole header section.',
    cases: [
      { name: 'calls no handler for a head without its empty line', bytes: 'DELETE / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n', answered: [], clientEnds: true, closes: true, served: 0 },
      { name: 'calls no handler for a head whose empty line lacks its LF', bytes: 'DELETE / HTTP/1.1\r\nHost: a\r\n\r', answered: [], clientEnds: true, closes: true, served: 0 },
    ],
  },
  {
    section: '5.4',
    level: 'MUST',
    rule: 'A server answers 4xx to a field line, a value or a set of fields that is larger than it wishes to process.',
    cases: [
      { name: 'refuses a field line over 8 KiB', bytes: request('/', `X-A: ${'a'.repeat(8_192)}\r\n`), refused: 'HTTP_HEAD_TOO_LARGE' },
      { name: 'refuses fields over 16 KiB together', bytes: request('/', `X-A: ${'a'.repeat(4_000)}\r\n`.repeat(5)), refused: 'HTTP_HEAD_TOO_LARGE' },
      { name: 'refuses more than 100 fields', bytes: request('/', 'X-A: 1\r\n'.repeat(100)), refused: 'HTTP_TOO_MANY_FIELDS' },
      { name: 'takes 100 fields', bytes: request('/', 'X-A: 1\r\n'.repeat(99)), parsed: { target: '/' } },
      { name: 'answers 431 to fields that are too large', bytes: request('/', `X-A: ${'a'.repeat(8_192)}\r\n`), answered: [{ status: 431, body: 'Request Header Fields Too Large' }], closes: true },
      { name: 'refuses trailers over 16 KiB together', bytes: `${postChunked('/')}0\r\n${`X-A: ${'a'.repeat(4_000)}\r\n`.repeat(5)}\r\n`, refused: 'HTTP_HEAD_TOO_LARGE' },
    ],
  },
  {
    section: '5.5',
    level: 'MUST',
    rule: 'White space ahead of a value and behind it is no part of it.',
    cases: [
      { name: 'takes a value without the SP and HTAB around it', bytes: request('/', 'X-A: \t  a \t b\t \r\n'), parsed: { fields: ['Host', 'localhost', 'X-A', 'a \t b'] } },
      { name: 'takes a value of white space alone for an empty one', bytes: request('/', 'X-A: \t \r\nX-B:\r\n'), parsed: { fields: ['Host', 'localhost', 'X-A', '', 'X-B', ''] } },
      { name: 'takes a Content-Length without the white space around it', bytes: 'POST / HTTP/1.1\r\nHost: \ta \r\nContent-Length:  5\t\r\n\r\nhello', parsed: { body: 'hello', handed: { authority: 'a' } } },
    ],
  },
  {
    section: '5.5',
    level: 'MUST',
    rule: 'A recipient refuses a value with CR, LF or NUL, or replaces them by SP; this one refuses it.',
    cases: [
      refusesValue('a NUL', 'a\0b'),
      refusesValue('a NUL at its end', 'a\0'),
      refusesValue('a bare CR', 'a\rb'),
      refusesValue('a bare CR at its beginning', '\ra'),
      refusesValue('a CR ahead of the CR LF', 'a\r'),
      { name: 'refuses a field value with a bare LF', bytes: request('/', 'X-A: a\nX-B: b\r\n'), refused: 'HTTP_BARE_LF' },
      { name: 'refuses a NUL in a trailer', bytes: `${postChunked('/')}0\r\nX-A: \0\r\n\r\n`, refused: 'HTTP_BAD_FIELD_VALUE' },
    ],
  },
  {
    section: '5.5',
    level: 'ought to',
    rule: 'A value with another control character is invalid.',
    cases: CONTROLS.map((code) => refusesValue(`the byte ${code}`, `a${String.fromCharCode(code)}b`)),
  },
  {
    section: '5.5',
    level: 'SHOULD',
    rule: 'A recipient takes bytes beyond ASCII in a value for opaque data.',
    cases: [
      { name: 'hands every byte beyond ASCII over as it is', bytes: request('/', `X-A: ${String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i))}\r\n`), parsed: { fields: ['Host', 'localhost', 'X-A', String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i))] } },
      { name: 'takes a no-break space at the end of a value for a part of it', bytes: request('/', 'X-A: a\xa0\r\n'), parsed: { fields: ['Host', 'localhost', 'X-A', 'a\xa0'] } },
    ],
  },
  {
    section: '5.6.1.1',
    level: 'MUST NOT',
    rule: 'A sender generates no empty elements of a list.',
    cases: [
      {
        name: 'names in Connection what stays of the options of the application, and nothing empty',
        bytes: request(),
        handler: () => ({ headers: { Connection: ', keep-alive, ,X-Hop,', 'X-Hop': '1', Upgrade: 'a' }, body: new Uint8Array() }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'X-Hop: 1', 'Upgrade: a', 'Content-Length: 0', 'Connection: Upgrade, X-Hop'] }],
      },
    ],
  },
  {
    section: '5.6.1.2',
    level: 'MUST',
    rule: 'A recipient ignores a reasonable number of empty elements in a list.',
    cases: [
      { name: 'ignores empty elements in Connection', bytes: request('/', 'Connection: , ,close,,\r\n'), parsed: { keepsAlive: false } },
      { name: 'ignores empty elements in Transfer-Encoding', bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , ,chunked, ,\r\n\r\n5\r\nhello\r\n0\r\n\r\n', parsed: { body: 'hello' } },
      { name: 'ignores empty elements in Upgrade', bytes: request('/', 'Connection: Upgrade\r\nUpgrade: , ,websocket,\r\n'), parsed: { isWebSocketUpgrade: true } },
      { name: 'ignores empty elements in Expect, and takes one of nothing else for none', bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: , ,\r\n\r\nhello', parsed: { expectsContinue: false, body: 'hello' } },
      {
        name: 'ignores empty elements beside 100-continue',
        bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: ,100-continue, ,\r\nExpect: 100-continue\r\n\r\nhello',
        answered: [{ status: 200, fields: { connection: 'close' }, body: 'hello' }],
        closes: true,
      },
      { name: 'takes a Connection of nothing but empty elements for an empty one', bytes: request('/', 'Connection: , ,\r\n'), parsed: { keepsAlive: true } },
    ],
  },
  {
    section: '5.6.3',
    level: 'MUST',
    rule: 'A recipient removes bad white space, where the grammar has it for the sake of old senders.',
    cases: [
      { name: 'reads a chunk extension with bad white space around its parts', bytes: `${postChunked('/')}5 ; a = b ; c\r\nhello\r\n0\r\n\r\n`, parsed: { body: 'hello' } },
    ],
  },
  {
    section: '5.6.4',
    level: 'MUST',
    rule: 'A recipient that processes a quoted string takes a quoted pair for the octet behind the backslash.',
    because: 'the server processes the value of no quoted string: those of chunk extensions are skipped, all others are handed to the application as they are',
  },
  {
    section: '5.6.7',
    level: 'MUST',
    rule: 'A sender generates dates as IMF-fixdate, with no white space beyond that of the grammar.',
    cases: [
      {
        name: 'sends the date as an IMF-fixdate',
        bytes: request(),
        answered: [{ status: 200, fields: { date: /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} [0-2]\d:[0-5]\d:[0-6]\d GMT$/ } }],
      },
    ],
  },
  {
    section: '5.6.7',
    level: 'MUST',
    rule: 'A recipient that parses a date accepts all three formats.',
    because: 'the application\'s: the server parses no date of a request',
  },
];
