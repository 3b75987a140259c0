/** A message that was framed says the same when it is read again, whatever its length and its letters. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeMessage } from '#src/websocket/encoder.js';
import { parseServerFrames } from '../support/frames.js';
import { Random } from '../support/random.js';

const LENGTHS = [0, 1, 2, 64, 125, 126, 127, 1023, 1024, 1025, 4096, 16_383, 16_384, 16_385, 65_535, 65_536, 70_001];

/** As a socket would write it. */
const onTheWire = (frame: string | Uint8Array): Buffer => Buffer.from(frame as string, 'latin1');

function assertFramed(message: string | Uint8Array, what: string): void {
  const { frames, rest } = parseServerFrames(onTheWire(encodeMessage(message)));
  const expected = Buffer.from(message as string);
  assert.equal(frames.length, 1, what);
  assert.equal(rest.length, 0, what);
  assert.equal(frames[0]!.opcode, typeof message === 'string' ? 1 : 2, what);
  assert.ok(frames[0]!.fin, what);
  assert.ok(frames[0]!.payload.equals(expected), what);
}

describe('frames text of every length', () => {
  const kinds = { 'ASCII': 'text in ASCII ', 'latin1': 'Grüße aus Köln ', 'Cyrillic': 'привет, мир ', 'Chinese': '長い電線', 'emoji': 'a😀', 'lone halves of surrogate pairs': 'a\ud83d' };
  for (const [kind, letters] of Object.entries(kinds)) {
    test(kind, () => {
      for (const length of LENGTHS) assertFramed(letters.repeat(Math.ceil(length / letters.length)).slice(0, length), `${length} characters`);
    });
  }
});

test('frames long text whose only letter beyond ASCII stands anywhere, a pair cut by the room included', () => {
  const length = 20_000;
  for (const letter of ['ä', 'я', '長', '😀', '\ud83d', '\ude00']) {
    for (const at of [0, 1, 9_999, length - 4, length - 3, length - 2, length - 1, length]) {
      assertFramed(`${'x'.repeat(at)}${letter}${'x'.repeat(length - at)}`, `${letter} at ${at}`);
    }
    assertFramed(letter.repeat(length), `nothing but ${letter}`);
  }
});

test('frames bytes of every length, and keeps nothing of theirs', () => {
  const random = new Random(1);
  for (const length of LENGTHS) {
    const bytes = random.bytes(length);
    assertFramed(bytes, `${length} bytes`);
    const frame = encodeMessage(bytes);
    const before = onTheWire(frame).toString('hex');
    bytes.fill(0);
    encodeMessage(random.bytes(length));
    assert.equal(onTheWire(frame).toString('hex'), before, `${length} bytes, changed later`);
  }
});
