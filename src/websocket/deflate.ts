/**
 * The payload of one compressed message, both ways (RFC 7692 §7.2). Each message is compressed and inflated by itself: what outlives it,
 * where a context is taken over, is the end of the text before, which zlib is given as a dictionary. So no zlib state ever stays with a
 * connection, and whatever was compressed for many connections can be sent on any of them.
 */

import { constants as buffer } from 'node:buffer';
import { constants, deflateRaw, deflateRawSync, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { wsError } from './errors.js';

/** How a server compresses. */
export interface DeflateSettings {
  /** Messages smaller than this, in bytes, are sent as they are. */
  readonly threshold: number;
  /** 0 to 9: from none to slow. */
  readonly level: number;
  /** 1 to 9: how much memory a compression may take for speed. */
  readonly memLevel: number;
  /** A message may grow at most to so many times what was received. */
  readonly maxInflateRatio: number;
}

/** What a message compressed with a sync flush ends with, and is sent without (RFC 7692 §7.2.1). */
const FLUSH_BYTES = 4;
/** The same put back, and an empty last block: only a message that is whole and valid comes to its end with it. */
const END = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x03, 0x00]);
const NOTHING = Buffer.alloc(0);
/** No window reaches further back (RFC 1951 §2). */
const MAX_WINDOW_BYTES = 32 * 1024;
/** How often a client may end a DEFLATE stream within one message: each is inflated by itself, and an empty one has two bytes. */
const MAX_STREAMS = 64;

const USUAL_RATIO = 8;
const LEAST_ROOM_BYTES = 256;
const MOST_ROOM_BYTES = 16 * 1024;

/** The end of the text that went before, as far as a window of `bits` reaches. */
export class Context {
  bytes: Buffer = NOTHING;
  readonly #size: number;

  constructor(bits: number) {
    this.#size = 2 ** bits;
  }

