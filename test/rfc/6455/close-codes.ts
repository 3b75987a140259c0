/** §7.4 Status Codes. */

import type { WebSocketCase, Rule } from '../../support/rfc.js';
import { clientFrame, close, text } from '../../support/frames.js';
import { bytes, failures, frames } from './cases.js';

/** Those of §7.4.1, and those that IANA has registered since. */
const DEFINED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
const RESERVED = [1004, 1005, 1006, 1015];

const taken = (codes: readonly number[]): WebSocketCase[] => codes.map((code) => ({ name: `takes ${code}, and answers it`, bytes: frames(close(code, 'why')), received: [], ends: { code, reason: 'why' } }));
const refused = (codes: readonly number[]): WebSocketCase[] => failures('WS_BAD_CLOSE_CODE', Object.fromEntries(codes.map((code) => [`the code ${code}`, close(code, 'why')])));

/** What the application hears when it closes with a code that must not be sent. */
function mayNotSend(code: number): WebSocketCase {
  return {
    name: `sends no ${code}: the application hears that it may not`,
    bytes: frames(text('?')),
    received: ['text ?'],
    handlers: {
      onReceive: (channel) => {
        try {
          channel.close(code);
        } catch (error) {
          channel.send((error as Error).name);
        }
      },
    },
    sent: ['text UsageError'],
  };
}

export const CLOSE_CODES: readonly Rule[] = [
  {
    section: '7.4',
    level: 'MAY',
    rule: 'A Close has a code and a reason, or neither.',
    because: 'it is what §5.5.1 is held to above',
  },
  {
    section: '7.4',
    level: 'MUST NOT',
    rule: 'Of all 65,536 codes only those of §7.4.1, of IANA and from 3000 to 4999 are taken, and sent.',
    heldBy: [
      { file: 'websocket/close.test.ts', name: 'every code there is gets its verdict' },
      { file: 'channel/channel.test.ts', name: 'accepts every close code that may be sent, and a reason of 123 bytes' },
    ],
  },
  {
    section: '7.4.1',
    level: 'MAY',
    rule: 'The defined codes are used as they are meant.',
    cases: [
      ...taken(DEFINED),
      { name: 'says 1002 of a broken protocol', bytes: frames(clientFrame({ opcode: 3 })), received: [], ends: 'WS_RESERVED_OPCODE' },
      { name: 'says 1007 of text that is none', bytes: frames(clientFrame({ opcode: 1, payload: bytes('ff') })), received: [], ends: 'WS_INVALID_UTF8' },
      { name: 'says 1008 of what it does not allow', bytes: frames(clientFrame({ opcode: 1, fin: false }), clientFrame({ opcode: 0 })), received: [], ends: 'WS_TOO_MANY_FRAGMENTS', options: { maxFragments: 1 } },
      { name: 'says 1009 of a message that is too big', bytes: frames(text('123456')), received: [], ends: 'WS_MESSAGE_TOO_BIG', options: { maxMessageBytes: 5 } },
    ],
  },
  {
    section: '7.4.1',
    level: 'ought to',
    rule: 'A server that goes says 1001, one that meets an error 1011, one that gets what nobody takes 1003.',
    heldBy: [
      { file: 'server/stop.test.ts', name: 'sends a WebSocket 1001, and resolves when its client has answered' },
      { file: 'channel-server/handler-results.test.ts', name: 'a handler that throws later with a WebSocket closes it with 1011' },
      { file: 'channel-server/websocket-deadlines.test.ts', name: 'a full queue that nobody takes from for 30 s ends the WebSocket with 1003' },
    ],
  },
  {
    section: '7.4.1',
    level: 'MUST NOT',
    rule: '1005, 1006 and 1015 stand in no Close; 1004 means nothing.',
    cases: [...refused(RESERVED), ...RESERVED.map(mayNotSend)],
  },
  {
    section: '7.4.2',
    level: 'MUST NOT',
    rule: 'Codes below 1000 are not used.',
    cases: [...refused([0, 1, 100, 255, 256, 500, 998, 999]), ...[0, 999].map(mayNotSend)],
  },
  {
    section: '7.4.2',
    level: 'MUST NOT',
    rule: 'Codes up to 2999 are those of the protocol, and none but the registered ones is used.',
    cases: [...refused([1016, 1017, 1100, 1999, 2000, 2500, 2999]), ...[1016, 2999].map(mayNotSend)],
  },
  {
    section: '7.4.2',
    level: 'MAY',
    rule: 'Codes from 3000 to 3999 are for libraries and applications.',
    cases: taken([3000, 3001, 3500, 3999]),
  },
  {
    section: '7.4.2',
    level: 'MAY',
    rule: 'Codes from 4000 to 4999 are for private use.',
    cases: taken([4000, 4001, 4500, 4999]),
  },
  {
    section: '7.4.2',
    level: 'ought to',
    rule: 'Codes from 5000 on belong to nobody, and are not used.',
    cases: [...refused([5000, 5001, 9999, 10_000, 32_767, 32_768, 65_534, 65_535]), ...[5000, 65_535, 65_536].map(mayNotSend)],
  },
];
