/** TE.TE: a Transfer-Encoding disguised so that one of two servers does not see it, or sees another one. */

import { type Attack, type Family, front, type Refusal, refused, served, SMUGGLED } from '../../support/attacks.js';

const LAST = '0\r\n\r\n';
const BODY = LAST + SMUGGLED;

/** Disguised codings without a length beside them: whoever does not see them takes the body for requests. */
const value = (name: string, coding: string, refusal: Refusal = '400 HTTP_BAD_TRANSFER_ENCODING'): Attack =>
  refused(name, front(`Transfer-Encoding:${coding}`) + BODY, refusal);
const lines = (name: string, refusal: Refusal, ...all: string[]): Attack => refused(name, front(...all) + BODY, refusal);
/** What RFC 9110 §5.6.1 and RFC 9112 §7 call the chunked coding all the same. */
const honest = (name: string, ...all: string[]): Attack => served(name, `${front(...all)}3\r\nabc\r\n0\r\n\r\n`, 'POST /front 3');
/** Disguised names beside a length: whoever sees through the disguise ends the body at the last chunk. */
const line = (name: string, refusal: Refusal, ...all: string[]): Attack => refused(name, front(`Content-Length: ${BODY.length}`, ...all) + BODY, refusal);
/** Names that are other fields' names: the length counts. */
const otherField = (name: string, ...all: string[]): Attack => served(name, front(`Content-Length: ${BODY.length}`, ...all) + BODY, `POST /front ${BODY.length}`);

const VALUES: readonly Attack[] = [
  value('a coding with a letter ahead of it', ' xchunked'),
  value('a coding with a letter behind it', ' chunkedx'),
  value('a coding that is cut short', ' chunk'),
  value('a coding with a hyphen behind it', ' chunked-'),
  value('a coding in quotes', ' "chunked"'),
  value('a coding in apostrophes', " 'chunked'"),
  value('a coding with a semicolon behind it', ' chunked;'),
  value('a coding with a parameter', ' chunked;foo=bar'),
  value('a coding with a weight', ' chunked;q=0.5'),
  value('a coding with a weight of nothing', ' chunked;q=0'),
  value('a coding with a space in it', ' chun ked'),
  value('a coding with a second colon ahead of it', ': chunked'),
  value('a coding with an equals sign ahead of it', ' =chunked'),
  value('a coding in brackets', ' [chunked]'),
  value('a coding behind a comment', ' (comment) chunked'),
  value('a coding that is percent-encoded', ' %63hunked'),
  value('a coding with a number sign behind it', ' chunked#'),
  value('a coding with a backslash', ' \\chunked'),
  value('identity', ' identity'),
  value('a word that is no coding', ' cow'),
  value('no value', ''),
  value('nothing but white space', ' \t '),
  value('nothing but commas', ' ,,'),
  value('chunked twice', ' chunked, chunked'),
  value('chunked twice without a comma', ' chunked chunked'),
  value('chunked twice with a tab between', ' chunked\tchunked'),
  value('chunked twice with a semicolon between', ' chunked;chunked'),
  value('chunked ahead of identity', ' chunked, identity'),
  value('chunked ahead of gzip', ' chunked, gzip'),
  value('chunked ahead of a coding that nobody knows', ' chunked, cow'),
  value('chunked ahead of gzip and chunked', ' chunked, gzip, chunked'),
  value('identity ahead of chunked', ' identity, chunked', '501 HTTP_UNKNOWN_TRANSFER_ENCODING'),
  value('gzip ahead of chunked', ' gzip, chunked', '501 HTTP_UNKNOWN_TRANSFER_ENCODING'),
  value('a coding that nobody knows ahead of chunked', ' cow, chunked', '501 HTTP_UNKNOWN_TRANSFER_ENCODING'),
  value('a coding in quotes with a comma in them ahead of chunked', ' "a, chunked', '501 HTTP_UNKNOWN_TRANSFER_ENCODING'),
  value('a vertical tab ahead of the coding', ' \x0bchunked', '400 HTTP_BAD_FIELD_VALUE'),
  value('a vertical tab behind the coding', ' chunked\x0b', '400 HTTP_BAD_FIELD_VALUE'),
  value('a form feed ahead of the coding', ' \x0cchunked', '400 HTTP_BAD_FIELD_VALUE'),
  value('a form feed behind the coding', ' chunked\x0c', '400 HTTP_BAD_FIELD_VALUE'),
  value('a NUL ahead of the coding', ' \0chunked', '400 HTTP_BAD_FIELD_VALUE'),
  value('a NUL behind the coding', ' chunked\0', '400 HTTP_BAD_FIELD_VALUE'),
  value('a NUL in place of the space', '\0chunked', '400 HTTP_BAD_FIELD_VALUE'),
  value('a backspace behind the coding', ' chunkedx\x08', '400 HTTP_BAD_FIELD_VALUE'),
  value('a DEL behind the coding', ' chunked\x7f', '400 HTTP_BAD_FIELD_VALUE'),
  value('a byte of 0xff ahead of the coding', ' \xffchunked'),
  value('a no-break space ahead of the coding', ' \xa0chunked'),
  value('a no-break space behind the coding', ' chunked\xa0'),
  value('NEL, 0x85, ahead of the coding', '\x85chunked'),
  value('a no-break space in UTF-8 behind the coding', ' chunked\xc2\xa0'),
  value('a zero-width space in UTF-8 ahead of the coding', ' \xe2\x80\x8bchunked'),
  value('a byte order mark ahead of the coding', ' \xef\xbb\xbfchunked'),
  value('a Kelvin sign for the k', ' chun\xe2\x84\xaaed'),
  value('a Cyrillic letter for the c', ' \xd1\x81hunked'),
  value('an overlong form of the c', ' \xc1\xa3hunked'),
  value('a full-width letter for the c', ' \xef\xbd\x83hunked'),
  value('the coding in the upper half of the bytes', ' \xe3\xe8\xf5\xee\xeb\xe5\xe4'),
  value('a bare CR ahead of the coding', ' \rchunked', '400 HTTP_BAD_FIELD_VALUE'),
  value('a bare CR behind the coding', ' chunked\r', '400 HTTP_BAD_FIELD_VALUE'),
  value('a bare CR and a second coding', ' chunked\ridentity', '400 HTTP_BAD_FIELD_VALUE'),
  value('a bare LF ahead of the coding', ' \nchunked', '400 HTTP_BARE_LF'),
  value('a bare LF behind the coding', ' chunked\n', '400 HTTP_BARE_LF'),
  value('a coding in a folded line', '\r\n chunked', '400 HTTP_OBSOLETE_FOLDING'),
  value('a coding in a line folded with a tab', '\r\n\tchunked', '400 HTTP_OBSOLETE_FOLDING'),
  value('identity in a folded line behind the coding', ' chunked\r\n , identity', '400 HTTP_OBSOLETE_FOLDING'),
  value('a coding in a line folded with a vertical tab', '\r\n\x0bchunked', '400 HTTP_BAD_FIELD_NAME'),
  value('a folded line of nothing behind the coding', ' chunked\r\n ', '400 HTTP_OBSOLETE_FOLDING'),
];

