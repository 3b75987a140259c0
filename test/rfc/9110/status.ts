/** §15 Status codes, and what of §17 is a rule for who writes a server. */

import { asChannel } from 'longwire';
import type { Case, Rule } from '../../support/rfc.js';
import { post, request } from '../../support/requests.js';

const OWN_STATUS = 'the application\'s: the status is always its own, and so is what belongs to it';

/** An error that the server finds by itself: what it was asked, and what it says. */
const ERRORS: readonly (readonly [status: number, phrase: string, bytes: string])[] = [
  [400, 'Bad Request', request('/', 'X A: 1\r\n')],
  [413, 'Content Too Large', request('/', 'Content-Length: 99999999999999999999\r\n')],
  [414, 'URI Too Long', request(`/${'a'.repeat(9_000)}`)],
  [417, 'Expectation Failed', request('/', 'Expect: x\r\n')],
  [431, 'Request Header Fields Too Large', request('/', `X-A: ${'a'.repeat(9_000)}\r\n`)],
  [501, 'Not Implemented', request('/', 'Transfer-Encoding: gzip, chunked\r\n')],
  [505, 'HTTP Version Not Supported', request('/', '', { version: '2.0' })],
];

const explained = ([status, phrase, bytes]: (typeof ERRORS)[number]): Case => ({
  name: `explains ${status} in words, and closes`,
  bytes,
  answered: [
    {
      status,
      head: [`HTTP/1.1 ${status} ${phrase}`, 'Content-Type: text/plain; charset=utf-8', `Content-Length: ${phrase.length}`, 'Connection: close'],
      body: phrase,
    },
  ],
  closes: true,
});

