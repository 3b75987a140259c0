/** §6 Framing: which frames say that a message is compressed. */

import { clientFrame, ping, pong, text } from '../../support/frames.js';
import type { Rule } from '../../support/rfc.js';
import { fragment, frames } from '../6455/cases.js';
import { agreed, compressed, deflated, fails, takes } from './cases.js';

const HELLO = deflated('Hello');
/** A message in three fragments, with something between them. */
function inThree(payload: Uint8Array, ...between: readonly Uint8Array[]): Buffer[] {
  const third = Math.floor(payload.length / 3);
  return [compressed(payload.subarray(0, third), 1, false), ...between, fragment(0, payload.subarray(third, 2 * third)), ...between, fragment(0, payload.subarray(2 * third), true)].map((each) => Buffer.from(each));
}

export const FRAMING: readonly Rule[] = [
  {
    section: '6',
    level: 'MUST',
    rule: 'RSV1 where it was not agreed on fails the connection.',
    cases: [
      ...(['text', 'binary'] as const).map((kind, i) => ({ name: `fails a compressed ${kind} message where nothing was offered`, bytes: frames(compressed(HELLO, i + 1)), received: [], ends: 'WS_RESERVED_BITS' as const })),
      fails('a compressed message where the offer was declined', [compressed(HELLO)], 'WS_RESERVED_BITS', [], agreed('permessage-deflate; unknown')),
    ],
  },
  {
    section: '6',
    level: 'MUST',
    rule: 'RSV2 and RSV3 stay reserved.',
    cases: [2, 1, 6, 5, 3, 7].map((rsv) => fails(`the reserved bits ${rsv.toString(2).padStart(3, '0')}`, [clientFrame({ opcode: 1, rsv, payload: HELLO })], 'WS_RESERVED_BITS')),
  },
  {
    section: '6.1',
    level: 'MUST NOT',
    rule: 'RSV1 is set on the first fragment of a message alone.',
    cases: [
      takes('a compressed message in three fragments', inThree(HELLO), ['text Hello']),
      takes('a compressed message byte by byte', [compressed(HELLO.subarray(0, 1), 1, false), ...[...HELLO.subarray(1)].map((byte) => fragment(0, Uint8Array.of(byte))), fragment(0, '', true)], ['text Hello']),
      takes('a compressed message whose first fragment is empty', [compressed(new Uint8Array(0), 2, false), fragment(0, HELLO, true)], ['binary 48656c6c6f']),
      fails('a continuation with RSV1', [compressed(HELLO.subarray(0, 3), 1, false), clientFrame({ opcode: 0, rsv: 4, payload: HELLO.subarray(3) })], 'WS_RESERVED_BITS'),
      fails('a continuation with RSV1 that is not the last', [compressed(HELLO.subarray(0, 3), 1, false), clientFrame({ opcode: 0, rsv: 4, payload: 'x', fin: false })], 'WS_RESERVED_BITS'),
      fails('a continuation with RSV1 of a message that is not compressed', [fragment(1, 'a'), clientFrame({ opcode: 0, rsv: 4, payload: 'b' })], 'WS_RESERVED_BITS'),
      fails('a continuation with RSV1 before any message', [clientFrame({ opcode: 0, rsv: 4, payload: 'b' })], 'WS_STRAY_CONTINUATION'),
    ],
  },
  {
    section: '6.1',
    level: 'MUST NOT',
    rule: 'RSV1 is not set on control frames, which are never compressed.',
    cases: [
      ...([['Close', 8], ['Ping', 9], ['Pong', 10]] as const).map(([kind, opcode]) => fails(`a ${kind} with RSV1`, [clientFrame({ opcode, rsv: 4 })], 'WS_RESERVED_BITS')),
      fails('a Ping with RSV1 within a compressed message', [compressed(HELLO.subarray(0, 3), 1, false), clientFrame({ opcode: 9, rsv: 4 })], 'WS_RESERVED_BITS'),
    ],
  },
  {
    section: '6.2',
    level: 'MUST',
    rule: 'Control frames between the fragments of a compressed message are taken as they are.',
    cases: [
      takes('a Ping between fragments', inThree(HELLO, ping(HELLO)), [...Array<string>(2).fill(`ping ${HELLO.toString('latin1')}`), 'text Hello']),
      takes('a Pong between fragments', inThree(HELLO, pong('p')), ['pong p', 'pong p', 'text Hello']),
    ],
  },
  {
    section: '6.2',
    level: 'MUST',
    rule: 'A message without RSV1 is taken as it is, also between compressed ones, and in fragments.',
    cases: [
      takes('a message that is not compressed', [text('as it is')], ['text as it is']),
      takes('bytes that look like compressed data', [clientFrame({ opcode: 2, payload: HELLO })], [`binary ${HELLO.toString('hex')}`]),
      takes('messages of both kinds in turn', [compressed(HELLO), text('a'), compressed(HELLO, 2), fragment(1, 'b'), fragment(0, 'c', true), compressed(HELLO)], ['text Hello', 'text a', 'binary 48656c6c6f', 'text bc', 'text Hello']),
      fails('text that is not compressed and not UTF-8', [clientFrame({ opcode: 1, payload: Uint8Array.of(0xff) })], 'WS_INVALID_UTF8'),
    ],
  },
];
