/** A frame's header is decoded whole or not at all, without an opinion, and is written in the fewest bytes (RFC 6455 §5.2). */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeHeader, encodeHeader, type FrameHeader, isControl, newFrameHeader } from '#src/websocket/frame.js';

interface Case {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly header: Omit<FrameHeader, 'mask'> & { readonly mask?: readonly number[] };
}

const CASES: readonly Case[] = [
  {
    name: 'a masked frame whose length stands in the second byte',
    bytes: [0x81, 0x85, 1, 2, 3, 4],
    header: { fin: true, rsv: 0, opcode: 1, masked: true, lengthBytes: 0, length: 5, headerBytes: 6, mask: [1, 2, 3, 4] },
  },
  {
    name: 'an unmasked frame without a payload',
    bytes: [0x02, 0x00],
    header: { fin: false, rsv: 0, opcode: 2, masked: false, lengthBytes: 0, length: 0, headerBytes: 2 },
  },
  {
    name: 'the longest length in the second byte',
    bytes: [0x82, 0x7d],
    header: { fin: true, rsv: 0, opcode: 2, masked: false, lengthBytes: 0, length: 125, headerBytes: 2 },
  },
  {
    name: 'a length of 16 bits',
    bytes: [0x82, 0xfe, 0x12, 0x34, 9, 8, 7, 6],
    header: { fin: true, rsv: 0, opcode: 2, masked: true, lengthBytes: 2, length: 0x1234, headerBytes: 8, mask: [9, 8, 7, 6] },
  },
  {
    name: 'a length of 16 bits that would fit in fewer',
    bytes: [0x82, 0x7e, 0x00, 0x05],
    header: { fin: true, rsv: 0, opcode: 2, masked: false, lengthBytes: 2, length: 5, headerBytes: 4 },
  },
  {
    name: 'a length of 64 bits',
    bytes: [0x82, 0xff, 0, 0, 0, 1, 0x80, 0, 0, 2, 0xff, 0, 0xff, 0],
    header: { fin: true, rsv: 0, opcode: 2, masked: true, lengthBytes: 8, length: 0x180000002, headerBytes: 14, mask: [255, 0, 255, 0] },
  },
  {
    name: 'a length of 2^53 - 1',
    bytes: [0x82, 0x7f, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    header: { fin: true, rsv: 0, opcode: 2, masked: false, lengthBytes: 8, length: Number.MAX_SAFE_INTEGER, headerBytes: 10 },
  },
  {
    name: 'all reserved bits and a reserved opcode',
    bytes: [0xff, 0x00],
    header: { fin: true, rsv: 7, opcode: 15, masked: false, lengthBytes: 0, length: 0, headerBytes: 2 },
  },
  {
    name: 'each reserved bit in its place',
    bytes: [0x29, 0x01],
    header: { fin: false, rsv: 2, opcode: 9, masked: false, lengthBytes: 0, length: 1, headerBytes: 2 },
  },
];

describe('decodes', () => {
  for (const { name, bytes, header: expected } of CASES) {
    test(name, () => {
      const header = newFrameHeader();
      assert.equal(decodeHeader(Uint8Array.from(bytes), 0, bytes.length, header), true);
      const { mask, ...rest } = expected;
      assert.deepEqual({ ...header, mask: undefined }, { ...rest, mask: undefined });
      if (mask !== undefined) assert.deepEqual([...header.mask], mask);
    });
  }

  test('from the middle of a buffer, looking at nothing beyond `end`', () => {
    for (const { name, bytes, header: expected } of CASES) {
      const padded = Uint8Array.from([0xaa, 0xbb, 0xcc, ...bytes, 0xdd, 0xee]);
      const header = newFrameHeader();
      assert.equal(decodeHeader(padded, 3, 3 + bytes.length, header), true, name);
      assert.equal(header.length, expected.length, name);
      assert.equal(header.headerBytes, bytes.length, name);
    }
  });

  test('nothing from any part of a header, and leaves the object as it was', () => {
    for (const { name, bytes } of CASES) {
      for (let length = 0; length < bytes.length; length++) {
        const header = newFrameHeader();
        assert.equal(decodeHeader(Uint8Array.from(bytes), 0, length, header), false, `${name}, ${length} bytes`);
        assert.deepEqual(header, newFrameHeader(), `${name}, ${length} bytes`);
      }
    }
  });

  test('a length above 2^53 never as more than was announced', () => {
    for (const announced of [2n ** 53n + 1n, 2n ** 62n + 2n ** 62n - 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      const bytes = Buffer.alloc(10);
      bytes[0] = 0x82;
      bytes[1] = 0x7f;
      bytes.writeBigUInt64BE(announced, 2);
      const header = newFrameHeader();
      assert.equal(decodeHeader(bytes, 0, 10, header), true);
      assert.ok(BigInt(header.length) <= announced, `${announced} became ${header.length}`);
      assert.ok(header.length >= 2 ** 53, `${announced} became ${header.length}`);
    }
  });
});

test('calls the opcodes from 8 on control frames', () => {
  for (let opcode = 0; opcode < 16; opcode++) assert.equal(isControl(opcode), opcode >= 8);
});

describe('encodes', () => {
  const lengths: readonly (readonly [length: number, hex: string])[] = [
    [0, '8100'],
    [1, '8101'],
    [125, '817d'],
    [126, '817e007e'],
    [255, '817e00ff'],
    [256, '817e0100'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
    [2 ** 31, '817f0000000080000000'],
    [2 ** 32 - 1, '817f00000000ffffffff'],
    [2 ** 32, '817f0000000100000000'],
    [2 ** 52 + 3, '817f0010000000000003'],
  ];
  for (const [length, hex] of lengths) {
    test(`a length of ${length} in the fewest bytes`, () => {
      assert.equal(Buffer.from(encodeHeader(1, length), 'latin1').toString('hex'), hex);
    });
  }

  test('what it decodes, for every opcode', () => {
    for (let opcode = 0; opcode < 16; opcode++) {
      for (const length of [0, 125, 126, 65_535, 65_536, 2 ** 40]) {
        const bytes = Buffer.from(encodeHeader(opcode, length), 'latin1');
        const header = newFrameHeader();
        assert.equal(decodeHeader(bytes, 0, bytes.length, header), true);
        assert.deepEqual(
          [header.fin, header.rsv, header.opcode, header.masked, header.length, header.headerBytes],
          [true, 0, opcode, false, length, bytes.length],
        );
      }
    }
  });

  test('reserved bits that stand above the opcode', () => {
    assert.equal(encodeHeader(0x41, 0).charCodeAt(0), 0xc1);
  });
});
