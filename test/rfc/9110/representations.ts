/** §8 Representation data and metadata: what is sent of the content, and what is the application's. */

import type { HttpResponse } from 'longwire';
import { asChannel } from 'longwire';
import type { Case, Rule } from '../../support/rfc.js';
import { post, request } from '../../support/requests.js';

const noLength = (name: string, method: string, response: HttpResponse, closes = false): Case => ({
  name: `sends no Content-Length with ${name}`,
  bytes: request(method === 'CONNECT' ? 'a:443' : '/', '', { method }),
  handler: () => response,
  answered: [{ status: response.status ?? 200, fields: { 'content-length': null, 'transfer-encoding': null } }],
  closes,
});

/** The length that a response to GET has, and that to HEAD. */
const lengths = (name: string, response: () => HttpResponse | string, length: string | null): Case[] =>
  ['GET', 'HEAD'].map((method) => ({
    name: `tells ${method} the length of ${name}`,
    bytes: request('/', '', { method }),
    handler: () => response(),
    answered: [{ status: 200, fields: { 'content-length': length } }],
  }));

const refusesLength = (value: string, code: 'HTTP_BAD_CONTENT_LENGTH' | 'HTTP_BODY_TOO_LARGE' = 'HTTP_BAD_CONTENT_LENGTH'): Case => ({
  name: `refuses the Content-Length ${JSON.stringify(value)}`,
  bytes: request('/', `Content-Length: ${value}\r\n`, { method: 'POST' }),
  refused: code,
});

