/** The opening handshake: every rule of RFC 6455 §4.2.1, the proof of §4.2.2, and the choice of a subprotocol. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '#src/errors.js';
import { acceptKey, chooseProtocol, type HandshakeRequest, handshakeViolation } from '#src/websocket/handshake.js';

const VALID: Readonly<Record<string, string>> = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

interface Changes {
  readonly method?: string;
  readonly fields?: Readonly<Record<string, string | undefined>>;
}

function request({ method = 'GET', fields = {} }: Changes): HandshakeRequest {
  const all: Readonly<Record<string, string | undefined>> = { ...VALID, ...fields };
  return { method, header: (name) => all[name.toLowerCase()] };
}

const ACCEPTED: readonly (readonly [name: string, changes: Changes])[] = [
  ['the example of RFC 6455 §1.2', {}],
  ['Connection in any case', { fields: { connection: 'uPGRADE' } }],
  ['Connection with other options beside', { fields: { connection: 'keep-alive, Upgrade' } }],
  ['Connection with empty elements and tabs', { fields: { connection: ',keep-alive ,\tUpgrade\t,' } }],
  ['a key that ends in each of the four characters that 16 bytes can end in (A)', { fields: { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' } }],
  ['… (Q)', { fields: { 'sec-websocket-key': '+/+/+/+/+/+/+/+/+/+/+Q==' } }],
  ['… (g)', { fields: { 'sec-websocket-key': '000000000000000000000g==' } }],
  ['… (w)', { fields: { 'sec-websocket-key': '/////////////////////w==' } }],
  ['a list of subprotocols', { fields: { 'sec-websocket-protocol': 'chat, superchat,v2.example.org' } }],
  ['a list of subprotocols with empty elements, which a recipient must ignore (RFC 9110 §5.6.1.2)', { fields: { 'sec-websocket-protocol': 'chat, ,superchat,' } }],
  ['extensions, which need not be agreed on', { fields: { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' } }],
];

const REFUSED: readonly (readonly [name: string, changes: Changes, status: number])[] = [
  ['POST (item 1)', { method: 'POST' }, 400],
  ['get, as methods are case-sensitive (item 1)', { method: 'get' }, 400],
  ['HEAD (item 1)', { method: 'HEAD' }, 400],
  ['no Connection (item 4)', { fields: { connection: undefined } }, 400],
  ['Connection without Upgrade (item 4)', { fields: { connection: 'keep-alive' } }, 400],
  ['Connection with Upgrade as a part of a word (item 4)', { fields: { connection: 'upgrades, no-upgrade' } }, 400],
  ['no key (item 5)', { fields: { 'sec-websocket-key': undefined } }, 400],
  ['an empty key (item 5)', { fields: { 'sec-websocket-key': '' } }, 400],
  ['a key of 15 bytes (item 5)', { fields: { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAA' } }, 400],
  ['a key of 17 bytes (item 5)', { fields: { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAAA=' } }, 400],
  ['a key without its padding (item 5)', { fields: { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ' } }, 400],
  ['a key in the alphabet of URLs (item 5)', { fields: { 'sec-websocket-key': '-_-_-_-_-_-_-_-_-_-_-Q==' } }, 400],
  ['a key whose last bits are not zero (item 5)', { fields: { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAB==' } }, 400],
  ['two keys, joined (item 5)', { fields: { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==' } }, 400],
  ['no version (item 6)', { fields: { 'sec-websocket-version': undefined } }, 426],
  ['version 8 (item 6)', { fields: { 'sec-websocket-version': '8' } }, 426],
  ['version 13 among others (item 6)', { fields: { 'sec-websocket-version': '13, 8' } }, 426],
  ['version 013 (item 6)', { fields: { 'sec-websocket-version': '013' } }, 426],
  ['an old version, though its key is missing (§4.4)', { fields: { 'sec-websocket-version': '8', 'sec-websocket-key': undefined } }, 426],
  ['a subprotocol that is no token (item 8)', { fields: { 'sec-websocket-protocol': 'chat, super chat' } }, 400],
  ['a subprotocol beyond ASCII (item 8)', { fields: { 'sec-websocket-protocol': 'caf\xe9' } }, 400],
  ['an empty list of subprotocols (item 8)', { fields: { 'sec-websocket-protocol': '' } }, 400],
  ['a list of nothing but empty elements (item 8)', { fields: { 'sec-websocket-protocol': ' ,, ' } }, 400],
];

describe('accepts', () => {
  for (const [name, changes] of ACCEPTED) {
    test(name, () => assert.equal(handshakeViolation(request(changes)), undefined));
  }
});

describe('refuses', () => {
  for (const [name, changes, status] of REFUSED) {
    test(name, () => assert.equal(handshakeViolation(request(changes))?.status, status));
  }

  test('with a reason that holds nothing of what the client sent', () => {
    for (const [name, changes] of REFUSED) {
      const { reason } = handshakeViolation(request(changes))!;
      assert.match(reason, /^[\x20-\x7e]+$/, name);
      for (const value of Object.values(changes.fields ?? {})) if (value !== undefined && value.trim().length > 3) assert.ok(!reason.includes(value), name);
    }
  });
});

test('proves the handshake with the key of RFC 6455 §1.3', () => {
  assert.equal(acceptKey('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

describe('chooses as subprotocol', () => {
  test('none where the client offers none', () => {
    assert.equal(chooseProtocol(undefined, ['chat']), undefined);
    assert.equal(chooseProtocol(undefined, () => assert.fail('nothing was offered')), undefined);
  });

  test('none where the server wants none', () => {
    assert.equal(chooseProtocol('chat', undefined), undefined);
    assert.equal(chooseProtocol('chat', []), undefined);
  });

  test('the first that the server wants and the client offers', () => {
    assert.equal(chooseProtocol('a, b, c', ['x', 'c', 'a']), 'c');
  });

  test('none where nothing fits, and case matters', () => {
    assert.equal(chooseProtocol('chat', ['Chat']), undefined);
  });

  test('what the function picks from what was offered, in the client\'s order', () => {
    const offers: (readonly string[])[] = [];
    const pick = (offered: readonly string[]): string | undefined => {
      offers.push(offered);
      return offered[1];
    };
    assert.equal(chooseProtocol('a ,\tb,c', pick), 'b');
    assert.deepEqual(offers, [['a', 'b', 'c']]);
  });

  test('none where the function picks none', () => {
    assert.equal(chooseProtocol('a', () => undefined), undefined);
  });

  test('nothing that was not offered: a UsageError', () => {
    assert.throws(() => chooseProtocol('a, b', () => 'c'), UsageError);
  });

  test('never an empty element of the list', () => {
    assert.equal(chooseProtocol('a,,b', ['']), undefined);
    assert.equal(chooseProtocol('a,,b', (offered) => offered[1]), 'b');
  });
});
