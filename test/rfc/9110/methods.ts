/** §9 Methods. */

import type { Handler } from 'longwire';
import { asChannel } from 'longwire';
import type { Case, Rule } from '../../support/rfc.js';
import { post, postChunked, request } from '../../support/requests.js';

const THE_RESOURCE = 'the application\'s: the server does not know the resource';

/** The fields of a response to GET: those to HEAD are the same, but for what says how the content is framed. */
interface SameFields {
  readonly name: string;
  readonly handler: Handler;
  readonly head: readonly string[];
  readonly body: string;
  /** Fields that only a response with content has. */
  readonly onlyGet?: readonly string[];
}

const SAME_FIELDS: readonly SameFields[] = [
  { name: 'text', handler: () => 'hello', head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'], body: 'hello' },
  { name: 'bytes', handler: () => ({ body: Uint8Array.of(104, 105) }), head: ['HTTP/1.1 200 OK', 'Content-Length: 2'], body: 'hi' },
  { name: 'large bytes', handler: () => ({ body: Buffer.alloc(100_000, 'x') }), head: ['HTTP/1.1 200 OK', 'Content-Length: 100000'], body: 'x'.repeat(100_000) },
  { name: 'no body', handler: () => ({ headers: { ETag: '"a"' } }), head: ['HTTP/1.1 200 OK', 'ETag: "a"', 'Content-Length: 0'], body: '' },
  { name: 'nothing', handler: () => undefined, head: ['HTTP/1.1 404 Not Found', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 9'], body: 'Not Found' },
  {
    name: 'a response with fields of its own',
    handler: () => ({ status: 410, headers: { 'X-A': '1', 'Set-Cookie': ['a=1', 'b=2'], Vary: 'Accept' }, body: 'gone' }),
    head: ['HTTP/1.1 410 Gone', 'X-A: 1', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Vary: Accept', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 4'],
    body: 'gone',
  },
  { name: 'a stream', handler: () => ({ headers: { 'X-A': '1' }, body: ['hel', 'lo'] }), head: ['HTTP/1.1 200 OK', 'X-A: 1'], onlyGet: ['Transfer-Encoding: chunked'], body: 'hello' },
  { name: 'a stream of declared length', handler: () => ({ headers: { 'Content-Length': 5 }, body: ['hel', 'lo'] }), head: ['HTTP/1.1 200 OK', 'Content-Length: 5'], body: 'hello' },
  {
    name: 'what a channel sends whole',
    handler: (incoming) => {
      const channel = asChannel(incoming);
      channel.send({ status: 201, headers: { Location: '/a' }, body: 'made' });
      return channel;
    },
    head: ['HTTP/1.1 201 Created', 'Location: /a', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 4'],
    body: 'made',
  },
  {
    name: 'what a channel streams',
    handler: (incoming) => {
      const channel = asChannel(incoming);
      channel.send({ headers: { 'X-A': '1' }, body: 'hel' }, false);
      channel.send('lo');
      return channel;
    },
    head: ['HTTP/1.1 200 OK', 'X-A: 1', 'Content-Type: text/html; charset=utf-8'],
    onlyGet: ['Transfer-Encoding: chunked'],
    body: 'hello',
  },
];

const toGetAndHead = ({ name, handler, head, onlyGet = [], body }: SameFields): Case[] => [
  { name: `sends ${name} to GET`, bytes: request(), handler, answered: [{ status: Number(head[0]!.slice(9, 12)), head: [...head, ...onlyGet], body }] },
  { name: `sends the same fields, and no content, to HEAD for ${name}`, bytes: request('/', '', { method: 'HEAD' }), handler, answered: [{ status: Number(head[0]!.slice(9, 12)), head, body: '' }] },
];

const refusedHead = (name: string, bytes: string, status: number): Case => ({
  name: `answers ${status} without content to HEAD ${name}`,
  bytes,
  answered: [{ status, fields: { 'content-length': /^\d+$/, connection: 'close' }, body: '' }],
  closes: true,
});

const connect = (target: string, fields = ''): string => request(target, fields, { method: 'CONNECT' });

export const METHODS: readonly Rule[] = [
  {
    section: '9.1',
    level: 'MUST',
    rule: 'A server for all purposes supports GET and HEAD.',
    cases: [
      { name: 'hands GET to the handler', bytes: request(), parsed: { method: 'GET' } },
      { name: 'hands HEAD to the handler', bytes: request('/', '', { method: 'HEAD' }), parsed: { method: 'HEAD' } },
    ],
  },
  {
    section: '9.1',
    level: 'ought to',
    rule: 'A method is a token, case-sensitive; there may be others than are known.',
    cases: [
      ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'get', 'Head', 'connect', 'X', 'M-SEARCH', "!#$%&'*+-.^_`|~09"].map(
        (method): Case => ({ name: `hands ${method} to the handler as it was sent`, bytes: request('/', '', { method }), parsed: { method } }),
      ),
      { name: 'sends content to a method that is not HEAD, but resembles it', bytes: request('/', '', { method: 'head' }), answered: [{ status: 200, body: 'hello' }] },
      ...['G@T', 'GE(T', 'G,T', 'GET"', 'G\xc9T'].map((method): Case => ({ name: `refuses the method ${method}, which is no token`, bytes: request('/', '', { method }), refused: 'HTTP_BAD_METHOD' })),
    ],
  },
  {
    section: '9.1',
    level: 'SHOULD',
    rule: 'An origin server answers 501 to a method that it does not know, and 405 to one that the resource does not allow.',
    because: 'the application\'s: every method but a CONNECT that is not handled reaches the handler',
  },
  { section: '9.2.1', level: 'MUST', rule: 'Where a URI selects an action that is not safe, its owner allows it with no safe method.', because: THE_RESOURCE },
  {
    section: '9.3.1',
    level: 'ought to',
    rule: 'Content of a GET has no meaning, but is framed like any other: it is never taken for the next request.',
    cases: [
      { name: 'hands the content of a GET over', bytes: post('/', 'hello').replace('POST', 'GET'), parsed: { method: 'GET', body: 'hello' } },
      {
        name: 'discards the content of a GET that nobody reads, though it looks like a request',
        bytes: post('/', request('/evil')).replace('POST', 'GET') + request('/next'),
        handler: ({ path }) => path,
        answered: [
          { status: 200, body: '/' },
          { status: 200, body: '/next' },
        ],
      },
      { name: 'hands the chunks of a GET over', bytes: `${postChunked('/').replace('POST', 'GET')}5\r\nhello\r\n0\r\n\r\n`, parsed: { method: 'GET', body: 'hello' } },
    ],
  },
  {
    section: '9.3.2',
    level: 'MUST NOT',
    rule: 'A server sends no content in a response to HEAD, also where it refuses the request.',
    cases: [
      refusedHead('that expects what is not known', request('/', 'Expect: x\r\n', { method: 'HEAD' }), 417),
      refusedHead('without Host', 'HEAD / HTTP/1.1\r\n\r\n', 400),
      refusedHead('with a coding that is not known', request('/', 'Transfer-Encoding: gzip, chunked\r\n', { method: 'HEAD' }), 501),
      refusedHead('with fields that are too large', request('/', `X-A: ${'a'.repeat(9_000)}\r\n`, { method: 'HEAD' }), 431),
      refusedHead('of a version that is not spoken here', request('/', '', { method: 'HEAD', version: '2.0' }), 505),
      {
        name: 'answers 500 without content to HEAD where the handler throws',
        bytes: request('/', '', { method: 'HEAD' }),
        handler: () => {
          throw new Error('thrown by the handler');
        },
        answered: [{ status: 500, fields: { 'content-length': '21' } }],
        closes: true,
        reports: 1,
      },
    ],
  },
  {
    section: '9.3.2',
    level: 'SHOULD',
    rule: 'A server sends to HEAD the fields that it would send to GET, but for those that come of making the content.',
    cases: SAME_FIELDS.flatMap(toGetAndHead),
  },
  {
    section: '9.3.2',
    level: 'ought to',
    rule: 'Content of a HEAD is framed like any other.',
    cases: [
      {
        name: 'discards the content of a HEAD that nobody reads',
        bytes: post('/', request('/evil')).replace('POST', 'HEAD') + request('/next'),
        handler: ({ path }) => path,
        answered: [{ status: 200 }, { status: 200, body: '/next' }],
      },
    ],
  },
  { section: '9.3.3', level: 'SHOULD', rule: 'An origin server answers 201 with Location to a POST that made a resource.', because: THE_RESOURCE },
  { section: '9.3.4', level: 'MUST', rule: 'An origin server answers 201 to a PUT that made a resource, 200 or 204 to one that changed it, and 3xx where it wants the change elsewhere.', because: THE_RESOURCE },
  { section: '9.3.4', level: 'MUST NOT', rule: 'An origin server sends no validator in answer to a PUT unless it saved the representation as it came.', because: 'the application\'s: the server makes no validators' },
  { section: '9.3.5', level: 'SHOULD', rule: 'An origin server answers 202, 204 or 200 to a DELETE that succeeds.', because: THE_RESOURCE },
  {
    section: '9.3.6',
    level: 'MUST',
    rule: 'A server rejects a CONNECT to an empty or invalid port.',
    cases: [
      ...['a', 'a:', 'a:b', 'a:65536', 'a:-1', 'a:99999999', ':443', 'a:443/', 'user@a:443', '[::1]', '[::1]:'].map(
        (target): Case => ({ name: `refuses CONNECT ${target}`, bytes: connect(target), refused: 'HTTP_BAD_TARGET' }),
      ),
      { name: 'takes CONNECT to an IPv6 address with a port', bytes: connect('[::1]:443'), parsed: { method: 'CONNECT', target: '[::1]:443' } },
    ],
  },
  {
    section: '9.3.6',
    level: 'MAY',
    rule: 'An origin server may accept CONNECT; most do not implement it.',
    cases: [
      { name: 'answers 501 to a CONNECT that nobody handles, and closes', bytes: connect('a:443'), handler: () => undefined, answered: [{ status: 501, body: 'Not Implemented', fields: { connection: 'close' } }], closes: true },
      { name: 'answers 501 to a CONNECT that is answered like any other request', bytes: connect('a:443'), answered: [{ status: 501, body: 'hello', fields: { connection: 'close' } }], closes: true },
      { name: 'leaves the refusal of the application', bytes: connect('a:443'), handler: () => ({ status: 403, body: 'no' }), answered: [{ status: 403, body: 'no', fields: { connection: 'close' } }], closes: true },
    ],
  },
  {
    section: '9.3.6',
    level: 'MUST NOT',
    rule: 'A server sends neither Transfer-Encoding nor Content-Length in a 2xx to CONNECT.',
    cases: [
      {
        name: 'sends nothing behind the head of a 200, whatever its body',
        bytes: connect('a:443'),
        handler: () => ({ status: 200, headers: { 'Content-Length': 5 }, body: 'hello' }),
        answered: [{ status: 200, fields: { 'content-length': null, 'transfer-encoding': null, connection: 'close' }, raw: '' }],
        closes: true,
      },
      {
        name: 'sends nothing behind the head of a 200, whatever its stream',
        bytes: connect('a:443'),
        handler: () => ({ status: 200, body: ['hello'] }),
        answered: [{ status: 200, fields: { 'content-length': null, 'transfer-encoding': null, connection: 'close' }, raw: '' }],
        closes: true,
      },
    ],
  },
  {
    section: '9.3.7',
    level: 'ought to',
    rule: 'OPTIONS with an asterisk is about the server and does nothing.',
    cases: [
      { name: 'hands OPTIONS * to the handler', bytes: request('*', '', { method: 'OPTIONS' }), parsed: { method: 'OPTIONS', target: '*' } },
      { name: 'answers OPTIONS without content with a length of 0', bytes: request('*', '', { method: 'OPTIONS' }), handler: () => ({ headers: { Allow: 'GET' } }), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Allow: GET', 'Content-Length: 0'] }] },
    ],
  },
  { section: '9.3.7', level: 'SHOULD', rule: 'A server names in answer to OPTIONS the features that the resource has, such as Allow.', because: THE_RESOURCE },
  {
    section: '9.3.8',
    level: 'SHOULD',
    rule: 'The final recipient of TRACE sends back what it received, without fields that may be confidential.',
    because: 'the application\'s: TRACE reaches the handler, and nothing is sent back unless it wants so',
  },
];