  /** Not while zlib is to be given `bytes`: once they fill the window, they are moved in place. */
  push(text: Buffer): void {
    const added = text.subarray(Math.max(0, text.length - this.#size));
    const keptFrom = Math.max(0, this.bytes.length + added.length - this.#size);
    const kept = this.bytes.length - keptFrom;
    if (this.bytes.length === this.#size) this.bytes.copyWithin(0, keptFrom);
    else this.bytes = grown(this.bytes.subarray(keptFrom), kept + added.length);
    this.bytes.set(added, kept);
  }
}

/** Memory of its own: it stays, and would keep all of the pool that it came from. */
function grown(bytes: Buffer, length: number): Buffer {
  const room = Buffer.allocUnsafeSlow(length);
  room.set(bytes);
  return room;
}

/** What zlib needs of its window beside the text itself (MIN_LOOKAHEAD). */
const WINDOW_OVERHEAD_BYTES = 262;
/** The smallest window that zlib makes. */
const LEAST_BITS = 9;

/** Options for a window of `bits`. zlib does not know one of 8 bits; without matches but to the byte before, any window will do. */
function deflateOptions(text: Uint8Array, { level, memLevel }: DeflateSettings, bits: number, dictionary: Buffer = NOTHING): ZlibOptions {
  const finish = { level, memLevel, finishFlush: constants.Z_SYNC_FLUSH };
  if (bits === 8) return { ...finish, windowBits: LEAST_BITS, strategy: constants.Z_RLE };
  const windowBits = Math.min(bits, bitsFor(text.length + dictionary.length));
  return dictionary.length === 0 ? { ...finish, windowBits } : { ...finish, windowBits, dictionary };
}

/** The window in which a text of so many bytes can refer to all of itself: to make and clear a larger one takes zlib longer than a short text does. */
function bitsFor(length: number): number {
  return Math.max(LEAST_BITS, 32 - Math.clz32(length + WINDOW_OVERHEAD_BYTES));
}

/** The payload of a message, at once. */
export function deflateNow(text: Uint8Array, settings: DeflateSettings, bits: number, dictionary?: Buffer): Buffer {
  const flushed = deflateRawSync(text, deflateOptions(text, settings, bits, dictionary));
  return flushed.subarray(0, flushed.length - FLUSH_BYTES);
}

/** The same in a thread of its own. */
export function deflateLater(text: Uint8Array, settings: DeflateSettings, bits: number, dictionary?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflateRaw(text, deflateOptions(text, settings, bits, dictionary), (error, flushed) => {
      if (error === null) resolve(flushed.subarray(0, flushed.length - FLUSH_BYTES));
      else reject(error);
    });
  });
}

/** What zlib tells beside the bytes. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** The text of a payload, at once, given what went before. Throws a `ProtocolError` where it is corrupt, or would be longer than `maxBytes`. */
export function inflateNow(payload: Uint8Array, maxBytes: number, dictionary?: Buffer): Buffer {
  const inflation = new Inflation(payload, maxBytes, dictionary);
  while (!inflation.isComplete) {
    inflation.take(inflateStream(inflation));
  }
  return inflation.text;
}

function inflateStream({ input, options }: Inflation): Inflated {
  try {
    return inflateRawSync(input, options) as unknown as Inflated;
  } catch (error) {
    throw inflateError(error);
  }
}

/** The same in a thread of its own; rejects where the other throws. */
export async function inflateLater(payload: Uint8Array, maxBytes: number, dictionary?: Buffer): Promise<Buffer> {
  const inflation = new Inflation(payload, maxBytes, dictionary);
  while (!inflation.isComplete) {
    const inflated = await new Promise<Inflated>((resolve, reject) => {
      inflateRaw(inflation.input, inflation.options, (error, result) => {
        if (error === null) resolve(result as unknown as Inflated);
        else reject(inflateError(error));
      });
    });
    inflation.take(inflated);
  }
  return inflation.text;
}

/** One message on its way out of its payload: in one step, but where the client has ended a DEFLATE stream within it (RFC 7692 §7.2.3.5). */
class Inflation {
  input: Buffer;
  readonly #maxBytes: number;
  /** What the next stream may refer back to. */
  #before: Buffer;
  readonly #texts: Buffer[] = [];
  #length = 0;

  constructor(payload: Uint8Array, maxBytes: number, dictionary: Buffer | undefined) {
    this.input = Buffer.concat([payload, END]);
    this.#maxBytes = maxBytes;
    this.#before = dictionary ?? NOTHING;
  }

  /** What is put behind the payload may be left over: that is no text. */
  get isComplete(): boolean {
    return this.#texts.length > 0 && this.input.length <= END.length;
  }

  get text(): Buffer {
    return this.#texts.length === 1 ? this.#texts[0]! : Buffer.concat(this.#texts);
  }

  get options(): ZlibOptions & { maxOutputLength: number } {
    const dictionary = this.#before.length === 0 ? {} : { dictionary: this.#before };
    // Zero would not be a limit to zlib; an empty message passes one of a byte.
    return { info: true, chunkSize: this.#roomBytes, maxOutputLength: Math.max(1, Math.min(buffer.MAX_LENGTH, Math.floor(this.#maxBytes - this.#length))), ...dictionary };
  }

  /** What zlib is given room for at a time: as much as such a payload usually holds, and not 16 KiB for every short message. */
  get #roomBytes(): number {
    return Math.max(LEAST_ROOM_BYTES, Math.min(MOST_ROOM_BYTES, USUAL_RATIO * this.input.length));
  }

  take({ buffer: text, engine }: Inflated): void {
    if (this.#texts.push(text) > MAX_STREAMS) throw wsError('WS_CORRUPT_DATA');
    this.#length += text.length;
    if (this.#length > this.#maxBytes) throw wsError('WS_MESSAGE_TOO_BIG');
    this.input = this.input.subarray(engine.bytesWritten);
    if (!this.isComplete) this.#before = Buffer.concat([this.#before, text.subarray(-MAX_WINDOW_BYTES)]).subarray(-MAX_WINDOW_BYTES);
  }
}

/** What zlib says of data that is none, or ends too early. */
const DATA_ERRORS: ReadonlySet<unknown> = new Set(['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT']);

/** The rule that was broken; where it was none, but this machine, the error itself. */
function inflateError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_BUFFER_TOO_LARGE') return wsError('WS_MESSAGE_TOO_BIG');
  return DATA_ERRORS.has(code) ? wsError('WS_CORRUPT_DATA') : error;
}