export const STATUS: readonly Rule[] = [
  {
    section: '15.2',
    level: 'MUST NOT',
    rule: 'A server sends no 1xx to a client of HTTP/1.0.',
    cases: [
      {
        name: 'sends no 100 to HTTP/1.0 where the handler reads',
        bytes: post('/', 'hello', 'Expect: 100-continue\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
        handler: (incoming) => incoming.text(),
        answered: [{ status: 200, body: 'hello' }],
        closes: true,
      },
      {
        name: 'sends no 101 to HTTP/1.0 where the handler takes a channel',
        bytes: request('/', 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n', { version: '1.0' }),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.close();
          return channel;
        },
        answered: [{ status: 204 }],
        closes: true,
      },
    ],
  },
  {
    section: '15.2.2',
    level: 'MUST',
    rule: 'A server names in the Upgrade of a 101 the protocol that is spoken behind it.',
    heldBy: [{ file: 'channel-server/websocket-handshake.test.ts', name: 'a valid handshake is answered with 101 and the proof of RFC 6455 §1.3' }],
  },
  {
    section: '15.3.5',
    level: 'ought to',
    rule: 'A 204 ends with its head.',
    cases: [
      { name: 'sends a 204 whose body is text without it, and the next response right behind its head', bytes: request('/a') + request('/b'), handler: ({ path }) => (path === '/a' ? { status: 204, body: 'not sent' } : 'b'), answered: [{ status: 204, head: ['HTTP/1.1 204 No Content'] }, { status: 200, body: 'b' }] },
      {
        name: 'sends a 204 for a channel that is closed and has sent nothing',
        bytes: request(),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.close();
          return channel;
        },
        answered: [{ status: 204, head: ['HTTP/1.1 204 No Content'] }],
      },
    ],
  },
  {
    section: '15.3.6',
    level: 'MUST NOT',
    rule: 'A server generates no content in a 205.',
    cases: [
      ...(
        [
          ['text', 'hello'],
          ['bytes', new Uint8Array(5)],
          ['a stream', ['hello']],
          ['nothing', null],
        ] as const
      ).map(
        ([name, body]): Case => ({
          name: `sends a 205 with ${name} as one of no length`,
          bytes: request(),
          handler: () => ({ status: 205, body }),
          answered: [{ status: 205, head: ['HTTP/1.1 205 Reset Content', 'Content-Length: 0'], raw: '' }],
        }),
      ),
      { name: 'sends a 205 whose length is declared as one of no length', bytes: request(), handler: () => ({ status: 205, headers: { 'Content-Length': 5 }, body: ['hello'] }), answered: [{ status: 205, head: ['HTTP/1.1 205 Reset Content', 'Content-Length: 0'], raw: '' }] },
      {
        name: 'sends a 205 that a channel would stream as one of no length',
        bytes: request(),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.send({ status: 205, body: 'hello' }, false);
          return channel;
        },
        answered: [{ status: 205, fields: { 'content-length': '0', 'transfer-encoding': null }, raw: '' }],
      },
    ],
  },
  { section: '15.3.7', level: 'MUST', rule: 'A server that sends a 206 sends Content-Range or multipart content, and the fields that it would send with a 200.', because: OWN_STATUS },
  {
    section: '15.4.5',
    level: 'MUST',
    rule: 'A server sends with a 304 what it would send of Content-Location, Date, ETag, Vary, Cache-Control and Expires with a 200.',
    cases: [
      {
        name: 'sends the fields that the application gives with a 304, and Date',
        bytes: request(),
        handler: () => ({ status: 304, headers: { ETag: '"a"', Vary: 'Accept', 'Cache-Control': 'max-age=1', 'Content-Location': '/a', Expires: '0' } }),
        answered: [
          {
            status: 304,
            head: ['HTTP/1.1 304 Not Modified', 'ETag: "a"', 'Vary: Accept', 'Cache-Control: max-age=1', 'Content-Location: /a', 'Expires: 0'],
            fields: { date: 'Thu, 01 Jan 2026 00:00:00 GMT' },
          },
        ],
      },
    ],
  },
  {
    section: '15.4.5',
    level: 'SHOULD NOT',
    rule: 'A server adds no other metadata of the representation to a 304.',
    cases: [
      { name: 'adds no type to a 304, even if its body is text', bytes: request(), handler: () => ({ status: 304, headers: { ETag: '"a"' }, body: 'hello' }), answered: [{ status: 304, head: ['HTTP/1.1 304 Not Modified', 'ETag: "a"'] }] },
    ],
  },
  {
    section: '15.4.5',
    level: 'ought to',
    rule: 'A 304 ends with its head.',
    cases: [
      { name: 'sends the next response right behind the head of a 304 with a length', bytes: request('/a') + request('/b'), handler: ({ path }) => (path === '/a' ? { status: 304, headers: { 'Content-Length': 5 }, body: 'hello' } : 'b'), answered: [{ status: 304, fields: { 'content-length': '5' } }, { status: 200, body: 'b' }] },
    ],
  },
  {
    section: '15.5',
    level: 'SHOULD',
    rule: 'A server explains a 4xx in its content, but to HEAD.',
    cases: ERRORS.filter(([status]) => status < 500).map(explained),
  },
  { section: '15.5.2', level: 'MUST', rule: 'A server sends WWW-Authenticate with a 401.', because: OWN_STATUS },
  { section: '15.5.6', level: 'MUST', rule: 'An origin server sends Allow with a 405.', because: OWN_STATUS },
  {
    section: '15.5.9',
    level: 'ought to',
    rule: 'A 408 says that the request was not complete in time, and that the connection is closed.',
    heldBy: [
      { file: 'server/timeouts.test.ts', name: 'answers 408 to a head that comes byte by byte, 15 s behind its first byte and not its last' },
      { file: 'server/timeouts.test.ts', name: 'answers 408 to a body that is slower than 1 KiB/s, 10 s behind its head' },
    ],
  },
  {
    section: '15.5.14',
    level: 'MAY',
    rule: 'A server may end the request whose content is too large, and close the connection.',
    heldBy: [
      { file: 'server/request-bodies.test.ts', name: 'says Connection: close where a handler answers in its own words to a body that was too large' },
      { file: 'server/refusals.test.ts', name: 'lets a client that is still uploading read the answer to a request whose body is too large, 20 times' },
    ],
  },
  {
    section: '15.5.20',
    level: 'ought to',
    rule: 'A server answers 421 to a request that it is not to answer for.',
    cases: [explained([421, 'Misdirected Request', request('https://a/')])],
  },
  {
    section: '15.5.22',
    level: 'MUST',
    rule: 'A server sends Upgrade with a 426.',
    cases: [
      {
        name: 'sends Upgrade with the 426 to a handshake without a version',
        bytes: request('/', 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'),
        handler: (incoming) => asChannel(incoming),
        answered: [{ status: 426, fields: { upgrade: 'websocket' } }],
        closes: true,
      },
    ],
  },
  {
    section: '15.6',
    level: 'SHOULD',
    rule: 'A server explains a 5xx in its content, but to HEAD.',
    cases: [
      ...ERRORS.filter(([status]) => status >= 500).map(explained),
      {
        name: 'explains 500 with its phrase alone, and tells nothing of what was thrown',
        bytes: request(),
        handler: () => {
          throw new Error('the secret of the handler');
        },
        answered: [{ status: 500, body: 'Internal Server Error', fields: { 'content-type': 'text/plain; charset=utf-8', connection: 'close' } }],
        closes: true,
        reports: 1,
      },
    ],
  },
  {
    section: '15.6.4',
    level: 'MAY',
    rule: 'A server that cannot serve for a while answers 503; it may also refuse the connection.',
    heldBy: [
      { file: 'server/options.test.ts', name: 'answers 503 to a connection beyond maxConnections, counts it, and takes another when one has gone' },
      { file: 'server/stop.test.ts', name: 'answers 503 to a long poll that waits, with Connection: close, and tells it why' },
    ],
  },
  {
    section: '17.5',
    level: 'ought to',
    rule: 'A server limits the length of what it processes: of targets, fields, numbers, chunks and content.',
    heldBy: [
      { file: 'http/head.test.ts', name: 'takes a request line as long as the limit, and refuses one byte more' },
      { file: 'http/head.test.ts', name: 'takes a field line as long as the limit, and refuses one byte more' },
      { file: 'http/head.test.ts', name: 'takes field lines as large together as the limit, and refuses one byte more' },
      { file: 'http/head.test.ts', name: 'takes as many field lines as the limit, and refuses one more' },
      { file: 'http/body.test.ts', name: 'takes 16 KiB of chunk extensions in one body, and refuses one byte more' },
      { file: 'http/body.test.ts', name: 'takes trailers exactly at each limit of a head, and refuses one over' },
      { file: 'http/body.test.ts', name: 'allocates nothing by what was announced' },
    ],
  },
];
