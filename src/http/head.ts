/**
 * From the text of a complete head to a `RequestHead`. Well-formed field lines are told by one regular expression over all
 * of them; only where it fails are they walked one by one, to find the first rule that is broken. The text is latin1: one
 * character a byte.
 */

import { SLASH, TOKEN } from '../bytes.js';
import { isAuthorityForm, isHttpAuthority } from './authority.js';
import { type HttpErrorCode, httpError } from './errors.js';
import type { RequestHead } from './events.js';
import { asksForWebSocket, bodyFraming, expectsContinue, type FramingFields, framingViolation, keepsAlive } from './framing.js';
import { FieldLines, fieldValue, startsWithName } from './headers.js';

/** What a head may be, and the trailers of a body. */
export interface HeadLimits {
  /** The request line, and one field line, without their CR LF. */
  readonly maxLineBytes: number;
  /** All field lines together, with their CR LF. */
  readonly maxHeadBytes: number;
  readonly maxHeaderCount: number;
}

const FIELD_SECTION = /(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/y;
const FIELD_CONTENT = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Visible ASCII: what a target may consist of (RFC 9112 §3.2); a fragment is never sent (RFC 9110 §7.1). */
const TARGET = /^[\x21\x22\x24-\x7e]+$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)/i;

/** Parses a head that ends with its empty line, or throws the first rule it breaks. */
export function parseHead(text: string, limits: HeadLimits): RequestHead {
  const lineEnd = text.indexOf('\r\n');
  const fieldsStart = lineEnd + 2;
  FIELD_SECTION.lastIndex = fieldsStart;
  const isWellFormed = text.indexOf('\n') === lineEnd + 1 && FIELD_SECTION.test(text) && FIELD_SECTION.lastIndex === text.length;
  if (!isWellFormed || lineEnd > limits.maxLineBytes) {
    checkLines(text, limits);
    throw httpError('HTTP_BAD_FIELD_NAME');
  }

  const methodEnd = text.indexOf(' ');
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  const method = methodOf(text.slice(0, methodEnd));
  const target = text.slice(methodEnd + 1, targetEnd);
  const isHttp10 = checkRequestLine(text, methodEnd, targetEnd, lineEnd, method, target);

  const fieldsEnd = text.length - 2;
  const framing = readFramingFields(text, fieldsStart, fieldsEnd, limits);
  const violation = framingViolation(framing, isHttp10);
  if (violation !== undefined) throw httpError(violation);
  return {
    type: 'head',
    method,
    target,
    isHttp10,
    fields: new FieldLines(text, fieldsStart, fieldsEnd),
    framing: bodyFraming(framing),
    keepsAlive: keepsAlive(framing.connection, isHttp10),
    expectsContinue: expectsContinue(framing, isHttp10),
    isWebSocketUpgrade: asksForWebSocket(framing, isHttp10),
  };
}

/** The usual methods as one string each: a head is kept as long as its request. */
const METHODS = new Map(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => [method, method]));

function methodOf(sent: string): string {
  return METHODS.get(sent) ?? sent;
}

/** Throws the first rule that the complete lines of `text` break, in the order in which their bytes came. */
export function checkLines(text: string, limits: HeadLimits): void {
  const firstLf = text.indexOf('\n');
  let at = 0;
  for (let count = -1; ; count++) {
    const lf = text.indexOf('\n', at);
    if (lf === -1) return;
    const endsWithCr = lf > at && text.charCodeAt(lf - 1) === 0x0d;
    const end = endsWithCr ? lf - 1 : lf;
    // Sizes come first: a line that is too large may be refused before its end has come.
    const isTooLarge = end - at > limits.maxLineBytes || (end > at && lf - firstLf > limits.maxHeadBytes);
    if (isTooLarge) throw httpError(count < 0 ? 'HTTP_LINE_TOO_LONG' : 'HTTP_HEAD_TOO_LARGE');
    if (!endsWithCr) throw httpError('HTTP_BARE_LF');
    if (count < 0) checkRequestLineText(text.slice(at, end));
    else if (end > at) checkFieldLine(text.slice(at, end), count, limits);
    at = lf + 1;
  }
}

function checkRequestLineText(line: string): void {
  const methodEnd = line.indexOf(' ');
  const targetEnd = line.indexOf(' ', methodEnd + 1);
  checkRequestLine(line, methodEnd, targetEnd, line.length, line.slice(0, Math.max(0, methodEnd)), line.slice(methodEnd + 1, Math.max(0, targetEnd)));
}

