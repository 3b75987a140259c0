/** §10 Security Considerations, and §11.3 for the fields of the handshake. */

import { clientFrame, opening, text } from '../../support/frames.js';
import type { Rule } from '../../support/rfc.js';
import { bytes, declines, failures, fragment, frames, opens, take } from './cases.js';

export const SECURITY: readonly Rule[] = [
  {
    section: '10.1',
    level: 'ought to',
    rule: 'No input is trusted: whatever a client sends, it harms its own connection alone.',
    heldBy: [
      { file: 'websocket/fuzz.test.ts', name: 'frames from 6,000 seeds, whole, byte by byte and in pieces of several lengths' },
      { file: 'channel-server/websocket-limits.test.ts', name: 'opcode 3 is answered with 1002 at once, behind the messages before it' },
    ],
  },
  {
    section: '10.2',
    level: 'SHOULD',
    rule: 'A page of an origin that is not wanted is answered with 403.',
    cases: [
      declines('a page of another host that sends cookies', { Origin: 'http://elsewhere', Cookie: 'a=b' }, undefined, { status: 403 }),
      declines('a page of another port that sends cookies', { Origin: 'http://localhost:8080', Cookie: 'a=b' }, undefined, { status: 403 }),
      declines('a page of no origin that sends cookies', { Origin: 'null', Cookie: 'a=b' }, undefined, { status: 403 }),
      opens('a page of another host that sends no cookies', { Origin: 'http://elsewhere' }),
      opens('cookies and no Origin, which no browser leaves out', { Cookie: 'a=b' }),
    ],
  },
  {
    section: '10.3',
    level: 'MUST',
    rule: 'What a client sends is masked.',
    because: 'it is what §5.1 is held to above; that keys cannot be guessed binds clients',
  },
  {
    section: '10.4',
    level: 'MUST',
    rule: 'A server that has limits keeps to them: 1009 as soon as a header announces too much, ahead of its payload.',
    cases: [
      { name: 'takes a message of exactly the limit', bytes: frames(text('1234567')), received: ['text 1234567'], options: { maxMessageBytes: 7 } },
      { name: 'takes a message in fragments of exactly the limit', bytes: frames(fragment(1, '123'), fragment(0, '4567'), fragment(0, '', true)), received: ['text 1234567'], options: { maxMessageBytes: 7 } },
      ...failures('WS_MESSAGE_TOO_BIG', {
        'a message that announces more than 1 MiB': clientFrame({ opcode: 2, announce: 1024 * 1024 + 1 }),
        'a message that announces 2^53 bytes': clientFrame({ opcode: 2, announce: 2 ** 53 }),
        'a first fragment that announces more than 1 MiB': clientFrame({ opcode: 2, fin: false, announce: 1024 * 1024 + 1 }),
        'a fragment that makes a message announce more than 1 MiB': frames(fragment(2, 'ab'), clientFrame({ opcode: 0, announce: 1024 * 1024 - 1 })),
      }),
      { name: 'fails a message of one byte more than the limit', bytes: frames(text('12345678')), received: [], ends: 'WS_MESSAGE_TOO_BIG', options: { maxMessageBytes: 7 } },
      { name: 'fails fragments of one byte more than the limit', bytes: frames(text('1234567'), fragment(1, '123'), fragment(0, '45678')), received: ['text 1234567'], ends: 'WS_MESSAGE_TOO_BIG', options: { maxMessageBytes: 7 } },
      { name: 'fails one fragment more than the limit', bytes: frames(fragment(1, 'a'), fragment(0, 'b'), fragment(0, 'c', true)), received: [], ends: 'WS_TOO_MANY_FRAGMENTS', options: { maxFragments: 2 } },
    ],
  },
  {
    section: '10.4',
    level: 'MUST',
    rule: 'Memory is taken for what has come, and not for what was announced.',
    heldBy: [
      { file: 'channel-server/websocket-limits.test.ts', name: 'memory is taken for what has come, not for what was announced' },
      { file: 'channel-server/http-kit-traps.test.ts', name: '8: memory is not taken by what a client announces' },
    ],
  },
  {
    section: '10.4',
    level: 'ought to',
    rule: 'A message that does not come to its end is given up, with 1008.',
    heldBy: [{ file: 'channel-server/websocket-deadlines.test.ts', name: 'a message that is not complete within 60 s is answered with 1008' }],
  },
  {
    section: '10.5',
    level: 'ought to',
    rule: 'A handshake carries what HTTP has to say who a client is.',
    because: 'the application has every field of it, and may answer as §4.2.2 is held to above',
  },
  {
    section: '10.6',
    level: 'ought to',
    rule: 'What is confidential runs over TLS.',
    because: 'whether the server has the option `tls` is the application\'s choice; WebSocket over it is what §4.2.2 is held to above',
  },
  {
    section: '10.7',
    level: 'MUST',
    rule: 'What comes is always validated: an invalid handshake has an HTTP status, an invalid frame a close code.',
    cases: [
      declines('a handshake that breaks every rule of its fields', { Connection: 'close', 'Sec-WebSocket-Key': '?', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': '?/', 'Sec-WebSocket-Extensions': ';' }),
      ...failures('WS_UNMASKED', { 'a frame that breaks several rules for the first of them': bytes('fb ff ffffffffffffffff').fill(0x7f, 1, 2) }),
      ...failures('WS_RESERVED_OPCODE', { 'HTTP that is masked by chance': clientFrame({ opcode: 15, fin: false, payload: 'GET / HTTP/1.1\r\n\r\n' }) }),
      { name: 'fails a request of HTTP in the place of a frame', bytes: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', received: [], ends: 'WS_UNMASKED' },
    ],
  },
  {
    section: '11.3.1',
    level: 'MUST NOT',
    rule: 'Sec-WebSocket-Key does not appear twice.',
    cases: [
      declines('two keys', { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'AAAAAAAAAAAAAAAAAAAAAA=='] }),
      declines('the same key twice', { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }),
      declines('a key and an empty one', { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', ''] }),
    ],
  },
  {
    section: '11.3.2',
    level: 'MUST NOT',
    rule: 'Sec-WebSocket-Extensions may appear twice in a request, and appears once at most in the answer.',
    because: 'it is what §9.1 and RFC 7692 are held to',
  },
  {
    section: '11.3.3',
    level: 'MUST NOT',
    rule: 'Sec-WebSocket-Accept appears once in the answer.',
    cases: [opens('one proof for one key', {}, { fields: { 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } })],
  },
  {
    section: '11.3.4',
    level: 'MUST NOT',
    rule: 'Sec-WebSocket-Protocol may appear twice in a request, and appears once at most in the answer.',
    cases: [
      { ...opens('two fields of subprotocols, and one in the answer', { 'Sec-WebSocket-Protocol': ['a, b', 'c'] }, { fields: { 'sec-websocket-protocol': 'c' } }), handlers: { protocols: ['c', 'a'] } },
      declines('a second field of subprotocols that is malformed', { 'Sec-WebSocket-Protocol': ['a', 'b c'] }),
    ],
  },
  {
    section: '11.3.5',
    level: 'MUST NOT',
    rule: 'Sec-WebSocket-Version does not appear twice in a request.',
    cases: [['13', '13'], ['13', '8'], ['8', '13'], ['13', '']].map((versions) => ({
      name: `declines the versions «${versions.join('» and «')}»`,
      bytes: opening({ 'Sec-WebSocket-Version': versions }),
      handler: take,
      answered: [{ status: 426, fields: { 'sec-websocket-version': '13' } }],
      closes: true,
      served: 1,
    })),
  },
];
