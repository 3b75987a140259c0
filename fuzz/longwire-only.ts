/** What Longwire accepts and node:http does not, with the section that allows it. */

import { METHODS } from 'node:http';
import type { Disagreement } from './dispute.js';
import { asksForUpgrade, elementsOf, hasTabBehindChunked, type MessageText } from './message-text.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const CHUNKED = 'Host: a\r\nTransfer-Encoding: chunked\r\n\r\n';

export const LONGWIRE_ONLY: readonly Disagreement[] = [
  {
    name: 'A method that is not in the list of node:http',
    rfc: '9110 §9.1',
    why: 'Any token is a method, in its own case; whether to serve it is the application’s decision.',
    refusals: ['HPE_INVALID_METHOD'],
    example: 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message }) => TOKEN.test(message.method) && !METHODS.includes(message.method),
  },
  {
    name: 'A method of RTSP, or `PRI`, over HTTP/1.1',
    rfc: '9110 §9.1',
    why: 'A method that other protocols use means nothing special here.',
    refusals: ['HPE_INVALID_CONSTANT', 'HPE_INVALID_VERSION', 'open'],
    example: 'PLAY / HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message, refusal }) =>
      refusal !== 'HPE_INVALID_CONSTANT' ? message.method === 'PRI' : TOKEN.test(message.method) && !METHODS.includes(message.method) && /^HTTP\/1\.\d$/.test(message.version),
  },
  {
    name: '`HTTP/1.2` to `HTTP/1.9`',
    rfc: '9110 §2.5',
    why: 'A higher minor version is served as the highest that is spoken, HTTP/1.1.',
    refusals: ['HPE_INVALID_VERSION'],
    example: 'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    matches: ({ message }) => /^HTTP\/1\.[2-9]$/.test(message.version),
  },
  {
    name: 'Requests behind one whose `Upgrade` is ignored',
    rfc: '9110 §7.8',
    why: 'A server may ignore Upgrade and go on in HTTP/1.1. node:http ignores it too, but drops what came in the same read behind that request.',
    refusals: ['open'],
    example: 'GET /1 HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ stage, before: [last] }) => stage === 'head' && last !== undefined && asksForUpgrade(last),
  },
  {
    name: 'Requests behind one with `Proxy-Connection: close`',
    rfc: '9112 §C.2.2',
    why: 'Proxy-Connection is no field of HTTP/1.1, and means nothing; node:http reads it as Connection.',
    refusals: ['closed'],
    example: 'GET /1 HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ stage, before: [last] }) => stage === 'head' && last !== undefined && elementsOf(last, 'proxy-connection').includes('close'),
  },
  {
    name: 'Requests behind one with `Connection: close` among its trailers',
    rfc: '9110 §6.5.1',
    why: 'Trailers are not headers, and Connection is none of those that may be merged into them.',
    refusals: ['closed'],
    example: `POST /1 HTTP/1.1\r\n${CHUNKED}0\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n`,
    matches: ({ stage, before: [last] }) => stage === 'head' && last !== undefined && isChunked(last) && /^(?:proxy-)?connection:[^\r]*\bclose\b/im.test(last.rest),
  },
  {
    name: 'Requests behind an HTTP/1.0 one with a tab behind `Connection: keep-alive`',
    rfc: '9110 §5.5',
    why: 'White space around a field value is not part of it, so this is keep-alive.',
    refusals: ['closed'],
    example: 'GET /1 HTTP/1.0\r\nConnection: keep-alive\t\r\n\r\nGET /2 HTTP/1.0\r\n\r\n',
    dependsOnVersion: true,
    matches: ({ before: [last] }) => last !== undefined && last.version === 'HTTP/1.0' && /^connection:[^\r]*\bkeep-alive *\t/im.test(last.text),
  },
  {
    name: 'White space around the separators of a chunk extension',
    rfc: '9112 §7.1.1',
    why: 'The grammar allows it (bad white space), and a recipient must parse it.',
    refusals: ['HPE_STRICT', 'HPE_INVALID_CHUNK_SIZE'],
    example: `POST / HTTP/1.1\r\n${CHUNKED}1 ; a = b\r\nx\r\n0\r\n\r\n`,
    matches: ({ stage, message }) => stage === 'body' && isChunked(message) && /^[0-9A-Fa-f]+(?:[ \t]+;|;[^\r]*(?:;[ \t]|[ \t];|[ \t]=|=[ \t])|;[ \t])/m.test(message.rest),
  },
  {
    name: 'A tab behind the value of `Content-Length`',
    rfc: '9110 §5.5',
    why: 'White space around a field value is not part of it.',
    refusals: ['HPE_INVALID_CONTENT_LENGTH'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\t\r\n\r\nx',
    dependsOnVersion: true,
    matches: ({ message }) => /^content-length:[ \t]*\d+[ ]*\t[ \t]*\r$/im.test(headOf(message)),
  },
  {
    name: 'A tab behind the value of `Transfer-Encoding`',
    rfc: '9110 §5.5',
    why: 'White space around a field value is not part of it.',
    refusals: ['HPE_INVALID_TRANSFER_ENCODING'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n',
    matches: ({ message }) => hasTabBehindChunked(message),
  },
  {
    name: 'Empty elements in `Transfer-Encoding`',
    rfc: '9110 §5.6.1.2',
    why: 'A recipient must ignore empty elements of a list.',
    refusals: ['HPE_INVALID_TRANSFER_ENCODING'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n',
    matches: ({ message }) => {
      const codings = elementsOf(message, 'transfer-encoding');
      return codings.includes('') && codings.filter((coding) => coding !== '').join() === 'chunked';
    },
  },
  {
    name: 'A request line and fields of more than 16 KiB together',
    rfc: '9112 §3',
    why: 'Each has its own limit, 8 KiB and 16 KiB; node:http has one for both.',
    refusals: ['HPE_HEADER_OVERFLOW'],
    example: `GET /${'a'.repeat(8000)} HTTP/1.1\r\nHost: a\r\nA:${'a'.repeat(8000)}\r\nB:${'b'.repeat(1000)}\r\n\r\n`,
    matches: ({ stage, message: { text, rest } }) => stage === 'head' && text.length - rest.length > 16 * 1024,
  },
  {
    name: '`Content-Length` or `Transfer-Encoding` among the trailers',
    rfc: '9110 §6.5.1',
    why: 'Trailers are kept apart from the headers and never frame anything, so they may be ignored; node:http judges them as headers.',
    refusals: ['HPE_INVALID_CONTENT_LENGTH', 'HPE_INVALID_TRANSFER_ENCODING'],
    example: `POST / HTTP/1.1\r\n${CHUNKED}0\r\nContent-Length: 5\r\n\r\n`,
    matches: ({ stage, message }) => stage === 'body' && isChunked(message) && /^(?:content-length|transfer-encoding):/im.test(message.rest),
  },
];

function headOf({ text, rest }: MessageText): string {
  return text.slice(0, text.length - rest.length);
}

function isChunked(message: MessageText): boolean {
  return elementsOf(message, 'transfer-encoding').includes('chunked');
}
