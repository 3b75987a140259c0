/** A message is its fragments put together, in memory that follows what has come and never what was announced. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProtocolError } from '#src/errors.js';
import { type AssembledMessage, decodeText, MessageAssembler, type MessageLimits } from '#src/websocket/message.js';

const LIMITS: MessageLimits = { maxMessageBytes: 100_000, maxFragments: 0 };

const KEY = Uint8Array.of(0x9b, 0x21, 0x44, 0xd6);

function assemble(assembler: MessageAssembler, isText: boolean, fragments: readonly (string | Uint8Array)[]): string | Uint8Array {
  assembler.begin(isText, false);
  fragments.forEach((fragment, i) => {
    const bytes = typeof fragment === 'string' ? Buffer.from(fragment) : fragment;
    assembler.announce(bytes.length, i === fragments.length - 1);
    if (bytes.length > 0) push(assembler, bytes);
  });
  return dataOf(assembler.end());
}

/** Bytes as they come: masked, where they lie. */
function push(assembler: MessageAssembler, bytes: Uint8Array, phase = 0): number {
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= KEY[(phase + i) & 3]!;
  return assembler.push(bytes, 0, bytes.length, KEY, phase);
}

function dataOf(message: AssembledMessage): string | Uint8Array {
  assert.ok(message.type === 'message');
  return message.data;
}

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ProtocolError && error.code === code;
}

describe('assembles', () => {
  test('text from its fragments', () => {
    assert.equal(assemble(new MessageAssembler(LIMITS), true, ['Hel', 'lo', ' there']), 'Hello there');
  });

  test('bytes from their fragments', () => {
    const message = assemble(new MessageAssembler(LIMITS), false, [Uint8Array.of(1, 2), Uint8Array.of(255), Uint8Array.of(0)]);
    assert.deepEqual(message, Uint8Array.of(1, 2, 255, 0));
  });

  test('a message whose fragments are all empty', () => {
    const assembler = new MessageAssembler(LIMITS);
    assert.equal(assemble(assembler, true, ['', '', '']), '');
    assert.deepEqual(assemble(assembler, false, ['', '']), new Uint8Array(0));
  });

  test('text whose characters are cut by the fragments', () => {
    const bytes = Buffer.from('aé€😀z');
    assert.equal(assemble(new MessageAssembler(LIMITS), true, [...bytes].map((byte) => Uint8Array.of(byte))), 'aé€😀z');
  });

  test('text with its byte order mark, which is a character of the message', () => {
    assert.equal(assemble(new MessageAssembler(LIMITS), true, ['\u{feff}a']), '\u{feff}a');
    assert.equal(textOf(Buffer.from('\u{feff}a')), '\u{feff}a');
  });

  test('one message behind another, of either kind, with nothing left over between them', () => {
    const assembler = new MessageAssembler(LIMITS);
    assert.equal(assemble(assembler, true, ['one', ' é']), 'one é');
    assert.deepEqual(assemble(assembler, false, [Uint8Array.of(0xff)]), Uint8Array.of(0xff));
    assert.equal(assemble(assembler, true, ['three']), 'three');
  });

  test('bytes that are not changed by later messages', () => {
    const assembler = new MessageAssembler(LIMITS);
    const first = assemble(assembler, false, ['abc', 'def']);
    assemble(assembler, false, ['xyz', 'xyz']);
    assert.equal(Buffer.from(first).toString(), 'abcdef');
  });
});

const PIECE = 20_000;

/** Text in pieces that are kept as they came, and in such that are copied. */
const LONG_PIECES = {
  'kept as they came': (bytes: Buffer): Uint8Array[] => Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, i) => Uint8Array.from(bytes.subarray(i * PIECE, (i + 1) * PIECE))),
  copied: (bytes: Buffer): Uint8Array[] => Array.from({ length: Math.ceil(bytes.length / 700) }, (_, i) => bytes.subarray(i * 700, (i + 1) * 700)),
};

for (const [how, cut] of Object.entries(LONG_PIECES)) {
  test(`text beyond ASCII in long pieces, ${how}, characters cut between them`, () => {
    for (let shift = 0; shift < 4; shift++) {
      const text = 'x'.repeat(shift) + 'é€😀'.repeat(7_000);
      assert.equal(assemble(new MessageAssembler(LIMITS), true, cut(Buffer.from(text))), text);
    }
  });

  test(`a wrong byte wherever it stands in long pieces, ${how}, is refused`, () => {
    for (const at of [0, 699, 700, PIECE - 1, PIECE, 2 * PIECE + 17, 59_999]) {
      const bytes = Buffer.alloc(60_000, 'a');
      bytes[at] = 0xff;
      assert.throws(() => assemble(new MessageAssembler(LIMITS), true, cut(bytes)), refusal('WS_INVALID_UTF8'), `byte ${at}`);
    }
  });
}

