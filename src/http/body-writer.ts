/** Writes one response whose body comes in pieces: its head, then each piece in its framing. It holds the body to its declared length. */

import type { Message } from '../channel/contract.js';
import { COPY_UP_TO_BYTES, keepBytes } from '../channel/outgoing.js';
import type { SharedMessage } from '../channel/shared-message.js';
import { UsageError } from '../errors.js';
import type { Transport } from '../net/protocol.js';
import type { ServerSentEvent } from './contract.js';
import { encodeEvent, HEARTBEAT } from './event-stream.js';
import { isBodiless, type RequestForm, responseFraming } from './exchange.js';
import { encodeChunk, type ResponseFields, type ResponseFraming } from './response.js';
import { headFor, lengthOf, type ResponseTarget } from './response-writer.js';

const NONE: ResponseFraming = { kind: 'none' };

/** What is known of a response ahead of its body. */
export interface BodyPlan {
  readonly status: number;
  readonly fields: ResponseFields;
  readonly isText: boolean;
  /** How many bytes of the body follow at once. */
  readonly firstLength: number;
  readonly keepsAlive: boolean;
}

export class BodyWriter {
  readonly #transport: Transport;
  readonly #framing: ResponseFraming;
  /** Bytes of a body of declared length that are still to be written. */
  #left: number;

  /** Writes the head. */
  constructor(target: ResponseTarget, request: RequestForm, { status, fields, isText, firstLength, keepsAlive }: BodyPlan) {
    const { transport } = target;
    const framing = responseFraming(request, status, undefined, fields.contentLength);
    if (framing.kind === 'length' && firstLength > framing.length) throw tooLong();
    transport.write(headFor(target, request, status, fields, framing, isText, keepsAlive && framing.kind !== 'until-close'));
    this.#transport = transport;
    this.#framing = isBodiless(request, status) ? NONE : framing;
    this.#left = this.#framing.kind === 'length' ? this.#framing.length : 0;
  }

  /** Whether only the close tells the client where the body ends. */
  get isDelimitedByClose(): boolean {
    return this.#framing.kind === 'until-close';
  }

  /** A piece of the body; an empty one writes nothing. `shared` holds the bytes of one that many responses carry. */
  piece(data: Message, shared?: SharedMessage): void {
    if (data.length === 0) return;
    if (this.#framing.kind === 'length') this.#spend(lengthOf(data));
    if (this.#framing.kind !== 'chunked') this.#transport.write(typeof data === 'string' ? Buffer.from(data) : keepBytes(data));
    else if (shared !== undefined) this.#transport.writeShared(shared.form('chunk', encodeChunk));
    else this.#writeChunk(data);
  }

  /** An event. `shared` holds the bytes of one that many streams carry. */
  event(event: ServerSentEvent, shared?: SharedMessage): void {
    if (shared === undefined) return this.piece(encodeEvent(event));
    const bytes = this.#framing.kind === 'chunked' ? shared.form('event chunk', encodeEventChunk) : shared.form('event', encodeEventBytes);
    this.#transport.writeShared(bytes);
  }

  /** A comment, which clients of an event stream overlook. */
  comment(): void {
    this.piece(HEARTBEAT);
  }

  /** Ends the body; a `UsageError` where it is shorter than was declared. */
  end(): void {
    if (this.#left > 0) throw new UsageError(`the body is ${this.#left} bytes shorter than its Content-Length`);
    if (this.#framing.kind === 'chunked') this.#transport.write('0\r\n\r\n');
  }

  #writeChunk(data: Message): void {
    if (typeof data === 'string' || data.length <= COPY_UP_TO_BYTES) return this.#transport.write(encodeChunk(data));
    this.#transport.write(`${data.length.toString(16)}\r\n`);
    this.#transport.write(data);
    this.#transport.write('\r\n');
  }

  /** Takes bytes from the declared length; a body that is too long is the application's fault. */
  #spend(length: number): void {
    if (length > this.#left) throw tooLong();
    this.#left -= length;
  }
}

function encodeEventChunk(_data: Message, event: ServerSentEvent): string | Uint8Array {
  return encodeChunk(encodeEvent(event));
}

/** Where only the close ends the body, in HTTP/1.0. */
function encodeEventBytes(_data: Message, event: ServerSentEvent): Uint8Array {
  return Buffer.from(encodeEvent(event));
}

function tooLong(): UsageError {
  return new UsageError('the body is longer than its Content-Length');
}
