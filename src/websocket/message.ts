/**
 * One message from the payloads of its frames. They are copied into one buffer that grows with what has come, never with what
 * was announced, so that 65,537 tiny fragments cost no more memory than one; text is checked as it arrives.
 */

import { isUtf8 } from 'node:buffer';
import { asBuffer, ownBytes } from '../bytes.js';
import { wsError } from './errors.js';
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
const NOTHING = Buffer.alloc(0);
/** What compression may add to data that has nothing to compress: with the least memory, zlib comes near an eighth at worst. */
const MAX_GROWTH = 9 / 8;
const COMPRESSION_BYTES = 64;

export class MessageAssembler {
  readonly #limits: MessageLimits;
  #utf8: Utf8Check | undefined;
  #bytes: Buffer = NOTHING;
  #length = 0;
  /** How long the message will be, once its last frame was announced. */
  #total = Infinity;
  #fragments = 0;
  #isText = false;
  /** Whether the message is compressed: its text can only be checked once it is inflated (RFC 7692 §6.2). */
  #isCompressed = false;

  constructor(limits: MessageLimits) {
    this.#limits = limits;
  }

  /** A message begins. */
  begin(isText: boolean, isCompressed: boolean): void {
    this.#isText = isText;
    this.#isCompressed = isCompressed;
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

  /** A piece of payload, unmasked: a view that is copied. */
  push(view: Uint8Array): void {
    if (this.#isText && !this.#isCompressed && !(this.#utf8 ??= new Utf8Check()).push(view)) throw wsError('WS_INVALID_UTF8');
    if (this.#length + view.length > this.#bytes.length) this.#grow(this.#length + view.length);
    this.#bytes.set(view, this.#length);
    this.#length += view.length;
  }

  /** The message is complete. */
  end(): AssembledMessage {
    if (this.#isText && this.#utf8 !== undefined && !this.#utf8.end()) throw wsError('WS_INVALID_UTF8');
    const bytes = this.#bytes;
    const length = this.#length;
    this.#bytes = NOTHING;
    this.#length = 0;
    if (this.#isCompressed) return { type: 'compressed', bytes: ownBytes(bytes.subarray(0, length)), isText: this.#isText };
    return { type: 'message', data: this.#isText ? bytes.toString('utf8', 0, length) : ownBytes(bytes.subarray(0, length)) };
  }

  /** Room for what has come and as much again, but no more than the message will need. */
  #grow(needed: number): void {
    const room = Math.min(this.#total, Math.max(FIRST_ROOM_BYTES, 2 * needed));
    const grown = Buffer.allocUnsafeSlow(room);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** What a message may be as it is sent. Compressed, what cannot be compressed is longer: its text is limited where it is inflated. */
export function maxPayloadBytes({ maxMessageBytes }: MessageLimits, isCompressed: boolean): number {
  return isCompressed ? Math.ceil(maxMessageBytes * MAX_GROWTH) + COMPRESSION_BYTES : maxMessageBytes;
}

/** The text or the bytes of a whole message that lies in one piece: nothing is copied that need not be. */
export function wholeMessage(view: Uint8Array, isText: boolean): string | Uint8Array {
  if (!isText) return ownBytes(view);
  if (!isUtf8(view)) throw wsError('WS_INVALID_UTF8');
  return asBuffer(view).toString('utf8');
}
