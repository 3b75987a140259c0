/** §2 Message: how a message is read, and its version. */

import type { Rule } from '../../support/rfc.js';

export const MESSAGE: readonly Rule[] = [
  {
    section: '2.2',
    level: 'SHOULD',
    rule: 'A server skips at least one empty line that stands ahead of a request line.',
    cases: [
      { name: 'skips an empty line ahead of a request line', bytes: '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', parsed: { method: 'GET', target: '/', handed: { authority: 'a' } } },
      { name: 'refuses more than eight empty lines', bytes: `${'\r\n'.repeat(9)}GET / HTTP/1.1\r\nHost: a\r\n\r\n`, refused: 'HTTP_BAD_REQUEST_LINE' },
      { name: 'answers behind an empty line', bytes: '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'], body: 'hello' }] },
    ],
  },
];
