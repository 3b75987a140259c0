/** What the application sends, judged once: a message, an event, a streamed body, or nothing. */

import { UsageError } from '../errors.js';
import type { Body, HttpResponse, Outgoing, ServerSentEvent } from '../http/contract.js';
import type { Message } from './contract.js';
import { encodeEnvelope, encodePosition } from './envelope.js';
import type { Answer, StreamedBody } from './outlet.js';

/** The longest bytes that are copied at the call; longer ones are borrowed until they are written. */
export const COPY_UP_TO_BYTES = 4 * 1024;

/** What ends a line of an event stream, or makes clients overlook it. */
const NOT_IN_LINE = /[\r\n\0]/;
const NO_EVENT: ServerSentEvent = {};
const NOTHING = new Uint8Array(0);

/** The body of what is sent, whatever its form. */
export function bodyOf(data: Outgoing): Body | undefined {
  if (typeof data === 'string') return data;
  if (data instanceof Uint8Array) return checkBytes(data);
  if (isEvent(data)) return checkEvent(data).data;
  if (!isResponse(data)) {
    throw new UsageError(`send takes a string, a Uint8Array, a response such as { status, headers, body } or an event such as { event, id, data }, not ${describe(data)}`);
  }
  return checkBody(data.body);
}

/** Whether something is a response: an object with a member of one, or an empty one. Not a promise, an ArrayBuffer or a stream that was meant as a body. */
export function isResponse(data: unknown): data is HttpResponse {
  if (typeof data !== 'object' || data === null || isStreamed(data)) return false;
  return 'status' in data || 'headers' in data || 'body' in data || (Object.keys(data).length === 0 && isPlain(data));
}

/** Whether something is an event: an object with a member of one. */
export function isEvent(data: unknown): data is ServerSentEvent {
  if (typeof data !== 'object' || data === null || isStreamed(data)) return false;
  return 'data' in data || 'event' in data || 'id' in data || 'retry' in data;
}

/** A body as it is given in a response; a `UsageError` for what can be no body. */
export function checkBody(body: unknown): Body | undefined {
  if (body instanceof Uint8Array) return checkBytes(body);
  if (body === undefined || body === null || typeof body === 'string' || isStreamed(body)) return body;
  throw new UsageError(`a body is a string, a Uint8Array, an iterable of them, a ReadableStream or null, not ${describe(body)}`);
}

/** The bytes themselves; a `UsageError` where their memory is gone: they would look as if there were none. */
export function checkBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0) return bytes;
  try {
    NOTHING.set(bytes);
    return bytes;
  } catch (cause) {
    throw new UsageError('the memory of these bytes is gone: send them before it is transferred or made smaller, or send a copy', { cause });
  }
}

/** Whether a body comes piece by piece. */
export function isStreamed(body: unknown): body is StreamedBody {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array || ArrayBuffer.isView(body)) return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

/** What a WebSocket sends for it; `undefined` for a response without a body or an event without data, which is no message. */
export function messageOf(data: Outgoing): Message | undefined {
  const body = bodyOf(data);
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return undefined;
  throw new UsageError('a message is text or bytes: read the stream and send its pieces');
}

/** The same in an envelope, in which an event keeps its name and id. */
export function envelopeOf(data: Outgoing): Message | undefined {
  const message = messageOf(data);
  const { event, id } = isEvent(data) ? data : NO_EVENT;
  if (message !== undefined) return encodeEnvelope({ id, event, data: message });
  return id === undefined ? undefined : encodePosition(id);
}

/** What an event stream sends for it; `undefined` for a response without a body or an event that holds nothing. */
export function eventOf(data: Outgoing): ServerSentEvent | undefined {
  if (isEvent(data)) return holdsNothing(checkEvent(data)) ? undefined : data;
  const message = messageOf(data);
  return message === undefined ? undefined : { data: message };
}

/** What any other response is made of: of an event its data. */
export function answerOf(data: Outgoing): Answer {
  return isEvent(data) ? (checkEvent(data).data ?? {}) : data;
}

/** Bytes that stay as they are whatever the application does to its own. */
export function keepBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length <= COPY_UP_TO_BYTES ? Buffer.from(bytes) : bytes;
}

/** The event itself; a `UsageError` where no event stream could carry it, whatever carries it now. */
function checkEvent(event: ServerSentEvent): ServerSentEvent {
  const { event: name, id, data, retry } = event;
  if (isResponse(event)) throw new UsageError('an event has no status, headers or body: send either a response or an event');
  if (data !== undefined && typeof data !== 'string') {
    if (!((data as unknown) instanceof Uint8Array)) throw new UsageError(`the data of an event is a string or a Uint8Array, not ${describe(data)}`);
    checkBytes(data);
  }
  if (name !== undefined && data === undefined) throw new UsageError("an event with a name needs data, or clients fire nothing: '' where it has none");
  checkLine(name, 'the name of an event');
  checkLine(id, 'the id of an event');
  if (retry !== undefined && !(Number.isSafeInteger(retry) && retry >= 0)) throw new UsageError('retry must be a whole number of milliseconds from 0');
  return event;
}

function holdsNothing({ id, data, retry }: ServerSentEvent): boolean {
  return id === undefined && data === undefined && retry === undefined;
}

function checkLine(text: unknown, what: string): void {
  if (text !== undefined && (typeof text !== 'string' || NOT_IN_LINE.test(text))) throw new UsageError(`${what} must be a string without CR, LF and NUL`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return value.constructor?.name ?? 'an object';
}
