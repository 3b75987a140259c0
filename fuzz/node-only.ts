/** What else than request lines node:http accepts and Longwire does not, with the section that forbids it. */

import { isAuthority } from './authority.js';
import type { Disagreement } from './dispute.js';
import { asksForUpgrade, elementsOf, hasTabBehindChunked, valuesOf } from './message-text.js';

/** With these Longwire ends a chunked body whose head it accepted; `open`: it waits for more. */
const BODY_REFUSALS = [
  'open', 'HTTP_BAD_CHUNK_SIZE', 'HTTP_BAD_CHUNK_EXTENSION', 'HTTP_BAD_FIELD_NAME', 'HTTP_BAD_FIELD_VALUE', 'HTTP_OBSOLETE_FOLDING', 'HTTP_BARE_LF',
  'HTTP_TOO_MANY_FIELDS', 'HTTP_HEAD_TOO_LARGE',
];

export const NODE_ONLY: readonly Disagreement[] = [
  {
    name: 'A `Host` that is no host and port',
    rfc: '9112 §3.2',
    why: 'A request whose Host is not valid is answered with 400.',
    refusals: ['HTTP_BAD_HOST'],
    example: 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    matches: ({ message }) => valuesOf(message, 'host').length === 1 && !isAuthority(valuesOf(message, 'host')[0]!),
  },
  {
    name: '`Host` more than once',
    rfc: '9112 §3.2',
    why: 'A request with more than one Host is answered with 400; node:http takes the first.',
    refusals: ['HTTP_BAD_HOST'],
    example: 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    matches: ({ message }) => valuesOf(message, 'host').length > 1,
  },
  {
    name: 'CONNECT without `Host`',
    rfc: '9112 §3.2',
    why: 'Every request of HTTP/1.1 has a Host; node:http hands a CONNECT over before it looks.',
    refusals: ['HTTP_BAD_HOST'],
    example: 'CONNECT a:443 HTTP/1.1\r\n\r\n',
    matches: ({ message }) => message.method === 'CONNECT' && valuesOf(message, 'host').length === 0,
  },
  {
    name: '`Transfer-Encoding` in HTTP/1.0',
    rfc: '9112 §6.1',
    why: 'HTTP/1.0 has no transfer codings: the framing of such a message is faulty.',
    refusals: ['HTTP_BAD_TRANSFER_ENCODING'],
    example: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    matches: ({ message }) => message.version === 'HTTP/1.0' && valuesOf(message, 'transfer-encoding').length > 0,
  },
  {
    name: '`Transfer-Encoding` without `chunked` as its last coding',
    rfc: '9112 §6.3, item 4',
    why: 'The body has no end that could be told, so the answer is 400. node:http gives the head to the application before it refuses.',
    refusals: ['HTTP_BAD_TRANSFER_ENCODING'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n',
    matches: ({ message }) => valuesOf(message, 'transfer-encoding').length > 0 && elementsOf(message, 'transfer-encoding').filter((coding) => coding !== '').at(-1) !== 'chunked',
  },
  {
    name: '`chunked` more than once, once with a tab behind it',
    rfc: '9112 §6.1',
    why: 'A sender must not apply chunked twice. What has a tab behind it is something else to llhttp.',
    refusals: ['HTTP_BAD_TRANSFER_ENCODING'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    matches: ({ message }) => elementsOf(message, 'transfer-encoding').filter((coding) => coding === 'chunked').length > 1 && /chunked *\t/i.test(message.text),
  },
  {
    name: 'An empty `Transfer-Encoding` beside `Content-Length`',
    rfc: '9112 §6.3, item 3',
    why: 'Whoever sends both may be about to smuggle a request.',
    refusals: ['HTTP_LENGTH_AND_ENCODING'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 1\r\n\r\nx',
    dependsOnVersion: true,
    matches: ({ message }) => valuesOf(message, 'transfer-encoding').includes('') && valuesOf(message, 'content-length').length > 0,
  },
  {
    name: 'Other codings ahead of `chunked`',
    rfc: '9112 §6.1',
    why: 'A transfer coding that the server does not understand is answered with 501; node:http hands the coded bytes over.',
    refusals: ['HTTP_UNKNOWN_TRANSFER_ENCODING'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    matches: ({ message }) => elementsOf(message, 'transfer-encoding').filter((coding) => coding !== '').length > 1,
  },
  {
    name: 'A chunked body behind `Upgrade` and a tab behind `chunked`, that breaks off before its first bytes',
    rfc: '9110 §5.5',
    why: 'White space around a field value is not part of it. To node:http this is no chunked body, and behind Upgrade it then reads none instead of refusing it.',
    refusals: BODY_REFUSALS,
    example: 'POST / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\t\r\n\r\nx',
    matches: ({ stage, message, node }) => stage === 'body' && node?.body === '' && asksForUpgrade(message) && hasTabBehindChunked(message),
  },
  {
    name: 'A `Content-Length` beyond 2^53',
    rfc: '9110 §8.6',
    why: 'Lengths are compared without loss of precision, and no body of that size is taken: 413.',
    refusals: ['HTTP_BODY_TOO_LARGE'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740992\r\n\r\n',
    matches: ({ message }) => valuesOf(message, 'content-length').some((value) => /^\d+$/.test(value) && BigInt(value) > BigInt(Number.MAX_SAFE_INTEGER)),
  },
  {
    name: 'A chunk size of more than 13 hex digits',
    rfc: '9112 §7.1',
    why: 'A recipient anticipates large numbers and prevents overflow: 13 digits stay below 2^53.',
    refusals: ['HTTP_BAD_CHUNK_SIZE'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00000000000001\r\nx\r\n0\r\n\r\n',
    matches: ({ message }) => /^[0-9A-Fa-f]{14,}(?![0-9A-Fa-f])/m.test(message.rest),
  },
  {
    name: 'A chunk extension of more than 1,024 bytes',
    rfc: '9112 §7.1.1',
    why: 'A server limits the length of chunk extensions.',
    refusals: ['HTTP_BAD_CHUNK_EXTENSION'],
    example: `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;${'e'.repeat(1024)}\r\nx\r\n0\r\n\r\n`,
    matches: ({ message }) => /^[0-9A-Fa-f]+;[^\r]{1024}/m.test(message.rest),
  },
  {
    name: 'A chunk extension without a name, or with an empty value',
    rfc: '9112 §7.1.1',
    why: 'A name is a token; a value is a token or a quoted string, and neither is empty.',
    refusals: ['HTTP_BAD_CHUNK_EXTENSION'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;=b\r\nx\r\n0\r\n\r\n',
    matches: ({ message }) => /^[0-9A-Fa-f]+;(?:[^\r]*;)?(?:=|;|\r|[^\r;]*=(?:;|\r))/m.test(message.rest),
  },
  {
    name: 'A quoted string right behind a token in the value of a chunk extension',
    rfc: '9112 §7.1.1',
    why: 'A value is a token or a quoted string, not both.',
    refusals: ['HTTP_BAD_CHUNK_EXTENSION'],
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b"c"\r\nx\r\n0\r\n\r\n',
    matches: ({ message }) => /^[0-9A-Fa-f]+;[^\r]*=[^\r;="]+"/m.test(message.rest),
  },
  {
    name: 'More than 100 fields, or trailers',
    rfc: '6585 §5',
    why: 'The default limit; node:http drops what is beyond 2,000 without a word.',
    refusals: ['HTTP_TOO_MANY_FIELDS'],
    example: `GET / HTTP/1.1\r\nHost: a\r\n${'A:\r\n'.repeat(100)}\r\n`,
    matches: ({ stage, message }) => (stage === 'head' ? message.fields.length > 100 : message.rest.split('\r\n').length > 100),
  },
  {
    name: 'A field line of more than 8 KiB',
    rfc: '6585 §5',
    why: 'The default limit; node:http has one for the whole head only.',
    refusals: ['HTTP_HEAD_TOO_LARGE'],
    example: `GET / HTTP/1.1\r\nHost: a\r\nA:${'a'.repeat(8191)}\r\n\r\n`,
    matches: ({ message }) => message.text.split('\r\n').some((line) => line.length > 8192),
  },
  {
    name: 'Fields of more than 16 KiB with their separators',
    rfc: '6585 §5',
    why: 'The default limit counts every byte; the one of node:http leaves out colons, spaces and line ends.',
    refusals: ['HTTP_HEAD_TOO_LARGE'],
    example: `GET / HTTP/1.1\r\nHost: a\r\n${`A:${'a'.repeat(166)}\r\n`.repeat(97)}\r\n`,
    matches: ({ message: { text, rest, requestLine, ahead } }) => text.length - rest.length - requestLine.length - ahead.length > 16 * 1024,
  },
  {
    name: 'An unknown expectation in HTTP/1.0, in CONNECT, or beside 100-continue',
    rfc: '9110 §10.1.1',
    why: 'An expectation that cannot be met is answered with 417.',
    refusals: ['HTTP_UNKNOWN_EXPECTATION'],
    example: 'GET / HTTP/1.1\r\nHost: a\r\nExpect: x, 100-continue\r\n\r\n',
    matches: ({ message }) => {
      const expectations = elementsOf(message, 'expect');
      return (message.version === 'HTTP/1.0' || message.method === 'CONNECT' || /\b100-continue\b/.test(expectations.join())) && expectations.join() !== '100-continue';
    },
  },
  {
    name: 'Requests behind an HTTP/1.0 one with both `keep-alive` and `close`',
    rfc: '9112 §9.3',
    why: 'Where close is given, the connection does not persist, whatever else is.',
    refusals: ['closed'],
    example: 'GET /1 HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\nGET /2 HTTP/1.0\r\n\r\n',
    matches: ({ before: [last] }) => {
      const options = last === undefined ? [] : elementsOf(last, 'connection');
      return last?.version === 'HTTP/1.0' && options.includes('close') && options.includes('keep-alive');
    },
  },
  {
    name: 'Requests behind an HTTP/1.0 one with `Proxy-Connection: keep-alive`',
    rfc: '9112 §C.2.2',
    why: 'Proxy-Connection is no field of HTTP, and keeps no connection; node:http reads it as Connection.',
    refusals: ['closed'],
    example: 'GET /1 HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n',
    matches: ({ before: [last] }) => last !== undefined && last.version === 'HTTP/1.0' && elementsOf(last, 'proxy-connection').includes('keep-alive'),
  },
  {
    name: 'Requests behind one with a tab behind `Connection: close`',
    rfc: '9110 §5.5',
    why: 'White space around a field value is not part of it, so this is close.',
    refusals: ['closed'],
    example: 'GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\t\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    dependsOnVersion: true,
    matches: ({ before: [last] }) => last !== undefined && /^connection:[^\r]*\bclose *\t/im.test(last.text),
  },
  {
    name: 'Requests behind a WebSocket handshake without `Connection: upgrade`',
    rfc: '6455 §4.1',
    why: 'A client sends nothing behind its handshake until it is answered, and the connection closes where the handshake fails.',
    refusals: ['closed'],
    example: 'GET /1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ before: [last] }) => {
      if (last === undefined || !elementsOf(last, 'upgrade').includes('websocket')) return false;
      // Some versions of node:http do not see an option with a tab behind it.
      return !elementsOf(last, 'connection').includes('upgrade') || /^connection:[^\r]*\bupgrade *\t/im.test(last.text);
    },
  },
];
