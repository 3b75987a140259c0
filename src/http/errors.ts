/** Every rule of HTTP that a client can break, with the status it is answered with. */

import { type ErrorSpec, ProtocolError } from '../errors.js';

export const HTTP_ERRORS = {
  HTTP_BAD_REQUEST_LINE: { status: 400, rfc: '9112 §3', message: 'a request line is a method, a target and a version with one space between them' },
  HTTP_TLS_ON_PLAIN_PORT: { status: 400, rfc: '9112 §2.2', message: 'these bytes begin a TLS handshake, and this port speaks plain HTTP' },
  HTTP_BAD_METHOD: { status: 400, rfc: '9110 §9.1', message: 'a method is a token' },
  HTTP_BAD_TARGET: { status: 400, rfc: '9112 §3.2', message: 'the request target has none of its four forms' },
  HTTP_BAD_VERSION: { status: 400, rfc: '9112 §2.3', message: 'the version is HTTP/ and two digits with a dot between them' },
  HTTP_UNSUPPORTED_VERSION: { status: 505, rfc: '9110 §15.6.6', message: 'the major version spoken here is HTTP/1' },
  HTTP_LINE_TOO_LONG: { status: 414, rfc: '9112 §3', message: 'the request line is too long' },
  HTTP_BARE_LF: { status: 400, rfc: '9112 §2.2', message: 'a line ends with CR LF' },
  HTTP_BAD_FIELD_NAME: { status: 400, rfc: '9112 §5.1', message: 'a field name is a token with a colon right behind it' },
  HTTP_BAD_FIELD_VALUE: { status: 400, rfc: '9110 §5.5', message: 'a field value holds no control character but HTAB' },
  HTTP_OBSOLETE_FOLDING: { status: 400, rfc: '9112 §5.2', message: 'field lines are not folded' },
  HTTP_HEAD_TOO_LARGE: { status: 431, rfc: '6585 §5', message: 'a field line, or all of them together, are too large' },
  HTTP_TOO_MANY_FIELDS: { status: 431, rfc: '6585 §5', message: 'the head has too many fields' },
  HTTP_BAD_HOST: { status: 400, rfc: '9112 §3.2', message: 'a request has exactly one valid Host' },
  HTTP_MISDIRECTED: { status: 421, rfc: '9110 §7.4', message: 'a resource of https is asked for over TLS, or through a trusted proxy' },
  HTTP_BAD_CONTENT_LENGTH: { status: 400, rfc: '9112 §6.3', message: 'Content-Length is one number in digits' },
  HTTP_LENGTH_AND_ENCODING: { status: 400, rfc: '9112 §6.3', message: 'a message has a Content-Length or a Transfer-Encoding, not both' },
  HTTP_BAD_TRANSFER_ENCODING: { status: 400, rfc: '9112 §6.3', message: 'chunked is the final transfer coding, once, and not in HTTP/1.0' },
  HTTP_UNKNOWN_TRANSFER_ENCODING: { status: 501, rfc: '9112 §6.1', message: 'the only transfer coding spoken here is chunked' },
  HTTP_UNKNOWN_EXPECTATION: { status: 417, rfc: '9110 §10.1.1', message: 'the only expectation met here is 100-continue' },
  HTTP_BAD_CHUNK_SIZE: { status: 400, rfc: '9112 §7.1', message: 'a chunk size is at most 13 hex digits' },
  HTTP_BAD_CHUNK_EXTENSION: { status: 400, rfc: '9112 §7.1.1', message: 'a chunk extension is short, and a list of names with perhaps a value each' },
  HTTP_BAD_CHUNK_END: { status: 400, rfc: '9112 §7.1', message: 'a chunk ends with CR LF' },
  HTTP_BODY_TOO_LARGE: { status: 413, rfc: '9110 §15.5.14', message: 'the body is too large' },
  HTTP_BAD_JSON: { status: 400, rfc: '8259 §2', message: 'the body is not valid JSON' },
  HTTP_TOO_MANY_REQUESTS: { status: 429, rfc: '6585 §4', message: 'an address sends at most so many requests a second' },
  HTTP_HEAD_TIMEOUT: { status: 408, rfc: '9110 §15.5.9', message: 'the head was not complete in time' },
  HTTP_BODY_TIMEOUT: { status: 408, rfc: '9110 §15.5.9', message: 'the body was not complete in time, or too slow' },
  HTTP_PIPELINE_TOO_LONG: { rfc: '9112 §9.3.2', message: 'too much input was sent behind a request that is still being answered' },
  HTTP_RESPONSE_SENT: { rfc: '9112 §9.6', message: 'the response was complete before the body was read' },
  HTTP_CLIENT_LEFT: { rfc: '9112 §8', message: 'the client left before the request was complete' },
} as const satisfies Record<string, ErrorSpec>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

export function httpError(code: HttpErrorCode): ProtocolError {
  return new ProtocolError(code, HTTP_ERRORS[code]);
}
