/** What a client's frame header may say: every rule of RFC 6455 §5 has a header that breaks it, and every valid header passes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WS_ERRORS, type WsErrorCode } from '#src/websocket/errors.js';
import { type FrameHeader, newFrameHeader } from '#src/websocket/frame.js';
import { type FrameContext, headerViolation } from '#src/websocket/rules.js';

interface Case {
  readonly name: string;
  readonly header: Partial<FrameHeader>;
  readonly context?: Partial<FrameContext>;
  readonly breaks: WsErrorCode | undefined;
}

const IN_MESSAGE = { isInMessage: true };
const DEFLATE = { allowedRsv: 4 };

const CASES: readonly Case[] = [
  { name: 'a text frame', header: { opcode: 1, length: 5 }, breaks: undefined },
  { name: 'a binary frame', header: { opcode: 2 }, breaks: undefined },
  { name: 'the first fragment of a message', header: { opcode: 1, fin: false }, breaks: undefined },
  { name: 'a continuation within a message', header: { opcode: 0, fin: false }, context: IN_MESSAGE, breaks: undefined },
  { name: 'the last continuation of a message', header: { opcode: 0 }, context: IN_MESSAGE, breaks: undefined },
  { name: 'a ping within a message', header: { opcode: 9 }, context: IN_MESSAGE, breaks: undefined },
  { name: 'a close within a message', header: { opcode: 8 }, context: IN_MESSAGE, breaks: undefined },
  { name: 'a pong nobody asked for', header: { opcode: 10 }, breaks: undefined },
  { name: 'a control frame of 125 bytes', header: { opcode: 9, length: 125 }, breaks: undefined },
  { name: 'the shortest length in 16 bits', header: { opcode: 2, lengthBytes: 2, length: 126 }, breaks: undefined },
  { name: 'the shortest length in 64 bits', header: { opcode: 2, lengthBytes: 8, length: 65_536 }, breaks: undefined },
  { name: 'the longest length (the decoder limits it)', header: { opcode: 2, lengthBytes: 8, length: 2 ** 63 - 1024 }, breaks: undefined },
  { name: 'RSV1 on a message where an extension uses it', header: { opcode: 1, rsv: 4 }, context: DEFLATE, breaks: undefined },

  { name: 'a frame without a mask (§5.1)', header: { opcode: 1, masked: false }, breaks: 'WS_UNMASKED' },
  { name: 'a control frame without a mask (§5.1)', header: { opcode: 9, masked: false }, breaks: 'WS_UNMASKED' },
  { name: 'RSV1 that was not negotiated (§5.2)', header: { opcode: 1, rsv: 4 }, breaks: 'WS_RESERVED_BITS' },
  { name: 'RSV2 (§5.2)', header: { opcode: 1, rsv: 2 }, context: DEFLATE, breaks: 'WS_RESERVED_BITS' },
  { name: 'RSV3 (§5.2)', header: { opcode: 1, rsv: 1 }, context: DEFLATE, breaks: 'WS_RESERVED_BITS' },
  { name: 'RSV1 on a control frame (RFC 7692 §6.1)', header: { opcode: 9, rsv: 4 }, context: DEFLATE, breaks: 'WS_RESERVED_BITS' },
  { name: 'RSV1 on a continuation (RFC 7692 §6.1)', header: { opcode: 0, rsv: 4 }, context: { ...DEFLATE, ...IN_MESSAGE }, breaks: 'WS_RESERVED_BITS' },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Case => ({ name: `the reserved opcode ${opcode} (§5.2)`, header: { opcode }, breaks: 'WS_RESERVED_OPCODE' })),
  { name: '125 in 16 bits (§5.2)', header: { opcode: 2, lengthBytes: 2, length: 125 }, breaks: 'WS_LENGTH_NOT_MINIMAL' },
  { name: '0 in 16 bits (§5.2)', header: { opcode: 2, lengthBytes: 2, length: 0 }, breaks: 'WS_LENGTH_NOT_MINIMAL' },
  { name: '65,535 in 64 bits (§5.2)', header: { opcode: 2, lengthBytes: 8, length: 65_535 }, breaks: 'WS_LENGTH_NOT_MINIMAL' },
  { name: 'a 64-bit length with its highest bit set (§5.2)', header: { opcode: 2, lengthBytes: 8, length: 2 ** 63 }, breaks: 'WS_LENGTH_SIGN' },
  { name: 'a fragmented ping (§5.5)', header: { opcode: 9, fin: false }, breaks: 'WS_FRAGMENTED_CONTROL' },
  { name: 'a fragmented close (§5.5)', header: { opcode: 8, fin: false }, breaks: 'WS_FRAGMENTED_CONTROL' },
  { name: 'a ping of 126 bytes (§5.5)', header: { opcode: 9, lengthBytes: 2, length: 126 }, breaks: 'WS_LONG_CONTROL' },
  { name: 'a close of 65,536 bytes (§5.5)', header: { opcode: 8, lengthBytes: 8, length: 65_536 }, breaks: 'WS_LONG_CONTROL' },
  { name: 'a continuation of nothing (§5.4)', header: { opcode: 0 }, breaks: 'WS_STRAY_CONTINUATION' },
  { name: 'a text frame within a message (§5.4)', header: { opcode: 1 }, context: IN_MESSAGE, breaks: 'WS_INTERLEAVED_MESSAGE' },
  { name: 'a binary fragment within a message (§5.4)', header: { opcode: 2, fin: false }, context: IN_MESSAGE, breaks: 'WS_INTERLEAVED_MESSAGE' },
];

for (const verdict of ['accepts', 'refuses'] as const) {
  describe(verdict, () => {
    for (const { name, header, context, breaks } of CASES.filter((each) => (each.breaks === undefined) === (verdict === 'accepts'))) {
      test(name, () => {
        const whole = { ...newFrameHeader(), fin: true, masked: true, ...header };
        assert.equal(headerViolation(whole, { allowedRsv: 0, isInMessage: false, ...context }), breaks);
      });
    }
  });
}

test('answers every broken rule of framing with 1002', () => {
  for (const { breaks } of CASES) if (breaks !== undefined) assert.equal(WS_ERRORS[breaks].close, 1002);
});
