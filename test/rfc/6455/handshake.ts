/** §3 URIs and §4 Opening Handshake, as the server reads it. */

import { opening, text } from '../../support/frames.js';
import { type AnsweredCase, refusals, type Rule } from '../../support/rfc.js';
import { bytes, declines, frames, opens, take } from './cases.js';

/** Asks for no WebSocket, and is served as any other request. */
function ignores(what: string, head: string): AnsweredCase {
  return { name: `serves as any other request ${what}`, bytes: head, handler: ({ isWebSocketUpgrade }) => String(isWebSocketUpgrade), answered: [{ status: 200, body: 'false' }], served: 1 };
}

/** Each ends with one of the four characters that 16 bytes can end with. */
const KEYS = ['AAAAAAAAAAAAAAAAAAAAAA==', '+/+/+/+/+/+/+/+/+/+/+Q==', '000000000000000000000g==', '/////////////////////w=='];

const UPGRADE_REQUIRED = { status: 426, fields: { 'sec-websocket-version': '13', upgrade: 'websocket' } };

export const HANDSHAKE: readonly Rule[] = [
  {
    section: '3',
    level: 'MUST NOT',
    rule: 'A resource name has no fragment.',
    cases: refusals('HTTP_BAD_TARGET', { 'a handshake for a target with a fragment': opening({}, 'GET /chat#a HTTP/1.1') }),
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 1: the handshake is a GET.',
    cases: [
      opens('a target that has a query', {}, {}, 'GET /chat?a=b HTTP/1.1'),
      opens('an absolute URI', {}, {}, 'GET http://localhost/chat HTTP/1.1'),
      ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'get'].map((method) => declines(`a handshake by ${method}`, {}, `${method} / HTTP/1.1`)),
      declines('a handshake by HEAD', {}, 'HEAD / HTTP/1.1'),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 1: the handshake is of HTTP/1.1 or higher; an Upgrade in HTTP/1.0 is ignored (RFC 9110 §7.8).',
    cases: [
      opens('a later minor version', {}, {}, 'GET / HTTP/1.5'),
      { ...ignores('a handshake of HTTP/1.0', opening({}, 'GET / HTTP/1.0')), closes: true },
      ...refusals('HTTP_UNSUPPORTED_VERSION', { 'a handshake of HTTP/2.0': opening({}, 'GET / HTTP/2.0') }),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 2: there is one Host.',
    cases: [
      ...refusals('HTTP_BAD_HOST', {
        'a handshake without Host': opening({ Host: undefined }),
        'a handshake with two Hosts': opening({ Host: ['a', 'a'] }),
        'a handshake with a Host that is none': opening({ Host: 'a b' }),
      }),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 3: Upgrade names websocket, in any case; without it there is no handshake.',
    cases: [
      opens('WebSocket in Upgrade', { Upgrade: 'WebSocket' }),
      opens('WEBSOCKET in Upgrade', { Upgrade: 'WEBSOCKET' }),
      opens('websocket among others in Upgrade', { Upgrade: 'h2c, websocket' }),
      opens('websocket in a second Upgrade', { Upgrade: ['h2c', 'websocket'] }),
      opens('names of fields in other cases', { Upgrade: undefined, Connection: undefined, uPGRADE: 'websocket', CONNECTION: 'upgrade', 'Sec-WebSocket-Key': undefined, 'SEC-WEBSOCKET-KEY': 'dGhlIHNhbXBsZSBub25jZQ==' }),
      ignores('one without Upgrade', opening({ Upgrade: undefined })),
      ignores('one with another Upgrade', opening({ Upgrade: 'h2c' })),
      ignores('one whose Upgrade only contains websocket', opening({ Upgrade: 'websockets, x-websocket' })),
      ignores('one whose Upgrade is empty', opening({ Upgrade: '' })),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 4: Connection includes Upgrade, in any case.',
    cases: [
      opens('upgrade in Connection', { Connection: 'upgrade' }),
      opens('UPGRADE in Connection', { Connection: 'UPGRADE' }),
      opens('Upgrade among others in Connection', { Connection: 'keep-alive, Upgrade' }),
      opens('Upgrade between empty elements and tabs', { Connection: ',\tx ,Upgrade\t,,' }),
      opens('Upgrade in a second Connection', { Connection: ['keep-alive', 'Upgrade'] }),
      declines('one without Connection', { Connection: undefined }),
      declines('one with another Connection', { Connection: 'keep-alive' }),
      declines('one whose Connection only contains Upgrade', { Connection: 'upgrades, no-upgrade' }),
      declines('one with Upgrade in quotes', { Connection: '"Upgrade"' }),
      declines('one with an empty Connection', { Connection: '' }),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 5: Sec-WebSocket-Key is the base64 of 16 bytes.',
    cases: [
      ...KEYS.map((key) => opens(`the key ${key}`, { 'Sec-WebSocket-Key': key })),
      opens('white space around the key', { 'Sec-WebSocket-Key': ' \tdGhlIHNhbXBsZSBub25jZQ==\t ' }, { fields: { 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } }),
      declines('one without a key', { 'Sec-WebSocket-Key': undefined }),
      declines('an empty key', { 'Sec-WebSocket-Key': '' }),
      declines('a key of 15 bytes', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAA' }),
      declines('a key of 17 bytes', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAAA=' }),
      declines('a key of 18 bytes, as long as one of 16', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAAAA' }),
      declines('a key of 32 bytes', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
      declines('a key without its padding', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ' }),
      declines('a key with half of its padding', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=' }),
      declines('a key with too much padding', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ===' }),
      declines('a key in the alphabet of URLs', { 'Sec-WebSocket-Key': '-_-_-_-_-_-_-_-_-_-_-Q==' }),
      declines('a key whose last bits are not zero', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAB==' }),
      declines('a key with a space in it', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBs ZSBub25jZQ==' }),
      declines('a key with another character in it', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZ!==' }),
      declines('a key of bytes over 127', { 'Sec-WebSocket-Key': '\xe4'.repeat(22) + '==' }),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 6: Sec-WebSocket-Version is 13.',
    cases: [
      opens('white space around the version', { 'Sec-WebSocket-Version': '\t 13 \t' }),
      declines('one without a version', { 'Sec-WebSocket-Version': undefined }, undefined, UPGRADE_REQUIRED),
      ...['', '0', '7', '8', '12', '14', '25', '255', '256', '013', '13.0', '+13', '0xd', '13a', '13;', '"13"', '13,', '13, 8', '8, 13', '1 3'].map((version) =>
        declines(`the version «${version}»`, { 'Sec-WebSocket-Version': version }, undefined, UPGRADE_REQUIRED),
      ),
    ],
  },
  {
    section: '4.2.1',
    level: 'SHOULD NOT',
    rule: 'Item 7: a handshake without Origin is not taken for one of a browser, and needs none.',
    cases: [opens('no Origin', {}), opens('an Origin', { Origin: 'http://localhost' })],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 8: Sec-WebSocket-Protocol is a list of tokens.',
    cases: [
      opens('a subprotocol that nobody speaks here', { 'Sec-WebSocket-Protocol': 'chat' }, { fields: { 'sec-websocket-protocol': null } }),
      opens('every character of a token in a subprotocol', { 'Sec-WebSocket-Protocol': "!#$%&'*+-.^_`|~09azAZ" }),
      opens('subprotocols with tabs and empty elements between', { 'Sec-WebSocket-Protocol': 'chat\t, ,superchat,' }),
      opens('a subprotocol that is offered twice', { 'Sec-WebSocket-Protocol': 'chat, chat' }),
      ...['', ' ', ',', ' ,, ', 'a b', 'a, b c', 'a;b', 'a/b', '"a"', 'a=b', 'caf\xe9', 'a@b', '(a)'].map((value) => declines(`the subprotocols «${value}»`, { 'Sec-WebSocket-Protocol': value })),
    ],
  },
  {
    section: '4.2.1',
    level: 'MUST',
    rule: 'Item 9: Sec-WebSocket-Extensions is a list of extensions.',
    because: 'it is what §9.1 is held to below',
  },
  {
    section: '4.2.1',
    level: 'ought to',
    rule: 'Item 10: other fields are ignored, and handed over.',
    cases: [
      opens('cookies, credentials and fields that nobody knows', { Cookie: 'a=b', Authorization: 'Basic YTpi', 'X-A': '1' }),
      opens('a field of an answer in it', { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }),
      opens('a key of the old handshake beside', { 'Sec-WebSocket-Key1': '4 @1  46546xW%0l 1 5', 'Sec-WebSocket-Key2': '12998 5 Y3 1  .P00' }),
      opens('its fields in another order', { Host: undefined, Upgrade: undefined, Connection: undefined, 'X-A': '1', upgrade: 'websocket', connection: 'Upgrade', host: 'localhost' }),
    ],
  },
  {
    section: '4.2.1',
    level: 'ought to',
    rule: 'A handshake has no body: what follows its head are frames.',
    cases: [
      opens('a body of no bytes', { 'Content-Length': '0' }),
      { name: 'declines one with a body', bytes: opening({ 'Content-Length': '5' }) + 'hello', handler: take, answered: [{ status: 400 }], closes: true, served: 1 },
      { name: 'declines one with a chunked body', bytes: `${opening({ 'Transfer-Encoding': 'chunked' })}5\r\nhello\r\n0\r\n\r\n`, handler: take, answered: [{ status: 400 }], closes: true, served: 1 },
    ],
  },
  {
    section: '4.2.1',
    level: 'ought to',
    rule: 'Frames behind the handshake are kept, though a client ought to wait for its answer.',
    cases: [
      { name: 'hands over a message right behind the handshake', opening: opening(), bytes: frames(text('first')), received: ['text first'] },
      { name: 'hands over many messages right behind the handshake', opening: opening(), bytes: frames(...Array.from({ length: 50 }, (_, i) => text(`${i}`))), received: Array.from({ length: 50 }, (_, i) => `text ${i}`) },
      { name: 'fails an invalid frame right behind the handshake, behind the 101', opening: opening(), bytes: frames(bytes('83 80 00000000')), received: [], ends: 'WS_RESERVED_OPCODE' },
    ],
  },
];
