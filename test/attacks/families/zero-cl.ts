/**
 * 0.CL: a front end that does not see the body which the back end waits for, or that is made to believe it was not sent, by a disguised
 * Content-Length, by Expect, or by an answer that comes ahead of the body.
 */

import { type Attack, closed, type Family, front, type Refusal, refused, served, sized, SMUGGLED, unfinished } from '../../support/attacks.js';

const length = SMUGGLED.length;
const hidden = (name: string, refusal: Refusal, line: string): Attack => refused(name, front(line) + SMUGGLED, refusal);
const expecting = (name: string, refusal: Refusal, ...lines: string[]): Attack => refused(name, sized(SMUGGLED, ...lines), refusal);
/** Where nobody reads the body, the client may or may not send it: only the close is safe (RFC 9110 §10.1.1). */
const awaited = (name: string, bytes: string, seen: string): Attack => ({ ...served(name, bytes, seen), behindUnread: 'discarded' });

export const ZERO_CL: Family = {
  name: '0.CL and Expect',
  source: 'Kettle, HTTP/1.1 Must Die: The Desync Endgame (2025); RFC 9110 §10.1.1, RFC 9112 §9.3',
  attacks: [
    hidden('a length behind a space', '400 HTTP_OBSOLETE_FOLDING', ` Content-Length: ${length}`),
    hidden('a length with a space ahead of the colon', '400 HTTP_BAD_FIELD_NAME', `Content-Length : ${length}`),
    hidden('a length with a tab ahead of the colon', '400 HTTP_BAD_FIELD_NAME', `Content-Length\t: ${length}`),
    hidden('a length with a NUL behind its name', '400 HTTP_BAD_FIELD_NAME', `Content-Length\0: ${length}`),
    hidden('a length in a folded line', '400 HTTP_OBSOLETE_FOLDING', `Content-Length:\r\n ${length}`),
    hidden('a length behind a folded line', '400 HTTP_OBSOLETE_FOLDING', `X: a\r\n Content-Length: ${length}`),
    hidden('a length in a line without a colon', '400 HTTP_BAD_FIELD_NAME', `Content-Length ${length}`),
    hidden('a length behind a colon', '400 HTTP_BAD_FIELD_NAME', `: Content-Length: ${length}`),
    hidden('a length of an empty name', '400 HTTP_BAD_FIELD_NAME', `: ${length}`),
    hidden('a length with a long s in its name, in latin1 of UTF-8', '400 HTTP_BAD_FIELD_NAME', `Content-Length\xc5\xbf: ${length}`),
    hidden('a length with a bare CR behind it', '400 HTTP_BAD_FIELD_VALUE', `Content-Length: ${length}\r`),
    served('a length with an underscore in its name, which is another field', front(`Content_Length: ${length}`) + SMUGGLED, 'POST /front 0', 'GET /smuggled 0'),
    served('a length with an X ahead of its name, which is another field', front(`X-Content-Length: ${length}`) + SMUGGLED, 'POST /front 0', 'GET /smuggled 0'),
    served('a body of one request with a head in it', sized(`GET /a HTTP/1.1\r\nX: ${SMUGGLED}`), `POST /front ${length + 20}`),
    unfinished('a length that reaches into the next request, as it is said to do', front('Content-Length: 60') + 'x', 'POST /front unfinished'),

    awaited('a body that was promised and sent at once', sized(SMUGGLED, 'Expect: 100-continue'), `POST /front ${length}`),
    awaited('a promised body in a GET', `GET /front HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n${SMUGGLED}`, `GET /front ${length}`),
    awaited('a promised body in a HEAD', `HEAD /front HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n${SMUGGLED}`, `HEAD /front ${length}`),
    awaited('a promised body in a request answered with 403', sized(SMUGGLED, 'Expect: 100-continue').replace('/front', '/403'), `POST /403 ${length}`),
    awaited('a promised body in a request answered with 304', sized(SMUGGLED, 'Expect: 100-continue').replace('/front', '/304'), `POST /304 ${length}`),
    awaited('a promised body in chunks', `${front('Expect: 100-continue', 'Transfer-Encoding: chunked')}${length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`, `POST /front ${length}`),
    awaited('a promise in another case', sized(SMUGGLED, 'EXPECT: 100-CONTINUE'), `POST /front ${length}`),
    awaited('a promise with white space around it', sized(SMUGGLED, 'Expect: \t100-continue\t '), `POST /front ${length}`),
    served('a promise of nothing', front('Content-Length: 0', 'Expect: 100-continue'), 'POST /front 0'),
    served('a promise without a body', front('Expect: 100-continue'), 'POST /front 0'),
    closed('a promise in HTTP/1.0, which means nothing there', sized(SMUGGLED, 'Expect: 100-continue').replace('1.1', '1.0'), `POST /front ${length}`),
    expecting('a promise with a word ahead of it', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: y 100-continue'),
    expecting('a promise with a word behind it', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: 100-continue x'),
    expecting('a promise and another expectation', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: 100-continue, x'),
    expecting('a promise in quotes', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: "100-continue"'),
    expecting('a promise with a parameter', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: 100-continue;a=b'),
    expecting('a promise without its hyphen', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: 100 continue'),
    expecting('a promise of 200', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: 200-ok'),
    expecting('a promise with a no-break space', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: 100-continue\xa0'),
    expecting('a promise behind one that is unknown', '417 HTTP_UNKNOWN_EXPECTATION', 'Expect: x', 'Expect: 100-continue'),
    expecting('a promise in a folded line', '400 HTTP_OBSOLETE_FOLDING', 'Expect:\r\n 100-continue'),
    expecting('a promise behind a bare LF', '400 HTTP_BARE_LF', 'Expect:\n100-continue'),
    expecting('a promise with a space ahead of its colon', '400 HTTP_BAD_FIELD_NAME', 'Expect : 100-continue'),
    expecting('a promise with a NUL behind it', '400 HTTP_BAD_FIELD_VALUE', 'Expect: 100-continue\0'),
    expecting('a promise beside a coding and a length', '400 HTTP_LENGTH_AND_ENCODING', 'Expect: 100-continue', 'Transfer-Encoding: chunked'),
  ],
};
