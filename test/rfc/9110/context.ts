/** §10 Context of a message: expectations, and fields that describe who answers. */

import type { Case, Rule } from '../../support/rfc.js';
import { post, postChunked, request } from '../../support/requests.js';

const EXPECT = 'Expect: 100-continue\r\n';
const LAZILY = 'server/expect-continue.test.ts';

const unknown = (value: string): Case => ({ name: `refuses the expectation ${value}`, bytes: post('/', 'hello', `Expect: ${value}\r\n`), refused: 'HTTP_UNKNOWN_EXPECTATION' });

export const CONTEXT: readonly Rule[] = [
  {
    section: '10.1.1',
    level: 'ought to',
    rule: 'Expect is case-insensitive.',
    cases: ['100-continue', '100-Continue', ' 100-CONTINUE\t'].map(
      (value): Case => ({
        name: `takes ${JSON.stringify(value)}, and closes behind an answer that did not wait for the content`,
        bytes: post('/', 'hello', `Expect: ${value}\r\n`),
        answered: [{ status: 200, fields: { connection: 'close' } }],
        closes: true,
      }),
    ),
  },
  {
    section: '10.1.1',
    level: 'MAY',
    rule: 'A server may answer 417 to an expectation other than 100-continue.',
    cases: [
      ...['x', '100-continues', '101-continue', '100-continue, x', 'x, 100-continue', '100-continue;a=b', '100-continue=1'].map(unknown),
      { name: 'answers 417 and closes', bytes: post('/', 'hello', 'Expect: x\r\n'), answered: [{ status: 417, body: 'Expectation Failed', fields: { connection: 'close' } }], closes: true },
    ],
  },
  {
    section: '10.1.1',
    level: 'MUST',
    rule: 'A server ignores the expectation of 100 in a request of HTTP/1.0.',
    cases: [
      {
        name: 'sends no 100 to HTTP/1.0, and reads the body',
        bytes: post('/', 'hello', EXPECT).replace('HTTP/1.1', 'HTTP/1.0'),
        handler: (incoming) => incoming.text(),
        answered: [{ status: 200, body: 'hello' }],
        closes: true,
      },
      {
        name: 'keeps the connection of HTTP/1.0 whose body nobody reads, as if nothing were expected',
        bytes: post('/', 'hello', `${EXPECT}Connection: keep-alive\r\n`).replace('HTTP/1.1', 'HTTP/1.0'),
        answered: [{ status: 200, body: 'hello', fields: { connection: 'keep-alive' } }],
      },
    ],
  },
  {
    section: '10.1.1',
    level: 'MAY',
    rule: 'A server may omit 100 where it has content already, or where there is none.',
    cases: [
      {
        name: 'sends no 100 where the body came with the head',
        bytes: post('/', 'hello', EXPECT),
        handler: (incoming) => incoming.text(),
        answered: [{ status: 200, body: 'hello' }],
        onlyWhole: 'byte by byte the head comes alone, and 100 is owed',
      },
      { name: 'sends no 100 to a GET without content, and keeps the connection', bytes: request('/', EXPECT), handler: async (incoming) => `${await incoming.text()}nothing`, answered: [{ status: 200, body: 'nothing' }] },
      { name: 'sends no 100 for a Content-Length of 0', bytes: post('/', '', EXPECT), handler: async (incoming) => `${await incoming.text()}nothing`, answered: [{ status: 200, body: 'nothing' }] },
    ],
  },
  {
    section: '10.1.1',
    level: 'MUST',
    rule: 'A server that sent 100 sends a final status, once it has processed the content.',
    heldBy: [
      { file: LAZILY, name: 'sends 100 Continue when the handler reads the body, and not before' },
      { file: LAZILY, name: 'sends 100 Continue once, for a chunked body' },
    ],
  },
  {
    section: '10.1.1',
    level: 'SHOULD',
    rule: 'A server that answers without having read the content says whether it closes or reads on.',
    cases: [
      { name: 'closes behind an answer without 100', bytes: post('/', 'hello', EXPECT), answered: [{ status: 200, body: 'hello', fields: { connection: 'close' } }], closes: true },
      { name: 'closes behind an answer without 100 to a chunked body', bytes: `${postChunked('/', EXPECT)}5\r\nhello\r\n0\r\n\r\n`, answered: [{ status: 200, body: 'hello', fields: { connection: 'close' } }], closes: true },
      { name: 'closes behind a stream without 100', bytes: post('/', 'hello', EXPECT), handler: () => ({ body: ['a', 'b'] }), answered: [{ status: 200, body: 'ab', fields: { connection: 'close' } }], closes: true },
      { name: 'closes behind an error of the handler without 100', bytes: post('/', 'hello', EXPECT), handler: () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="a"' } }), answered: [{ status: 401, fields: { connection: 'close' } }], closes: true },
      { name: 'reads on behind an answer where nothing is expected', bytes: post('/', 'hello'), answered: [{ status: 200, fields: { connection: null } }] },
    ],
  },
  {
    section: '10.1.1',
    level: 'MUST',
    rule: 'An origin server answers the expectation at once with a final status or with 100, and does not wait for the content.',
    heldBy: [
      { file: LAZILY, name: 'sends 100 Continue when the handler reads the body, and not before' },
      { file: LAZILY, name: 'sends no 100 Continue to a handler that never reads, and closes behind its answer' },
      { file: LAZILY, name: 'answers 413 in place of 100 Continue to a body whose Content-Length is too large' },
      { file: LAZILY, name: 'never sends 100 Continue behind the head of the response, and closes behind its end' },
    ],
  },
  {
    section: '10.1.4',
    level: 'ought to',
    rule: 'A server sends only transfer codings that TE takes; chunked is always one of them.',
    cases: [
      { name: 'sends chunks, whatever TE prefers', bytes: request('/', 'TE: gzip;q=1.0, chunked;q=0\r\nConnection: TE\r\n'), handler: () => ({ body: ['hello'] }), answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked' }, body: 'hello' }] },
    ],
  },
  { section: '10.2.1', level: 'MUST', rule: 'An origin server sends Allow with a 405.', because: 'the application\'s: a 405 is always its own, and the server does not know what the resource allows' },
  {
    section: '10.2.4',
    level: 'SHOULD NOT',
    rule: 'An origin server tells no needless details of itself in Server.',
    cases: [{ name: 'sends no Server unless it is asked for', bytes: request(), answered: [{ status: 200, fields: { server: null } }] }],
  },
];
