/** What is no line end, and what some server takes for one. */

import { type Attack, type Family, open, type Refusal, refused, served, SMUGGLED } from '../../support/attacks.js';

const LENGTH = `Content-Length: ${SMUGGLED.length}`;
const raw = (name: string, head: string, refusal: Refusal): Attack => refused(name, head + SMUGGLED, refusal);
/** Behind the Host there is one field, and in its value what some server takes for a line end and a field of its own. */
const inValue = (name: string, between: string, refusal: Refusal): Attack => raw(`${name} in a value, with a length behind`, `POST /front HTTP/1.1\r\nHost: a\r\nX: a${between}${LENGTH}\r\n\r\n`, refusal);
const opaque = (name: string, between: string): Attack =>
  served(`${name} in a value, with a length behind, which is opaque`, `POST /front HTTP/1.1\r\nHost: a\r\nX: a${between}${LENGTH}\r\n\r\n`, 'POST /front 0');
/** What some server takes for the end of the head. */
const headEnd = (name: string, end: string, refusal: Refusal): Attack => raw(`${name} for the end of the head`, `GET /front HTTP/1.1\r\nHost: a${end}`, refusal);

export const LINE_ENDS: Family = {
  name: 'line ends',
  source: 'Kettle (2019, 2022); Jabiyev et al. (2021); CVE-2023-30589 (CR alone ends a field), CVE-2022-35256; RFC 9112 §2.2',
  attacks: [
    inValue('CR', '\r', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('CR CR', '\r\r', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('LF', '\n', '400 HTTP_BARE_LF'),
    inValue('LF LF', '\n\n', '400 HTTP_BARE_LF'),
    inValue('LF CR', '\n\r', '400 HTTP_BARE_LF'),
    inValue('CR CR LF', '\r\r\n', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('CR NUL LF', '\r\0\n', '400 HTTP_BARE_LF'),
    inValue('CR space LF', '\r \n', '400 HTTP_BARE_LF'),
    inValue('CR LF CR', '\r\n\r', '400 HTTP_BAD_FIELD_NAME'),
    inValue('CR LF LF', '\r\n\n', '400 HTTP_BARE_LF'),
    inValue('NUL', '\0', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('a vertical tab', '\x0b', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('a form feed', '\x0c', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('an escape', '\x1b', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('a record separator', '\x1e', '400 HTTP_BAD_FIELD_VALUE'),
    inValue('a DEL', '\x7f', '400 HTTP_BAD_FIELD_VALUE'),
    opaque('NEL', '\x85'),
    opaque('NEL in UTF-8', '\xc2\x85'),
    opaque('U+2028', '\xe2\x80\xa8'),
    opaque('U+2029', '\xe2\x80\xa9'),
    opaque('an overlong LF', '\xc0\x8a'),
    opaque('CR LF in the upper half of the bytes', '\x8d\x8a'),
    opaque('the bytes of U+010D and U+010A, whose low bytes are CR LF', '\xc4\x8d\xc4\x8a'),
    opaque('CR LF that is percent-encoded', '%0d%0a'),
    opaque('CR LF that is written out', '\\r\\n'),
    headEnd('LF LF', '\n\n', '400 HTTP_BARE_LF'),
    headEnd('CR LF LF', '\r\n\n', '400 HTTP_BARE_LF'),
    headEnd('LF CR LF', '\n\r\n', '400 HTTP_BARE_LF'),
    headEnd('CR CR', '\r\r', '400 HTTP_BAD_FIELD_VALUE'),
    headEnd('CR CR LF', '\r\r\n', '400 HTTP_BAD_FIELD_VALUE'),
    headEnd('CR LF CR', '\r\n\r', '400 HTTP_BAD_FIELD_NAME'),
    headEnd('CR LF CR CR LF', '\r\n\r\r\n', '400 HTTP_BAD_FIELD_NAME'),
    headEnd('CR LF NUL CR LF', '\r\n\0\r\n', '400 HTTP_BAD_FIELD_NAME'),
    headEnd('CR LF space CR LF', '\r\n \r\n', '400 HTTP_OBSOLETE_FOLDING'),
    headEnd('CR LF tab CR LF', '\r\n\t\r\n', '400 HTTP_OBSOLETE_FOLDING'),
    headEnd('CR LF vertical tab CR LF', '\r\n\x0b\r\n', '400 HTTP_BAD_FIELD_NAME'),
    headEnd('CR LF colon CR LF', '\r\n:\r\n', '400 HTTP_BAD_FIELD_NAME'),
    raw('LF for the end of the request line', `GET /front HTTP/1.1\nHost: a\r\n\r\n`, '400 HTTP_BARE_LF'),
    raw('CR for the end of the request line', `GET /front HTTP/1.1\rHost: a\r\n\r\n`, '400 HTTP_BAD_REQUEST_LINE'),
    raw('CR CR LF for the end of the request line', `GET /front HTTP/1.1\r\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_VERSION'),
    raw('NUL and CR LF for the end of the request line', `GET /front HTTP/1.1\0\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_VERSION'),
    raw('nothing but LF', `GET /front HTTP/1.1\nHost: a\n\n`, '400 HTTP_BARE_LF'),
    raw('nothing but CR', `GET /front HTTP/1.1\rHost: a\r\r`, '400 HTTP_BAD_REQUEST_LINE'),
    raw('LF ahead of the request line', `\nGET /front HTTP/1.1\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_METHOD'),
    raw('CR ahead of the request line', `\rGET /front HTTP/1.1\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_METHOD'),
    raw('CR LF LF ahead of the request line', `\r\n\nGET /front HTTP/1.1\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_METHOD'),
    raw('a NUL ahead of the request line', `\0GET /front HTTP/1.1\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_METHOD'),
    raw('a byte order mark ahead of the request line', `\xef\xbb\xbfGET /front HTTP/1.1\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_METHOD'),
    raw('a space and CR LF ahead of the request line', ` \r\nGET /front HTTP/1.1\r\nHost: a\r\n\r\n`, '400 HTTP_BAD_METHOD'),
    refused('CR LF nine times ahead of the request line', `${'\r\n'.repeat(9)}${SMUGGLED}`, '400 HTTP_BAD_REQUEST_LINE'),
    refused('LF behind a body, ahead of the next request', `POST /front HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\n${SMUGGLED}`, '400 HTTP_BAD_METHOD', 'POST /front 1'),
    refused('CR behind a body, ahead of the next request', `POST /front HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r${SMUGGLED}`, '400 HTTP_BAD_METHOD', 'POST /front 1'),
    open(refused('a CR behind a request, without what is behind it', `GET /front HTTP/1.1\r\nHost: a\r\n\r\n\r`, '400 HTTP_BAD_METHOD', 'GET /front 0')),
    served('CR LF eight times ahead of the request line', `${'\r\n'.repeat(8)}GET /front HTTP/1.1\r\nHost: a\r\n\r\n`, 'GET /front 0'),
    served('CR LF behind a body, ahead of the next request', `POST /front HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n`, 'POST /front 1'),
  ],
};
