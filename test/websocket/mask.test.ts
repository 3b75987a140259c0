/** Unmasking gives what a loop over the bytes gives (RFC 6455 §5.3), wherever the bytes lie, and touches no byte beside them. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { asideFor, unmask, unmaskAside, unmaskedBytes, unmaskInto, unmaskWhole } from '#src/websocket/mask.js';
import { Random } from '../support/random.js';

const KEY = Uint8Array.of(0x11, 0x5a, 0xc3, 0xfe);
const LENGTHS = [...Array(80).keys(), 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 4099];

/** The definition in §5.3. */
function slowly(bytes: Uint8Array, start: number, end: number, key: Uint8Array, phase: number): Uint8Array {
  const result = Uint8Array.from(bytes);
  for (let i = 0; i < end - start; i++) result[start + i] = bytes[start + i]! ^ key[(phase + i) % 4]!;
  return result;
}

/** As the decoder does it: aside, or in place. */
function unmaskedWhole(bytes: Buffer, start: number, end: number): { payload: Buffer; isAscii: boolean } {
  const aside = asideFor(end - start);
  if (aside === undefined) return { isAscii: unmaskWhole(bytes, start, end, KEY), payload: bytes.subarray(start, end) };
  return { isAscii: unmaskAside(bytes, start, end, KEY), payload: aside.subarray(0, end - start) };
}

describe('unmasks as a byte loop does', () => {
  for (let offset = 0; offset < 4; offset++) {
    test(`in a view that starts ${offset} bytes behind a word`, () => {
      const random = new Random(offset);
      for (let start = 0; start < 8; start++) {
        for (let phase = 0; phase < 4; phase++) {
          for (const length of LENGTHS) {
            const memory = random.bytes(offset + start + length + 9);
            const view = memory.subarray(offset);
            const expected = slowly(view, start, start + length, KEY, phase);
            const next = unmask(view, start, start + length, KEY, phase);
            const where = `start ${start}, phase ${phase}, length ${length}`;
            assert.deepEqual(view, expected, where);
            assert.equal(next, (phase + length) % 4, where);
          }
        }
      }
    });
  }
});

test('a whole payload is the same wherever it is left, and ASCII is seen only where every byte is', () => {
  const random = new Random(3);
  for (const length of [...LENGTHS, 191, 192, 193, 200, 207, 208, 255, 256, 257, 16_383, 16_384, 16_385, 70_000]) {
    for (const [low, high] of [[0, 128], [0, 256]] as const) {
      const plain = Buffer.from(Array.from({ length: length + 5 }, () => low + random.below(high - low)));
      const masked = Buffer.from(slowly(plain, 3, 3 + length, KEY, 0));
      const { payload, isAscii } = unmaskedWhole(masked, 3, 3 + length);
      assert.ok(payload.equals(plain.subarray(3, 3 + length)), `length ${length}`);
      assert.deepEqual([masked.subarray(0, 3), masked.subarray(3 + length)], [plain.subarray(0, 3), plain.subarray(3 + length)], `beside a length of ${length}`);
      assert.equal(asideFor(length) === undefined, length <= 192 || length > 16_384, `length ${length}`);
      if (isAscii) assert.ok(plain.subarray(3, 3 + length).every((byte) => byte < 0x80), `length ${length}`);
      if (length <= 16_384 && high === 128) assert.ok(isAscii, `length ${length}`);
    }
  }
});

test('bytes are handed over in memory of their own, and nothing beside them changes', () => {
  const random = new Random(4);
  for (const length of [...LENGTHS, 191, 192, 193, 16_383, 16_384, 16_385, 70_000]) {
    const behind = random.below(2) * 2;
    const plain = Buffer.from(random.bytes(3 + length + behind));
    const masked = Buffer.from(slowly(plain, 3, 3 + length, KEY, 0));
    const own = unmaskedBytes(masked, 3, 3 + length, KEY);
    assert.ok(plain.subarray(3, 3 + length).equals(own), `length ${length}`);
    assert.deepEqual([masked.subarray(0, 3), masked.subarray(3 + length)], [plain.subarray(0, 3), plain.subarray(3 + length)], `beside a length of ${length}`);
    assert.deepEqual([own.constructor, own.buffer.byteLength], [Uint8Array, length], `length ${length}`);
    masked.fill(0);
    unmaskedBytes(Buffer.alloc(16_384, 0xff), 0, 16_384, KEY);
    assert.ok(plain.subarray(3, 3 + length).equals(own), `length ${length}, once others have come`);
  }
});

