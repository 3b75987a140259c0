/** §2 Conformance and §3 Terminology: what may be written, how errors and versions are met, and that requests stand alone. */

import type { Handler, HeaderFields } from 'longwire';
import { asChannel, UsageError } from 'longwire';
import type { Case, Rule } from '../../support/rfc.js';
import { request } from '../../support/requests.js';

/** Sends a response that must be refused at the call, and then one that says so. */
function sends(response: object): Handler {
  return (incoming) => {
    const channel = asChannel(incoming);
    try {
      channel.send(response);
    } catch (error) {
      channel.send(error instanceof UsageError ? 'refused at the call' : 'another error');
    }
    return channel;
  };
}

function refusesAtTheCall(what: string, response: object): Case {
  return {
    name: `refuses ${what} with a UsageError at the call, behind which the application can still answer`,
    bytes: request(),
    handler: sends(response),
    answered: [{ status: 200, body: 'refused at the call' }],
  };
}

function refusesTheResult(what: string, response: object): Case {
  return {
    name: `answers 500 to a handler that returns ${what}, and writes nothing of it`,
    bytes: request(),
    handler: () => response,
    answered: [
      {
        status: 500,
        head: ['HTTP/1.1 500 Internal Server Error', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 21', 'Connection: close'],
        body: 'Internal Server Error',
      },
    ],
    closes: true,
    reports: 1,
  };
}

const WRONG_FIELDS: readonly (readonly [what: string, headers: HeaderFields])[] = [
  ['a field name with a space', { 'X A': '1' }],
  ['a field name with a colon', { 'X-A: 1': '1' }],
  ['a field name with CR LF', { 'X-A: 1\r\nX-B': '1' }],
  ['a field name with a NUL', { 'X\0': '1' }],
  ['a field name beyond ASCII', { 'X-Ä': '1' }],
  ['an empty field name', { '': '1' }],
  ['a field value with CR LF', { 'X-A': '1\r\nX-B: 2' }],
  ['a field value with a bare CR', { 'X-A': '1\r2' }],
  ['a field value with a bare LF', { 'X-A': '1\nX-B: 2' }],
  ['a field value that ends with CR LF CR LF', { 'X-A': '1\r\n\r\nHTTP/1.1 200 OK' }],
  ['a field value with a NUL', { 'X-A': '1\0' }],
  ['a field value with DEL', { 'X-A': '1\x7f' }],
  ['a field value with ESC', { 'X-A': '\x1b[31m' }],
  ['a field value beyond latin1, whose low byte is LF', { 'X-A': '\u010a' }],
  ['a second field value with CR LF', { 'Set-Cookie': ['a=1', 'b=2\r\nX: y'] }],
  ['a pair whose value has LF', [['X-A', '1\n']]],
  ['a Content-Length that is no number in digits', { 'Content-Length': '+5' }],
  ['a Connection that is no list of tokens', { Connection: 'close; x' }],
];

const WRONG_STATUSES = [99, 100, 101, 199, 600, 999, 200.5, NaN, '200'] as const;

export const REQUIREMENTS: readonly Rule[] = [
  {
    section: '2.2',
    level: 'MUST NOT',
    rule: 'A sender generates nothing that does not match its grammar: whatever the application gives.',
    cases: [
      ...WRONG_FIELDS.map(([what, headers]) => refusesAtTheCall(what, { headers })),
      ...WRONG_FIELDS.slice(0, 8).map(([what, headers]) => refusesTheResult(what, { headers, body: 'x' })),
      ...WRONG_STATUSES.map((status) => refusesAtTheCall(`the status ${String(status)} of type ${typeof status}`, { status })),
      {
        name: 'sends a field value with every byte that may stand in one, as it is',
        bytes: request(),
        handler: () => ({ headers: { 'X-A': 'a\t !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~\x80\xe9\xff' }, body: new Uint8Array() }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'X-A: a\t !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~\x80\xe9\xff', 'Content-Length: 0'] }],
      },
      {
        name: 'sends a field name with every character of a token',
        bytes: request(),
        handler: () => ({ headers: { "!#$%&'*+-.^_`|~aZ09": '' }, body: new Uint8Array() }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', "!#$%&'*+-.^_`|~aZ09: ", 'Content-Length: 0'] }],
      },
      {
        name: 'sends a status without a registered phrase, and the space behind it',
        bytes: request(),
        handler: () => ({ status: 299 }),
        answered: [{ status: 299, head: ['HTTP/1.1 299 ', 'Content-Length: 0'] }],
      },
    ],
  },
  {
    section: '2.2',
    level: 'MUST NOT',
    rule: 'A sender generates nothing whose meaning it knows to be false: a Content-Length that is not that of the body.',
    cases: [
      {
        name: 'sends the length that a whole body has, whatever the application declares',
        bytes: request(),
        handler: () => ({ headers: { 'Content-Length': 3 }, body: 'hello' }),
        answered: [{ status: 200, fields: { 'content-length': '5' }, body: 'hello' }],
      },
      {
        name: 'cuts a streamed body that is shorter than its declared length',
        bytes: request(),
        handler: () => ({ headers: { 'Content-Length': 9 }, body: ['hello'] }),
        answered: [{ status: 200, fields: { 'content-length': '9' }, isCut: true, raw: 'hello' }],
        closes: true,
        reports: 1,
      },
      {
        name: 'cuts a streamed body ahead of the piece that is beyond its declared length',
        bytes: request(),
        handler: () => ({ headers: { 'Content-Length': 6 }, body: ['hello', 'world'] }),
        answered: [{ status: 200, fields: { 'content-length': '6' }, isCut: true, raw: 'hello' }],
        closes: true,
        reports: 1,
      },
    ],
  },
  {
    section: '2.2',
    level: 'MUST NOT',
    rule: 'A sender generates nothing that only another role may: a response has no field of a request, an origin server adds no Via.',
    cases: [
      {
        name: 'adds nothing to a response but Date, Content-Type and what frames it',
        bytes: request(),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'], body: 'hello' }],
      },
    ],
  },
  {
    section: '2.3',
    level: 'MUST',
    rule: 'A recipient can parse elements at least as long as those it generates itself.',
    because: 'the server generates no element of a request; what the application may generate is longer than no limit, and its limits are options',
  },
  {
    section: '2.3',
    level: 'SHOULD',
    rule: 'A recipient parses defensively, and expects neither that an element matches its grammar nor that it fits into a buffer.',
    heldBy: [{ file: 'http/parser.fuzz.test.ts', name: 'finds the same in mutated requests, whole and in random pieces' }],
  },
  {
    section: '2.4',
    level: 'MUST',
    rule: 'A recipient interprets an element by the semantics that are defined for it.',
    because: 'it is the sum of all other rules',
  },
  {
    section: '2.4',
    level: 'MAY',
    rule: 'A recipient may recover a usable element from an invalid construct; this one does not, and refuses it.',
    cases: [
      { name: 'refuses a request line with two spaces', bytes: 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', refused: 'HTTP_BAD_REQUEST_LINE' },
      { name: 'refuses white space ahead of a colon', bytes: request('/', 'X-A : 1\r\n'), refused: 'HTTP_BAD_FIELD_NAME' },
      { name: 'refuses a line that ends with a bare LF', bytes: 'GET / HTTP/1.1\nHost: a\r\n\r\n', refused: 'HTTP_BARE_LF' },
    ],
  },
  {
    section: '2.5',
    level: 'ought to',
    rule: 'A version is two digits with a dot between them, behind the name HTTP in capitals.',
    cases: [
      ...['HTTP/1.10', 'HTTP/11', 'HTTP/1', 'HTTP/1.', 'HTTP/.1', 'http/1.1', 'HTTP/1,1', 'HTTPS/1.1', 'HTTP/a.b', 'HTTP/01.1'].map(
        (version): Case => ({ name: `refuses the version ${version}`, bytes: `GET / ${version}\r\nHost: a\r\n\r\n`, refused: 'HTTP_BAD_VERSION' }),
      ),
      { name: 'refuses a request line without a version', bytes: 'GET /\r\n\r\n', refused: 'HTTP_BAD_REQUEST_LINE' },
    ],
  },
  {
    section: '3.3',
    level: 'MUST NOT',
    rule: 'A server does not take two requests of one connection to be of the same user agent: each is understood in isolation.',
    cases: [
      {
        name: 'hands over the second request of a connection without anything of the first',
        bytes: `GET /a?b HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nCookie: c=d\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n`,
        parsed: [
          { target: '/a?b', handed: { authority: 'a', headers: { host: 'a', authorization: 'Basic YTpi', cookie: 'c=d' } } },
          { target: '/', handed: { authority: 'b', query: '', headers: { host: 'b' } } },
        ],
      },
      {
        name: 'hands over the third request of a connection like the first, though the second was another',
        bytes: `GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n`,
        parsed: [{ fields: ['Host', 'a'] }, { fields: ['Host', 'a', 'X-A', '1'] }, { fields: ['Host', 'a'] }],
      },
    ],
  },
];
