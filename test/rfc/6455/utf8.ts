/** §8.1 Handling Errors in UTF-8-Encoded Data. */

import { clientFrame, ping, text } from '../../support/frames.js';
import type { Rule, WebSocketCase } from '../../support/rfc.js';
import { bytes, failures, fragment, frames } from './cases.js';

/** The first and the last of each row of the table of RFC 3629 §4, and what lies beside what is not allowed. */
const VALID: Readonly<Record<string, string>> = {
  'U+0000': '00',
  'U+007F': '7f',
  'U+0080': 'c280',
  'U+07FF': 'dfbf',
  'U+0800': 'e0a080',
  'U+0FFF': 'e0bfbf',
  'U+1000': 'e18080',
  'U+CFFF': 'ecbfbf',
  'U+D000': 'ed8080',
  'U+D7FF': 'ed9fbf',
  'U+E000': 'ee8080',
  'U+FDD0, no character': 'efb790',
  'U+FEFF': 'efbbbf',
  'U+FFFD': 'efbfbd',
  'U+FFFE, no character': 'efbfbe',
  'U+FFFF, no character': 'efbfbf',
  'U+10000': 'f0908080',
  'U+1FFFF, no character': 'f09fbfbf',
  'U+3FFFF': 'f0bfbfbf',
  'U+40000': 'f1808080',
  'U+FFFFF': 'f3bfbfbf',
  'U+100000': 'f4808080',
  'U+10FFFF': 'f48fbfbf',
};

/** Each up to and with its first wrong byte. */
const INVALID: Readonly<Record<string, string>> = {
  'a continuation byte alone, 80': '80',
  'a continuation byte alone, BF': 'bf',
  'a continuation byte behind a whole character': 'c3a980',
  'C0, the overlong NUL': 'c0',
  'C1': 'c1',
  'E0 80, overlong': 'e080',
  'E0 9F, overlong': 'e09f',
  'F0 80, overlong': 'f080',
  'F0 8F, overlong': 'f08f',
  'ED A0, the first surrogate': 'eda0',
  'ED BF, the last surrogate': 'edbf',
  'the second half of a surrogate pair': 'edb0',
  'F4 90, above U+10FFFF': 'f490',
  'F4 BF, above U+10FFFF': 'f4bf',
  'F5': 'f5',
  'F7': 'f7',
  'F8, a lead of five bytes': 'f8',
  'FC, a lead of six bytes': 'fc',
  FE: 'fe',
  FF: 'ff',
  'two bytes cut by ASCII': 'c341',
  'three bytes cut by ASCII behind the first': 'e241',
  'three bytes cut by ASCII behind the second': 'e28241',
  'four bytes cut by ASCII behind the first': 'f041',
  'four bytes cut by ASCII behind the second': 'f09f41',
  'four bytes cut by ASCII behind the third': 'f09f9841',
  'two bytes cut by another lead': 'c3c3',
  'three bytes cut by another lead': 'e282e2',
  'four bytes cut by another lead': 'f09ff0',
  'a third byte below 80': 'e2827f',
  'a third byte above BF': 'e282c0',
  'a fourth byte above BF': 'f09f98c0',
};

/** Texts that end where a character does not. */
const INCOMPLETE = ['c3', 'e2', 'e282', 'f0', 'f09f', 'f09f98'];

/** Ahead of a wrong byte stands text that is right, behind it nothing: what is announced beyond has not come. */
const AHEAD = Buffer.from('right: κόσμε ');

/** The first wrong byte is the last that is sent, of a message that goes on. */
function failsAtOnce(what: string, hex: string): WebSocketCase {
  return { name: `fails ${what} with the byte that is wrong, within a frame that has not ended`, bytes: frames(clientFrame({ opcode: 1, payload: Buffer.concat([AHEAD, bytes(hex)]), announce: 100 })), received: [], ends: 'WS_INVALID_UTF8' };
}

function failsInFragments(what: string, hex: string): WebSocketCase {
  const fragments = [...bytes(hex)].map((byte) => fragment(0, Uint8Array.of(byte)));
  return { name: `fails ${what} with the byte that is wrong, a fragment for each byte, within a message that has not ended`, bytes: frames(fragment(1, AHEAD), ...fragments), received: [], ends: 'WS_INVALID_UTF8' };
}

export const UTF8: readonly Rule[] = [
  {
    section: '8.1',
    level: 'MUST',
    rule: 'Text that is UTF-8 is taken, to the borders of the table of RFC 3629 §4.',
    cases: Object.entries(VALID).flatMap(([what, hex]) => {
      const decoded = bytes(hex).toString('utf8');
      return [
        { name: `takes ${what}`, bytes: frames(clientFrame({ opcode: 1, payload: bytes(hex) })), received: [`text ${decoded}`] },
        { name: `takes ${what} in fragments of one byte between others`, bytes: frames(fragment(1, 'é'), ...[...bytes(hex)].map((byte) => fragment(0, Uint8Array.of(byte))), fragment(0, '!', true)), received: [`text é${decoded}!`] },
      ];
    }),
  },
  {
    section: '8.1',
    level: 'MUST',
    rule: 'Text that is not UTF-8 fails the connection, with 1007.',
    cases: [
      ...failures('WS_INVALID_UTF8', Object.fromEntries(Object.entries(INVALID).map(([what, hex]) => [what, clientFrame({ opcode: 1, payload: Buffer.concat([bytes(hex), Buffer.from('!')]) })]))),
      ...failures('WS_INVALID_UTF8', Object.fromEntries(INCOMPLETE.map((hex) => [`a text that ends with ${hex}`, clientFrame({ opcode: 1, payload: bytes(`61${hex}`) })]))),
      ...failures('WS_INVALID_UTF8', Object.fromEntries(INCOMPLETE.map((hex) => [`a text in fragments that ends with ${hex}`, frames(fragment(1, 'a'), fragment(0, bytes(hex)), fragment(0, '', true))]))),
      ...failures('WS_INVALID_UTF8', {
        'the surrogate pair of a character (CESU-8)': clientFrame({ opcode: 1, payload: bytes('eda0bdedb880') }),
        'a wrong byte behind 60,000 right ones': clientFrame({ opcode: 1, payload: Buffer.concat([Buffer.alloc(60_000, 'a'), bytes('ff')]) }),
      }),
      { name: 'fails a text behind valid ones and a Ping', bytes: frames(text('ä'), ping('p'), clientFrame({ opcode: 1, payload: bytes('c328') })), received: ['text ä', 'ping p'], ends: 'WS_INVALID_UTF8' },
      { name: 'takes nothing of a character into the next message', bytes: frames(text('é'), clientFrame({ opcode: 2, payload: bytes('c3') }), clientFrame({ opcode: 1, payload: bytes('a9') })), received: ['text é', 'binary c3'], ends: 'WS_INVALID_UTF8' },
    ],
  },
  {
    section: '8.1',
    level: 'ought to',
    rule: 'It is failed at the first byte that cannot be right, wherever frames and reads end.',
    cases: Object.entries(INVALID).flatMap(([what, hex]) => [failsAtOnce(what, hex), failsInFragments(what, hex)]),
  },
  {
    section: '8.1',
    level: 'MUST',
    rule: 'The reason of a Close is UTF-8, too.',
    because: 'it is what §5.5.1 is held to above',
  },
  {
    section: '8.1',
    level: 'MUST',
    rule: 'What a handshake has of UTF-8 is valid.',
    because: 'nothing of a handshake is read as UTF-8: names and tokens are ASCII, and values are handed over as latin1',
  },
];
