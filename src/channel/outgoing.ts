/** What the application sends, judged once: a message, a streamed body, or nothing. */

import { UsageError } from '../errors.js';
import type { Body, HttpResponse, Outgoing } from '../http/contract.js';
import type { Message } from './contract.js';
import type { StreamedBody } from './outlet.js';

/** The longest bytes that are copied at the call; longer ones are borrowed until they are written. */
export const COPY_UP_TO_BYTES = 4 * 1024;

/** Text from here on is copied into bytes beside the heap; as part of a longer string it would be copied there first, and then again. */
export const COPY_TEXT_FROM_BYTES = 16 * 1024;

/** The body of what is sent, whatever its form. */
export function bodyOf(data: Outgoing): Body | undefined {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  if (!isResponse(data)) {
    throw new UsageError(`send takes a string, a Uint8Array or a response such as { status, headers, body }, not ${describe(data)}`);
  }
  return checkBody(data.body);
}

/** Whether something is a response: an object with a member of one, or an empty one. Not a promise, an ArrayBuffer or a stream that was meant as a body. */
export function isResponse(data: unknown): data is HttpResponse {
  if (typeof data !== 'object' || data === null || isStreamed(data)) return false;
  return 'status' in data || 'headers' in data || 'body' in data || (Object.keys(data).length === 0 && isPlain(data));
}

/** A body as it is given in a response; a `UsageError` for what can be no body. */
export function checkBody(body: unknown): Body | undefined {
  if (body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array || isStreamed(body)) return body;
  throw new UsageError(`a body is a string, a Uint8Array, an iterable of them, a ReadableStream or null, not ${describe(body)}`);
}

/** Whether a body comes piece by piece. */
export function isStreamed(body: unknown): body is StreamedBody {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array || ArrayBuffer.isView(body)) return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

/** What a WebSocket sends for it; `undefined` for a response without a body, which is no message. */
export function messageOf(data: Outgoing): Message | undefined {
  const body = bodyOf(data);
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body === undefined || body === null) return undefined;
  throw new UsageError('a WebSocket message is text or bytes: read the stream and send its pieces');
}

/** Bytes that stay as they are whatever the application does to its own. */
export function keepBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length <= COPY_UP_TO_BYTES ? Buffer.from(bytes) : bytes;
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
