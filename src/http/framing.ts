/**
 * What the fields of a request say about the message itself: where its body ends, whether the connection stays, what the
 * client expects. One rule a line; the head's reader hands the fields in.
 */

import { isHost } from './authority.js';
import type { HttpErrorCode } from './errors.js';
import type { BodyFraming } from './events.js';
import { listNames } from './headers.js';

/** The fields that say how a message is framed, as they stand in the head. A repeated one is counted and joined. */
export interface FramingFields {
  host: string | undefined;
  hostCount: number;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  connection: string | undefined;
  expect: string | undefined;
  upgrade: string | undefined;
}

const NO_BODY: BodyFraming = { kind: 'none' };
const CHUNKED: BodyFraming = { kind: 'chunked' };

/** The first rule these fields break, if any. */
export function framingViolation(fields: FramingFields, isHttp10: boolean): HttpErrorCode | undefined {
  if (fields.hostCount > 1 || (fields.hostCount === 0 && !isHttp10)) return 'HTTP_BAD_HOST'; // 9112 §3.2
  if (fields.host !== undefined && !isHost(fields.host)) return 'HTTP_BAD_HOST'; // 9110 §7.2
  if (fields.transferEncoding !== undefined) {
    if (fields.contentLength !== undefined) return 'HTTP_LENGTH_AND_ENCODING'; // 9112 §6.3, item 3
    if (isHttp10) return 'HTTP_BAD_TRANSFER_ENCODING'; // 9112 §6.1
    const codings = listNames(fields.transferEncoding);
    if (codings.length === 0 || codings.indexOf('chunked') !== codings.length - 1) return 'HTTP_BAD_TRANSFER_ENCODING'; // 9112 §6.3, item 4
    if (codings.length > 1) return 'HTTP_UNKNOWN_TRANSFER_ENCODING'; // 9112 §6.1
  }
  if (fields.contentLength !== undefined) {
    if (!/^\d+$/.test(fields.contentLength)) return 'HTTP_BAD_CONTENT_LENGTH'; // 9112 §6.3, item 5
    if (Number(fields.contentLength) > Number.MAX_SAFE_INTEGER) return 'HTTP_BODY_TOO_LARGE'; // 9110 §8.6
  }
  if (fields.expect !== undefined && !listNames(fields.expect).every((each) => each === '100-continue')) return 'HTTP_UNKNOWN_EXPECTATION'; // 9110 §10.1.1
  return undefined;
}

/** How the body is framed; the fields have been judged. */
export function bodyFraming(fields: FramingFields): BodyFraming {
  if (fields.transferEncoding !== undefined) return CHUNKED;
  const length = fields.contentLength === undefined ? 0 : Number(fields.contentLength);
  return length === 0 ? NO_BODY : { kind: 'length', length };
}

/** Whether the connection outlives this exchange (RFC 9112 §9.3). */
export function keepsAlive(connection: string | undefined, isHttp10: boolean): boolean {
  if (connection === undefined) return !isHttp10;
  // As all browsers send it, and no list is made of it.
  if (connection === 'keep-alive') return true;
  const options = listNames(connection);
  if (options.includes('close')) return false;
  return !isHttp10 || options.includes('keep-alive');
}

/** Whether the client waits for a 100 ahead of the body; one of HTTP/1.0 does not (RFC 9110 §10.1.1). The expectations have been judged. */
export function expectsContinue({ expect }: FramingFields, isHttp10: boolean): boolean {
  return expect !== undefined && !isHttp10 && listNames(expect).length > 0;
}

/** Whether the client asks for a WebSocket. An `Upgrade` in HTTP/1.0 is ignored (RFC 9110 §7.8); the handshake judges the rest. */
export function asksForWebSocket(fields: FramingFields, isHttp10: boolean): boolean {
  return fields.upgrade !== undefined && !isHttp10 && listNames(fields.upgrade).includes('websocket');
}
