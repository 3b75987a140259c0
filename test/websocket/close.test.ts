/** The body of a Close frame: which codes may stand in it, and what it says (RFC 6455 §5.5.1, §7.4). */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isCloseCode } from '#src/channel/close-status.js';
import { ProtocolError } from '#src/errors.js';
import { encodeClose, parseClose } from '#src/websocket/close.js';

function bodyOf(code: number, reason: Uint8Array = new Uint8Array(0)): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff, ...reason);
}

function refusal(code: string, closeCode: number): (error: unknown) => boolean {
  return (error) => error instanceof ProtocolError && error.code === code && error.closeCode === closeCode;
}

/** §7.4.1, §7.4.2 and the registry of IANA, written down by hand. */
function mayBeSent(code: number): boolean {
  return [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code) || (code >= 3000 && code <= 4999);
}

describe('parses', () => {
  test('an empty body as no code and no reason', () => {
    assert.deepEqual(parseClose(new Uint8Array(0)), { code: undefined, reason: '' });
  });

  test('a code without a reason', () => {
    assert.deepEqual(parseClose(bodyOf(1000)), { code: 1000, reason: '' });
  });

  test('a code with a reason in UTF-8', () => {
    assert.deepEqual(parseClose(bodyOf(4711, Buffer.from('tschüß 🚪'))), { code: 4711, reason: 'tschüß 🚪' });
  });

  test('a body of 125 bytes', () => {
    assert.deepEqual(parseClose(bodyOf(1001, Buffer.alloc(123, 'x'))), { code: 1001, reason: 'x'.repeat(123) });
  });

  test('a body within a larger buffer', () => {
    const memory = Uint8Array.of(9, 9, ...bodyOf(1001, Buffer.from('bye')), 9, 9);
    assert.deepEqual(parseClose(memory.subarray(2, 7)), { code: 1001, reason: 'bye' });
  });
});

describe('refuses', () => {
  test('a body of one byte', () => {
    for (const byte of [0, 3, 255]) assert.throws(() => parseClose(Uint8Array.of(byte)), refusal('WS_BAD_CLOSE_LENGTH', 1002));
  });

  test('a reason that is not UTF-8', () => {
    for (const reason of [[0x80], [0xc3], [0xed, 0xa0, 0x80], [0x41, 0xff]]) {
      assert.throws(() => parseClose(bodyOf(1000, Uint8Array.from(reason))), refusal('WS_INVALID_UTF8', 1007));
    }
  });

  test('a bad code before a bad reason', () => {
    assert.throws(() => parseClose(bodyOf(1005, Uint8Array.of(0xff))), refusal('WS_BAD_CLOSE_CODE', 1002));
  });
});

test('every code there is gets its verdict', () => {
  for (let code = 0; code <= 0xffff; code++) {
    assert.equal(isCloseCode(code), mayBeSent(code), String(code));
    if (mayBeSent(code)) assert.equal(parseClose(bodyOf(code)).code, code);
    else assert.throws(() => parseClose(bodyOf(code)), refusal('WS_BAD_CLOSE_CODE', 1002), String(code));
  }
});

test('what it encodes it parses', () => {
  for (const [code, reason] of [[1000, ''], [1011, 'oops'], [4999, 'größer als 🌍']] as const) {
    assert.deepEqual(parseClose(encodeClose(code, reason)), { code, reason });
  }
  assert.deepEqual([...encodeClose(1001, 'é')], [0x03, 0xe9, 0xc3, 0xa9]);
});
