/**
 * One message from the payloads of its frames. Small pieces are copied into one buffer that grows with what has come, never with what
 * was announced, so that 65,537 tiny fragments cost no more memory than one; large ones are kept until the end. Then bytes are copied together,
 * and text is decoded piece by piece, as far as it is ASCII. Text is checked as it arrives.
 */

import { isAscii as isAsciiText, isUtf8 } from 'node:buffer';
import { asBuffer, COPY_TEXT_FROM_BYTES, fillsItsMemory, ownBytes } from '../bytes.js';
import { wsError } from './errors.js';
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

/** The smallest buffer a message grows in. */
const FIRST_ROOM_BYTES = 1024;
/** A piece from here on is kept as it came, if it fills the memory that it lies in, or is the last: no room has to grow for it. */
const KEPT_FROM_BYTES = 16 * 1024;
/** Pieces up to this are copied, and looked at, byte by byte: a view of each would take longer. */
const TINY_BYTES = 16;
const NOTHING = Buffer.alloc(0);
/** What compression may add to data that has nothing to compress: with the least memory, zlib comes near an eighth at worst. */
const MAX_GROWTH = 9 / 8;
const COMPRESSION_BYTES = 64;

export class MessageAssembler {
  readonly #limits: MessageLimits;
  readonly #relay: Relay | undefined;
  #utf8: Utf8Check | undefined;
  /** Large pieces, and what was copied together between them. */
  #kept: Buffer[] = [];
  /** Room for what is copied together, and how much of it is filled. */
  #room: Buffer = NOTHING;
  #filled = 0;
  #length = 0;
  /** How long the message will be, once its last frame was announced. */
  #total = Infinity;
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
    this.#total = Infinity;
  }

  /** A frame of `length` bytes was announced: judged before any of it is kept. */
  announce(length: number, isLast: boolean): void {
    const total = this.#length + length;
    if (total > maxPayloadBytes(this.#limits, this.#isCompressed)) throw wsError('WS_MESSAGE_TOO_BIG');
    if (isLast) this.#total = total;
    if (++this.#fragments > this.#limits.maxFragments && this.#limits.maxFragments > 0) throw wsError('WS_TOO_MANY_FRAGMENTS');
  }

  /** A piece of payload, unmasked, between `start` and `end`: nobody writes there any more. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (end - start <= TINY_BYTES) this.#pushTiny(bytes, start, end);
    else this.#pushView(asBuffer(bytes).subarray(start, end));
    this.#length += end - start;
  }

  /** The message is complete. */
  end(): AssembledMessage {
    if (this.#isCompressed) return { type: 'compressed', bytes: ownBytes(this.#takeTogether()), isText: this.#isText };
    return { type: 'message', data: this.#isText ? this.#takeText() : ownBytes(this.#takeTogether()) };
  }

  #pushTiny(bytes: Uint8Array, start: number, end: number): void {
    this.#makeRoom(end - start);
    const room = this.#room;
    let seen = 0;
    for (let at = start; at < end; at++) seen |= room[this.#filled++] = bytes[at]!;
    if (this.#isText && !(this.#isAscii && seen < 0x80)) this.#check(bytes.subarray(start, end));
  }

  #pushView(view: Buffer): void {
    if (this.#isText) this.#check(view);
    const isLast = this.#length + view.length === this.#total;
    if (view.length >= KEPT_FROM_BYTES && (isLast || fillsItsMemory(view))) this.#keep(view);
    else this.#copy(view);
  }

  #check(view: Uint8Array): void {
    if (this.#isCompressed || (this.#isAscii && (this.#isAscii = isAsciiText(view)))) return;
    if (!(this.#utf8 ??= new Utf8Check()).push(view)) throw wsError('WS_INVALID_UTF8');
  }

  #takeText(): string {
    if (!this.#isAscii && !this.#utf8!.end()) throw wsError('WS_INVALID_UTF8');
    const isLong = this.#length >= COPY_TEXT_FROM_BYTES;
    const pieces = this.#isAscii ? this.#takePieces() : [this.#takeTogether()];
    let text = '';
    for (const piece of pieces) text += piece.toString(this.#isAscii ? 'latin1' : 'utf8');
    if (isLong) this.#relay?.hold(text, pieces);
    return text;
  }

  #takeTogether(): Buffer {
    const length = this.#length;
    const pieces = this.#takePieces();
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length);
  }

  #takePieces(): Buffer[] {
    const pieces = this.#kept;
    if (this.#filled > 0) pieces.push(this.#room.subarray(0, this.#filled));
    this.#kept = [];
    this.#room = NOTHING;
    this.#filled = 0;
    this.#length = 0;
    return pieces;
  }

  #keep(view: Buffer): void {
    if (this.#filled > 0) this.#kept.push(this.#room.subarray(0, this.#filled));
    this.#room = NOTHING;
    this.#filled = 0;
    this.#kept.push(view);
  }

  #copy(view: Buffer): void {
    this.#makeRoom(view.length);
    this.#room.set(view, this.#filled);
    this.#filled += view.length;
  }

  /** Room for what has come and as much again, but no more than the message will need. */
  #makeRoom(count: number): void {
    const needed = this.#filled + count;
    if (needed <= this.#room.length) return;
    const total = this.#total - (this.#length - this.#filled);
    const grown = Buffer.allocUnsafeSlow(Math.min(total, Math.max(FIRST_ROOM_BYTES, 2 * needed)));
    this.#room.copy(grown, 0, 0, this.#filled);
    this.#room = grown;
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
