/** §2 to §4 and §6: what may be written, versions, identifiers, and the parts of a message. */

import type { Handler, HeaderFields } from 'longwire';
import { asChannel, UsageError } from 'longwire';
import type { Case, Rule } from '../../support/rfc.js';
import { post, postChunked, request } from '../../support/requests.js';

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

const HTTPS_OF_THE_HANDSHAKE = 'the TLS library of Node presents the certificates and verifies those of clients, as the options say';

export const IDENTIFIERS: readonly Rule[] = [
  {
    section: '4.1',
    level: 'SHOULD',
    rule: 'Recipients support URIs of at least 8,000 octets.',
    cases: [
      { name: 'takes a target of 8,000 octets', bytes: request(`/${'a'.repeat(7_999)}`), parsed: { target: `/${'a'.repeat(7_999)}` } },
      { name: 'takes an absolute target of 8,000 octets', bytes: request(`http://a/${'b'.repeat(7_991)}`), parsed: { target: `http://a/${'b'.repeat(7_991)}` } },
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'A recipient rejects an http URI with an empty host.',
    cases: ['http:///', 'http:///a', 'http://', 'http://:80/', 'http://?a', 'HTTP:///'].map(
      (target): Case => ({ name: `refuses the target ${target}`, bytes: request(target), refused: 'HTTP_BAD_TARGET' }),
    ),
  },
  {
    section: '4.2.2',
    level: 'MUST',
    rule: 'A recipient rejects an https URI with an empty host.',
    cases: ['https:///a', 'https://', 'https://:443/', 'https://?a'].map(
      (target): Case => ({ name: `refuses the target ${target}`, bytes: request(target), refused: 'HTTP_BAD_TARGET' }),
    ),
  },
  {
    section: '4.2.3',
    level: 'ought to',
    rule: 'Scheme and host of a URI are case-insensitive, an empty path is that of the root.',
    cases: [
      { name: 'takes the scheme of a target in any case', bytes: request('HtTp://EXAMPLE.com'), parsed: { target: 'HtTp://EXAMPLE.com', handed: { path: '/', authority: 'EXAMPLE.com' } } },
      { name: 'takes an empty path ahead of a query for the root', bytes: request('http://a?b=c'), parsed: { handed: { path: '/', query: 'b=c', authority: 'a' } } },
    ],
  },
  {
    section: '4.2.4',
    level: 'SHOULD',
    rule: 'A recipient takes userinfo in an http or https URI for an error.',
    cases: ['http://user@a/', 'http://user:password@a/', 'https://@a/', 'http://a:80@b/', 'http://a%40b@c/'].map(
      (target): Case => ({ name: `refuses the target ${target}`, bytes: request(target), refused: 'HTTP_BAD_TARGET' }),
    ),
  },
  {
    section: '4.3.3',
    level: 'ought to',
    rule: 'An origin server verifies that the requests on its connections are for resources of which it wants to be the origin.',
    because: 'the application\'s: the server does not know of which origins it is; `request.authority` and `request.scheme` tell what was asked for',
  },
  {
    section: '4.3.5',
    level: 'SHOULD',
    rule: 'A server that knows by other means who its clients must be checks their identity.',
    because: HTTPS_OF_THE_HANDSHAKE,
  },
];

/** The request with a trailer section behind its chunked body. */
const withTrailers = (fields: string, trailers: string): string => `${postChunked('/', fields)}5\r\nhello\r\n0\r\n${trailers}\r\n`;

export const ABSTRACTION: readonly Rule[] = [
  {
    section: '6.1',
    level: 'ought to',
    rule: 'A message is complete when all octets that its framing indicates have come; one that is not is never taken for it.',
    cases: [
      { name: 'hands over exactly the octets that a Content-Length indicates', bytes: post('/', 'hello'), parsed: { body: 'hello', framing: { kind: 'length', length: 5 } } },
      { name: 'hands over exactly the octets of the chunks', bytes: withTrailers('', ''), parsed: { body: 'hello', framing: { kind: 'chunked' } } },
      {
        name: 'answers nothing to a handler that waits for a body which its client ends too early',
        bytes: post('/', 'hello').slice(0, -1),
        handler: (incoming) => incoming.text(),
        answered: [],
        clientEnds: true,
        closes: true,
      },
    ],
  },
  {
    section: '6.2',
    level: 'SHOULD',
    rule: 'A server answers with the highest version it conforms to whose major version is not beyond that of the request.',
    cases: [
      { name: 'answers HTTP/1.1 to HTTP/1.1', bytes: request(), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'] }] },
      {
        name: 'answers HTTP/1.1 to HTTP/1.0',
        bytes: request('/', '', { version: '1.0' }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5', 'Connection: close'] }],
        closes: true,
      },
      { name: 'answers HTTP/1.1 to a later minor version', bytes: request('/', '', { version: '1.7' }), answered: [{ status: 200, body: 'hello' }] },
    ],
  },
  {
    section: '6.2',
    level: 'MUST NOT',
    rule: 'A server sends no version that it does not conform to.',
    cases: [
      {
        name: 'answers HTTP/1.1 to a major version that is not spoken here',
        bytes: request('/', '', { version: '3.0' }),
        answered: [{ status: 505, body: 'HTTP Version Not Supported', fields: { connection: 'close' } }],
        closes: true,
      },
    ],
  },
  {
    section: '6.2',
    level: 'SHOULD',
    rule: 'A recipient processes a higher minor version of a major version it implements like the highest that it implements.',
    cases: [
      { name: 'takes HTTP/1.2 for HTTP/1.1', bytes: request('/', '', { version: '1.2' }), parsed: { version: '1.1', keepsAlive: true } },
      { name: 'takes HTTP/1.9 for HTTP/1.1, with chunks', bytes: withTrailers('', '').replace('HTTP/1.1', 'HTTP/1.9'), parsed: { version: '1.1', body: 'hello' } },
      { name: 'refuses HTTP/1.2 without a Host like HTTP/1.1', bytes: 'GET / HTTP/1.2\r\n\r\n', refused: 'HTTP_BAD_HOST' },
    ],
  },
  {
    section: '6.4.1',
    level: 'ought to',
    rule: 'Responses to HEAD, 2xx to CONNECT, and 1xx, 204 and 304 have no content; all others have, perhaps of no length.',
    cases: [
      { name: 'says that a response without a body has a content of no length', bytes: request(), handler: () => ({ status: 404 }), answered: [{ status: 404, head: ['HTTP/1.1 404 Not Found', 'Content-Length: 0'] }] },
      { name: 'sends a redirect without a body with a content of no length', bytes: request(), handler: () => ({ status: 302, headers: { Location: '/' } }), answered: [{ status: 302, head: ['HTTP/1.1 302 Found', 'Location: /', 'Content-Length: 0'] }] },
      { name: 'sends no content with a 204, whatever its body', bytes: request(), handler: () => ({ status: 204, body: 'hello' }), answered: [{ status: 204, head: ['HTTP/1.1 204 No Content'] }] },
      { name: 'sends no content with a 204, whatever its stream', bytes: request(), handler: () => ({ status: 204, body: ['hello'] }), answered: [{ status: 204, head: ['HTTP/1.1 204 No Content'] }] },
      { name: 'sends no content with a 304, whatever its body', bytes: request(), handler: () => ({ status: 304, body: 'hello' }), answered: [{ status: 304, head: ['HTTP/1.1 304 Not Modified'] }] },
    ],
  },
  {
    section: '6.5.1',
    level: 'MUST NOT',
    rule: 'A sender generates no trailer field unless its definition permits it in trailers.',
    cases: [
      {
        name: 'ends a chunked body without trailers, even for a client that takes them',
        bytes: request('/', 'TE: trailers\r\nConnection: TE\r\n'),
        handler: () => ({ headers: { Trailer: 'X-A' }, body: ['hello'] }),
        answered: [{ status: 200, raw: '5\r\nhello\r\n0\r\n\r\n' }],
      },
    ],
  },
  {
    section: '6.5.1',
    level: 'MUST NOT',
    rule: 'A recipient merges no trailer field into the header section unless its definition says how.',
    cases: [
      {
        name: 'keeps a trailer apart from the fields of the head',
        bytes: withTrailers('X-A: head\r\n', 'X-A: trailer\r\nX-B: 1\r\n'),
        parsed: {
          body: 'hello',
          fields: ['Host', 'localhost', 'Transfer-Encoding', 'chunked', 'X-A', 'head'],
          trailers: ['X-A', 'trailer', 'X-B', '1'],
          handed: { headers: { host: 'localhost', 'transfer-encoding': 'chunked', 'x-a': 'head' } },
        },
      },
      {
        name: 'lets trailers that are named like fields of framing and routing change nothing',
        bytes: withTrailers('', 'Host: evil\r\nContent-Length: 99\r\nTransfer-Encoding: gzip\r\nConnection: close\r\nExpect: x\r\nUpgrade: websocket\r\n'),
        parsed: { body: 'hello', keepsAlive: true, expectsContinue: false, isWebSocketUpgrade: false, handed: { authority: 'localhost' } },
      },
    ],
  },
  {
    section: '6.5.2',
    level: 'SHOULD NOT',
    rule: 'A server generates no trailer field that the user agent needs, unless it knows that the client takes them.',
    because: 'the server generates no trailers',
  },
  {
    section: '6.6.1',
    level: 'MUST',
    rule: 'An origin server with a clock generates a Date in all 2xx, 3xx and 4xx responses.',
    cases: [
      ...[200, 204, 205, 206, 299, 301, 304, 400, 404, 499].map(
        (status): Case => ({
          name: `sends Date with ${status}`,
          bytes: request(),
          handler: () => ({ status }),
          answered: [{ status, fields: { date: 'Thu, 01 Jan 2026 00:00:00 GMT' } }],
        }),
      ),
      { name: 'sends Date where a stream begins', bytes: request(), handler: () => ({ body: ['a'] }), answered: [{ status: 200, fields: { date: 'Thu, 01 Jan 2026 00:00:00 GMT' } }] },
      { name: 'sends Date with a refusal', bytes: 'GET / HTTP/1.1\r\n\r\n', answered: [{ status: 400, fields: { date: 'Thu, 01 Jan 2026 00:00:00 GMT' } }], closes: true },
      { name: 'sends no second Date where the application gives one', bytes: request(), handler: () => ({ headers: { date: 'Wed, 31 Dec 2025 23:59:59 GMT' } }), answered: [{ status: 200, fields: { date: 'Wed, 31 Dec 2025 23:59:59 GMT' } }] },
    ],
  },
  {
    section: '6.6.1',
    level: 'MUST NOT',
    rule: 'An origin server without a clock generates no Date.',
    because: 'the server has a clock',
  },
  {
    section: '6.6.2',
    level: 'SHOULD',
    rule: 'A sender that intends to generate trailers announces them in Trailer.',
    because: 'the server generates no trailers',
  },
];
