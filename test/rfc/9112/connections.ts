/** §9 Connection Management, and what §11 Security asks beside it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Handler } from 'longwire';
import type { Rule } from '../../support/rfc.js';
import { chunk, post, postChunked, request } from '../../support/requests.js';

const asks = (fields: string, version = '1.1'): string => request('/', fields, { version });

/** The later a request comes, the sooner its handler would be done. */
const slowFirst: Handler = async ({ path }) => {
  for (let turns = path === '/1' ? 20 : path === '/2' ? 5 : 0; turns > 0; turns--) await nextTurn();
  return path;
};

const closing: Handler = () => ({ headers: { Connection: 'close' }, body: 'bye' });

export const CONNECTIONS: readonly Rule[] = [
  {
    section: '9.2',
    level: 'ought to',
    rule: 'Each request has exactly one final response, and responses have nothing but their order to tell whose they are.',
    cases: [
      { name: 'answers five requests with five responses, in order', bytes: ['/1', '/2', '/3', '/4', '/5'].map((path) => request(path)).join(''), handler: ({ path }) => path, answered: ['/1', '/2', '/3', '/4', '/5'].map((body) => ({ status: 200, body })), served: 5 },
      { name: 'answers a request whose handler fails once, and no other behind it', bytes: `${request('/1')}${request('/2')}`, handler: ({ path }) => (path === '/1' ? path : Promise.reject(new Error('failed'))), answered: [{ status: 200, body: '/1' }, { status: 500, fields: { connection: 'close' } }], closes: true, reports: 1 },
    ],
  },
  {
    section: '9.3',
    level: 'SHOULD',
    rule: 'Connection: close makes the connection end; without it, one of HTTP/1.1 persists, and one of HTTP/1.0 only with keep-alive.',
    cases: [
      { name: 'keeps HTTP/1.1 without a word', bytes: asks(''), answered: [{ status: 200, fields: { connection: null } }] },
      { name: 'keeps HTTP/1.1 with keep-alive', bytes: asks('Connection: keep-alive\r\n'), answered: [{ status: 200, fields: { connection: null } }] },
      { name: 'ends HTTP/1.1 with close', bytes: asks('Connection: close\r\n'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'ends HTTP/1.1 with close in any case', bytes: asks('connection: CLOSE\r\n'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'ends HTTP/1.1 with close among others', bytes: asks('Connection: x, close ,y\r\n'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'ends HTTP/1.1 with close in a second field', bytes: asks('Connection: x\r\nX-A: 1\r\nConnection: close\r\n'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'ends HTTP/1.1 with close and keep-alive', bytes: asks('Connection: keep-alive, close\r\n'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'keeps HTTP/1.1 with an option that only contains close', bytes: asks('Connection: closed, not-close\r\n'), answered: [{ status: 200, fields: { connection: null } }] },
      { name: 'keeps HTTP/1.1 with close as the value of another field', bytes: asks('Proxy-Connection: close\r\nKeep-Alive: timeout=0\r\n'), answered: [{ status: 200, fields: { connection: null } }] },
      { name: 'ends HTTP/1.0 without a word', bytes: asks('', '1.0'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'keeps HTTP/1.0 with keep-alive, and says so', bytes: asks('Connection: Keep-Alive\r\n', '1.0'), answered: [{ status: 200, fields: { connection: 'keep-alive' } }] },
      { name: 'ends HTTP/1.0 with keep-alive and close', bytes: asks('Connection: keep-alive\r\nConnection: close\r\n', '1.0'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'ends HTTP/1.0 with Proxy-Connection, which is no word to an origin server', bytes: asks('Proxy-Connection: keep-alive\r\n', '1.0'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'keeps a later minor version without a word', bytes: asks('', '1.5'), answered: [{ status: 200, fields: { connection: null } }] },
    ],
  },
  {
    section: '9.3',
    level: 'MUST',
    rule: 'On a connection that persists every response says where it ends.',
    cases: [
      { name: 'keeps the connection behind a body of known length', bytes: request(), handler: () => 'abc', answered: [{ status: 200, fields: { 'content-length': '3' } }] },
      { name: 'keeps the connection behind a chunked body', bytes: request(), handler: () => ({ body: ['abc'] }), answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked' }, body: 'abc' }] },
      { name: 'keeps HTTP/1.0 behind a streamed body of declared length', bytes: asks('Connection: keep-alive\r\n', '1.0'), handler: () => ({ headers: { 'Content-Length': 3 }, body: ['abc'] }), answered: [{ status: 200, fields: { connection: 'keep-alive' }, raw: 'abc' }] },
      { name: 'ends the connection behind a body that ends with the close', bytes: asks('Connection: keep-alive\r\n', '1.0'), handler: () => ({ body: ['abc'] }), answered: [{ status: 200, fields: { connection: 'close' }, raw: 'abc' }], closes: true },
    ],
  },
  {
    section: '9.3',
    level: 'MUST',
    rule: 'The body of a request is read to its end, or the connection ends: no rest of it is taken for the next request.',
    cases: [
      { name: 'reads past a body that the handler ignores, and keeps the connection', bytes: post('/', request('/smuggled')), answered: [{ status: 200, body: 'hello', fields: { connection: null } }], served: 1 },
      { name: 'reads past a chunked body that the handler ignores, and keeps the connection', bytes: `${postChunked('/')}${chunk(request('/smuggled'))}${chunk('')}`, answered: [{ status: 200, body: 'hello' }], served: 1 },
      { name: 'reads past what a handler left of a body', bytes: post('/', request('/smuggled').repeat(3)), handler: async (incoming) => `${(await incoming.body[Symbol.asyncIterator]().next()).done}`, answered: [{ status: 200, body: 'false' }], served: 1 },
      { name: 'ends the connection behind an ignored body of 100 KB', bytes: post('/', request('/smuggled').repeat(2_500)), answered: [{ status: 200, body: 'hello', fields: { connection: 'close' } }], closes: true, served: 1 },
      { name: 'ends the connection behind a body that was announced and does not come', bytes: asks('Content-Length: 70000\r\n'), answered: [{ status: 200, body: 'hello', fields: { connection: 'close' } }], closes: true, served: 1 },
      { name: 'ends the connection where a client that waits for 100 gets its answer at once', bytes: asks('Content-Length: 5\r\nExpect: 100-continue\r\n'), answered: [{ status: 200, body: 'hello', fields: { connection: 'close' } }], closes: true, served: 1 },
      {
        name: 'ends the connection where a handler answers a broken body in its own words',
        bytes: `${postChunked('/')}1\r\na\r\nx\r\n`,
        handler: (incoming) => incoming.text().catch(() => ({ status: 422, body: 'broken' })),
        answered: [{ status: 422, body: 'broken', fields: { connection: 'close' } }],
        closes: true,
        served: 1,
      },
      { name: 'ends the connection where an ignored body is broken, behind its answer', bytes: `${postChunked('/')}1\r\na\r\nx\r\n`, answered: [{ status: 200, body: 'hello' }], closes: true, served: 1 },
    ],
  },
  {
    section: '9.3.2',
    level: 'MUST',
    rule: 'Responses to pipelined requests leave in the order of the requests.',
    cases: [
      { name: 'answers in order where the first handler is the slowest', bytes: `${request('/1')}${request('/2')}${request('/3')}`, handler: slowFirst, answered: [{ status: 200, body: '/1' }, { status: 200, body: '/2' }, { status: 200, body: '/3' }], served: 3 },
      {
        name: 'answers requests of every kind in order',
        bytes: `${post('/1', 'ab')}${request('/2', '', { method: 'HEAD' })}${postChunked('/3')}${chunk('c')}${chunk('')}${request('/4')}`,
        handler: async (incoming) => (incoming.path === '/4' ? { body: ['d', 'e'] } : `${incoming.path} ${await incoming.text()}`),
        answered: [{ status: 200, body: '/1 ab' }, { status: 200, fields: { 'content-length': '3' } }, { status: 200, body: '/3 c' }, { status: 200, body: 'de' }],
        served: 4,
      },
      { name: 'takes a body for that of the request ahead of it, though its bytes look like requests', bytes: `${post('/1', request('/x'))}${request('/2')}`, handler: slowFirst, answered: [{ status: 200, body: '/1' }, { status: 200, body: '/2' }], served: 2 },
    ],
  },
  {
    section: '9.3.2',
    level: 'MAY',
    rule: 'Safe requests that are pipelined may be worked on at the same time; this server takes one after the other.',
    heldBy: [{ file: 'server/connections.test.ts', name: 'answers 16 pipelined requests in order, one at a time, with slow handlers' }],
  },
  {
    section: '9.4',
    level: 'ought to',
    rule: 'A client opens few connections at a time, and a server may limit them.',
    because: 'it binds clients; `maxConnections` and `maxConnectionsPerAddress` limit them where the application wants it',
  },
  {
    section: '9.5',
    level: 'SHOULD',
    rule: 'Slow peers are left to the flow control of the transport, rather than cut off.',
    heldBy: [
      { file: 'server/response-streams.test.ts', name: 'sends 32 MiB from a generator byte for byte to a client that reads slowly' },
      { file: 'server/request-bodies.test.ts', name: 'reads no further ahead than its buffers while the handler does not read, and then all of it' },
    ],
  },
  {
    section: '9.5',
    level: 'SHOULD',
    rule: 'A connection that is idle for too long is closed in order.',
    heldBy: [
      { file: 'server/timeouts.test.ts', name: 'closes an idle connection 65 s behind its last answer, without a word' },
      { file: 'server/timeouts.test.ts', name: 'closes a connection that never speaks after 15 s, without a word' },
    ],
  },
  {
    section: '9.5',
    level: 'SHOULD',
    rule: 'The close of a client is seen at any time, and answered with a close.',
    cases: [{ name: 'closes an idle connection behind the client', bytes: request(), clientEnds: true, answered: [{ status: 200, body: 'hello' }], closes: true, served: 1 }],
  },
  {
    section: '9.6',
    level: 'MUST',
    rule: 'Behind the response to a request with close the server closes, and serves nothing that came behind.',
    cases: [
      { name: 'closes behind a whole response to a request with close', bytes: asks('Connection: close\r\n'), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5', 'Connection: close'], body: 'hello' }], closes: true, served: 1 },
      { name: 'closes behind a streamed response to a request with close', bytes: asks('Connection: close\r\n'), handler: () => ({ body: ['ab', 'c'] }), answered: [{ status: 200, fields: { connection: 'close', 'transfer-encoding': 'chunked' }, body: 'abc' }], closes: true, served: 1 },
      { name: 'closes behind a slow response to a request with close', bytes: request('/1', 'Connection: close\r\n'), handler: slowFirst, answered: [{ status: 200, fields: { connection: 'close' }, body: '/1' }], closes: true, served: 1 },
      { name: 'takes the body of a request with close', bytes: post('/', 'ab', 'Connection: close\r\n'), handler: async (incoming) => incoming.text(), answered: [{ status: 200, fields: { connection: 'close' }, body: 'ab' }], closes: true, served: 1 },
      { name: 'serves none of two requests behind one with close', bytes: asks('Connection: close\r\n') + request('/2') + request('/3'), handler: ({ path }) => path, answered: [{ status: 200, body: '/' }], closes: true, served: 1 },
    ],
  },
  {
    section: '9.6',
    level: 'MUST',
    rule: 'Behind a response with close the server closes, and serves nothing that came behind.',
    cases: [
      { name: 'closes behind a response that the application gives close', bytes: request(), handler: closing, answered: [{ status: 200, fields: { connection: 'close' }, body: 'bye' }], closes: true, served: 1 },
      { name: 'closes behind the first of two pipelined requests that gets close', bytes: request('/1') + request('/2'), handler: closing, answered: [{ status: 200, fields: { connection: 'close' }, body: 'bye' }], closes: true, served: 1 },
      { name: 'says close once where client and application both do', bytes: asks('Connection: close\r\n'), handler: closing, answered: [{ status: 200, fields: { connection: 'close' } }], closes: true, served: 1 },
      { name: 'writes no keep-alive of the application where the connection ends', bytes: asks('Connection: close\r\n'), handler: () => ({ headers: { Connection: 'keep-alive' } }), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true, served: 1 },
    ],
  },
  {
    section: '9.6',
    level: 'SHOULD',
    rule: 'A server that will close says so in its last response.',
    cases: [
      { name: 'says close with a 500', bytes: request(), handler: () => Promise.reject(new Error('failed')), answered: [{ status: 500, fields: { connection: 'close' } }], closes: true, reports: 1 },
      { name: 'says close with the answer to an upgrade that the handler refuses', bytes: asks('Upgrade: websocket\r\nConnection: Upgrade\r\n'), handler: () => ({ status: 403, body: 'no' }), answered: [{ status: 403, fields: { connection: 'close' }, body: 'no' }], closes: true, served: 1 },
    ],
  },
  {
    section: '9.6',
    level: 'SHOULD',
    rule: 'A server that is stopping says close in its last responses.',
    heldBy: [
      { file: 'server/stop.test.ts', name: 'lets a plain handler finish its whole response, with Connection: close, and serves nothing behind it' },
      { file: 'server/stop.test.ts', name: 'answers 503 to a long poll that waits, with Connection: close, and tells it why' },
    ],
  },
  {
    section: '9.6',
    level: 'ought to',
    rule: 'A connection is closed in two steps: FIN first, and only when the client has closed or had time to read, the rest; so no answer is lost to a reset.',
    heldBy: [
      { file: 'server/refusals.test.ts', name: 'lets a client that is still uploading read the answer to a request that is refused for its head, 20 times' },
      { file: 'server/refusals.test.ts', name: 'lets a client that is still uploading read the answer to a request that the handler answers without reading it, 20 times' },
      { file: 'server/timeouts.test.ts', name: 'lingers no longer than 2 s for a client that does not close' },
    ],
  },
  {
    section: '9.6',
    level: 'ought to',
    rule: 'FIN of the client ends no request, and does not say that the client wants no answer.',
    cases: [
      { name: 'answers a request behind which the client sends FIN', bytes: request('/1'), handler: slowFirst, clientEnds: true, answered: [{ status: 200, body: '/1' }], closes: true, served: 1 },
      { name: 'answers all pipelined requests behind which the client sends FIN', bytes: request('/1') + request('/2') + request('/3'), handler: slowFirst, clientEnds: true, answered: [{ status: 200, body: '/1' }, { status: 200, body: '/2' }, { status: 200, body: '/3' }], closes: true, served: 3 },
      { name: 'answers a request with a body behind which the client sends FIN', bytes: post('/', 'ab'), handler: async (incoming) => incoming.text(), clientEnds: true, answered: [{ status: 200, body: 'ab' }], closes: true, served: 1 },
    ],
  },
  {
    section: '9.7',
    level: 'MUST',
    rule: 'On a TLS connection everything of HTTP is application data of TLS.',
    heldBy: [
      { file: 'server/tls.test.ts', name: 'serves https, and tells the handler so' },
      { file: 'server/tls.test.ts', name: 'survives plain HTTP on its port, and hands none of it to the handler' },
    ],
  },
  {
    section: '9.8',
    level: 'SHOULD',
    rule: 'A server sends a closure alert ahead of closing a TLS connection.',
    heldBy: [{ file: 'server/tls-close.test.ts', name: 'sends a closure alert ahead of FIN behind a response with Connection: close' }],
  },
  {
    section: '9.8',
    level: 'SHOULD',
    rule: 'A client that closes without a closure alert is to be expected.',
    heldBy: [
      { file: 'server/tls-close.test.ts', name: 'survives a client that closes without a closure alert, idle or within a request' },
      { file: 'server/tls.test.ts', name: 'survives a client that leaves in the middle of the handshake' },
    ],
  },
  {
    section: '10.1',
    level: 'MAY',
    rule: 'A whole message may be content itself, as message/http or application/http.',
    because: 'content is the application\'s',
  },
  {
    section: '11.1',
    level: 'ought to',
    rule: 'No data of a client can put a line end into the head of a response.',
    cases: [
      { name: 'answers 500 where a value would split the response', bytes: request('/?a%0d%0aX-B:1'), handler: ({ query }) => ({ headers: { 'X-A': decodeURIComponent(query) } }), answered: [{ status: 500, fields: { 'x-a': null, 'x-b': null } }], closes: true, reports: 1 },
      { name: 'answers 500 where a name would split the response', bytes: request('/?X%3a1%0d%0aX-B'), handler: ({ query }) => ({ headers: { [decodeURIComponent(query)]: '1' } }), answered: [{ status: 500, fields: { x: null, 'x-b': null } }], closes: true, reports: 1 },
      { name: 'answers 500 where a value would split the response behind a cut of its characters to bytes', bytes: request(), handler: () => ({ headers: { 'X-A': 'a\u560d\u560aX-B: 1' } }), answered: [{ status: 500, fields: { 'x-a': null, 'x-b': null } }], closes: true, reports: 1 },
    ],
  },
  {
    section: '11.2',
    level: 'ought to',
    rule: 'What two recipients could frame in two ways is refused rather than guessed.',
    because: 'it is what §2.2, §5.1, §6.1, §6.3 and §7.1 are held to above',
  },
  {
    section: '11.3',
    level: 'ought to',
    rule: 'A message that was cut off is told from a whole one by its length, its last chunk, or the closure of TLS.',
    because: 'it is what §8 and §9.8 are held to above',
  },
  {
    section: '11.4',
    level: 'ought to',
    rule: 'What is confidential needs a connection that is.',
    because: 'whether the server has the option `tls` is the application\'s choice',
  },
];