test('one byte that is not ASCII is seen wherever it stands', () => {
  for (const length of [11, 192, 193, 300]) {
    for (let at = 0; at < length; at++) {
      const plain = Buffer.alloc(length, 0x7f);
      plain[at] = 0x80;
      assert.equal(unmaskedWhole(Buffer.from(slowly(plain, 0, length, KEY, 0)), 0, length).isAscii, false, `byte ${at} of ${length}`);
    }
  }
});

test('what one payload leaves behind is not seen in the next', () => {
  unmaskedWhole(Buffer.alloc(16_384, 0xff), 0, 16_384);
  const plain = Buffer.alloc(201, 'a');
  const { payload, isAscii } = unmaskedWhole(Buffer.from(slowly(plain, 0, 201, KEY, 0)), 0, 201);
  assert.deepEqual([payload.equals(plain), isAscii], [true, true]);
});

test('gives the same in pieces as at once, the phase passed on', () => {
  const random = new Random(1);
  for (let round = 0; round < 200; round++) {
    const bytes = random.bytes(1 + random.below(300));
    const expected = slowly(bytes, 0, bytes.length, KEY, 0);
    let phase = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + random.below(80));
      phase = unmask(bytes, at, end, KEY, phase);
      at = end;
    }
    assert.deepEqual(bytes, expected);
  }
});

test('twice is once too often: the second time masks again', () => {
  const random = new Random(2);
  const bytes = random.bytes(200);
  const before = Uint8Array.from(bytes);
  unmask(bytes, 0, 200, KEY, 3);
  assert.notDeepEqual(bytes, before);
  unmask(bytes, 0, 200, KEY, 3);
  assert.deepEqual(bytes, before);
});

test('unmasks lengths around those at which the memory of SIMD is full', () => {
  const random = new Random(3);
  for (const length of [16_383, 65_535, 65_536, 65_537, 131_072, 131_088, 200_001]) {
    const bytes = random.bytes(length + 20);
    const expected = slowly(bytes, 7, 7 + length, KEY, 1);
    assert.equal(unmask(bytes, 7, 7 + length, KEY, 1), (1 + length) % 4);
    assert.ok(Buffer.from(bytes).equals(Buffer.from(expected)), String(length));
  }
});

test('unmasks without WebAssembly, where there is none', () => {
  const program = `
    import { asideFor, unmask } from '#src/websocket/mask.js';
    import { xorRoom } from '#src/websocket/simd.js';
    const bytes = new Uint8Array(5000);
    unmask(bytes, 1, 5000, Uint8Array.of(1, 2, 3, 4), 0);
    console.log(xorRoom === undefined, asideFor(5000), bytes[0], bytes[1], bytes[4999]);`;
  const options = ['--jitless', '--input-type=module', '--eval', program];
  assert.equal(execFileSync(process.execPath, options, { cwd: import.meta.dirname, encoding: 'utf8' }).trim(), 'true undefined 0 1 3');
});

test('unmasks on the way to another place, and changes nothing beside it', () => {
  const random = new Random(11);
  for (const length of [...LENGTHS, 65_535, 65_536, 65_537, 140_001]) {
    for (const [start, at, phase] of [[0, 0, 0], [3, 5, 1], [1, 16, 2], [14, 3, 3]] as const) {
      const bytes = random.bytes(start + length + 7);
      const payload = slowly(bytes, start, start + length, KEY, phase).subarray(start, start + length);
      const target = Buffer.alloc(at + length + 9, 0xee);
      const next = unmaskInto(target, at, bytes, start, start + length, KEY, phase);
      const expected = Buffer.concat([Buffer.alloc(at, 0xee), payload, Buffer.alloc(9, 0xee)]);
      assert.ok(target.equals(expected), `${length} from ${start} to ${at}, phase ${phase}`);
      assert.equal(next, (phase + length) % 4);
    }
  }
});

test('leaves the key as it was', () => {
  unmask(new Uint8Array(100), 1, 99, KEY, 1);
  assert.deepEqual([...KEY], [0x11, 0x5a, 0xc3, 0xfe]);
});
