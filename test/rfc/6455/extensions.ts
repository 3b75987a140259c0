/** §9 Extensions, where none is switched on. */

import type { Rule } from '../../support/rfc.js';
import { declines, opens } from './cases.js';

const NONE = { fields: { 'sec-websocket-extensions': null } };

const VALID: Readonly<Record<string, string | readonly string[]>> = {
  'one extension': 'foo',
  'an extension with a parameter': 'foo; bar',
  'a parameter with a value': 'foo; bar=2',
  'a parameter with a value in quotes': 'foo; bar="2"',
  'a value in quotes with an escaped character': 'foo; bar="1\\0"',
  'a value in quotes of escaped characters alone': 'foo; bar="\\1\\0"',
  'several parameters': 'foo; bar; baz=2; qux="3"',
  'several extensions': 'foo, bar; baz=2',
  'the same extension twice': 'foo; bar=1, foo; bar=2',
  'the same parameter twice': 'foo; bar=1; bar=2',
  'two fields': ['foo', 'bar; baz=2'],
  'a parameter without white space': 'foo;bar=2,baz',
  'white space wherever it may be': ' foo \t;\tbar = 2 , baz ; qux\t=\t"3" ',
  'empty elements': ',foo, ,bar,',
  'every character of a token': "!#$%&'*+-.^_`|~09azAZ; !#$%&'*+-.^_`|~09azAZ=!#$%&'*+-.^_`|~09azAZ",
  'the examples of §9.1': ['deflate-stream', 'mux; max-channels=4; flow-control, deflate-stream', 'private-extension'],
  'the extension of RFC 7692': 'permessage-deflate; client_max_window_bits',
};

const MALFORMED: Readonly<Record<string, string | readonly string[]>> = {
  nothing: '',
  'commas alone': ' , ,',
  'a semicolon alone': ';',
  'no name ahead of a parameter': '; bar',
  'an extension that has a value': 'foo=1',
  'a semicolon at its end': 'foo;',
  'two semicolons': 'foo;; bar',
  'a semicolon ahead of a comma': 'foo; , bar',
  'a parameter without a name': 'foo; =1',
  'a parameter without its value': 'foo; bar=',
  'two equal signs': 'foo; bar==1',
  'two values': 'foo; bar=1=2',
  'two words for a name': 'foo bar',
  'two words for a parameter': 'foo; bar baz',
  'two words for a value': 'foo; bar=1 2',
  'a name in quotes': '"foo"',
  'a name of a parameter in quotes': 'foo; "bar"=1',
  'a name that is no token': 'f/oo',
  'a parameter that is no token': 'foo; b@r',
  'a value that is no token': 'foo; bar=(1)',
  'an empty value in quotes': 'foo; bar=""',
  'a value in quotes that is no token': 'foo; bar="1 2"',
  'a value in quotes with a comma': 'foo; bar="1,2"',
  'a value in quotes with an escaped quote': 'foo; bar="1\\"2"',
  'a value in quotes with an escaped backslash': 'foo; bar="1\\\\2"',
  'a value in quotes that does not end': 'foo; bar="1',
  'a value in quotes that ends with a backslash': 'foo; bar="1\\"',
  'something behind a value in quotes': 'foo; bar="1"2',
  'bytes over 127': 'f\xf6\xf6',
  'a second field that is malformed': ['foo', 'bar;'],
};

export const EXTENSIONS: readonly Rule[] = [
  {
    section: '9',
    level: 'MUST NOT',
    rule: 'A server answers with no extension that was not asked for.',
    cases: [
      opens('no extensions', {}, NONE),
      { ...opens('no extensions, though one is switched on', {}, NONE), options: { perMessageDeflate: true } },
      { ...opens('another extension than the one that is switched on', { 'Sec-WebSocket-Extensions': 'x-webkit-deflate-frame' }, NONE), options: { perMessageDeflate: true } },
    ],
  },
  {
    section: '9',
    level: 'MUST',
    rule: 'The parameters of an extension are chosen as its own specification says.',
    because: 'it is what RFC 7692 is held to',
  },
  {
    section: '9.1',
    level: 'MAY',
    rule: 'A server accepts some of the extensions, all or none; without permessage-deflate this one accepts none.',
    cases: Object.entries(VALID).map(([what, value]) => opens(`${what} in Sec-WebSocket-Extensions`, { 'Sec-WebSocket-Extensions': value }, NONE)),
  },
  {
    section: '9.1',
    level: 'MUST',
    rule: 'A list of extensions that is malformed fails the handshake.',
    cases: Object.entries(MALFORMED).map(([what, value]) => declines(`${what} in Sec-WebSocket-Extensions`, { 'Sec-WebSocket-Extensions': value })),
  },
  {
    section: '9.1',
    level: 'MUST',
    rule: 'A value in quotes is what it is when nothing in it is escaped any more.',
    cases: ['10', '"10"', '"1\\0"', '"\\1\\0"'].map((value) => ({
      ...opens(`a window of ${value} bits`, { 'Sec-WebSocket-Extensions': `permessage-deflate; server_max_window_bits=${value}` }, { fields: { 'sec-websocket-extensions': /; server_max_window_bits=10$/ } }),
      options: { perMessageDeflate: true },
    })),
  },
  {
    section: '9.1',
    level: 'MUST',
    rule: 'The field may be split over several, and the order of its extensions counts.',
    because: 'fields of several lines are joined: «two fields» above; order is what RFC 7692 is held to',
  },
];