describe('refuses', () => {
  test('a fragment that takes the message over its limit, before any of it is kept', () => {
    const assembler = new MessageAssembler({ ...LIMITS, maxMessageBytes: 10 });
    assembler.begin(false, false);
    assembler.announce(6, false);
    push(assembler, new Uint8Array(6));
    assembler.announce(4, false);
    push(assembler, new Uint8Array(4));
    assert.throws(() => assembler.announce(1, true), refusal('WS_MESSAGE_TOO_BIG'));
  });

  test('one fragment more than are allowed, counted for each message', () => {
    const assembler = new MessageAssembler({ ...LIMITS, maxFragments: 3 });
    for (let i = 0; i < 5; i++) assemble(assembler, true, ['a', 'b', 'c']);
    assert.throws(() => assemble(assembler, true, ['a', 'b', 'c', 'd']), refusal('WS_TOO_MANY_FRAGMENTS'));
  });

  test('text at the first wrong byte, before the message ends', () => {
    const assembler = new MessageAssembler(LIMITS);
    assembler.begin(true, false);
    assembler.announce(3, false);
    assert.throws(() => push(assembler, Uint8Array.of(0x41, 0xe0, 0x80)), refusal('WS_INVALID_UTF8'));
  });

  test('text that ends within a character', () => {
    assert.throws(() => assemble(new MessageAssembler(LIMITS), true, ['a', Uint8Array.of(0xe2, 0x82)]), refusal('WS_INVALID_UTF8'));
  });

  test('a whole text that is not UTF-8', () => {
    for (const wrong of [[0xc0, 0x80], [0x80], [0x41, 0xff], [0xed, 0xa0, 0x80]]) {
      assert.throws(() => textOf(Buffer.from(wrong)), refusal('WS_INVALID_UTF8'));
    }
  });
});

/** As the decoder reads a text that lies in one piece, behind and ahead of others. */
function textOf(bytes: Buffer): string {
  return decodeText(Buffer.concat([Buffer.from([0x80]), bytes, Buffer.from([0xff])]), 1, 1 + bytes.length, false);
}

describe('keeps no more memory than is needed', () => {
  test('where much was announced and little came', () => {
    const assembler = new MessageAssembler({ ...LIMITS, maxMessageBytes: 2 ** 40 });
    assembler.begin(false, false);
    assembler.announce(2 ** 39, true);
    push(assembler, Uint8Array.of(1));
    const message = dataOf(assembler.end()) as Uint8Array;
    assert.equal(message.length, 1);
    assert.ok(message.buffer.byteLength <= 2, `${message.buffer.byteLength} bytes`);
  });

  test('for a message whose end was announced: exactly its length, however it comes', () => {
    const assembler = new MessageAssembler(LIMITS);
    assembler.begin(false, false);
    assembler.announce(1000, false);
    push(assembler, new Uint8Array(1000));
    assembler.announce(4000, true);
    for (let i = 0; i < 4; i++) push(assembler, new Uint8Array(1000));
    const message = dataOf(assembler.end()) as Uint8Array;
    assert.deepEqual([message.length, message.buffer.byteLength], [5000, 5000]);
  });

  test('behind a message handed over', () => {
    const assembler = new MessageAssembler(LIMITS);
    for (const count of [1, 3, 100, 1023, 1024, 1025, 5000, 40_000]) {
      const message = assemble(assembler, false, [new Uint8Array(count), new Uint8Array(count)]) as Uint8Array;
      assert.equal(message.length, 2 * count);
      assert.ok(message.buffer.byteLength <= 2 * message.length, `${message.buffer.byteLength} for ${message.length}`);
    }
  });

  test('for large pieces of which each fills its own, which are copied together once', () => {
    const assembler = new MessageAssembler(LIMITS);
    const pieces = [40_000, 3, 20_000, 30_000, 7].map((count, index) => new Uint8Array(count).fill(index + 1));
    const expected = Buffer.concat(pieces);
    const message = assemble(assembler, false, pieces) as Uint8Array;
    assert.deepEqual(Buffer.from(message), expected);
    assert.equal(message.buffer.byteLength, message.length);
  });

  test('for large pieces of larger memory, which are copied as they come', () => {
    const read = new Uint8Array(200_000).fill(9);
    const assembler = new MessageAssembler(LIMITS);
    const message = assemble(assembler, false, [read.subarray(0, 20_000), read.subarray(100_000, 120_000)]) as Uint8Array;
    read.fill(0);
    assert.deepEqual(Buffer.from(message), Buffer.alloc(40_000, 9));
  });

  test('for bytes in one frame that came in pieces, wherever they are cut', () => {
    for (const isText of [false, true]) {
      for (const total of [1, 17, 16_384, 40_000, 70_001]) {
        for (const cuts of [[], [0.01], [0.3], [0.5], [0.6], [0.99], [0.25, 0.5], [0.4, 0.41, 0.9], [0.2, 0.4, 0.6, 0.8]]) {
          const payload = Buffer.from(Array.from({ length: total }, (_, i) => 32 + ((i * 7) % 91)));
          const assembler = new MessageAssembler(LIMITS);
          assembler.begin(isText, false);
          assembler.announce(total, true);
          let phase = 0;
          const ends = [...cuts.map((cut) => Math.floor(cut * total)), total];
          for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
            if (ends[i]! > start) phase = push(assembler, new Uint8Array(payload.subarray(start, ends[i])), phase);
          }
          const message = dataOf(assembler.end());
          assert.deepEqual(Buffer.from(message), payload, `${total} bytes cut at ${cuts.join(', ')}`);
          assert.equal(phase, total & 3);
          if (typeof message !== 'string') assert.equal(message.buffer.byteLength, total);
        }
      }
    }
  });
});
