/** Whatever bytes a peer sends, in whatever pieces: the same events, or the same one `ProtocolError`; never another throw. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '#src/errors.js';
import { parseClose } from '#src/websocket/close.js';
import { FrameDecoder, type FrameEvent } from '#src/websocket/decoder.js';
import { WS_ERRORS } from '#src/websocket/errors.js';
import { clientFrame, type FrameParts } from '../support/frames.js';
import { Random } from '../support/random.js';

const LIMITS = { maxMessageBytes: 3000, maxFragments: 8 };
const TEXTS = ['', 'plain', 'é€😀', '\u{feff}', 'x'.repeat(126), '€'.repeat(50)];

interface Outcome {
  readonly events: readonly FrameEvent[];
  readonly error: string | undefined;
}

function outcomeOf(pieces: readonly Uint8Array[]): Outcome {
  const decoder = new FrameDecoder(LIMITS);
  const events: FrameEvent[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
        events.push(event.type === 'message' || event.type === 'compressed' ? event : { type: event.type, payload: Uint8Array.from(event.payload) });
        if (event.type === 'close') parseClose(event.payload);
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { events: plain(events), error: error.code };
  }
  return { events: plain(events), error: undefined };
}

/** Bytes of one class, whether they are a `Buffer` or not. */
function plain(events: readonly FrameEvent[]): FrameEvent[] {
  return events.map((event) => (event.type === 'message' && typeof event.data !== 'string' ? { type: 'message', data: Uint8Array.from(event.data) } : event));
}

/** A frame that is mostly valid, so that the stream gets somewhere. */
function frame(random: Random): Uint8Array {
  if (random.once(60)) return Uint8Array.of(0x82, 0xff, ...random.bytes(12));
  const isWild = random.once(10);
  const payload = random.once(3) ? random.bytes(random.below(random.once(5) ? 400 : 20)) : random.pick(TEXTS);
  const parts: FrameParts = {
    fin: !random.once(3),
    opcode: isWild ? random.below(16) : random.pick([0, 0, 1, 1, 2, 9, 10, 8]),
    rsv: random.once(25) ? random.below(8) : 0,
    payload,
    mask: random.once(60) ? null : random.bytes(4),
    ...(random.once(30) ? { lengthBytes: random.pick([2, 8] as const) } : {}),
    ...(random.once(40) ? { announce: random.below(5000), lengthBytes: 2 as const } : {}),
  };
  return clientFrame(parts);
}

/** A message in more fragments than most have. */
function fragments(random: Random): Uint8Array {
  const count = 2 + random.below(9);
  return Buffer.concat(Array.from({ length: count }, (_, i) => clientFrame({ opcode: i === 0 ? 1 : 0, fin: i === count - 1, payload: random.pick(TEXTS) })));
}

function stream(random: Random): Uint8Array {
  const bytes = random.once(6) ? random.bytes(1 + random.below(60)) : Buffer.concat(Array.from({ length: 1 + random.below(8) }, () => (random.once(20) ? fragments(random) : frame(random))));
  if (random.once(4)) bytes[random.below(bytes.length)] = random.below(256);
  return random.once(4) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

test('frames from 6,000 seeds, whole, byte by byte and in pieces of several lengths', () => {
  const errorsSeen = new Set<string>();
  let messagesSeen = 0;
  for (let seed = 0; seed < 6000; seed++) {
    const random = new Random(seed);
    const bytes = stream(random);
    const whole = outcomeOf([Uint8Array.from(bytes)]);
    for (const longest of [1, 3, 17, 200]) {
      assert.deepEqual(outcomeOf(random.cut(bytes, longest)), whole, `seed ${seed}, pieces of up to ${longest}: ${Buffer.from(bytes).toString('hex')}`);
    }
    if (whole.error !== undefined) errorsSeen.add(whole.error);
    messagesSeen += whole.events.filter((event) => event.type === 'message').length;
  }
  const judgedElsewhere = ['WS_MESSAGE_TIMEOUT', 'WS_TOO_FAST', 'WS_CORRUPT_DATA'];
  const unseen = Object.keys(WS_ERRORS).filter((code) => !errorsSeen.has(code) && !judgedElsewhere.includes(code));
  assert.deepEqual(unseen, [], 'the seeds reach every error');
  assert.ok(messagesSeen > 1000, `the seeds reach messages: ${messagesSeen}`);
});
