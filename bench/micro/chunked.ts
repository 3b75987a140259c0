/**
 * The chunked coding of a body (RFC 9112 §7.1), decoded into views of what was read. Many bodies, each of bytes of its own, take turns. One
 * operation is one chunk where whole bodies lie in one read, and one byte where a body comes byte by byte: that must cost no more for a
 * body that is eight times as long.
 */

import { ByteQueue } from '#src/byte-queue.js';
import { decoderFor } from '#src/http/body.js';
import { LIMITS } from '../../test/support/http-events.js';
import { Random } from '../../test/support/random.js';
import { type Comparison, loopAlone, over } from './measure.js';

const BODIES = 8;
const END = '0\r\n\r\n';

export function chunkedComparisons(): Comparison[] {
  return [compareWhole(16, 1024), compareWhole(1024, 64), compareWhole(16 * 1024, 4), compareBytes(512), compareBytes(4096)];
}

function bodyOf(chunkBytes: number, count: number, seed: number): Buffer {
  const random = new Random(seed);
  const chunks = Array.from({ length: count }, () => [`${chunkBytes.toString(16)}\r\n`, random.bytes(chunkBytes), '\r\n']);
  return Buffer.concat([...chunks.flat(), END].map((part) => Buffer.from(part as string)));
}

function compareWhole(chunkBytes: number, count: number): Comparison {
  const bodies = Array.from({ length: BODIES }, (_, seed) => bodyOf(chunkBytes, count, seed));
  return {
    title: `chunks of ${chunkBytes} bytes, whole bodies in a read`,
    operations: count,
    bytes: chunkBytes,
    ways: [loopAlone(bodies), over('ChunkedDecoder', bodies, (body) => decode([body])), over('text of the rest, searched for line ends', bodies, decodeByText)],
  };
}

function compareBytes(bodyBytes: number): Comparison {
  const bodies = Array.from({ length: BODIES }, (_, seed) => bodyOf(bodyBytes, 1, seed));
  const cut = bodies.map((body) => Array.from(body, (_, i) => body.subarray(i, i + 1)));
  return {
    title: `a chunk of ${bodyBytes} bytes, byte by byte`,
    operations: bodies[0]!.length,
    ways: [loopAlone(cut), over('ChunkedDecoder', cut, decode), over('read again from the start with every byte', cut, decodeAgain)],
  };
}

/** Bytes of the body, decoded as a driver does: as far as each read goes. */
function decode(reads: readonly Uint8Array[]): number {
  const queue = new ByteQueue();
  const decoder = decoderFor({ kind: 'chunked' }, LIMITS);
  let total = 0;
  for (const read of reads) {
    queue.push(read);
    for (let event = decoder.next(queue); event?.type === 'data'; event = decoder.next(queue)) total += event.bytes.length;
  }
  return total;
}

/** The way of a first attempt, which copies the rest into a text for each size. */
function decodeByText(body: Buffer): number {
  let total = 0;
  for (let at = 0; ; ) {
    const line = body.toString('latin1', at, at + 32);
    const size = Number.parseInt(line, 16);
    if (size === 0) return total;
    const start = at + line.indexOf('\r\n') + 2;
    total += Buffer.from(body.subarray(start, start + size)).length;
    at = start + size + 2;
  }
}

/** Another: all that came is kept, and decoded anew whenever more comes. */
function decodeAgain(reads: readonly Uint8Array[]): number {
  let came: Buffer = Buffer.alloc(0);
  let total = 0;
  for (const read of reads) {
    came = Buffer.concat([came, read]);
    total = came.includes(END) ? decodeByText(came) : 0;
  }
  return total;
}
