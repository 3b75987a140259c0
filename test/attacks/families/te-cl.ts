/** TE.CL: a front end that goes by Transfer-Encoding, a back end that goes by Content-Length and finds a request within the first chunk. */

import { type Attack, type Family, front, refused, SMUGGLED } from '../../support/attacks.js';

const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNK = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;

/** A body of one chunk; a back end that counts takes its size line alone for the body. */
const short = (name: string, ...lines: string[]): Attack => refused(name, front(...lines) + CHUNK, '400 HTTP_LENGTH_AND_ENCODING');

export const TE_CL: Family = {
  name: 'TE.CL',
  source: 'Kettle, HTTP Desync Attacks (2019); RFC 9112 §6.3 item 3, §11.2',
  attacks: [
    short('a length of the size line alone', 'Content-Length: 4', CHUNKED),
    short('a length of nothing', 'Content-Length: 0', CHUNKED),
    short('a length of nothing behind the coding', CHUNKED, 'Content-Length: 0'),
    short('a length of one byte', 'Content-Length: 1', CHUNKED),
    short('a length in two lines', 'Content-Length: 4', 'Content-Length: 0', CHUNKED),
    short('a length in a list', 'Content-Length: 4, 4', CHUNKED),
    short('a length without a value', 'Content-Length:', CHUNKED),
    short('a length that is no number', 'Content-Length: x', CHUNKED),
    short('a negative length', 'Content-Length: -1', CHUNKED),
    short('a length with a sign', 'Content-Length: +4', CHUNKED),
    short('a length beyond 2^64', 'Content-Length: 18446744073709551620', CHUNKED),
    short('a length beside identity', 'Content-Length: 4', 'Transfer-Encoding: identity'),
    short('a length beside a coding that nobody knows', 'Content-Length: 4', 'Transfer-Encoding: xchunked'),
    short('a length beside gzip and chunked', 'Content-Length: 4', 'Transfer-Encoding: gzip, chunked'),
    short('a length beside chunked and gzip', 'Content-Length: 4', 'Transfer-Encoding: chunked, gzip'),
    short('a length beside a coding without a value', 'Content-Length: 4', 'Transfer-Encoding:'),
    short('a length beside two codings, of which a lenient reader takes the first', 'Content-Length: 4', CHUNKED, 'Transfer-Encoding: identity'),
    short('a length beside two codings, of which a lenient reader takes the last', 'Content-Length: 4', 'Transfer-Encoding: identity', CHUNKED),
    refused('a last chunk ahead of what the length still counts', `${front('Content-Length: 46', CHUNKED)}${CHUNK}`, '400 HTTP_LENGTH_AND_ENCODING'),
    refused('a DELETE', `DELETE /front HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n${CHUNKED}\r\n\r\n${CHUNK}`, '400 HTTP_LENGTH_AND_ENCODING'),
  ],
};
