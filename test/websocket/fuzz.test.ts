/**
 * Whatever bytes a peer sends, in whatever pieces, with compression and without: the same events, or the same one `ProtocolError`; never
 * another throw, and never more memory than the limit.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WS_ERRORS } from '#src/websocket/errors.js';
import { maxPayloadBytes } from '#src/websocket/message.js';
import { generate, type Setup, setupOf } from '../../fuzz/websocket/conversation.js';
import { decode, decodeEveryWay, inflateAll } from '../../fuzz/websocket/decoded.js';
import { Random } from '../support/random.js';

const SEEDS = 3_000;
const ROOM_SEEDS = 1_000;
/** The first room of a message, or of what waits in front of one. */
const LEAST_ROOM_BYTES = 1_024;

test(`frames from ${SEEDS} seeds, whole, byte by byte and in pieces of several lengths`, () => {
  const errors = new Set<string>();
  const types = new Map<string, number>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const setup = setupOf(seed);
    const bytes = generate(seed);
    const decoded = decodeEveryWay(seed, bytes, setup);
    const inflated = inflateAll(decoded, setup);
    for (const error of [decoded.error, inflated.error]) if (error !== undefined) errors.add(error);
    for (const { type } of decoded.events) types.set(type, (types.get(type) ?? 0) + 1);
  }
  const judgedElsewhere = ['WS_MESSAGE_TIMEOUT', 'WS_TOO_FAST'];
  assert.deepEqual(Object.keys(WS_ERRORS).filter((code) => !errors.has(code) && !judgedElsewhere.includes(code)), [], 'the seeds reach every error');
  for (const type of ['text', 'binary', 'packed text', 'packed binary', 'ping', 'pong', 'close']) assert.ok(types.get(type)! > 300, `the seeds reach ${type}: ${types.get(type)}`);
});

test(`what is taken for frames from ${ROOM_SEEDS} seeds is at most twice what they may hold`, () => {
  const room = watchRoom();
  try {
    for (let seed = 0; seed < ROOM_SEEDS; seed++) {
      const setup = setupOf(seed);
      const bytes = generate(seed);
      const longest = new Random(seed).pick([1, 100, 1000]);
      room.most = 0;
      decode(new Random(seed).cut(bytes, longest), setup);
      assert.ok(room.most <= mostRoom(setup, longest), `seed ${seed}: ${room.most} bytes at once, where ${mostRoom(setup, longest)} may be`);
    }
  } finally {
    room.restore();
  }
});

function mostRoom(setup: Setup, longestPiece: number): number {
  const waiting = 14 + 125 + longestPiece;
  return Math.max(LEAST_ROOM_BYTES, 2 * waiting, 2 * maxPayloadBytes(setup, setup.deflate !== undefined));
}

/** Notes the most that is allocated at once for what grows. */
function watchRoom(): { most: number; restore(): void } {
  const { allocUnsafeSlow } = Buffer;
  const room = {
    most: 0,
    restore: () => {
      Buffer.allocUnsafeSlow = allocUnsafeSlow;
    },
  };
  Buffer.allocUnsafeSlow = (size) => {
    room.most = Math.max(room.most, size);
    return allocUnsafeSlow(size);
  };
  return room;
}