const LINES: readonly Attack[] = [
  lines('chunked in two lines', '400 HTTP_BAD_TRANSFER_ENCODING', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  lines('identity in a second line', '400 HTTP_BAD_TRANSFER_ENCODING', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
  lines('identity in a first line', '501 HTTP_UNKNOWN_TRANSFER_ENCODING', 'Transfer-Encoding: identity', 'Transfer-Encoding: chunked'),
  lines('a coding that nobody knows in a second line', '400 HTTP_BAD_TRANSFER_ENCODING', 'Transfer-Encoding: chunked', 'Transfer-encoding: cow'),
  lines('a coding that nobody knows in a first line', '501 HTTP_UNKNOWN_TRANSFER_ENCODING', 'Transfer-Encoding: cow', 'transfer-encoding: chunked'),
  lines('a coding cut in two lines', '400 HTTP_BAD_TRANSFER_ENCODING', 'Transfer-Encoding: chun', 'Transfer-Encoding: ked'),
  lines('chunked in two lines far apart', '400 HTTP_BAD_TRANSFER_ENCODING', 'Transfer-Encoding: chunked', 'X-A: 1', 'X-B: 2', 'TRANSFER-ENCODING: chunked'),
  refused('HTTP/1.0', `POST /front HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${BODY}`, '400 HTTP_BAD_TRANSFER_ENCODING'),
  refused('HTTP/1.0 with keep-alive', `POST /front HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${BODY}`, '400 HTTP_BAD_TRANSFER_ENCODING'),
];

const HONEST_CODINGS: readonly Attack[] = [
  honest('a coding in upper case', 'Transfer-Encoding: CHUNKED'),
  honest('a coding in mixed case', 'tRANSFER-eNCODING: cHuNkEd'),
  honest('a coding with white space around it', 'Transfer-Encoding: \t chunked \t'),
  honest('a coding without the space behind the colon', 'Transfer-Encoding:chunked'),
  honest('a coding among empty members of a list', 'Transfer-Encoding: , chunked ,\t,'),
  honest('a coding in the second line of a list whose first is empty', 'Transfer-Encoding:', 'Transfer-Encoding: chunked'),
  honest('a coding named in Connection', 'Transfer-Encoding: chunked', 'Connection: Transfer-Encoding'),
];

const NAMES: readonly Attack[] = [
  line('a space ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding : chunked'),
  line('a tab ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding\t: chunked'),
  line('a vertical tab ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding\x0b: chunked'),
  line('a NUL ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding\0: chunked'),
  line('a bare CR ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding\r: chunked'),
  line('a bare LF ahead of the colon', '400 HTTP_BARE_LF', 'Transfer-Encoding\n: chunked'),
  line('a CR LF ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding\r\n : chunked'),
  line('a no-break space ahead of the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding\xa0: chunked'),
  line('no colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding chunked'),
  line('an equals sign for the colon', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encoding=chunked'),
  line('two colons', '400 HTTP_LENGTH_AND_ENCODING', 'Transfer-Encoding:: chunked'),
  line('a space ahead of the name', '400 HTTP_OBSOLETE_FOLDING', ' Transfer-Encoding: chunked'),
  line('a tab ahead of the name', '400 HTTP_OBSOLETE_FOLDING', '\tTransfer-Encoding: chunked'),
  line('a vertical tab ahead of the name', '400 HTTP_BAD_FIELD_NAME', '\x0bTransfer-Encoding: chunked'),
  line('a NUL ahead of the name', '400 HTTP_BAD_FIELD_NAME', '\0Transfer-Encoding: chunked'),
  line('a bare CR ahead of the name', '400 HTTP_BAD_FIELD_NAME', '\rTransfer-Encoding: chunked'),
  line('a bare LF ahead of the name', '400 HTTP_BARE_LF', '\nTransfer-Encoding: chunked'),
  line('a colon ahead of the name', '400 HTTP_BAD_FIELD_NAME', ':Transfer-Encoding: chunked'),
  line('a name in quotes', '400 HTTP_BAD_FIELD_NAME', '"Transfer-Encoding": chunked'),
  line('a space for the hyphen', '400 HTTP_BAD_FIELD_NAME', 'Transfer Encoding: chunked'),
  line('a soft hyphen for the hyphen', '400 HTTP_BAD_FIELD_NAME', 'Transfer\xadEncoding: chunked'),
  line('a hyphen of Unicode for the hyphen', '400 HTTP_BAD_FIELD_NAME', 'Transfer\xe2\x80\x90Encoding: chunked'),
  line('a long s for the s', '400 HTTP_BAD_FIELD_NAME', 'Tran\xc5\xbffer-Encoding: chunked'),
  line('a dotless i for the i', '400 HTTP_BAD_FIELD_NAME', 'Transfer-Encod\xc4\xb1ng: chunked'),
  line('a name behind a bare LF in a value', '400 HTTP_BARE_LF', 'X: X\nTransfer-Encoding: chunked'),
  line('a name behind a bare CR in a value', '400 HTTP_BAD_FIELD_VALUE', 'X: X\rTransfer-Encoding: chunked'),
  line('a name behind LF CR in a value', '400 HTTP_BARE_LF', 'X: X\n\rTransfer-Encoding: chunked'),
  line('a name behind a NUL in a value', '400 HTTP_BAD_FIELD_VALUE', 'X: X\0Transfer-Encoding: chunked'),
  otherField('a name behind a NEL in a value', 'X: X\x85Transfer-Encoding: chunked'),
  otherField('a name behind a line separator of Unicode in a value', 'X: X\xe2\x80\xa8Transfer-Encoding: chunked'),
  otherField('a name behind the bytes of U+560D and U+560A, whose low bytes are CR LF', 'X: X\xe5\x98\x8d\xe5\x98\x8aTransfer-Encoding: chunked'),
  otherField('a name behind a percent-encoded CR LF in a value', 'X: X%0d%0aTransfer-Encoding: chunked'),
  otherField('a name behind a CR LF that is written out', 'X: X\\r\\nTransfer-Encoding: chunked'),
  otherField('an underscore for the hyphen', 'Transfer_Encoding: chunked'),
  otherField('a dot for the hyphen', 'Transfer.Encoding: chunked'),
  otherField('no hyphen', 'TransferEncoding: chunked'),
  otherField('a plural', 'Transfer-Encodings: chunked'),
  otherField('a name without its last letter', 'Transfer-Encodin: chunked'),
  otherField('a hyphen behind the name', 'Transfer-Encoding-: chunked'),
  otherField('an X ahead of the name', 'X-Transfer-Encoding: chunked'),
  otherField('the name of a CGI variable', 'HTTP_TRANSFER_ENCODING: chunked'),
  otherField('an apostrophe behind the name', "Transfer-Encoding': chunked"),
  otherField('TE', 'TE: chunked'),
  otherField('Content-Encoding', 'Content-Encoding: chunked'),
  otherField('Accept-Encoding', 'Accept-Encoding: chunked'),
  otherField('Trailer', 'Trailer: Transfer-Encoding'),
];

export const TE_TE: Family = {
  name: 'TE.TE',
  source: 'Kettle, HTTP Desync Attacks (2019); the permutations of defparam/smuggler and of HTTP Request Smuggler; CVE-2019-15605, CVE-2022-32213; RFC 9112 §6.1, §7.1',
  attacks: [...VALUES, ...LINES, ...HONEST_CODINGS, ...NAMES],
};
