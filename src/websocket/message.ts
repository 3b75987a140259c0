/**
 * One message from the payloads of its frames. Bytes are put together; text is checked as it arrives, and decoded piece by piece as far as it is
 * ASCII.
 */

import { isAscii as isAsciiText, isUtf8 } from 'node:buffer';
import { BytePieces } from '../byte-pieces.js';
import { asBuffer, COPY_TEXT_FROM_BYTES, ownBytes, unpinned } from '../bytes.js';
import { wsError } from './errors.js';
import { unmask, unmaskInto } from './mask.js';
import type { Relay } from './relay.js';
import { Utf8Check } from './utf8.js';

export interface MessageLimits {
  readonly maxMessageBytes: number;
  /** Frames a message may consist of; 0 is no limit. */
  readonly maxFragments: number;
}

/** A whole message, or what it has to be inflated from. */
export type AssembledMessage =
  | { readonly type: 'message'; readonly data: string | Uint8Array }
  /** Its text was not checked. Its bytes are the receiver's own. */
  | { readonly type: 'compressed'; readonly bytes: Uint8Array; readonly isText: boolean };

/** Pieces up to this are copied, and looked at, byte by byte: a view of each would take longer. */
const TINY_BYTES = 16;
/** What compression may add to data that has nothing to compress: with the least memory, zlib comes near an eighth at worst. */
const MAX_GROWTH = 9 / 8;
const COMPRESSION_BYTES = 64;

export class MessageAssembler {
  readonly #limits: MessageLimits;
  readonly #relay: Relay | undefined;
  #utf8: Utf8Check | undefined;
  readonly #pieces = new BytePieces();
  #fragments = 0;
  #isText = false;
  /** Whether the message is compressed: its text can only be checked once it is inflated (RFC 7692 §6.2). */
  #isCompressed = false;
  /** Whether all of the text that has come is ASCII. */
  #isAscii = true;

  /** @param relay is given the bytes of long text. */
  constructor(limits: MessageLimits, relay?: Relay) {
    this.#limits = limits;
    this.#relay = relay;
  }

  /** A message begins. */
  begin(isText: boolean, isCompressed: boolean): void {
    this.#isText = isText;
    this.#isCompressed = isCompressed;
    this.#isAscii = true;
    this.#fragments = 0;
    this.#pieces.total = Infinity;
  }

  /** A frame of `length` bytes was announced: judged before any of it is kept. */
  announce(length: number, isLast: boolean): void {
    const total = this.#pieces.length + length;
    if (total > maxPayloadBytes(this.#limits, this.#isCompressed)) throw wsError('WS_MESSAGE_TOO_BIG');
    if (isLast) this.#pieces.total = total;
    if (++this.#fragments > this.#limits.maxFragments && this.#limits.maxFragments > 0) throw wsError('WS_TOO_MANY_FRAGMENTS');
  }

  /**
   * A piece of payload between `start` and `end`, masked: nobody reads or writes there any more. The byte `phase` of the key meets the first of it;
   * returns the one for what follows.
   */
  push(bytes: Uint8Array, start: number, end: number, key: Uint8Array, phase: number): number {
    if (end - start <= TINY_BYTES) return this.#pushTiny(bytes, start, end, key, phase);
    const piece = asBuffer(bytes).subarray(start, end);
    return this.#pieces.keeps(piece, this.#isText && !this.#isCompressed) ? this.#keep(piece, key, phase) : this.#copy(piece, key, phase);
  }

  /** The message is complete. */
  end(): AssembledMessage {
    if (this.#isCompressed) return { type: 'compressed', bytes: unpinned(this.#pieces.takeTogether()), isText: this.#isText };
    return { type: 'message', data: this.#isText ? this.#takeText() : ownBytes(this.#pieces.takeTogether()) };
  }

  #pushTiny(bytes: Uint8Array, start: number, end: number, key: Uint8Array, phase: number): number {
    const at = this.#pieces.reserve(end - start);
    const { room, filled } = this.#pieces;
    let seen = 0;
    for (let to = at; to < filled; to++) seen |= room[to] = bytes[start++]! ^ key[phase++ & 3]!;
    if (this.#isText && !(this.#isAscii && seen < 0x80)) this.#check(room.subarray(at, filled));
    return phase & 3;
  }

  #keep(piece: Buffer, key: Uint8Array, phase: number): number {
    const next = unmask(piece, 0, piece.length, key, phase);
    if (this.#isText) this.#check(piece);
    this.#pieces.keep(piece);
    return next;
  }

  #copy(piece: Buffer, key: Uint8Array, phase: number): number {
    const at = this.#pieces.reserve(piece.length);
    const { room, filled } = this.#pieces;
    const next = unmaskInto(room, at, piece, 0, piece.length, key, phase);
    if (this.#isText) this.#check(room.subarray(at, filled));
    return next;
  }

  #check(view: Uint8Array): void {
    if (this.#isCompressed || (this.#isAscii && (this.#isAscii = isAsciiText(view)))) return;
    if (!(this.#utf8 ??= new Utf8Check()).push(view)) throw wsError('WS_INVALID_UTF8');
  }

  #takeText(): string {
    if (!this.#isAscii && !this.#utf8!.end()) throw wsError('WS_INVALID_UTF8');
    const isLong = this.#pieces.length >= COPY_TEXT_FROM_BYTES;
    const pieces = this.#isAscii ? this.#pieces.take() : [this.#pieces.takeTogether()];
    let text = '';
    for (const piece of pieces) text += piece.toString(this.#isAscii ? 'latin1' : 'utf8');
    if (isLong) this.#relay?.hold(text, pieces);
    return text;
  }
}

/** What a message may be as it is sent. Compressed, what cannot be compressed is longer: its text is limited where it is inflated. */
export function maxPayloadBytes({ maxMessageBytes }: MessageLimits, isCompressed: boolean): number {
  return isCompressed ? Math.ceil(maxMessageBytes * MAX_GROWTH) + COMPRESSION_BYTES : maxMessageBytes;
}

/** The text between `start` and `end`; an error where it is no UTF-8. `isAscii` where that is known already. */
export function decodeText(bytes: Buffer, start: number, end: number, isAscii: boolean): string {
  if (isAscii) return bytes.toString('latin1', start, end);
  const view = bytes.subarray(start, end);
  // Most text is ASCII, which is decoded in half the time; what is not shows so early.
  if (isAsciiText(view)) return bytes.toString('latin1', start, end);
  if (!isUtf8(view)) throw wsError('WS_INVALID_UTF8');
  return bytes.toString('utf8', start, end);
}
