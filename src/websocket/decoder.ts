/**
 * The incremental decoder of a client's frames: bytes go in as they come, whole messages and control frames are pulled one by one.
 * It decodes a header or nothing, has it judged, and only then moves payload; it knows no socket and no time. Whatever the
 * pieces in which the same bytes come, it finds the same events or the same error. After an error it must not be asked again.
 */

import { ByteQueue } from '../byte-queue.js';
import { COPY_TEXT_FROM_BYTES } from '../bytes.js';
import { wsError } from './errors.js';
import { decodeHeader, type FrameHeader, isControl, newFrameHeader, OPCODE, RSV1 } from './frame.js';
import { asideFor, unmask, unmaskAside, unmaskedBytes, unmaskWhole } from './mask.js';
import { type AssembledMessage, decodeText, maxPayloadBytes, MessageAssembler, type MessageLimits } from './message.js';
import type { Relay } from './relay.js';
import { type FrameContext, headerViolation } from './rules.js';

/** What `FrameDecoder.next` finds. */
export type FrameEvent =
  | AssembledMessage
  | { readonly type: 'ping' | 'pong' | 'close'; readonly payload: Uint8Array };

const CONTROL_TYPES: Readonly<Record<number, 'ping' | 'pong' | 'close'>> = {
  [OPCODE.close]: 'close',
  [OPCODE.ping]: 'ping',
  [OPCODE.pong]: 'pong',
};

export class FrameDecoder {
  readonly #limits: MessageLimits;
  readonly #relay: Relay | undefined;
  readonly #queue = new ByteQueue();
  readonly #header: FrameHeader = newFrameHeader();
  readonly #context: FrameContext;
  #assembler: MessageAssembler | undefined;
  /** Payload of the current data frame still to come; `undefined` between frames. */
  #left: number | undefined;
  #maskPhase = 0;

  /**
   * @param allowedRsv the reserved bits that negotiated extensions use.
   * @param relay is given the bytes of long text.
   */
  constructor(limits: MessageLimits, allowedRsv = 0, relay?: Relay) {
    this.#limits = limits;
    this.#relay = relay;
    this.#context = { allowedRsv, isInMessage: false };
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Input that was not yet asked for. */
  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** Whether a message, or a frame, has begun and is not complete. */
  get isInMessage(): boolean {
    return this.#context.isInMessage || this.#left !== undefined || this.#queue.length > 0;
  }

  /** The next message or control frame; `undefined` when more input is needed. Throws a `ProtocolError`. */
  next(): FrameEvent | undefined {
    for (;;) {
      if (this.#left === undefined && !this.#beginFrame()) return undefined;
      const event = isControl(this.#header.opcode) ? this.#takeControl() : this.#takeData();
      if (event !== undefined) return event;
      if (this.#left !== undefined) return undefined;
    }
  }

  #beginFrame(): boolean {
    const queue = this.#queue;
    const header = this.#header;
    if (!decodeHeader(queue.bytes, queue.start, queue.end, header)) return false;
    const violation = headerViolation(header, this.#context);
    if (violation !== undefined) throw wsError(violation);
    if (!isControl(header.opcode)) this.#beginData();
    queue.skip(header.headerBytes);
    this.#left = header.length;
    this.#maskPhase = 0;
    return true;
  }

  /** A frame that is a whole message is judged here and needs no assembler if all of it has come. */
  #beginData(): void {
    const { opcode, length, fin, rsv, headerBytes } = this.#header;
    const isCompressed = (rsv & RSV1) !== 0;
    if (fin && opcode !== OPCODE.continuation && this.#queue.length - headerBytes >= length) {
      if (length > maxPayloadBytes(this.#limits, isCompressed)) throw wsError('WS_MESSAGE_TOO_BIG');
      return;
    }
    const assembler = (this.#assembler ??= new MessageAssembler(this.#limits, this.#relay));
    if (opcode !== OPCODE.continuation) assembler.begin(opcode === OPCODE.text, isCompressed);
    assembler.announce(length, fin);
    this.#context.isInMessage = true;
  }

  #takeControl(): FrameEvent | undefined {
    const length = this.#left!;
    if (this.#queue.length < length) return undefined;
    this.#left = undefined;
    const { bytes, start } = this.#queue;
    unmask(bytes, start, start + length, this.#header.mask, 0);
    return { type: CONTROL_TYPES[this.#header.opcode]!, payload: this.#queue.take(length) };
  }

  #takeData(): FrameEvent | undefined {
    if (!this.#context.isInMessage) return this.#takeWhole();
    const { fin } = this.#header;
    const count = Math.min(this.#left!, this.#queue.length);
    if (count > 0) this.#takePiece(count);
    this.#left! -= count;
    if (this.#left! > 0) return undefined;
    this.#left = undefined;
    if (!fin) return undefined;
    this.#context.isInMessage = false;
    return this.#assembler!.end();
  }

  /** A message that has come in one frame and in one piece: nothing is copied that need not be. */
  #takeWhole(): AssembledMessage {
    const header = this.#header;
    const { bytes, start } = this.#queue;
    this.#left = undefined;
    this.#queue.skip(header.length);
    return wholeMessage(header, bytes, start, start + header.length, this.#relay);
  }

  /** The next bytes of a fragment's payload: nobody else reads them. */
  #takePiece(count: number): void {
    const { bytes, start } = this.#queue;
    this.#maskPhase = this.#assembler!.push(bytes, start, start + count, this.#header.mask, this.#maskPhase);
    this.#queue.skip(count);
  }
}

/** The message of one frame, whose payload lies between `start` and `end`. */
function wholeMessage({ opcode, rsv, mask }: FrameHeader, bytes: Buffer, start: number, end: number, relay: Relay | undefined): AssembledMessage {
  const isText = opcode === OPCODE.text;
  if ((rsv & RSV1) !== 0) return { type: 'compressed', bytes: unmaskedBytes(bytes, start, end, mask), isText };
  return { type: 'message', data: isText ? unmaskedText(bytes, start, end, mask, relay) : unmaskedBytes(bytes, start, end, mask) };
}

function unmaskedText(bytes: Buffer, start: number, end: number, mask: Uint8Array, relay: Relay | undefined): string {
  const aside = asideFor(end - start);
  if (aside !== undefined) return decodeText(aside, 0, end - start, unmaskAside(bytes, start, end, mask));
  const text = decodeText(bytes, start, end, unmaskWhole(bytes, start, end, mask));
  if (end - start >= COPY_TEXT_FROM_BYTES) relay?.hold(text, [bytes.subarray(start, end)]);
  return text;
}
