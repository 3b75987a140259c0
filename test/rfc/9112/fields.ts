/** §5 Field Syntax. */

import { refusals, type Rule } from '../../support/rfc.js';
import { postChunked, request } from '../../support/requests.js';

/** What a token is made of (RFC 9110 §5.6.2). */
const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** All of ASCII that is no part of a token, and no white space, colon, CR or LF. */
const NOT_IN_NAME = [...'"(),/;<=>?@[\\]{}', ...Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i)).filter((each) => !'\t\r\n'.includes(each)), '\x7f', '\x80', '\xff'];

const NOT_IN_VALUE = NOT_IN_NAME.filter((each) => each < ' ' || each === '\x7f');

function inHex(character: string): string {
  return `0x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A request with one more field line. */
function withLine(line: string): string {
  return request('/', `${line}\r\n`);
}

function taken(line: string, name: string, value: string): { bytes: string; parsed: { fields: string[] } } {
  return { bytes: withLine(line), parsed: { fields: ['Host', 'localhost', name, value] } };
}

export const FIELDS: readonly Rule[] = [
  {
    section: '5',
    level: 'MUST',
    rule: 'A field line is a name, a colon and a value; the name is a token and has no case.',
    cases: [
      { name: 'takes every character of a token in a name', ...taken(`${TOKEN}: 1`, TOKEN, '1') },
      { name: 'takes a name in any case for the same field', bytes: 'GET / HTTP/1.1\r\nhOST: a\r\nX-a: 1\r\nx-A: 2\r\n\r\n', parsed: { fields: ['hOST', 'a', 'X-a', '1', 'x-A', '2'], handed: { headers: { host: 'a', 'x-a': '1, 2' } } } },
      { name: 'takes a colon within a value', ...taken('X-A: b: c:', 'X-A', 'b: c:') },
      { name: 'takes names that are members of every object in JavaScript', bytes: request('/', '__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\n'), parsed: { fields: ['Host', 'localhost', '__proto__', '1', 'constructor', '2', 'toString', '3'] } },
      ...NOT_IN_NAME.map((each) => ({ name: `refuses the byte ${inHex(each)} in a name`, bytes: withLine(`X${each}A: 1`), refused: 'HTTP_BAD_FIELD_NAME' as const })),
      ...refusals('HTTP_BAD_FIELD_NAME', {
        'an empty name': withLine(': 1'),
        'a line without a colon': withLine('X-A'),
        'a name of bytes over 127': withLine('\xc3\xa9: 1'),
        'a name with a space in it': withLine('X A: 1'),
        'a name in quotes': withLine('"X-A": 1'),
        'a trailer with a name that is no token': `${postChunked('/')}0\r\nX(A: 1\r\n\r\n`,
      }),
    ],
  },
  {
    section: '5',
    level: 'MUST',
    rule: 'A value holds visible characters, spaces, tabs and bytes over 127.',
    cases: [
      { name: 'takes every visible character in a value', ...taken(`X-A: ${Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('')}`, 'X-A', Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('')) },
      { name: 'takes spaces and tabs within a value as they are', ...taken('X-A: a  b\t\tc', 'X-A', 'a  b\t\tc') },
      { name: 'takes an empty value', ...taken('X-A:', 'X-A', '') },
      ...NOT_IN_VALUE.map((each) => ({ name: `refuses the byte ${inHex(each)} in a value`, bytes: withLine(`X-A: a${each}b`), refused: 'HTTP_BAD_FIELD_VALUE' as const })),
      ...refusals('HTTP_BAD_FIELD_VALUE', { 'a NUL at the end of a value': withLine('X-A: a\0'), 'a NUL in a trailer': `${postChunked('/')}0\r\nX-A: \0\r\n\r\n`, 'a NUL in a Content-Length': withLine('Content-Length: 5\0') }),
    ],
  },
  {
    section: '5.1',
    level: 'MUST',
    rule: 'White space between a name and its colon is answered with 400.',
    cases: refusals('HTTP_BAD_FIELD_NAME', {
      'a space ahead of the colon': withLine('X-A : 1'),
      'a tab ahead of the colon': withLine('X-A\t: 1'),
      'several spaces ahead of the colon': withLine('X-A   : 1'),
      'a space ahead of the colon of Content-Length': withLine('Content-Length : 5'),
      'a space ahead of the colon of Transfer-Encoding': withLine('Transfer-Encoding : chunked'),
      'a tab ahead of the colon of Host': 'GET / HTTP/1.1\r\nHost\t: a\r\n\r\n',
      'a space ahead of the colon of a trailer': `${postChunked('/')}0\r\nX-A : 1\r\n\r\n`,
    }),
  },
  {
    section: '5.1',
    level: 'MUST',
    rule: 'White space around a value does not belong to it.',
    cases: [
      { name: 'takes a value without white space', ...taken('X-A:1', 'X-A', '1') },
      { name: 'drops spaces around a value', ...taken('X-A:   1   ', 'X-A', '1') },
      { name: 'drops tabs around a value', ...taken('X-A:\t\t1\t\t', 'X-A', '1') },
      { name: 'drops a value of white space alone', ...taken('X-A: \t \t', 'X-A', '') },
      { name: 'takes a no-break space for a part of the value', ...taken('X-A: \xa01\xa0', 'X-A', '\xa01\xa0') },
      { name: 'reads a Content-Length with white space around it', bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t 2 \t\r\n\r\nab', parsed: { body: 'ab' } },
      { name: 'drops white space around the value of a trailer', bytes: `${postChunked('/')}0\r\nX-A: \t1 \r\n\r\n`, parsed: { trailers: ['X-A', '1'] } },
    ],
  },
  {
    section: '5.2',
    level: 'MUST',
    rule: 'A folded field line is answered with 400, or unfolded; this server refuses.',
    cases: refusals('HTTP_OBSOLETE_FOLDING', {
      'a value that goes on behind a space': withLine('X-A: 1\r\n 2'),
      'a value that goes on behind a tab': withLine('X-A: 1\r\n\t2'),
      'a value that begins on the next line': withLine('X-A:\r\n 1'),
      'a line of white space alone': withLine('X-A: 1\r\n  '),
      'what looks like a field behind white space': withLine('X-A: 1\r\n Content-Length: 5'),
      'a folded Host': 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n',
      'a folded Transfer-Encoding': withLine('Transfer-Encoding:\r\n chunked'),
      'a folded Content-Length': withLine('Content-Length: 1\r\n 0'),
      'a folded trailer': `${postChunked('/')}0\r\nX-A: 1\r\n 2\r\n\r\n`,
      'a folded line in HTTP/1.0': 'GET / HTTP/1.0\r\nX-A: 1\r\n 2\r\n\r\n',
    }),
  },
  {
    section: '5.2',
    level: 'MUST NOT',
    rule: 'A sender folds no field line.',
    cases: [{ name: 'writes a long value in one line', bytes: request(), handler: () => ({ headers: { 'X-A': 'a b, '.repeat(1_000) + 'c' } }), answered: [{ status: 200, fields: { 'x-a': 'a b, '.repeat(1_000) + 'c' } }] }, { name: 'answers 500 to a value with a fold, and tells the application', bytes: request(), handler: () => ({ headers: { 'X-A': 'a\r\n b' } }), answered: [{ status: 500, fields: { 'x-a': null } }], closes: true, reports: 1 }],
  },
];
