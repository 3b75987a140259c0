/**
 * Writes one response: a head, then a body whole or in pieces, framed as the request and the status demand. It holds a streamed
 * body to its declared length. Whose response it is, and what becomes of the connection, it does not know.
 */

import type { Message } from '../channel/contract.js';
import { keepBytes } from '../channel/outgoing.js';
import type { SharedMessage } from '../channel/shared-message.js';
import type { Counters } from '../counters.js';
import { UsageError } from '../errors.js';
import type { Transport } from '../net/protocol.js';
import type { Ticker } from '../net/ticker.js';
import type { ServerSentEvent } from './contract.js';
import type { DateField } from './date.js';
import { encodeEvent, HEARTBEAT } from './event-stream.js';
import { isBodiless, type RequestForm, responseFraming } from './exchange.js';
import type { LastHead } from './last-head.js';
import { encodeChunk, encodeFields, type ResponseFields, type ResponseFraming } from './response.js';
import { forbidsBody, reasonPhrase } from './status.js';

/** What the responses of a server share. */
export interface WriterSettings {
  readonly counters: Counters;
  readonly ticker: Ticker;
  readonly date: DateField;
  readonly lastHead: LastHead;
}

const NONE: ResponseFraming = { kind: 'none' };
const PLAIN_TEXT = encodeFields({ 'Content-Type': 'text/plain; charset=utf-8' });

export class ResponseWriter {
  readonly #request: RequestForm;
  readonly #transport: Transport;
  readonly #settings: WriterSettings;
  #framing: ResponseFraming = NONE;
  /** Bytes of a body of declared length that are still to be written. */
  #left = 0;
  #status: number | undefined;

  constructor(request: RequestForm, transport: Transport, settings: WriterSettings) {
    this.#request = request;
    this.#transport = transport;
    this.#settings = settings;
  }

  /** The status, once a head was written. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Whether only the close tells the client where the body ends. */
  get isDelimitedByClose(): boolean {
    return this.#framing.kind === 'until-close';
  }

  /** A complete response. */
  whole(status: number, fields: ResponseFields, body: Message | null | undefined, keepsAlive: boolean): void {
    const length = body === undefined || body === null ? 0 : lengthOf(body);
    const framing = responseFraming(this.#request, status, length, fields.contentLength);
    const head = this.#encodeHead(status, fields, framing, typeof body === 'string', keepsAlive);
    if (length === 0 || isBodiless(this.#request, status)) return this.#transport.write(head);
    if (typeof body === 'string' && length === body.length) return this.#transport.write(head + body);
    this.#transport.write(head);
    this.#transport.write(typeof body === 'string' ? Buffer.from(body) : keepBytes(body!));
  }

  /** A complete response that says nothing but its status. */
  plain(status: number, keepsAlive: boolean): void {
    this.whole(status, PLAIN_TEXT, reasonPhrase(status), keepsAlive);
  }

  /** The answer to a WebSocket handshake; `lines` belong to the new protocol. */
  switchProtocols(lines: string, fields: ResponseFields): void {
    this.#noteStatus(101);
    this.#transport.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines}${fields.lines}\r\n`);
  }

  /** The head of a response whose body comes in pieces, `firstLength` bytes of it at once. */
  begin(status: number, fields: ResponseFields, isText: boolean, firstLength: number, keepsAlive: boolean): void {
    const framing = responseFraming(this.#request, status, undefined, fields.contentLength);
    if (framing.kind === 'length' && firstLength > framing.length) throw tooLong();
    this.#transport.write(this.#encodeHead(status, fields, framing, isText, keepsAlive && framing.kind !== 'until-close'));
    if (isBodiless(this.#request, status)) return;
    this.#framing = framing;
    this.#left = framing.kind === 'length' ? framing.length : 0;
  }

  /** A piece of the body; an empty one writes nothing. `shared` holds the bytes of one that many responses carry. */
  piece(data: Message, shared?: SharedMessage): void {
    if (data.length === 0) return;
    if (this.#framing.kind === 'length') this.#spend(lengthOf(data));
    if (this.#framing.kind !== 'chunked') this.#transport.write(typeof data === 'string' ? Buffer.from(data) : keepBytes(data));
    else if (shared !== undefined) this.#transport.write(shared.form('chunk', encodeChunk));
    else this.#writeChunk(data);
  }

  /** An event. `shared` holds the bytes of one that many streams carry. */
  event(event: ServerSentEvent, shared?: SharedMessage): void {
    if (shared === undefined) return this.piece(encodeEvent(event));
    const bytes = this.#framing.kind === 'chunked' ? shared.form('event chunk', encodeEventChunk) : shared.form('event', encodeEventBytes);
    this.#transport.write(bytes);
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
    if (typeof data === 'string' || keepBytes(data) !== data) return this.#transport.write(encodeChunk(data));
    this.#transport.write(`${data.length.toString(16)}\r\n`);
    this.#transport.write(data);
    this.#transport.write('\r\n');
  }

  /** Takes bytes from the declared length; a body that is too long is the application's fault. */
  #spend(length: number): void {
    if (length > this.#left) throw tooLong();
    this.#left -= length;
  }

  #encodeHead(status: number, fields: ResponseFields, framing: ResponseFraming, isText: boolean, keepsAlive: boolean): string {
    const { date, ticker, lastHead } = this.#settings;
    this.#noteStatus(status);
    // The default type says what the body is; with a 304 it would overwrite what a cache knows of the one it has (RFC 9110 §15.4.5).
    return lastHead.encode(status, fields, framing, isText && !forbidsBody(status), this.#request.isHttp10, keepsAlive, date.line(ticker.wallNow));
  }

  #noteStatus(status: number): void {
    this.#status = status;
    this.#settings.counters.responses[Math.floor(status / 100)]!++;
  }
}

/** Its bytes on the wire. */
export function lengthOf(data: Message): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
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
