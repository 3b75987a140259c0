/**
 * What the frames of a client hold, found by the decoder and by inflating one message after the other, with nobody to wait for: what a
 * channel must hand over, and what it may end with. The decoder is asked in several ways to come; all must find the same.
 */

import { isDeepStrictEqual } from 'node:util';
import { ProtocolError } from '#src/errors.js';
import { parseClose } from '#src/websocket/close.js';
import { FrameDecoder } from '#src/websocket/decoder.js';
import { Context, inflateNow } from '#src/websocket/deflate.js';
import { RSV1 } from '#src/websocket/frame.js';
import { isUtf8 } from 'node:buffer';
import { Random } from '../../test/support/random.js';
import { readDeflate } from '../../test/support/deflate-blocks.js';
import type { Setup } from './conversation.js';

/** A message that is not inflated has its payload in hex. */
export type Found =
  | { readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'packed text' | 'packed binary'; readonly data: string }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string };

export interface Decoded {
  readonly events: readonly Found[];
  /** The rule that is broken behind them. */
  readonly error: string | undefined;
}

/** What waits in the decoder when it has nothing to tell is part of a header, or of a control frame. */
const MAX_WAITING_BYTES = 14 + 125;

export function decode(pieces: Iterable<Uint8Array>, { deflate, ...limits }: Setup): Decoded {
  const decoder = new FrameDecoder(limits, deflate === undefined ? 0 : RSV1);
  const events: Found[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
        if (event.type === 'message') events.push(typeof event.data === 'string' ? { type: 'text', data: event.data } : { type: 'binary', data: hex(event.data) });
        else if (event.type === 'compressed') events.push({ type: event.isText ? 'packed text' : 'packed binary', data: hex(event.bytes) });
        else if (event.type !== 'close') events.push({ type: event.type, data: hex(event.payload) });
        else {
          events.push({ type: 'close', ...parseClose(event.payload) });
          return { events, error: undefined };
        }
      }
      if (decoder.bufferedBytes > MAX_WAITING_BYTES) throw new Error(`${decoder.bufferedBytes} bytes wait in the decoder`);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { events, error: error.code };
  }
  return { events, error: undefined };
}

/** What is decoded; throws where another way to come gives something else. */
export function decodeEveryWay(seed: number, bytes: Uint8Array, setup: Setup): Decoded {
  const random = new Random(seed + 1);
  const whole = decode([Uint8Array.from(bytes)], setup);
  for (const longest of bytes.length > 3000 ? [300, 5000] : [1, 3, 17, 200]) {
    const cut = decode(random.cut(bytes, longest), setup);
    if (!isDeepStrictEqual(cut, whole)) throw new Error(`in pieces of up to ${longest} bytes it is ${JSON.stringify(cut)}, and whole ${JSON.stringify(whole)}`);
  }
  return whole;
}

export interface Inflated {
  /** The messages up to the first that cannot be inflated. */
  readonly messages: readonly (string | Uint8Array)[];
  /** The rule that this one breaks. */
  readonly error: string | undefined;
}

export function inflateAll({ events }: Decoded, { deflate, maxMessageBytes }: Setup): Inflated {
  const messages: (string | Uint8Array)[] = [];
  const context = deflate?.clientNoContextTakeover === false ? new Context(Math.max(9, deflate.clientMaxWindowBits)) : undefined;
  for (const event of events) {
    if (event.type === 'text') messages.push(event.data);
    if (event.type === 'binary') messages.push(Buffer.from(event.data, 'hex'));
    if (event.type !== 'packed text' && event.type !== 'packed binary') continue;
    try {
      const text = inflate(Buffer.from(event.data, 'hex'), maxMessageBytes, context);
      if (event.type === 'packed text' && !isUtf8(text)) return { messages, error: 'WS_INVALID_UTF8' };
      messages.push(event.type === 'packed text' ? text.toString('utf8') : text);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { messages, error: error.code };
    }
  }
  return { messages, error: undefined };
}

/** The plain reader is slow: it looks at short messages only. */
const READ_UP_TO_BYTES = 2_000;

/** What is inflated is what the plain reader of DEFLATE finds. */
function inflate(payload: Buffer, maxBytes: number, context: Context | undefined): Buffer {
  if (payload.length === 0) return payload;
  const before = context?.bytes ?? Buffer.alloc(0);
  const text = inflateNow(payload, maxBytes, context?.bytes);
  if (text.length > maxBytes) throw new Error(`${text.length} bytes were inflated, and ${maxBytes} may be`);
  if (text.length <= READ_UP_TO_BYTES) {
    const read = readText(payload, before);
    if (read !== undefined && !text.equals(read)) throw new Error(`inflated to ${hex(text)}, where it is ${hex(read)}`);
  }
  context?.push(text);
  return text;
}

/** What the plain reader finds, where the data ends as it must: what is cut short may be completed by the bytes that are put behind it. */
function readText(payload: Buffer, before: Buffer): Buffer | undefined {
  try {
    return readDeflate(payload, before).text;
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
