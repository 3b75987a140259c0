/** The trailer section: what frames nothing, changes no header, and ends where it ends. */

import { type Attack, chunked, type Family, open, type Refusal, refused, served, SMUGGLED } from '../../support/attacks.js';

const body = (trailers: string): string => `5\r\nhello\r\n0\r\n${trailers}`;
const valid = (name: string, ...trailers: string[]): Attack => served(name, chunked(body([...trailers, '', ''].join('\r\n'))), 'POST /front 5');
const broken = (name: string, trailers: string, refusal: Refusal): Attack => refused(name, chunked(body(trailers)), refusal, 'POST /front broken');

export const TRAILERS: Family = {
  name: 'trailers',
  source: 'Trailing Danger: Exploring HTTP Trailer Parsing Discrepancies (2025); CVE-2023-46589, CVE-2025-58068 and others of trailers merged into headers; RFC 9110 §6.5.1, RFC 9112 §7.1.2',
  attacks: [
    valid('a Content-Length', 'Content-Length: 38'),
    valid('a Content-Length that is no number', 'Content-Length: x'),
    valid('two Content-Lengths', 'Content-Length: 1', 'Content-Length: 2'),
    valid('a Transfer-Encoding', 'Transfer-Encoding: chunked'),
    valid('a Transfer-Encoding that is unknown', 'Transfer-Encoding: cow'),
    valid('both of them', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    valid('another Host', 'Host: evil'),
    valid('a Host that is none', 'Host: a b/c'),
    valid('an Authorization', 'Authorization: Basic YTpi'),
    valid('a Cookie', 'Cookie: session=1'),
    valid('an X-Forwarded-For', 'X-Forwarded-For: 127.0.0.1'),
    valid('an Expect that is unknown', 'Expect: x'),
    valid('a Connection that asks for the close', 'Connection: close'),
    valid('an Upgrade', 'Connection: Upgrade', 'Upgrade: websocket'),
    valid('a Content-Type', 'Content-Type: application/json'),
    valid('a Trailer', 'Trailer: Host'),
    valid('a __proto__', '__proto__: a'),
    valid('a value that looks like a last chunk', 'X: 0'),
    valid('a value that looks like a request line', 'GET: /smuggled HTTP/1.1'),
    served('a trailer section that Trailer and TE announce', chunked(body('Host: evil\r\n\r\n'), 'Trailer: Host', 'TE: trailers', 'Connection: TE'), 'POST /front 5'),
    served('two bodies with trailers', chunked(body('Host: evil\r\n\r\n')) + chunked(body('Content-Length: 9\r\n\r\n')), 'POST /front 5', 'POST /front 5'),

    broken('a request line', `${SMUGGLED}\r\n`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a request line behind a field', `X: a\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a bare LF at the end of a field, with a request behind it', `X: a\n\n${SMUGGLED}`, '400 HTTP_BARE_LF'),
    broken('a bare LF for the empty line', `\n${SMUGGLED}`, '400 HTTP_BARE_LF'),
    broken('a bare LF for the empty line behind a field', `X: a\r\n\n${SMUGGLED}`, '400 HTTP_BARE_LF'),
    broken('a bare LF behind a field', `X: a\nY: b\r\n\r\n${SMUGGLED}`, '400 HTTP_BARE_LF'),
    broken('a bare CR in a field', `X: a\rY: b\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_VALUE'),
    broken('two bare CR in a field, with a request behind them', `X: a\r\r${SMUGGLED}`, '400 HTTP_BAD_FIELD_VALUE'),
    broken('a bare CR for the empty line', `\r${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('CR CR LF for the empty line', `\r\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('LF CR for the empty line', `\n\r${SMUGGLED}`, '400 HTTP_BARE_LF'),
    broken('a NUL for the empty line', `\0\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a space for the empty line', ` \r\n\r\n${SMUGGLED}`, '400 HTTP_OBSOLETE_FOLDING'),
    broken('a folded field', `X: a\r\n b\r\n\r\n${SMUGGLED}`, '400 HTTP_OBSOLETE_FOLDING'),
    broken('a field with a space ahead of its colon', `Content-Length : 38\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a field without a name', `: a\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a field without a colon', `X\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a chunk size', `5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a NUL in a name', `X\0: a\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a NUL in a value', `X: a\0\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_VALUE'),
    broken('a name beyond ASCII', `X\xe9: a\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_FIELD_NAME'),
    broken('a field of more than 8 KiB', `X: ${'a'.repeat(9_000)}\r\n\r\n${SMUGGLED}`, '431 HTTP_HEAD_TOO_LARGE'),
    broken('more than 100 fields', `${'X: a\r\n'.repeat(101)}\r\n${SMUGGLED}`, '431 HTTP_TOO_MANY_FIELDS'),
    open(broken('no empty line', 'X: a\r\n', '400 HTTP_BAD_FIELD_NAME')),
    open(broken('a bare CR, without what is behind it', '\r', '400 HTTP_BAD_FIELD_NAME')),
  ],
};
