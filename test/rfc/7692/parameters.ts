/** §7.1 Parameters of permessage-deflate: what is asked for, and what is kept to. */

import { text } from '../../support/frames.js';
import type { Rule } from '../../support/rfc.js';
import { agreed, answers, compressed, deflated, fails, NO_TAKEOVER, PLAIN, takes } from './cases.js';

const BITS = [8, 9, 10, 11, 12, 13, 14, 15];
const NO_BITS = ['0', '7', '16', '08', '010', '1', '255', '-9', '+9', '9.0', '0x9', 'nine'];

/** What refers to the message before it. */
const AGAIN = deflated('Hello', 'Hello');
const TWICE = [compressed(deflated('Hello')), compressed(AGAIN)];

function declines(what: string, parameters: string): ReturnType<typeof answers> {
  return answers(`declines ${what}`, `${PLAIN}; ${parameters}`, null);
}

export const PARAMETERS: readonly Rule[] = [
  {
    section: '7.1',
    level: 'MUST',
    rule: 'An offer with a parameter that is not defined is declined.',
    cases: [declines('an unknown parameter', 'mode'), declines('an unknown parameter with a value', 'level=9'), declines('a parameter in other letters', 'Server_No_Context_Takeover'), declines('an unknown parameter behind one that is known', 'client_max_window_bits; x=y')],
  },
  {
    section: '7.1',
    level: 'MUST',
    rule: 'An offer with a parameter twice is declined.',
    cases: ['server_no_context_takeover', 'client_no_context_takeover', 'client_max_window_bits', 'server_max_window_bits=10'].map((each) => declines(`${each} twice`, `${each}; ${each}`)).concat(declines('client_max_window_bits with and without a value', 'client_max_window_bits; client_max_window_bits=10')),
  },
  {
    section: '7.1',
    level: 'MUST',
    rule: 'An offer with a value that is not valid is declined.',
    cases: [
      declines('server_no_context_takeover with a value', 'server_no_context_takeover=1'),
      declines('client_no_context_takeover with a value', 'client_no_context_takeover="true"'),
      declines('server_max_window_bits without a value', 'server_max_window_bits'),
    ],
  },
  {
    section: '7.1.1.1',
    level: 'MUST',
    rule: 'server_no_context_takeover is accepted by naming it; then each message of the server stands alone.',
    cases: [answers('names server_no_context_takeover where it is offered', `${PLAIN}; server_no_context_takeover`, `${PLAIN}; server_no_context_takeover`)],
  },
  {
    section: '7.1.1.1',
    level: 'MUST NOT',
    rule: 'A server that said so refers to no message before.',
    heldBy: [{ file: 'channel-server/compression.test.ts', name: 'with server_no_context_takeover no message refers to one before it' }],
  },
  {
    section: '7.1.1.1',
    level: 'MAY',
    rule: 'A server names it without being asked; this one does where contextTakeover is not switched on.',
    cases: [answers('names both where nothing is taken over', PLAIN, NO_TAKEOVER, {})],
  },
  {
    section: '7.1.1.2',
    level: 'MAY',
    rule: 'A server keeps no window for a client that offers, or was told, not to use it.',
    cases: [
      answers('names client_no_context_takeover where it is offered', `${PLAIN}; client_no_context_takeover`, `${PLAIN}; client_no_context_takeover`),
      takes('messages that stand alone', [compressed(deflated('Hello')), compressed(deflated('Hello'))], ['text Hello', 'text Hello'], agreed(`${PLAIN}; client_no_context_takeover`)),
      fails('what refers to the message before though that was agreed on', TWICE, 'WS_CORRUPT_DATA', ['text Hello'], agreed(`${PLAIN}; client_no_context_takeover`)),
      fails('what refers to the message before though it was told not to', TWICE, 'WS_CORRUPT_DATA', ['text Hello'], agreed(PLAIN, {})),
    ],
  },
  {
    section: '7.1.1.2',
    level: 'MUST',
    rule: 'Without it a client may refer to the messages before, compressed ones and no others.',
    cases: [
      takes('what refers to the message before', TWICE, ['text Hello', 'text Hello']),
      takes('what refers to the message before the one before', [...TWICE, compressed(deflated('Hello', 'HelloHello'))], ['text Hello', 'text Hello', 'text Hello']),
      takes('what refers past a message that is not compressed', [TWICE[0]!, text('between'), TWICE[1]!], ['text Hello', 'text between', 'text Hello']),
      takes('what refers past an empty one', [TWICE[0]!, compressed(Buffer.from([0])), compressed(new Uint8Array(0)), TWICE[1]!], ['text Hello', 'text ', 'text ', 'text Hello']),
      takes('what refers to text from bytes', [compressed(deflated('Hello')), compressed(AGAIN, 2)], ['text Hello', 'binary 48656c6c6f']),
      takes('what refers to the message before where only the server takes nothing over', TWICE, ['text Hello', 'text Hello'], agreed(`${PLAIN}; server_no_context_takeover`)),
      fails('what refers to a message that was not compressed', [text('Hello'), compressed(AGAIN)], 'WS_CORRUPT_DATA', ['text Hello']),
    ],
  },
  {
    section: '7.1.2',
    level: 'MUST',
    rule: 'Bits are a decimal number from 8 to 15 without leading zeros, in quotes or not.',
    cases: [
      ...['server', 'client'].flatMap((side) => NO_BITS.map((bits) => declines(`${bits} for ${side}_max_window_bits`, `${side}_max_window_bits=${bits}`))),
      answers('takes bits in quotes', `${PLAIN}; client_max_window_bits="9"; server_max_window_bits="11"`, `${PLAIN}; server_max_window_bits=11; client_max_window_bits=9`),
      declines('bits in quotes that are out of range', 'server_max_window_bits="16"'),
    ],
  },
  {
    section: '7.1.2.1',
    level: 'MUST',
    rule: 'server_max_window_bits is accepted by naming it, as large as offered or smaller.',
    cases: [
      ...BITS.map((bits) => answers(`names server_max_window_bits=${bits} where it is offered`, `${PLAIN}; server_max_window_bits=${bits}`, `${PLAIN}; server_max_window_bits=${bits}`)),
      answers('names the bits it is set to where more are offered', `${PLAIN}; server_max_window_bits=14`, `${PLAIN}; server_max_window_bits=11`, { contextTakeover: true, windowBits: 11 }),
      answers('names the bits it is set to where none are offered', PLAIN, `${PLAIN}; server_max_window_bits=11`, { contextTakeover: true, windowBits: 11 }),
    ],
  },
  {
    section: '7.1.2.1',
    level: 'MUST NOT',
    rule: 'A server refers no farther back than it said.',
    heldBy: BITS.flatMap((bits) => ['', 'no '].map((no) => ({ file: 'websocket/deflate.test.ts', name: `with a window of ${bits} bits and ${no}takeover, no match refers farther back, and all comes back` }))).concat({
      file: 'channel-server/compression.test.ts',
      name: 'with server_max_window_bits=8 and takeover no match refers back more than 256 bytes',
    }),
  },
  {
    section: '7.1.2.2',
    level: 'MUST NOT',
    rule: 'A client that does not offer client_max_window_bits is not asked for it.',
    cases: [
      answers('names no client_max_window_bits where none is offered', PLAIN, `${PLAIN}; server_max_window_bits=9`, { contextTakeover: true, windowBits: 9 }),
    ],
  },
  {
    section: '7.1.2.2',
    level: 'MUST',
    rule: 'Where it is offered, a server may ask for as many bits or fewer.',
    cases: [
      ...BITS.slice(0, -1).map((bits) => answers(`names client_max_window_bits=${bits} where it is offered`, `${PLAIN}; client_max_window_bits=${bits}`, `${PLAIN}; client_max_window_bits=${bits}`)),
      answers('names the bits it is set to where any are offered', `${PLAIN}; client_max_window_bits`, `${PLAIN}; server_max_window_bits=12; client_max_window_bits=12`, { contextTakeover: true, windowBits: 12 }),
      answers('names the bits offered where they are fewer than it is set to', `${PLAIN}; client_max_window_bits=10`, `${PLAIN}; server_max_window_bits=12; client_max_window_bits=10`, { contextTakeover: true, windowBits: 12 }),
      answers('names no limit of 15 bits, which is none', `${PLAIN}; client_max_window_bits`, PLAIN),
    ],
  },
];
