/** Section 7: what comes behind a Close, its body, and its codes. */

import type { Case, Exchange } from '../case.js';
import { answered, closing, echoText, failed, more, ping, text } from './builders.js';
import { INVALID_TEXT } from './text.js';

const VALID_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const INVALID_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
const HELLO = 'Hello World!';
const NORMAL = { closeCodes: [1000] } as const;

/** The client's Close is among the frames, and is answered. */
function closed(id: string, title: string, steps: Exchange['steps'], codes: Exchange['closeCodes'] = [1000]): Exchange {
  return { ...answered(id, title, steps, []), closeCodes: codes! };
}

export const CLOSING: readonly Case[] = [
  answered('7.1.1', 'a text, and a Close when it has come back', [text(HELLO)], [echoText(HELLO)]),
  closed('7.1.2', 'two Closes', [closing(1000), closing(1000)]),
  closed('7.1.3', 'a Ping behind a Close', [closing(1000), ping()]),
  closed('7.1.4', 'a text behind a Close', [closing(1000), text(HELLO)]),
  closed('7.1.5', 'a Close between two fragments', [text('fragment1', { fin: false }), closing(1000), more('fragment2')]),
  {
    ...answered('7.1.6', 'texts of 256 KiB and of a few octets, a Close, and a Ping', [text(Buffer.alloc(256 * 1024, 'BAsd7&jh23')), text(HELLO), closing(1000), ping()], [
      echoText(Buffer.alloc(256 * 1024, 'BAsd7&jh23')),
      echoText(HELLO),
    ]),
    ...NORMAL,
    isInformational: true,
  },
  closed('7.3.1', 'a Close without a body', [{ opcode: 8 }], [undefined, 1000]),
  failed('7.3.2', 'a Close with a body of one octet', [{ opcode: 8, payload: 'a' }], 1002),
  closed('7.3.3', 'a Close with a code', [closing(1000)]),
  closed('7.3.4', 'a Close with a code and a reason', [closing(1000, 'Hello World!')]),
  closed('7.3.5', 'a Close with a reason of 123 octets', [closing(1000, '*'.repeat(123))]),
  failed('7.3.6', 'a Close with a reason of 124 octets', [closing(1000, '*'.repeat(124))], 1002),
  closed('7.5.1', 'a Close with a reason that is not valid UTF-8', [closing(1000, INVALID_TEXT)], [1007, 1002]),
  ...VALID_CODES.map((code, i) => closed(`7.7.${i + 1}`, `a Close with code ${code}`, [closing(code)], [code, 1000])),
  ...INVALID_CODES.map((code, i) => failed(`7.9.${i + 1}`, `a Close with code ${code}, which must not be sent`, [closing(code)], 1002)),
  ...[5000, 65_535].map((code, i) => ({ ...closed(`7.13.${i + 1}`, `a Close with code ${code}, of which nothing is said`, [closing(code)], [code, 1000, 1002]), isInformational: true })),
];
