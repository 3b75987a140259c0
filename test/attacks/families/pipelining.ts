/** The queue of responses: every answer belongs to its request, and behind an error there is none. */

import { type Family, refused, served, SMUGGLED } from '../../support/attacks.js';

const get = (target: string, method = 'GET'): string => `${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (target: string, body: string): string => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunks = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const BAD = 'GET /front HTTP/1.1\r\nHost : a\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

export const PIPELINING: Family = {
  name: 'the queue of responses',
  source: 'Kettle, HTTP/2: The Sequel is Always Worse (2021); Doyhenard, Response Smuggling (2021); RFC 9112 §9.3.2, §6.3 items 1 and 2',
  attacks: [
    served('two requests in one segment', get('/one'), 'GET /one 0'),
    served('a slow request ahead of a quick one', get('/slow') + get('/two'), 'GET /slow 0', 'GET /two 0'),
    served('HEAD, whose answer has no body', get('/one', 'HEAD') + get('/two'), 'HEAD /one 0', 'GET /two 0'),
    served('HEAD answered in chunks', get('/one?stream', 'HEAD') + get('/two'), 'HEAD /one?stream 0', 'GET /two 0'),
    served('HEAD answered late', get('/slow', 'HEAD') + get('/two', 'HEAD'), 'HEAD /slow 0', 'HEAD /two 0'),
    served('HEAD answered with 404', get('/404', 'HEAD') + get('/two'), 'HEAD /404 0', 'GET /two 0'),
    served('HEAD answered with 204', get('/204', 'HEAD') + get('/two'), 'HEAD /204 0', 'GET /two 0'),
    served('204, whose body is not sent', get('/204') + get('/two'), 'GET /204 0', 'GET /two 0'),
    served('204 in chunks', get('/204?stream') + get('/two'), 'GET /204?stream 0', 'GET /two 0'),
    served('205, whose body is not sent', get('/205') + get('/two'), 'GET /205 0', 'GET /two 0'),
    served('205 in chunks', get('/205?stream') + get('/two'), 'GET /205?stream 0', 'GET /two 0'),
    served('304, whose body is not sent', get('/304') + get('/two'), 'GET /304 0', 'GET /two 0'),
    served('304 in chunks', get('/304?stream') + get('/two'), 'GET /304?stream 0', 'GET /two 0'),
    served('500 in chunks', get('/500?stream') + get('/two'), 'GET /500?stream 0', 'GET /two 0'),
    served('every status without a body, one behind the other', get('/204') + get('/304') + get('/205') + get('/204', 'HEAD') + get('/304', 'HEAD'), 'GET /204 0', 'GET /304 0', 'GET /205 0', 'HEAD /204 0', 'HEAD /304 0'),
    served('HEAD with a body that is a request', `HEAD /one HTTP/1.1\r\nHost: a\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`.replace('/one', '/head'), `HEAD /head ${SMUGGLED.length}`),
    served('a request whose body is a response', post('/one', RESPONSE), `POST /one ${RESPONSE.length}`),
    served('bodies in both framings, one behind the other', post('/one', SMUGGLED) + chunks('/two', SMUGGLED) + post('/three', RESPONSE), `POST /one ${SMUGGLED.length}`, `POST /two ${SMUGGLED.length}`, `POST /three ${RESPONSE.length}`),
    served('a slow request with a body', post('/slow', SMUGGLED) + get('/two'), `POST /slow ${SMUGGLED.length}`, 'GET /two 0'),
    served('twenty requests', Array.from({ length: 20 }, (_, i) => get(`/${['slow', 'a', '204', 'b?stream'][i % 4]}`)).join(''), ...Array.from({ length: 20 }, (_, i) => `GET /${['slow', 'a', '204', 'b?stream'][i % 4]} 0`)),
    served('an empty line between two requests', `${get('/one')}\r\n${get('/two')}`, 'GET /one 0', 'GET /two 0'),
    refused('an error behind a slow request', get('/slow') + BAD + SMUGGLED, '400 HTTP_BAD_FIELD_NAME', 'GET /slow 0'),
    refused('an error behind HEAD', get('/one', 'HEAD') + BAD + SMUGGLED, '400 HTTP_BAD_FIELD_NAME', 'HEAD /one 0'),
    refused('an error behind 204', get('/204') + BAD + SMUGGLED, '400 HTTP_BAD_FIELD_NAME', 'GET /204 0'),
    refused('an error behind a body', post('/one', SMUGGLED) + BAD + SMUGGLED, '400 HTTP_BAD_FIELD_NAME', `POST /one ${SMUGGLED.length}`),
    refused('an error behind an answer in chunks', get('/one?stream') + BAD + SMUGGLED, '400 HTTP_BAD_FIELD_NAME', 'GET /one?stream 0'),
    refused('two errors, of which one is answered', BAD + BAD, '400 HTTP_BAD_FIELD_NAME'),
    refused('a response behind a request', get('/one') + RESPONSE + SMUGGLED, '400 HTTP_BAD_METHOD', 'GET /one 0'),
    refused('a broken body behind a slow request', `${get('/slow')}POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n${SMUGGLED}`, '400 HTTP_BAD_CHUNK_SIZE', 'GET /slow 0', 'POST /two broken'),
    served('bytes behind a body, which become a part of the next method', `${post('/one', '12345')}67890${SMUGGLED}`, 'POST /one 5', '67890GET /smuggled 0'),
    refused('bytes behind a body that begin no method', `${post('/one', '12345')}"${SMUGGLED}`, '400 HTTP_BAD_METHOD', 'POST /one 5'),
  ],
};
