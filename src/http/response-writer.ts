/**
 * Writes responses that are there as a whole, and the heads of all: framed as the request and the status demand. Whose response it is, and
 * what becomes of the connection, is not known here.
 */

import { COPY_TEXT_FROM_BYTES } from '../bytes.js';
import type { Message } from '../channel/contract.js';
import { COPY_UP_TO_BYTES } from '../channel/outgoing.js';
import type { Counters } from '../counters.js';
import type { Transport } from '../net/protocol.js';
import type { Ticker } from '../net/ticker.js';
import type { DateField } from './date.js';
import { isBodiless, type RequestForm, responseFraming } from './exchange.js';
import type { LastHead } from './last-head.js';
import { encodeFields, type ResponseFields, type ResponseFraming } from './response.js';
import { forbidsBody, reasonPhrase } from './status.js';

/** What the responses of a server share. */
export interface WriterSettings {
  readonly counters: Counters;
  readonly ticker: Ticker;
  readonly date: DateField;
  readonly lastHead: LastHead;
}

/** Where responses are written: the driver of a connection. */
export interface ResponseTarget {
  readonly transport: Transport;
  readonly settings: WriterSettings;
}

const PLAIN_TEXT = encodeFields({ 'Content-Type': 'text/plain; charset=utf-8' });

/** Writes a complete response. */
export function writeWhole(target: ResponseTarget, request: RequestForm, status: number, fields: ResponseFields, body: Message | null | undefined, keepsAlive: boolean): void {
  const { transport } = target;
  const length = body === undefined || body === null ? 0 : lengthOf(body);
  const framing = responseFraming(request, status, length, fields.contentLength);
  const head = headFor(target, request, status, fields, framing, typeof body === 'string', keepsAlive);
  if (length === 0 || isBodiless(request, status)) return transport.write(head);
  if (typeof body === 'string') return transport.write(length === body.length && length < COPY_TEXT_FROM_BYTES ? head + body : encoded(head, body, length));
  if (length <= COPY_UP_TO_BYTES) return transport.writeCopied(head, body!);
  transport.write(head);
  transport.write(body!);
}

/** Writes a complete response that says nothing but its status. */
export function writePlain(target: ResponseTarget, request: RequestForm, status: number, keepsAlive: boolean): void {
  writeWhole(target, request, status, PLAIN_TEXT, reasonPhrase(status), keepsAlive);
}

/** Writes the answer to a WebSocket handshake; `lines` belong to the new protocol. */
export function writeSwitch({ transport, settings }: ResponseTarget, lines: string, fields: ResponseFields): void {
  countStatus(settings, 101);
  transport.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines}${fields.lines}\r\n`);
}

/** The head of a response, counted. */
export function headFor({ settings }: ResponseTarget, request: RequestForm, status: number, fields: ResponseFields, framing: ResponseFraming, isText: boolean, keepsAlive: boolean): string {
  const { date, ticker, lastHead } = settings;
  countStatus(settings, status);
  // The default type says what the body is; with a 304 it would overwrite what a cache knows of the one it has (RFC 9110 §15.4.5).
  return lastHead.encode(status, fields, framing, isText && !forbidsBody(status), request.isHttp10, keepsAlive, date.line(ticker.wallNow));
}

function countStatus({ counters }: WriterSettings, status: number): void {
  counters.responses[Math.floor(status / 100)]!++;
}

/** Its bytes on the wire. */
export function lengthOf(data: Message): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}

/** A head and a text of `length` bytes, in one piece. */
function encoded(head: string, body: string, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(head.length + length);
  bytes.write(head, 0, 'latin1');
  bytes.write(body, head.length, length === body.length ? 'latin1' : 'utf8');
  return bytes;
}
