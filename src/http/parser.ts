/**
 * The incremental parser of a connection: bytes go in as they come, events are pulled one by one by who can take them.
 * Pipelining and backpressure need nothing more. It knows no socket and no time, and whatever the pieces in which the same
 * bytes come, it finds the same events or the same error. After an error it must not be asked again.
 */

import { ByteQueue } from '../byte-queue.js';
import { CR, isTokenByte, LF } from '../bytes.js';
import { type BodyDecoder, decoderFor } from './body.js';
import { httpError } from './errors.js';
import type { HttpEvent, RequestHead } from './events.js';
import { checkLines, type HeadLimits, parseHead } from './head.js';

/** The first byte of a TLS connection (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;
/** Empty lines that may stand ahead of a request line: one would do for every client there is. */
const MAX_EMPTY_LINES = 8;

const END_OF_HEAD = Buffer.from('\r\n\r\n', 'latin1');

export class HttpParser {
  readonly #limits: HeadLimits;
  readonly #queue = new ByteQueue();
  #body: BodyDecoder | undefined;
  /** In an incomplete head: where its current line starts, and how far it was searched, both from the start of the queue. */
  #lineStart = 0;
  #searched = 0;
  /** Where its field lines start; 0 within the request line. */
  #fieldsStart = 0;
  /** Empty lines ahead of it. */
  #emptyLines = 0;
  /** The last head, the text it was made of, and, if it has come twice, its bytes. */
  #lastText: string | undefined;
  #lastBytes: Buffer | undefined;
  #lastHead: RequestHead | undefined;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** The next event, or `undefined` when more input is needed. Throws a `ProtocolError`. */
  next(): HttpEvent | undefined {
    if (this.#body === undefined) return this.#nextHead();
    const event = this.#body.next(this.#queue);
    if (event?.type === 'end') this.#body = undefined;
    return event;
  }

  /** Input that was not yet asked for. */
  get bufferedBytes(): number {
    return this.#queue.length;
  }

  /** Whether a message has begun and its end was not reached. */
  get isInMessage(): boolean {
    return this.#body !== undefined || this.#queue.length > 0;
  }

  /** Bytes of the current body still to come, where that is known. */
  get remainingBodyBytes(): number | undefined {
    return this.#body === undefined ? 0 : this.#body.remaining;
  }

  /** A view of the input from where it was not consumed. */
  peek(maxBytes: number): Uint8Array {
    const { bytes, start, end } = this.#queue;
    return bytes.subarray(start, Math.min(end, start + maxBytes));
  }

  /** Everything that was not consumed, for the protocol that takes over. */
  takeRest(): Uint8Array {
    return this.#queue.take(this.#queue.length);
  }

  #nextHead(): RequestHead | undefined {
    const queue = this.#queue;
    if (queue.start === queue.end) return undefined;
    if (this.#lastBytes !== undefined && this.#searched === 0 && this.#isNext(this.#lastBytes)) return this.#take(this.#lastHead!, this.#lastBytes.length);
    if (this.#lineStart === 0) this.#skipEmptyLines();
    const length = queue.length === 0 ? undefined : this.#findHeadEnd();
    if (length === undefined) return undefined;
    const head = this.#read(queue.bytes.toString('latin1', queue.start, queue.start + length));
    this.#fieldsStart = 0;
    this.#lineStart = 0;
    this.#searched = 0;
    return this.#take(head, length);
  }

  #take(head: RequestHead, length: number): RequestHead {
    this.#emptyLines = 0;
    this.#queue.skip(length);
    this.#body = decoderFor(head.framing, this.#limits);
    return head;
  }

  /**
   * A head is nothing but what its bytes say: the same bytes are the same head. One that has come twice in a row is kept as bytes, too, and
   * is found without looking for its end; a client whose heads differ pays for none of that.
   */
  #read(text: string): RequestHead {
    if (text === this.#lastText) {
      this.#lastBytes = Buffer.allocUnsafeSlow(text.length);
      this.#lastBytes.write(text, 'latin1');
      return this.#lastHead!;
    }
    this.#lastBytes = undefined;
    this.#lastHead = parseHead(text, this.#limits);
    this.#lastText = text;
    return this.#lastHead;
  }

  /** Whether all of `bytes` comes next. */
  #isNext(bytes: Buffer): boolean {
    const queue = this.#queue;
    const stop = queue.start + bytes.length;
    return stop <= queue.end && bytes.compare(queue.bytes, queue.start, stop) === 0;
  }

  /** Empty lines ahead of a request line are ignored (RFC 9112 §2.2). */
  #skipEmptyLines(): void {
    const { bytes, end } = this.#queue;
    let { start } = this.#queue;
    while (start + 1 < end && bytes[start] === CR && bytes[start + 1] === LF) start += 2;
    if (start === this.#queue.start) return;
    this.#emptyLines += (start - this.#queue.start) / 2;
    if (this.#emptyLines > MAX_EMPTY_LINES) throw httpError('HTTP_BAD_REQUEST_LINE');
    this.#queue.skip(start - this.#queue.start);
    this.#searched = 0;
  }

  /** The length of the head, its empty line included; `undefined` while it is not complete. */
  #findHeadEnd(): number | undefined {
    const queue = this.#queue;
    if (this.#searched === 0) {
      const first = queue.bytes[queue.start]!;
      if (!isTokenByte(first) && first !== CR) throw httpError(first === TLS_HANDSHAKE ? 'HTTP_TLS_ON_PLAIN_PORT' : 'HTTP_BAD_METHOD');
      const found = queue.bytes.indexOf(END_OF_HEAD, queue.start);
      if (found !== -1 && found + 4 <= queue.end) return found + 4 - queue.start;
    }
    return this.#searchLines();
  }

  /** Goes on where the last search stopped, line by line, so that a head in tiny pieces costs linear time. */
  #searchLines(): number | undefined {
    const { bytes, start, end } = this.#queue;
    for (;;) {
      const lf = this.#queue.indexOf(LF, start + this.#searched);
      if (lf === -1) break;
      const lineStart = start + this.#lineStart;
      if (lf === lineStart + 1 && bytes[lineStart] === CR && this.#lineStart > 0) return lf + 1 - start;
      if (lf === lineStart || bytes[lf - 1] !== CR || this.#isTooLarge(lf + 1 - start)) this.#refuse();
      this.#lineStart = lf + 1 - start;
      this.#searched = this.#lineStart;
      if (this.#fieldsStart === 0) this.#fieldsStart = this.#lineStart;
    }
    this.#searched = end - start;
    if (this.#isTooLarge(this.#searched)) this.#refuse();
    return undefined;
  }

  /** Whether the current line, or all field lines, are over their limit with what stands ahead of `end`; both may still lack their end. */
  #isTooLarge(end: number): boolean {
    if (end - this.#lineStart > this.#limits.maxLineBytes + 2) return true;
    return this.#fieldsStart > 0 && end - this.#fieldsStart > this.#limits.maxHeadBytes + 2;
  }

  /** The head cannot become valid any more: what came first in it is what is reported. */
  #refuse(): never {
    const { bytes, start, end } = this.#queue;
    checkLines(bytes.toString('latin1', start, end), this.#limits);
    throw httpError(this.#lineStart === 0 ? 'HTTP_LINE_TOO_LONG' : 'HTTP_HEAD_TOO_LARGE');
  }
}
