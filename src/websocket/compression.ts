/**
 * What one WebSocket compresses and inflates, by the parameters agreed on in its handshake (RFC 7692). Short messages at once, as long as
 * the event loop's turn allows, long ones in a thread, at most a few of a server at a time. Who calls keeps the order: one message each
 * way is under way at most.
 */

import { isUtf8 } from 'node:buffer';
import { asBuffer, ownBytes } from '../bytes.js';
import type { Message } from '../channel/contract.js';
import type { SharedMessage } from '../channel/shared-message.js';
import type { Counters } from '../counters.js';
import { Context, deflateLater, deflateNow, type DeflateSettings, inflateLater, inflateNow } from './deflate.js';
import { wsError } from './errors.js';
import type { DeflateParameters } from './extensions.js';
import { COMPRESSED, encodeHeader, OPCODE } from './frame.js';
import type { TurnLimit } from './turn-limit.js';
import type { WorkLimit } from './work-limit.js';

/** What all WebSockets of a server share that compress. */
export interface CompressionSettings {
  readonly deflate: DeflateSettings;
  readonly maxMessageBytes: number;
  readonly work: WorkLimit;
  /** What is inflated at once: a client says much in few bytes. */
  readonly turns: TurnLimit;
  readonly counters: Counters;
}

/** What is longer goes to a thread: up to here the way there takes longer than the work. */
const DEFLATE_AT_ONCE_BYTES = 16 * 1024;
const INFLATE_AT_ONCE_BYTES = 4 * 1024;

/** Frames for many connections that are being compressed, by the bits of their window. */
const SHARED = new WeakMap<SharedMessage, Map<number, Promise<Uint8Array>>>();

export class Compression {
  readonly #settings: CompressionSettings;
  readonly #sendBits: number;
  /** What we may refer back to, and what the client may; `undefined` where each message stands alone. */
  readonly #sent: Context | undefined;
  readonly #received: Context | undefined;
  #isReleased = false;

  constructor(parameters: DeflateParameters, settings: CompressionSettings) {
    this.#settings = settings;
    this.#sendBits = parameters.serverMaxWindowBits;
    if (!parameters.serverNoContextTakeover) this.#sent = new Context(parameters.serverMaxWindowBits);
    // A client that was asked for a window of 8 bits and compresses with zlib uses one of 9.
    if (!parameters.clientNoContextTakeover) this.#received = new Context(Math.max(9, parameters.clientMaxWindowBits));
    settings.counters.compressing++;
  }

  /** The connection is gone: its contexts count no more. What came before is still inflated, and goes by them. */
  release(): void {
    const { counters } = this.#settings;
    this.#isReleased = true;
    counters.compressing--;
    counters.contextBytes -= (this.#sent?.bytes.length ?? 0) + (this.#received?.bytes.length ?? 0);
  }

  /** Whether a message of so many bytes is compressed. */
  isWorthwhile(bytes: number): boolean {
    return bytes >= this.#settings.deflate.threshold;
  }

  /** A message, compressed and framed; `shared` keeps the frame for all who send the same. */
  deflate(data: Message, shared: SharedMessage | undefined): Uint8Array | Promise<Uint8Array> {
    const text = typeof data === 'string' ? Buffer.from(data) : asBuffer(data);
    const opcode = typeof data === 'string' ? OPCODE.text : OPCODE.binary;
    const { deflate, work } = this.#settings;
    const bits = this.#sendBits;
    if (shared !== undefined) return this.#deflateShared(text, opcode, shared);
    const dictionary = this.#sent?.bytes;
    if (text.length <= DEFLATE_AT_ONCE_BYTES) {
      const frame = frameOf(opcode, deflateNow(text, deflate, bits, dictionary));
      this.#remember(this.#sent, text);
      return frame;
    }
    return work.run(() => deflateLater(text, deflate, bits, dictionary)).then((payload) => {
      this.#remember(this.#sent, text);
      return frameOf(opcode, payload);
    });
  }

  /** The message that a payload holds. Throws, or rejects with, a `ProtocolError`. */
  inflate(payload: Uint8Array, isText: boolean): Message | Promise<Message> {
    if (payload.length === 0) return isText ? '' : payload;
    const { deflate, maxMessageBytes, work, turns } = this.#settings;
    const maxBytes = Math.min(maxMessageBytes, payload.length * deflate.maxInflateRatio);
    const dictionary = this.#received?.bytes;
    if (payload.length <= INFLATE_AT_ONCE_BYTES) return turns.run(() => this.#inflated(inflateNow(payload, maxBytes, dictionary), isText));
    return work.run(() => inflateLater(payload, maxBytes, dictionary)).then((text) => this.#inflated(text, isText));
  }

  /** Compressed without a context, it can be sent to anybody whose window is as large; what they may refer back to grows all the same. */
  #deflateShared(text: Buffer, opcode: number, shared: SharedMessage): Uint8Array | Promise<Uint8Array> {
    const { deflate, work } = this.#settings;
    const bits = this.#sendBits;
    this.#remember(this.#sent, text);
    if (text.length <= DEFLATE_AT_ONCE_BYTES) {
      return shared.form(`deflate ${bits}`, () => frameOf(opcode, deflateNow(text, deflate, bits))) as Uint8Array;
    }
    let byBits = SHARED.get(shared);
    if (byBits === undefined) SHARED.set(shared, (byBits = new Map()));
    let frame = byBits.get(bits);
    if (frame === undefined) {
      frame = work.run(() => deflateLater(text, deflate, bits)).then((payload) => frameOf(opcode, payload));
      byBits.set(bits, frame);
    }
    return frame;
  }

  #inflated(text: Buffer, isText: boolean): Message {
    this.#remember(this.#received, text);
    if (!isText) return ownBytes(text);
    if (!isUtf8(text)) throw wsError('WS_INVALID_UTF8');
    return text.toString('utf8');
  }

  #remember(context: Context | undefined, text: Buffer): void {
    if (context === undefined) return;
    const before = context.bytes.length;
    context.push(text);
    if (!this.#isReleased) this.#settings.counters.contextBytes += context.bytes.length - before;
  }
}

function frameOf(opcode: number, payload: Buffer): Uint8Array {
  return Buffer.concat([Buffer.from(encodeHeader(opcode | COMPRESSED, payload.length), 'latin1'), payload]);
}
