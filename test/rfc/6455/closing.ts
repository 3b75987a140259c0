/** §7.1 to §7.3: how a WebSocket ends. */

import type { Closing } from '../../support/channels.js';
import { clientFrame, close, opening, ping, text } from '../../support/frames.js';
import type { Rule, WebSocketCase } from '../../support/rfc.js';
import { bytes, fragment, frames, take } from './cases.js';

/** What is told of a Close 4000 of ours that the client answered. */
export const OURS: Closing = { status: 'unknown', code: 4000, reason: 'ours', by: 'server', clean: true };

/** What is told of a connection that is lost. */
const LOST: Closing = { status: 'abnormal', code: 1006, reason: '', by: 'network', clean: false };

/** The server closes first, and this is what the client sends. */
export function closesAtOnce(name: string, sent: string): WebSocketCase {
  return { name, bytes: sent, received: [], handlers: { onOpen: (channel) => void channel.close(4000, 'ours') }, sent: ['close 4000 ours'], closing: OURS };
}

function lost(what: string, sent: string, received: readonly string[] = []): WebSocketCase {
  return { name: `tells 1006 of a client that leaves ${what}, and sends no Close`, bytes: sent, received, clientEnds: true, closing: LOST };
}

export const CLOSING: readonly Rule[] = [
  {
    section: '7.1.1',
    level: 'SHOULD',
    rule: 'The server is the first to close the TCP connection, and does it at once.',
    cases: [
      { name: 'closes first where the client sent Close', bytes: frames(close(1000)), received: [], ends: { code: 1000 } },
      closesAtOnce('closes first where it sent Close itself, once it is answered', frames(close(4000))),
      { name: 'closes first where the connection failed', bytes: frames(clientFrame({ opcode: 3 })), received: [], ends: 'WS_RESERVED_OPCODE' },
    ],
  },
  {
    section: '7.1.1',
    level: 'SHOULD',
    rule: 'It closes so that nothing is lost, and discards what still comes; who does not close its side is not waited for long.',
    heldBy: [
      { file: 'channel-server/websocket-close.test.ts', name: 'what the client sends behind its own Close is not looked at' },
      { file: 'channel-server/websocket-deadlines.test.ts', name: 'a client that answers our Close and keeps its side open is destroyed' },
    ],
  },
  {
    section: '7.1.1',
    level: 'SHOULD',
    rule: 'A TLS session is closed in order, too.',
    heldBy: [{ file: 'server/tls-close.test.ts', name: 'sends a closure alert ahead of FIN behind a response with Connection: close' }],
  },
  {
    section: '7.1.2',
    level: 'MUST',
    rule: 'Who closes sends a Close with its code and reason, and closes the connection when the other has answered.',
    cases: [
      closesAtOnce('sends the code and the reason of the application, and closes when it is answered', frames(close(4000, 'ours'))),
      { ...closesAtOnce('sends a reason in UTF-8', frames(close(1001))), handlers: { onOpen: (channel) => void channel.close(1001, 'grüße 😀') }, sent: ['close 1001 grüße 😀'], closing: { status: 'going-away', code: 1001, reason: 'grüße 😀', by: 'server', clean: true } },
      { ...closesAtOnce('sends 1000 where the application names no code', frames(close(1000))), handlers: { onOpen: (channel) => void channel.close() }, sent: ['close 1000'], closing: { status: 'normal', code: 1000, reason: '', by: 'server', clean: true } },
    ],
  },
  {
    section: '7.1.2',
    level: 'SHOULD',
    rule: 'A peer that never answers a Close is given up.',
    heldBy: [{ file: 'channel-server/websocket-deadlines.test.ts', name: 'a client that does not answer our Close is destroyed after 5 s' }],
  },
  {
    section: '7.1.3',
    level: 'ought to',
    rule: 'From the first Close on, sent or received, the WebSocket is closing: nothing is sent on it.',
    heldBy: [
      { file: 'channel-server/websocket-close.test.ts', name: 'a Close 1000 of the client is answered, and reported as normal' },
      { file: 'channel-server/websocket-close.test.ts', name: 'a Close 1000 of the server is sent as given, and reported as normal' },
    ],
  },
  {
    section: '7.1.4',
    level: 'ought to',
    rule: 'It was closed cleanly where TCP was closed behind the closing handshake.',
    cases: [
      { name: 'calls it clean where the client closed first', bytes: frames(close(1000)), received: [], ends: { code: 1000 } },
      closesAtOnce('calls it clean where the server closed first', frames(close(4000))),
      { ...closesAtOnce('calls it not clean where the client leaves instead of an answer', ''), clientEnds: true, closing: { ...OURS, clean: false } },
      { name: 'calls it not clean where the connection failed', bytes: frames(clientFrame({ opcode: 3 })), received: [], ends: 'WS_RESERVED_OPCODE' },
    ],
  },
  {
    section: '7.1.5',
    level: 'ought to',
    rule: 'The close code is that of the first Close received; where the server closed, this one reports what it sent, and that it did.',
    cases: [
      { name: 'tells the code of the Close received', bytes: frames(close(4711)), received: [], ends: { code: 4711 } },
      { name: 'tells 1005 of a Close without a code', bytes: frames(close()), received: [], closing: { status: 'no-status-received', code: 1005, reason: '', by: 'client', clean: true }, ends: {} },
      closesAtOnce('tells its own code where both closed', frames(close(4001, 'theirs'))),
      lost('without a word', ''),
      lost('behind a message', frames(text('a')), ['text a']),
      lost('within a message', frames(text('a'), fragment(1, 'b')), ['text a']),
      lost('within a payload', frames(text('a'), text('bc').subarray(0, 7)), ['text a']),
      lost('within a header', frames(ping('a'), bytes('81')), ['ping a']),
      lost('within a Close', frames(close(1000, 'bye').subarray(0, 8))),
    ],
  },
  {
    section: '7.1.5',
    level: 'ought to',
    rule: 'The code is 1006 where the connection is reset, or silent for too long.',
    heldBy: [
      { file: 'channel-server/close-ends.test.ts', name: 'RST ends a channel that is open' },
      { file: 'channel-server/close-ends.test.ts', name: 'silence ends a channel that is open' },
    ],
  },
  {
    section: '7.1.6',
    level: 'ought to',
    rule: 'The close reason is that of the first Close received, and the empty string where it has none.',
    cases: [
      { name: 'tells the reason of the Close received', bytes: frames(close(1000, 'grüße 😀')), received: [], ends: { code: 1000, reason: 'grüße 😀' } },
      { name: 'tells an empty reason where there is none', bytes: frames(close(1000)), received: [], ends: { code: 1000, reason: '' } },
    ],
  },
  {
    section: '7.1.7',
    level: 'MUST',
    rule: 'To fail a connection the server sends a Close with a fitting code, tells the application, closes, and processes nothing that follows, not even a Close.',
    cases: [
      ...Object.entries({ 'a message': frames(text('behind')), 'a Ping': frames(ping('behind')), 'a Close': frames(close(4000, 'theirs')), 'another mistake': frames(clientFrame({ opcode: 1, payload: bytes('ff') })) }).map(([what, behind]): WebSocketCase => ({
        name: `processes nothing behind a failure: ${what}`,
        bytes: frames(text('a'), clientFrame({ opcode: 3 }), behind),
        received: ['text a'],
        ends: 'WS_RESERVED_OPCODE',
      })),
    ],
  },
  {
    section: '7.1.7',
    level: 'ought to',
    rule: 'A connection that fails behind our Close is closed without a second.',
    heldBy: [{ file: 'channel-server/websocket-close.test.ts', name: 'a rule broken behind our Close ends the connection without a second Close' }],
  },
  {
    section: '7.1.7',
    level: 'SHOULD',
    rule: 'A failure is logged: the application hears of it, and it is counted.',
    heldBy: [{ file: 'channel-server/websocket-limits.test.ts', name: 'opcode 3 is answered with 1002 at once, behind the messages before it' }],
  },
  {
    section: '7.2.1',
    level: 'MUST',
    rule: 'A client fails a connection that is lost.',
    because: 'it binds clients',
  },
  {
    section: '7.2.2',
    level: 'MUST',
    rule: 'A handshake that the server gives up ends the connection.',
    cases: [{ name: 'closes behind the answer to a handshake that it declines', bytes: opening({ 'Sec-WebSocket-Key': 'none' }) + frames(text('behind')), handler: take, answered: [{ status: 400, fields: { connection: 'close' } }], closes: true, served: 1 }],
  },
  {
    section: '7.2.3',
    level: 'SHOULD',
    rule: 'Who reconnects after an abnormal closure waits first.',
    because: 'it binds clients',
  },
  {
    section: '7.3',
    level: 'MAY',
    rule: 'A server closes whenever it wants to, with the closing handshake.',
    heldBy: [
      { file: 'server/stop.test.ts', name: 'sends a WebSocket 1001, and resolves when its client has answered' },
      { file: 'channel-server/websocket-close.test.ts', name: 'the ws client and the server close in order, whoever begins' },
    ],
  },
];
