/**
 * Where a body ends: the decoders of Content-Length (RFC 9112 §6.2) and of the chunked coding (RFC 9112 §7.1). They move views
 * of what was received and allocate nothing by what was announced.
 */

import type { ByteQueue } from '../byte-queue.js';
import { CR, LF } from '../bytes.js';
import { httpError } from './errors.js';
import type { BodyFraming, BodyPiece, MessageEnd } from './events.js';
import { fieldLineViolation, type HeadLimits } from './head.js';
import { FieldLines, NO_FIELDS } from './headers.js';

/** Finds the next piece of one body, or its end. */
export interface BodyDecoder {
  /** `undefined`: the queue holds too little. */
  next(queue: ByteQueue): BodyPiece | MessageEnd | undefined;
  /** Bytes of the body still to come, where that is known. */
  readonly remaining: number | undefined;
}

const NO_TRAILERS: MessageEnd = { type: 'end', trailers: NO_FIELDS };

/** What finds the end of a body that is framed so; its trailers obey the limits of a head. */
export function decoderFor(framing: BodyFraming, limits: HeadLimits): BodyDecoder {
  switch (framing.kind) {
    case 'none':
      return NO_BODY;
    case 'length':
      return new LengthDecoder(framing.length);
    case 'chunked':
      return new ChunkedDecoder(limits);
  }
}

const NO_BODY: BodyDecoder = { next: () => NO_TRAILERS, remaining: 0 };

class LengthDecoder implements BodyDecoder {
  remaining: number;

  constructor(length: number) {
    this.remaining = length;
  }

  next(queue: ByteQueue): BodyPiece | MessageEnd | undefined {
    if (this.remaining === 0) return NO_TRAILERS;
    if (queue.length === 0) return undefined;
    const bytes = queue.take(this.remaining);
    this.remaining -= bytes.length;
    return { type: 'data', bytes };
  }
}

/** At most 13 hex digits: the largest size stays below 2^53. */
const MAX_SIZE_DIGITS = 13;
/** A chunk's extension, beyond which there is no honest use (RFC 9112 §7.1.1 asks for a limit). */
const MAX_EXTENSION_BYTES = 1024;
/** All extensions of one body together. */
const MAX_EXTENSIONS_BYTES = 16 * 1024;
/** Names, each with perhaps a token or a quoted string as its value. */
const EXTENSIONS =
  /^(?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~\w]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"))?)*$/;

type ChunkPhase = 'size' | 'data' | 'dataEnd' | 'trailers';

class ChunkedDecoder implements BodyDecoder {
  readonly remaining = undefined;
  readonly #limits: HeadLimits;
  #phase: ChunkPhase = 'size';
  #left = 0;
  /** How much of an incomplete line was searched for its end. */
  #searched = 0;
  #extensionBytes = 0;
  #trailers = '';
  #trailerCount = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  next(queue: ByteQueue): BodyPiece | MessageEnd | undefined {
    for (;;) {
      switch (this.#phase) {
        case 'size':
          if (!this.#readSize(queue)) return undefined;
          break;
        case 'data': {
          if (queue.length === 0) return undefined;
          const bytes = queue.take(this.#left);
          this.#left -= bytes.length;
          if (this.#left === 0) this.#phase = 'dataEnd';
          return { type: 'data', bytes };
        }
        case 'dataEnd':
          if (!this.#readDataEnd(queue)) return undefined;
          break;
        case 'trailers': {
          const line = this.#takeLine(queue, this.#limits.maxLineBytes, 'HTTP_HEAD_TOO_LARGE');
          if (line === undefined) return undefined;
          if (line === '') return this.#end();
          this.#readTrailer(line);
        }
      }
    }
  }

  #readSize(queue: ByteQueue): boolean {
    const digits = countHexDigits(queue);
    if (digits > MAX_SIZE_DIGITS || (digits === 0 && queue.length > 0)) throw httpError('HTTP_BAD_CHUNK_SIZE');
    const line = this.#takeLine(queue, digits + MAX_EXTENSION_BYTES, 'HTTP_BAD_CHUNK_EXTENSION');
    if (line === undefined) return false;
    this.#extensionBytes += line.length - digits;
    if (this.#extensionBytes > MAX_EXTENSIONS_BYTES) throw httpError('HTTP_BAD_CHUNK_EXTENSION');
    if (line.length > digits && !EXTENSIONS.test(line.slice(digits))) throw httpError('HTTP_BAD_CHUNK_EXTENSION');
    this.#left = parseInt(line, 16);
    this.#phase = this.#left === 0 ? 'trailers' : 'data';
    return true;
  }

  #readDataEnd(queue: ByteQueue): boolean {
    if (queue.length > 0 && queue.bytes[queue.start] !== CR) throw httpError('HTTP_BAD_CHUNK_END');
    if (queue.length < 2) return false;
    if (queue.bytes[queue.start + 1] !== LF) throw httpError('HTTP_BAD_CHUNK_END');
    queue.skip(2);
    this.#phase = 'size';
    return true;
  }

  #readTrailer(line: string): void {
    const violation = fieldLineViolation(line);
    if (violation !== undefined) throw httpError(violation);
    if (++this.#trailerCount > this.#limits.maxHeaderCount) throw httpError('HTTP_TOO_MANY_FIELDS');
    this.#trailers += `${line}\r\n`;
    if (this.#trailers.length > this.#limits.maxHeadBytes) throw httpError('HTTP_HEAD_TOO_LARGE');
  }

  /** The next line without its CR LF, taken out of the queue; `undefined` while it is not complete. */
  #takeLine(queue: ByteQueue, maxBytes: number, tooLong: 'HTTP_HEAD_TOO_LARGE' | 'HTTP_BAD_CHUNK_EXTENSION'): string | undefined {
    const end = queue.indexOf(LF, queue.start + this.#searched);
    const endsWithCr = end > queue.start && queue.bytes[end - 1] === CR;
    const contentEnd = end === -1 ? queue.end - 1 : endsWithCr ? end - 1 : end;
    if (contentEnd - queue.start > maxBytes) throw httpError(tooLong);
    this.#searched = end === -1 ? queue.length : 0;
    if (end === -1) return undefined;
    if (!endsWithCr) throw httpError('HTTP_BARE_LF');
    const line = queue.bytes.toString('latin1', queue.start, contentEnd);
    queue.skip(end + 1 - queue.start);
    return line;
  }

  #end(): MessageEnd {
    if (this.#trailers === '') return NO_TRAILERS;
    return { type: 'end', trailers: new FieldLines(this.#trailers, 0, this.#trailers.length) };
  }
}

/** The hex digits that the queue begins with, as far as they matter: a size is refused at its first byte that is wrong, before its end has come. */
function countHexDigits({ bytes, start, end }: ByteQueue): number {
  const limit = Math.min(end, start + MAX_SIZE_DIGITS + 1);
  let at = start;
  while (at < limit && isHexDigit(bytes[at]!)) at++;
  return at - start;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
