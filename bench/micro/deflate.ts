/**
 * Compression of a message (RFC 7692 §7.2). Messages are JSON of a kind that applications send, no two alike; a byte of the result is
 * counted. zlib works in memory of its own, so what is allocated is only what lies in the heap and in ArrayBuffers. Streams that are kept,
 * as ws keeps one for each connection, work in a thread: what is shown of them is the time until they are done, one at a time.
 */

import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';
import { Context, deflateLater, deflateNow, type DeflateSettings, inflateNow } from '#src/websocket/deflate.js';
import { Random } from '../../test/support/random.js';
import { type Comparison, loopAlone, over, overLater } from './measure.js';

const SIZES = [1024, 16 * 1024];
const MANY = 64;
const BITS = 15;
const MAX_BYTES = 1024 * 1024;
/** What a server has when nobody sets others. */
const SETTINGS: DeflateSettings = { threshold: 1024, level: 6, memLevel: 8, maxInflateRatio: 1000 };
/** The end of a message, which is not sent (RFC 7692 §7.2.1). */
const FLUSHED = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const WORDS = ['alice', 'bob', 'carol', 'dave', 'open', 'closed', 'pending', 'Berlin', 'Paris', 'London', 'order', 'invoice', 'message'];

export function deflateComparisons(): Comparison[] {
  return SIZES.flatMap((size) => {
    const texts = messagesOf(size);
    return [compareDeflating(size, texts), compareInflating(size, texts)];
  });
}

function messagesOf(size: number): Buffer[] {
  const random = new Random(size);
  return Array.from({ length: MANY }, () => {
    const rows: unknown[] = [];
    while (JSON.stringify(rows).length < size - 100) {
      rows.push({ id: random.below(1e9), name: random.pick(WORDS), state: random.pick(WORDS), city: random.pick(WORDS), total: random.below(1e5) / 100 });
    }
    return Buffer.from(JSON.stringify(rows).padEnd(size));
  });
}

/** As much of what went before as a window reaches back to. */
function contextOf(texts: readonly Buffer[]): Buffer {
  const context = new Context(BITS);
  for (const text of texts) context.push(text);
  return context.bytes;
}

function compareDeflating(size: number, texts: readonly Buffer[]): Comparison {
  const dictionary = contextOf(texts);
  const stream = createDeflateRaw({ windowBits: BITS, level: SETTINGS.level, memLevel: SETTINGS.memLevel });
  return {
    title: `${size} bytes of JSON deflated`,
    bytes: size,
    ways: [
      loopAlone(texts),
      over('deflateNow', texts, (text) => deflateNow(text, SETTINGS, BITS).length),
      over('deflateNow, with a full context', texts, (text) => deflateNow(text, SETTINGS, BITS, dictionary).length),
      overLater('deflateLater, in a thread', texts, async (text) => (await deflateLater(text, SETTINGS, BITS)).length),
      overLater('a stream that is kept, with its context', texts, (text) => passThrough(stream, text)),
    ],
  };
}

function compareInflating(size: number, texts: readonly Buffer[]): Comparison {
  const dictionary = contextOf(texts);
  const payloads = texts.map((text) => deflateNow(text, SETTINGS, BITS));
  const withContext = texts.map((text) => deflateNow(text, SETTINGS, BITS, dictionary));
  const stream = createInflateRaw({ windowBits: BITS });
  return {
    title: `${size} bytes of JSON inflated`,
    bytes: size,
    ways: [
      loopAlone(payloads),
      over('inflateNow', payloads, (payload) => inflateNow(payload, MAX_BYTES).length),
      over('inflateNow, with a full context', withContext, (payload) => inflateNow(payload, MAX_BYTES, dictionary).length),
      overLater('a stream that is kept', payloads, (payload) => passThrough(stream, Buffer.concat([payload, FLUSHED]))),
    ],
  };
}

/** Resolves to how many bytes came out for those that were put in. */
function passThrough(stream: DeflateRaw | InflateRaw, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let total = 0;
    const count = (piece: Buffer): void => void (total += piece.length);
    stream.on('data', count).once('error', reject);
    stream.write(bytes);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', count).off('error', reject);
      resolve(total);
    });
  });
}
