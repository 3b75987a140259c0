/** §6 Message abstraction: framing, versions, content, trailers, and the date. */

import type { Case, Rule } from '../../support/rfc.js';
import { post, postChunked, request } from '../../support/requests.js';

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