export const REPRESENTATIONS: readonly Rule[] = [
  {
    section: '8.3',
    level: 'SHOULD',
    rule: 'A sender tells the type of its content, if it knows it.',
    cases: [
      { name: 'calls text HTML in UTF-8, where the application says nothing', bytes: request(), handler: () => 'grün', answered: [{ status: 200, fields: { 'content-type': 'text/html; charset=utf-8', 'content-length': '5' }, body: 'gr\xc3\xbcn' }] },
      { name: 'says nothing of the type of bytes', bytes: request(), handler: () => ({ body: Uint8Array.of(104, 105) }), answered: [{ status: 200, fields: { 'content-type': null }, body: 'hi' }] },
      { name: 'leaves the type that the application gives', bytes: request(), handler: () => ({ headers: { 'content-type': 'text/plain' }, body: 'hi' }), answered: [{ status: 200, fields: { 'content-type': 'text/plain' } }] },
      { name: 'calls its own words plain text', bytes: request(), handler: () => undefined, answered: [{ status: 404, fields: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Not Found' }] },
    ],
  },
  {
    section: '8.3.3',
    level: 'MUST',
    rule: 'A sender of a multipart type ends its lines with CR LF.',
    because: 'the application\'s: the server neither makes nor reads multipart content',
  },
  {
    section: '8.4',
    level: 'MUST',
    rule: 'Who encodes a representation names the codings in Content-Encoding.',
    because: 'the application\'s: the server applies no coding, and hands coded content over as it is',
  },
  {
    section: '8.6',
    level: 'MUST NOT',
    rule: 'A server sends no Content-Length with 1xx and 204, nor with a 2xx to CONNECT.',
    cases: [
      noLength('a 204', 'GET', { status: 204, headers: { 'Content-Length': 5 }, body: 'hello' }),
      noLength('a 204 to HEAD', 'HEAD', { status: 204, headers: { 'Content-Length': 5 } }),
      noLength('a 204 that would be streamed', 'GET', { status: 204, headers: { 'Content-Length': 5 }, body: ['hello'] }),
      noLength('a 200 to CONNECT', 'CONNECT', { status: 200, headers: { 'Content-Length': 5 }, body: 'hello' }, true),
      noLength('a 200 to CONNECT that would be streamed', 'CONNECT', { status: 200, headers: { 'Content-Length': 5 }, body: ['hello'] }, true),
      noLength('a 299 to CONNECT', 'CONNECT', { status: 299 }, true),
    ],
  },
  {
    section: '8.6',
    level: 'MUST NOT',
    rule: 'A server sends a Content-Length with 1xx: neither with 100 nor with 101.',
    heldBy: [
      { file: 'server/expect-continue.test.ts', name: 'sends 100 Continue when the handler reads the body, and not before' },
      { file: 'channel-server/websocket-handshake.test.ts', name: 'a valid handshake is answered with 101 and the proof of RFC 6455 §1.3' },
    ],
  },
  {
    section: '8.6',
    level: 'MUST NOT',
    rule: 'A server sends to HEAD no other Content-Length than it would to GET.',
    cases: [
      ...lengths('text', () => 'hello', '5'),
      ...lengths('text beyond ASCII', () => 'grün', '5'),
      ...lengths('bytes', () => ({ body: new Uint8Array(70_000) }), '70000'),
      ...lengths('nothing', () => ({}), '0'),
      ...lengths('text whose length the application declares wrongly', () => ({ headers: { 'Content-Length': 3 }, body: 'hello' }), '5'),
      ...lengths('a stream whose length is declared', () => ({ headers: { 'Content-Length': 5 }, body: ['hel', 'lo'] }), '5'),
      ...lengths('a stream of unknown length', () => ({ body: ['hello'] }), null),
      {
        name: 'leaves the length that the application declares for HEAD alone',
        bytes: request('/', '', { method: 'HEAD' }),
        handler: () => ({ headers: { 'Content-Length': 1234 } }),
        answered: [{ status: 200, fields: { 'content-length': '1234' } }],
      },
      {
        name: 'tells HEAD the length of what a channel sends whole',
        bytes: request('/', '', { method: 'HEAD' }),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.send('hello');
          return channel;
        },
        answered: [{ status: 200, fields: { 'content-length': '5' } }],
      },
      {
        name: 'tells HEAD no length of what a channel streams',
        bytes: request('/', '', { method: 'HEAD' }),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.send('hel', false);
          channel.send('lo');
          return channel;
        },
        answered: [{ status: 200, fields: { 'content-length': null, 'transfer-encoding': null } }],
      },
    ],
  },
  {
    section: '8.6',
    level: 'MUST NOT',
    rule: 'A server sends with a 304 no other Content-Length than it would with a 200.',
    cases: [
      { name: 'sends no Content-Length with a 304, of which it does not know the 200', bytes: request(), handler: () => ({ status: 304, body: '' }), answered: [{ status: 304, fields: { 'content-length': null } }] },
      { name: 'leaves the one that the application declares', bytes: request(), handler: () => ({ status: 304, headers: { 'Content-Length': 5 } }), answered: [{ status: 304, fields: { 'content-length': '5' } }] },
    ],
  },
  {
    section: '8.6',
    level: 'SHOULD',
    rule: 'A server tells the length of content that it knows before it sends the head.',
    cases: [
      { name: 'tells the length of an error of its own', bytes: request(), handler: () => null, answered: [{ status: 404, fields: { 'content-length': '9' } }] },
      { name: 'tells the length of a body of many bytes', bytes: request(), handler: () => ({ body: 'x'.repeat(100_000) }), answered: [{ status: 200, fields: { 'content-length': '100000' }, body: 'x'.repeat(100_000) }] },
    ],
  },
  {
    section: '8.6',
    level: 'MUST',
    rule: 'A recipient anticipates numbers of any size in Content-Length, and lets none overflow.',
    cases: [
      refusesLength('9007199254740992', 'HTTP_BODY_TOO_LARGE'),
      refusesLength('18446744073709551616', 'HTTP_BODY_TOO_LARGE'),
      refusesLength('18446744073709551621', 'HTTP_BODY_TOO_LARGE'),
      refusesLength(`1${'0'.repeat(400)}`, 'HTTP_BODY_TOO_LARGE'),
      { name: 'takes zeros ahead of a length', bytes: post('/', 'hello').replace('Length: 5', `Length: ${'0'.repeat(40)}5`), parsed: { body: 'hello' } },
      ...['-1', '+5', '5.0', '5e0', '0x5', '5 5', '5;', '\u0665', '5_', '"5"', ''].map((value) => refusesLength(Buffer.from(value).toString('latin1'))),
    ],
  },
  {
    section: '8.6',
    level: 'MUST',
    rule: 'A recipient rejects a Content-Length that is a list, or replaces it where all members are one number; this one rejects it.',
    cases: [
      refusesLength('5, 5'),
      refusesLength('5, 6'),
      { name: 'refuses two lines of one number', bytes: post('/', 'hello', 'Content-Length: 5\r\n'), refused: 'HTTP_BAD_CONTENT_LENGTH' },
    ],
  },
  {
    section: '8.7',
    level: 'MUST',
    rule: 'An origin server takes Content-Location in a request for its context, and does not save it as it is.',
    because: 'the application\'s: the server saves nothing',
  },
  {
    section: '8.8.1',
    level: 'MUST',
    rule: 'An origin server calls a validator weak that is not strong.',
    because: 'the application\'s: the server makes no validators',
  },
  {
    section: '8.8.2.1',
    level: 'MUST NOT',
    rule: 'An origin server generates no Last-Modified later than the time at which it sends it.',
    because: 'the application\'s: the server does not know the resource',
  },
];
