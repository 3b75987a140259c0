/**
 * What payloads become on their way in and out: text that is unmasked and read, and bytes that are framed as text. The keys turn ASCII into ASCII, so
 * that what is unmasked in place, again and again, is text at all times; bytes that go out are made anew each time, as those of a message are.
 */

import { asBuffer, ownBytes } from '#src/bytes.js';
import { asideFor, unmask, unmaskAside, unmaskedBytes } from '#src/websocket/mask.js';
import { decodeText } from '#src/websocket/message.js';
import { Random } from '../../test/support/random.js';
import { type Comparison, loopAlone, over } from './measure.js';

const IN_SIZES = [256, 1024, 8192];
const BINARY_SIZES = [64, 1024];
const OUT_SIZES = [64, 125, 1024];
/** Payloads that take turns. */
const MANY = 64;

interface Payload {
  readonly start: number;
  readonly end: number;
  readonly key: Uint8Array;
}

export function payloadComparisons(): Comparison[] {
  return [...IN_SIZES.map(read), ...BINARY_SIZES.map(keep), ...OUT_SIZES.map(frame)];
}

function lay(size: number): { payloads: Payload[]; bytes: Buffer } {
  const random = new Random(size);
  const payloads = Array.from({ length: MANY }, (_, i): Payload => ({ start: 8 + i * (size + 8), end: (i + 1) * (size + 8), key: random.bytes(4).map((byte) => byte & 0x7f) }));
  return { payloads, bytes: Buffer.alloc(MANY * (size + 8), 'text in ASCII ') };
}

function keep(size: number): Comparison {
  const { payloads, bytes } = lay(size);
  return {
    title: `${size} bytes unmasked, in memory of their own`,
    bytes: size,
    ways: [
      loopAlone(payloads),
      over('from where they were read', payloads, ({ start, end, key }) => unmaskedBytes(bytes, start, end, key)[0]!),
      over('in place, then copied', payloads, ({ start, end, key }) => {
        unmask(bytes, start, end, key, 0);
        return ownBytes(bytes.subarray(start, end))[0]!;
      }),
    ],
  };
}

function read(size: number): Comparison {
  const { payloads, bytes } = lay(size);
  return {
    title: `${size} bytes of text, unmasked and read`,
    bytes: size,
    ways: [
      loopAlone(payloads),
      over('aside, and read from there', payloads, ({ start, end, key }) => {
        const isAscii = unmaskAside(bytes, start, end, key);
        return decodeText(asideFor(size)!, 0, size, isAscii).length;
      }),
      over('in place, judged, and read', payloads, ({ start, end, key }) => {
        unmask(bytes, start, end, key, 0);
        return decodeText(bytes, start, end, false).length;
      }),
    ],
  };
}

function frame(size: number): Comparison {
  const messages = Array.from({ length: MANY }, (_, i) => new Uint8Array(size).fill(i));
  const room = Buffer.alloc(size);
  return {
    title: `${size} bytes that were just received, read as latin1`,
    bytes: size,
    ways: [
      loopAlone(messages),
      over('through common memory', messages, (message) => {
        room.set(new Uint8Array(message));
        return room.toString('latin1', 0, size).length;
      }),
      over('through a view of their own', messages, (message) => asBuffer(new Uint8Array(message)).toString('latin1').length),
    ],
  };
}
