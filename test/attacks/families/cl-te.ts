/** CL.TE: a front end that goes by Content-Length, a back end that goes by Transfer-Encoding and finds a request behind the last chunk. */

import { type Attack, type Family, front, refused, SMUGGLED } from '../../support/attacks.js';

const LAST = '0\r\n\r\n';
const length = (body: string): string => `Content-Length: ${body.length}`;
const CHUNKED = 'Transfer-Encoding: chunked';

/** A body that is whole for a front end, and for a back end ends where the smuggled request begins. */
const prefixed = (name: string, ...lines: string[]): Attack =>
  refused(name, front(...lines.map((line) => line.replace(/\bN\b/, String(LAST.length + SMUGGLED.length)))) + LAST + SMUGGLED, '400 HTTP_LENGTH_AND_ENCODING');

export const CL_TE: Family = {
  name: 'CL.TE',
  source: 'Linhart et al., HTTP Request Smuggling (2005); Kettle, HTTP Desync Attacks (2019); RFC 9112 §6.3 item 3, §11.2',
  attacks: [
    prefixed('a length ahead of the coding', 'Content-Length: N', CHUNKED),
    prefixed('a length behind the coding', CHUNKED, 'Content-Length: N'),
    prefixed('other fields between length and coding', 'Content-Length: N', 'X-A: 1', 'X-B: 2', CHUNKED),
    prefixed('both in lower case', 'content-length: N', 'transfer-encoding: chunked'),
    prefixed('both in upper case', 'CONTENT-LENGTH: N', 'TRANSFER-ENCODING: CHUNKED'),
    prefixed('both without the space behind the colon', 'Content-Length:N', 'Transfer-Encoding:chunked'),
    prefixed('both with tabs around the value', 'Content-Length:\tN\t', 'Transfer-Encoding:\tchunked\t'),
    prefixed('a coding named in Connection, so that a proxy drops it', 'Content-Length: N', CHUNKED, 'Connection: Transfer-Encoding'),
    prefixed('a length named in Connection, so that a proxy drops it', 'Content-Length: N', CHUNKED, 'Connection: Content-Length'),
    prefixed('a length beside a coding in two lines', 'Content-Length: N', CHUNKED, CHUNKED),
    prefixed('a length on both sides of the coding', 'Content-Length: N', CHUNKED, 'Content-Length: N'),
    prefixed('a length that expects 100', 'Content-Length: N', CHUNKED, 'Expect: 100-continue'),
    prefixed('a length that asks for the close', 'Content-Length: N', CHUNKED, 'Connection: close'),
    refused('the one byte that begins the next method', `${front('Content-Length: 6', CHUNKED)}${LAST}G`, '400 HTTP_LENGTH_AND_ENCODING'),
    refused('a length that spans a chunk and the prefix', `${front('Content-Length: 30', CHUNKED)}3\r\nabc\r\n${LAST}GET /smuggled HTTP/1.1\r\nX: `, '400 HTTP_LENGTH_AND_ENCODING'),
    refused('a GET', `GET /front HTTP/1.1\r\nHost: a\r\n${length(LAST + SMUGGLED)}\r\n${CHUNKED}\r\n\r\n${LAST}${SMUGGLED}`, '400 HTTP_LENGTH_AND_ENCODING'),
    refused('HTTP/1.0', `POST /front HTTP/1.0\r\nHost: a\r\n${length(LAST + SMUGGLED)}\r\n${CHUNKED}\r\n\r\n${LAST}${SMUGGLED}`, '400 HTTP_LENGTH_AND_ENCODING'),
    refused('a WebSocket handshake', `GET /front HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${length(LAST + SMUGGLED)}\r\n${CHUNKED}\r\n\r\n${LAST}${SMUGGLED}`, '400 HTTP_LENGTH_AND_ENCODING'),
    refused('a request behind an honest one', `POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok${front(length(LAST + SMUGGLED), CHUNKED)}${LAST}${SMUGGLED}`, '400 HTTP_LENGTH_AND_ENCODING', 'POST /first 2'),
  ],
};
