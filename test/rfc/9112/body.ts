/** §6 Message Body: whether there is one, and where it ends. */

import { type Case, refusals, type Rule } from '../../support/rfc.js';
import { chunk, request } from '../../support/requests.js';

/** A POST with these fields, and `body` behind them. */
function post(fields: string, body = ''): string {
  return request('/', fields, { method: 'POST' }) + body;
}

const CHUNKS = `${chunk('ab')}${chunk('c')}${chunk('')}`;
const TWO_PIECES = { body: ['ab', 'c'] };

/** A body is read by its framing whatever the method means. */
const METHODS_WITH_BODY: readonly Case[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'BREW'].flatMap((method) => [
  { name: `takes a body of known length with ${method}`, bytes: `${request('/', 'Content-Length: 3\r\n', { method })}abc`, parsed: { method, body: 'abc' } },
  { name: `takes a chunked body with ${method}`, bytes: `${request('/', 'Transfer-Encoding: chunked\r\n', { method })}${CHUNKS}`, parsed: { method, body: 'abc' } },
]);

export const BODY: readonly Rule[] = [
  {
    section: '6',
    level: 'MUST',
    rule: 'A request has a body where Content-Length or Transfer-Encoding says so, whatever its method means.',
    cases: [
      ...METHODS_WITH_BODY,
      { name: 'takes no body with a POST that announces none', bytes: request('/', '', { method: 'POST' }), parsed: { method: 'POST', body: '', framing: { kind: 'none' } } },
      { name: 'takes no body from the fields that only describe one', bytes: request('/', 'Content-Type: text/plain\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\n', { method: 'PUT' }), parsed: { body: '', framing: { kind: 'none' } } },
    ],
  },
  {
    section: '6.1',
    level: 'MUST',
    rule: 'A recipient can read the chunked coding; the name of a coding has no case.',
    cases: [
      { name: 'takes a chunked body', bytes: post('Transfer-Encoding: chunked\r\n', CHUNKS), parsed: { body: 'abc', framing: { kind: 'chunked' } } },
      { name: 'takes chunked in any case', bytes: post('transfer-encoding: cHUNKED\r\n', CHUNKS), parsed: { body: 'abc' } },
      { name: 'takes chunked with white space around it', bytes: post('Transfer-Encoding: \t chunked \t\r\n', CHUNKS), parsed: { body: 'abc' } },
      { name: 'takes chunked with empty members of its list', bytes: post('Transfer-Encoding: , chunked,,\r\n', CHUNKS), parsed: { body: 'abc' } },
    ],
  },
  {
    section: '6.1',
    level: 'MUST NOT',
    rule: 'Chunked is applied to a body once only.',
    cases: refusals('HTTP_BAD_TRANSFER_ENCODING', {
      'chunked twice in one field': post('Transfer-Encoding: chunked, chunked\r\n', CHUNKS),
      'chunked twice in two fields': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
      'chunked twice with another coding between': post('Transfer-Encoding: chunked, gzip, chunked\r\n', CHUNKS),
    }),
  },
  {
    section: '6.1',
    level: 'MUST NOT',
    rule: 'A server sends no Transfer-Encoding in a 1xx or 204, nor in a 2xx to CONNECT.',
    cases: [
      { name: 'writes no Transfer-Encoding with a 204 whose body is streamed', bytes: request(), handler: () => ({ status: 204, ...TWO_PIECES }), answered: [{ status: 204, head: ['HTTP/1.1 204 No Content'] }] },
      { name: 'writes no Transfer-Encoding with a 2xx to CONNECT, and closes', bytes: request('a:80', '', { method: 'CONNECT' }), handler: () => ({ status: 200, ...TWO_PIECES }), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Connection: close'] }], closes: true },
    ],
  },
  {
    section: '6.1',
    level: 'MUST NOT',
    rule: 'A 1xx is a head alone.',
    heldBy: [
      { file: 'server/expect-continue.test.ts', name: 'sends 100 Continue once, for a chunked body' },
      { file: 'channel-server/websocket-handshake.test.ts', name: 'a valid handshake is answered with 101 and the proof of RFC 6455 §1.3' },
    ],
  },
  {
    section: '6.1',
    level: 'MUST NOT',
    rule: 'A server sends Transfer-Encoding only to a request of HTTP/1.1 or later.',
    cases: [
      { name: 'ends a streamed body with the close for HTTP/1.0', bytes: request('/', '', { version: '1.0' }), handler: () => TWO_PIECES, answered: [{ status: 200, fields: { 'transfer-encoding': null, 'content-length': null, connection: 'close' }, raw: 'abc' }], closes: true },
      { name: 'ends a streamed body with the close for HTTP/1.0 that asks for keep-alive', bytes: request('/', 'Connection: keep-alive\r\n', { version: '1.0' }), handler: () => TWO_PIECES, answered: [{ status: 200, fields: { 'transfer-encoding': null, connection: 'close' }, raw: 'abc' }], closes: true },
      { name: 'sends chunks to HTTP/1.1', bytes: request(), handler: () => TWO_PIECES, answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked', 'content-length': null }, raw: '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n' }] },
      { name: 'sends chunks to HTTP/1.9', bytes: request('/', '', { version: '1.9' }), handler: () => TWO_PIECES, answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked' }, body: 'abc' }] },
    ],
  },
  {
    section: '6.1',
    level: 'SHOULD',
    rule: 'A transfer coding that the server does not understand is answered with 501.',
    cases: refusals('HTTP_UNKNOWN_TRANSFER_ENCODING', {
      'gzip ahead of chunked': post('Transfer-Encoding: gzip, chunked\r\n', CHUNKS),
      'deflate ahead of chunked': post('Transfer-Encoding: deflate, chunked\r\n', CHUNKS),
      'a coding that nobody knows ahead of chunked': post('Transfer-Encoding: cow, chunked\r\n', CHUNKS),
      'identity ahead of chunked, which is no coding any more': post('Transfer-Encoding: identity, chunked\r\n', CHUNKS),
      'an unknown coding in a field ahead of that with chunked': post('Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
      'a coding with a parameter ahead of chunked': post('Transfer-Encoding: cow;a=b, chunked\r\n', CHUNKS),
    }),
  },
  {
    section: '6.1',
    level: 'MUST',
    rule: 'A request with both Transfer-Encoding and Content-Length ends the connection; this server refuses it.',
    cases: refusals('HTTP_LENGTH_AND_ENCODING', {
      'Content-Length ahead of Transfer-Encoding': post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
      'Transfer-Encoding ahead of Content-Length': post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', CHUNKS),
      'a Content-Length of 0 beside chunked': post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
      'an invalid Content-Length beside chunked': post('Content-Length: x\r\nTransfer-Encoding: chunked\r\n', CHUNKS),
      'an unknown coding beside a Content-Length': post('Transfer-Encoding: cow\r\nContent-Length: 3\r\n', 'abc'),
      'an empty Transfer-Encoding beside a Content-Length': post('Transfer-Encoding:\r\nContent-Length: 3\r\n', 'abc'),
      'both in HTTP/1.0': 'POST / HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
    }),
  },
  {
    section: '6.1',
    level: 'MUST',
    rule: 'A Transfer-Encoding in HTTP/1.0 makes the framing faulty, and ends the connection.',
    cases: refusals('HTTP_BAD_TRANSFER_ENCODING', {
      'chunked in HTTP/1.0': `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
      'chunked in HTTP/1.0 that asks for keep-alive': `POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
      'an unknown coding in HTTP/1.0': 'POST / HTTP/1.0\r\nTransfer-Encoding: cow\r\n\r\n',
    }),
  },
  {
    section: '6.2',
    level: 'MUST NOT',
    rule: 'A sender writes no Content-Length beside a Transfer-Encoding.',
    cases: [
      { name: 'sends a streamed body of declared length without chunks', bytes: request(), handler: () => ({ headers: { 'Content-Length': 3 }, ...TWO_PIECES }), answered: [{ status: 200, fields: { 'content-length': '3', 'transfer-encoding': null }, raw: 'abc' }] },
      { name: 'answers 500 to a Transfer-Encoding of the application', bytes: request(), handler: () => ({ headers: { 'Transfer-Encoding': 'gzip' }, ...TWO_PIECES }), answered: [{ status: 500, fields: { 'transfer-encoding': null, 'content-length': '21' } }], closes: true, reports: 1 },
    ],
  },
  {
    section: '6.2',
    level: 'MUST',
    rule: 'A Content-Length frames a body of exactly so many octets.',
    cases: [
      { name: 'takes exactly as many bytes as Content-Length says', bytes: post('Content-Length: 26\r\n', 'GET /b HTTP/1.1\r\nHost: a\r\n'), parsed: { body: 'GET /b HTTP/1.1\r\nHost: a\r\n', framing: { kind: 'length', length: 26 } } },
      { name: 'takes what looks like a whole request within a body for content', bytes: post(`Content-Length: ${request('/b').length}\r\n`, request('/b')) + request('/c'), parsed: [{ target: '/', body: request('/b') }, { target: '/c' }] },
      { name: 'takes what follows an empty body for the next request', bytes: post('Content-Length: 0\r\n') + request('/b'), parsed: [{ target: '/', body: '' }, { target: '/b' }] },
      { name: 'takes every byte in a body', bytes: post('Content-Length: 256\r\n', Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')), parsed: { body: Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('') } },
    ],
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 1: the response to HEAD, and every 1xx, 204 and 304, ends with its head, whatever fields it has.',
    cases: [
      { name: 'answers HEAD with the head of a GET', bytes: request('/', '', { method: 'HEAD' }), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'] }] },
      { name: 'answers HEAD without a body where that would be streamed', bytes: request('/', '', { method: 'HEAD' }), handler: () => TWO_PIECES, answered: [{ status: 200, head: ['HTTP/1.1 200 OK'] }] },
      { name: 'answers HEAD with the Content-Length that the application gives', bytes: request('/', '', { method: 'HEAD' }), handler: () => ({ headers: { 'Content-Length': 1_000 } }), answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Length: 1000'] }] },
      { name: 'answers HEAD without a body where the handler fails', bytes: request('/', '', { method: 'HEAD' }), handler: () => Promise.reject(new Error('failed')), answered: [{ status: 500, fields: { connection: 'close' } }], closes: true, reports: 1 },
      { name: 'answers HEAD without a body where there is nothing', bytes: request('/', '', { method: 'HEAD' }), handler: () => undefined, answered: [{ status: 404, fields: { 'content-length': '9' } }] },
      { name: 'sends no body with a 204', bytes: request(), handler: () => ({ status: 204, body: 'x' }), answered: [{ status: 204, fields: { 'content-length': null, 'transfer-encoding': null } }] },
      { name: 'sends no body with a 304', bytes: request(), handler: () => ({ status: 304, headers: { ETag: '"a"' }, body: new Uint8Array(3) }), answered: [{ status: 304, head: ['HTTP/1.1 304 Not Modified', 'ETag: "a"'] }] },
      { name: 'sends no body with a 304 that tells a Content-Length', bytes: request(), handler: () => ({ status: 304, headers: { 'Content-Length': 5 }, body: 'hello' }), answered: [{ status: 304, fields: { 'content-length': '5' } }] },
      { name: 'sends no body with a 304 whose body is streamed', bytes: request(), handler: () => ({ status: 304, ...TWO_PIECES }), answered: [{ status: 304, head: ['HTTP/1.1 304 Not Modified'] }] },
    ],
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 2: a 2xx to CONNECT makes a tunnel, and has neither Transfer-Encoding nor Content-Length.',
    cases: [
      { name: 'answers 501 to a CONNECT that nobody handles, and takes nothing behind it for a request', bytes: request('a:80', '', { method: 'CONNECT' }), answered: [{ status: 501, fields: { connection: 'close' } }], closes: true, served: 1 },
      { name: 'writes no body and no length with a 2xx to CONNECT', bytes: request('a:80', '', { method: 'CONNECT' }), handler: () => ({ status: 204, headers: { 'Content-Length': 5 }, body: 'hello' }), answered: [{ status: 204, fields: { 'content-length': null, 'transfer-encoding': null, connection: 'close' } }], closes: true, served: 1 },
    ],
  },
  {
    section: '6.3',
    level: 'ought to',
    rule: 'Item 3: both Transfer-Encoding and Content-Length are an error.',
    cases: [{ name: 'answers 400 to both, and serves nothing of what is behind', bytes: post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${request('/smuggled')}`), answered: [{ status: 400, fields: { connection: 'close' } }], closes: true, served: 0 }],
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 4: a Transfer-Encoding of a request whose last coding is not chunked is answered with 400, and the close.',
    cases: refusals('HTTP_BAD_TRANSFER_ENCODING', {
      'gzip alone': post('Transfer-Encoding: gzip\r\n', 'abc'),
      'identity alone': post('Transfer-Encoding: identity\r\n', 'abc'),
      'gzip behind chunked': post('Transfer-Encoding: chunked, gzip\r\n', CHUNKS),
      'identity behind chunked': post('Transfer-Encoding: chunked, identity\r\n', CHUNKS),
      'a second field behind that with chunked': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n', CHUNKS),
      'an empty Transfer-Encoding': post('Transfer-Encoding:\r\n', CHUNKS),
      'a Transfer-Encoding of commas': post('Transfer-Encoding: ,,\r\n', CHUNKS),
      'chunked in quotes': post('Transfer-Encoding: "chunked"\r\n', CHUNKS),
      'a coding that only begins with chunked': post('Transfer-Encoding: chunkedx\r\n', CHUNKS),
      'a coding that only ends with chunked': post('Transfer-Encoding: xchunked\r\n', CHUNKS),
      'two words with chunked last': post('Transfer-Encoding: x chunked\r\n', CHUNKS),
      'chunked with a semicolon behind it': post('Transfer-Encoding: chunked;\r\n', CHUNKS),
      'chunked with a byte over 127 ahead': post('Transfer-Encoding: \xa0chunked\r\n', CHUNKS),
    }),
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 5: an invalid Content-Length of a request is answered with 400, and the close.',
    cases: refusals('HTTP_BAD_CONTENT_LENGTH', {
      'a Content-Length with a plus': post('Content-Length: +3\r\n', 'abc'),
      'a Content-Length with a minus': post('Content-Length: -3\r\n', 'abc'),
      'a Content-Length of minus zero': post('Content-Length: -0\r\n'),
      'a Content-Length in hex': post('Content-Length: 0x3\r\n', 'abc'),
      'a Content-Length in hex digits': post('Content-Length: a\r\n', '0123456789'),
      'a Content-Length with an exponent': post('Content-Length: 1e1\r\n', '0123456789'),
      'a Content-Length with a fraction': post('Content-Length: 3.0\r\n', 'abc'),
      'a Content-Length with white space in it': post('Content-Length: 1 0\r\n', '0123456789'),
      'a Content-Length with underscores': post('Content-Length: 1_0\r\n', '0123456789'),
      'an empty Content-Length': post('Content-Length:\r\n'),
      'a Content-Length in quotes': post('Content-Length: "3"\r\n', 'abc'),
      'a Content-Length with a semicolon': post('Content-Length: 3;\r\n', 'abc'),
      'a Content-Length of digits that are none of ASCII': post('Content-Length: \xb3\r\n', 'abc'),
      'a Content-Length that is no number': post('Content-Length: three\r\n', 'abc'),
      'a Content-Length that overflows and is no number either': post(`Content-Length: ${'9'.repeat(400)}x\r\n`, 'abc'),
      'two Content-Lengths that differ': post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'),
      'a list of lengths that differ': post('Content-Length: 3, 4\r\n', 'abcd'),
    }),
  },
  {
    section: '6.3',
    level: 'MAY',
    rule: 'Item 5: a Content-Length that is repeated with the same value may be taken as one; this server refuses it.',
    cases: refusals('HTTP_BAD_CONTENT_LENGTH', {
      'two Content-Lengths that are the same': post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
      'two Content-Lengths in different case': post('Content-Length: 3\r\ncontent-length: 3\r\n', 'abc'),
      'a list of lengths that are the same': post('Content-Length: 3, 3\r\n', 'abc'),
      'a list of one length and nothing': post('Content-Length: 3,\r\n', 'abc'),
    }),
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 6: a valid Content-Length is the length of the body, however large a number it is.',
    cases: [
      { name: 'takes a Content-Length with zeros ahead', bytes: post('Content-Length: 0003\r\n', 'abc'), parsed: { body: 'abc', framing: { kind: 'length', length: 3 } } },
      { name: 'takes a Content-Length of twenty zeros', bytes: post(`Content-Length: ${'0'.repeat(20)}\r\n`), parsed: { body: '', framing: { kind: 'none' } } },
      ...refusals('HTTP_BODY_TOO_LARGE', {
        'a Content-Length of 2^53': post('Content-Length: 9007199254740992\r\n', 'abc'),
        'a Content-Length of 2^64, which would overflow to 0': post('Content-Length: 18446744073709551616\r\n', 'abc'),
        'a Content-Length of 2^64 + 3, which would overflow to 3': post('Content-Length: 18446744073709551619\r\n', 'abc'),
        'a Content-Length of 2^32 times 2^32 and more digits': post(`Content-Length: ${'9'.repeat(400)}\r\n`, 'abc'),
      }),
      { name: 'answers 413 to a body longer than the server collects, ahead of reading it', bytes: post('Content-Length: 4294967299\r\n', 'abc'), handler: async (incoming) => incoming.text(), answered: [{ status: 413, fields: { connection: 'close' } }], closes: true, served: 1 },
    ],
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 6: a body that ends before its Content-Length is incomplete, and ends the connection.',
    cases: [
      { name: 'answers nothing to a body that ends early', bytes: post('Content-Length: 5\r\n', 'abc'), handler: async (incoming) => incoming.text(), clientEnds: true, answered: [], closes: true, served: 1 },
    ],
  },
  {
    section: '6.3',
    level: 'MUST',
    rule: 'Item 7: a request with neither field has no body: what follows is the next request.',
    cases: [
      { name: 'takes what follows a POST without a length for the next request', bytes: request('/a', '', { method: 'POST' }) + request('/b'), parsed: [{ target: '/a', body: '' }, { target: '/b' }] },
      { name: 'takes no body until the close in HTTP/1.0 either', bytes: 'POST /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', parsed: { target: '/a', body: '', framing: { kind: 'none' } } },
      ...refusals('HTTP_BAD_REQUEST_LINE', { 'a body that nothing announced, as the request that it is not': request('/a', '', { method: 'POST' }) + 'name=value\r\n\r\n' }),
    ],
  },
  {
    section: '6.3',
    level: 'SHOULD',
    rule: 'Item 8: a response says its length, or is chunked, wherever that is possible; only HTTP/1.0 gets one that ends with the close.',
    cases: [
      { name: 'writes a Content-Length with text', bytes: request(), handler: () => 'h\xe9llo', answered: [{ status: 200, fields: { 'content-length': '6', 'transfer-encoding': null }, raw: 'h\xc3\xa9llo' }] },
      { name: 'writes a Content-Length with bytes', bytes: request(), handler: () => ({ body: new Uint8Array([1, 2, 3]) }), answered: [{ status: 200, fields: { 'content-length': '3' }, raw: '\x01\x02\x03' }] },
      { name: 'writes a Content-Length of 0 where there is no body', bytes: request(), handler: () => ({ status: 200 }), answered: [{ status: 200, fields: { 'content-length': '0' }, raw: '' }] },
      { name: 'writes a Content-Length of 0 with a 205', bytes: request(), handler: () => ({ status: 205, body: 'x' }), answered: [{ status: 205, fields: { 'content-length': '0' }, raw: '' }] },
      { name: 'writes a Content-Length with text for HTTP/1.0', bytes: request('/', 'Connection: keep-alive\r\n', { version: '1.0' }), answered: [{ status: 200, fields: { 'content-length': '5', connection: 'keep-alive' }, raw: 'hello' }] },
    ],
  },
  {
    section: '6.3',
    level: 'MAY',
    rule: 'A body without a Content-Length may be answered with 411.',
    because: 'chunked bodies are taken',
  },
];

