/** The request lines that node:http accepts and Longwire does not, with the section that forbids them. */

import { isAuthority } from './authority.js';
import type { Disagreement } from './dispute.js';

export const NODE_ONLY_REQUEST_LINES: readonly Disagreement[] = [
  {
    name: 'A request line without a version',
    rfc: '9112 §3',
    why: 'A request line has a version; node:http takes it for HTTP/0.9, fields and all.',
    refusals: ['HTTP_BAD_REQUEST_LINE', 'HTTP_BAD_VERSION'],
    example: 'GET /\r\n\r\n',
    matches: ({ message }) => lacksVersion(message.requestLine),
  },
  {
    name: 'A request line without a version that ends with LF alone',
    rfc: '9112 §2.2',
    why: 'A lone LF need not be taken for the end of a line, and is where parsers part.',
    refusals: ['HTTP_BARE_LF'],
    example: 'GET /\n\r\n',
    dependsOnVersion: true,
    matches: ({ message: { requestLine, text, ahead } }) => lacksVersion(requestLine) && text.charAt(ahead.length + requestLine.length) === '\n',
  },
  {
    name: 'More than one space in the request line',
    rfc: '9112 §3',
    why: 'Its parts stand one space apart. A server may be lenient; a strict one cannot be misled.',
    refusals: ['HTTP_BAD_REQUEST_LINE', 'HTTP_BAD_VERSION'],
    example: 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message }) => /^[A-Z-]+ +[^ ]+ +(?:HTTP|RTSP|ICE)\/\d\.\d$/.test(message.requestLine) && message.requestLine.includes('  '),
  },
  {
    name: '`HTTP/0.9` and `HTTP/2.0` in a request line',
    rfc: '9110 §15.6.6',
    why: 'Another major version is another protocol, answered with 505.',
    refusals: ['HTTP_UNSUPPORTED_VERSION'],
    example: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    matches: ({ message }) => /^HTTP\/(?:0\.9|2\.0)$/.test(message.version),
  },
  {
    name: '`RTSP` or `ICE` in the place of `HTTP`',
    rfc: '9112 §2.3',
    why: 'The version begins with HTTP, in upper case.',
    refusals: ['HTTP_BAD_VERSION'],
    example: 'GET / RTSP/1.0\r\nHost: a\r\n\r\n',
    matches: ({ message }) => /^(?:RTSP|ICE)\/\d\.\d$/.test(message.version),
  },
  {
    name: 'A target that begins with `*`, but for `OPTIONS *`',
    rfc: '9112 §3.2.4',
    why: 'The asterisk form is for OPTIONS, and nothing stands behind it.',
    refusals: ['HTTP_BAD_TARGET'],
    example: 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message }) => message.target.startsWith('*') && !(message.target === '*' && message.method === 'OPTIONS'),
  },
  {
    name: 'A fragment in the target',
    rfc: '9112 §3.2',
    why: 'No form of the target has a fragment: what is a path to one would be none to the other.',
    refusals: ['HTTP_BAD_TARGET'],
    example: 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message }) => message.target.includes('#'),
  },
  {
    name: 'A target with another scheme than http or https',
    rfc: '9110 §7.4',
    why: 'A request for a scheme that this server is no authority for is rejected.',
    refusals: ['HTTP_BAD_TARGET'],
    example: 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message }) => /^[a-z]+:\/\//i.test(message.target) && !/^https?:\/\//i.test(message.target),
  },
  {
    name: 'A user, no host, or a wrong port in an absolute target',
    rfc: '9110 §4.2',
    why: 'An http URI has a host that is not empty, and no user; its port is a number up to 65535.',
    refusals: ['HTTP_BAD_TARGET'],
    example: 'GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n',
    matches: ({ message }) => {
      const authority = /^https?:\/\/([^/?]*)/i.exec(message.target)?.[1];
      return message.method !== 'CONNECT' && authority !== undefined && (/^(?::|$)/.test(authority) || !isAuthority(authority));
    },
  },
  {
    name: 'CONNECT to something else than a host and a port',
    rfc: '9112 §3.2.3',
    why: 'The target of CONNECT is a host and a port, and nothing else.',
    refusals: ['HTTP_BAD_TARGET'],
    example: 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message: { method, target } }) => method === 'CONNECT' && !(/[^:]:\d+$/.test(target) && isAuthority(target)),
  },
  {
    name: 'A request line of more than 8 KiB',
    rfc: '9112 §3',
    why: 'The default limit, above the 8,000 bytes that are to be supported; beyond it the answer is 414.',
    refusals: ['HTTP_LINE_TOO_LONG'],
    example: `GET /${'a'.repeat(8192)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    matches: ({ message }) => message.requestLine.length > 8 * 1024,
  },
  {
    name: 'CR or LF alone ahead of a request',
    rfc: '9112 §2.2',
    why: 'Only CR LF makes an empty line that is ignored.',
    refusals: ['HTTP_BAD_METHOD', 'HTTP_BARE_LF', 'HTTP_BAD_REQUEST_LINE'],
    example: '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    matches: ({ message }) => !/^(?:\r\n)*$/.test(message.ahead),
  },
  {
    name: 'More than eight empty lines ahead of a request',
    rfc: '9112 §2.2',
    why: 'A server ignores at least one; a limit keeps a connection from being held by nothing.',
    refusals: ['HTTP_BAD_REQUEST_LINE'],
    example: `${'\r\n'.repeat(9)}GET / HTTP/1.1\r\nHost: a\r\n\r\n`,
    matches: ({ message }) => message.ahead.length > 16,
  },
];

/** A method and a target, which may be empty for CONNECT. */
function lacksVersion(requestLine: string): boolean {
  return /^(?:[A-Z-]+ +[^ ]+|CONNECT +)$/.test(requestLine);
}