/** Judges the request line (RFC 9112 §3); true for HTTP/1.0. The version comes before the target, whose forms are those of this version. */
function checkRequestLine(text: string, methodEnd: number, targetEnd: number, lineEnd: number, method: string, target: string): boolean {
  if (methodEnd <= 0 || targetEnd <= methodEnd + 1 || targetEnd > lineEnd) throw httpError('HTTP_BAD_REQUEST_LINE');
  if (!TOKEN.test(method)) throw httpError('HTTP_BAD_METHOD');
  const isHttp10 = checkVersion(text.slice(targetEnd + 1, lineEnd));
  if (!isTarget(method, target)) throw httpError('HTTP_BAD_TARGET');
  return isHttp10;
}

/** True for HTTP/1.0. A later minor version is served as HTTP/1.1, the latest that is spoken here (RFC 9110 §2.5). */
function checkVersion(version: string): boolean {
  if (version === 'HTTP/1.1') return false;
  if (version === 'HTTP/1.0') return true;
  if (version.includes(' ')) throw httpError('HTTP_BAD_REQUEST_LINE');
  if (!/^HTTP\/\d\.\d$/.test(version)) throw httpError('HTTP_BAD_VERSION');
  if (!version.startsWith('HTTP/1.')) throw httpError('HTTP_UNSUPPORTED_VERSION');
  return false;
}

/** The four forms of a target (RFC 9112 §3.2). */
function isTarget(method: string, target: string): boolean {
  if (!TARGET.test(target)) return false;
  if (method === 'CONNECT') return isAuthorityForm(target);
  if (target.charCodeAt(0) === SLASH) return true;
  if (target === '*') return method === 'OPTIONS';
  const authority = ABSOLUTE_FORM.exec(target)?.[1];
  return authority !== undefined && isHttpAuthority(authority);
}

function checkFieldLine(line: string, count: number, limits: HeadLimits): void {
  if (count >= limits.maxHeaderCount) throw httpError('HTTP_TOO_MANY_FIELDS');
  const violation = fieldLineViolation(line);
  if (violation !== undefined) throw httpError(violation);
}

/** The first rule a field line breaks, if any (RFC 9112 §5). Trailers obey the same. */
export function fieldLineViolation(line: string): HttpErrorCode | undefined {
  const first = line.charCodeAt(0);
  if (first === 0x20 || first === 0x09) return 'HTTP_OBSOLETE_FOLDING';
  const colon = line.indexOf(':');
  if (colon === -1 || !TOKEN.test(line.slice(0, colon))) return 'HTTP_BAD_FIELD_NAME';
  if (!FIELD_CONTENT.test(line.slice(colon + 1))) return 'HTTP_BAD_FIELD_VALUE';
  return undefined;
}

/** Walks well-formed field lines for those that frame the message, and counts and measures them all. */
function readFramingFields(text: string, start: number, end: number, limits: HeadLimits): FramingFields {
  const fields: FramingFields = {
    host: undefined,
    hostCount: 0,
    contentLength: undefined,
    transferEncoding: undefined,
    connection: undefined,
    expect: undefined,
    upgrade: undefined,
  };
  let count = 0;
  for (let at = start; at < end; count++) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd - at > limits.maxLineBytes || lineEnd + 2 - start > limits.maxHeadBytes) throw httpError('HTTP_HEAD_TOO_LARGE');
    if (count >= limits.maxHeaderCount) throw httpError('HTTP_TOO_MANY_FIELDS');
    readFramingField(text, at, lineEnd, fields);
    at = lineEnd + 2;
  }
  return fields;
}

/** The length of a name tells most fields apart; only those of the right length are compared. */
function readFramingField(text: string, at: number, lineEnd: number, fields: FramingFields): void {
  const colon = text.indexOf(':', at);
  switch (colon - at) {
    case 4:
      if (!startsWithName(text, at, 'host')) return;
      fields.hostCount++;
      fields.host = fieldValue(text, colon + 1, lineEnd);
      return;
    case 6:
      if (startsWithName(text, at, 'expect')) fields.expect = joined(fields.expect, text, colon, lineEnd);
      return;
    case 7:
      if (startsWithName(text, at, 'upgrade')) fields.upgrade = joined(fields.upgrade, text, colon, lineEnd);
      return;
    case 10:
      if (startsWithName(text, at, 'connection')) fields.connection = joined(fields.connection, text, colon, lineEnd);
      return;
    case 14:
      if (startsWithName(text, at, 'content-length')) fields.contentLength = joined(fields.contentLength, text, colon, lineEnd);
      return;
    case 17:
      if (startsWithName(text, at, 'transfer-encoding')) fields.transferEncoding = joined(fields.transferEncoding, text, colon, lineEnd);
      return;
  }
}

function joined(before: string | undefined, text: string, colon: number, lineEnd: number): string {
  const value = fieldValue(text, colon + 1, lineEnd);
  return before === undefined ? value : `${before}, ${value}`;
}
