/** §5.5 Control Frames: Close, Ping and Pong. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { clientFrame, close, ping, pong, text } from '../../support/frames.js';
import type { Rule } from '../../support/rfc.js';
import { bytes, failures, fragment, frames, pattern } from './cases.js';
import { closesAtOnce, OURS } from './closing.js';

/** Valid UTF-8 that fills what a reason may have. */
const LONGEST_REASON = `${'ü'.repeat(60)}€`;

const closeBody = (hex: string): Buffer => clientFrame({ opcode: 8, payload: bytes(hex) });

export const CONTROL: readonly Rule[] = [
  {
    section: '5.5',
    level: 'MUST',
    rule: 'A control frame has at most 125 bytes.',
    cases: [
      { name: 'takes a Ping of 125 bytes', bytes: frames(ping(pattern(125))), received: [`ping ${pattern(125).toString('latin1')}`] },
      { name: 'takes a Pong of 125 bytes', bytes: frames(pong(pattern(125))), received: [`pong ${pattern(125).toString('latin1')}`] },
      { name: 'takes a Close with a reason of 123 bytes', bytes: frames(close(1000, 'x'.repeat(123))), received: [], ends: { code: 1000, reason: 'x'.repeat(123) } },
      ...failures('WS_LONG_CONTROL', {
        'a Ping of 126 bytes': ping(pattern(126)),
        'a Pong of 126 bytes': pong(pattern(126)),
        'a Close with a reason of 124 bytes': close(1000, 'x'.repeat(124)),
        'a Ping of 65,536 bytes': ping(pattern(65_536)),
        'a Ping that announces 126 bytes': clientFrame({ opcode: 9, announce: 126 }),
        'a Ping of 126 bytes within a message': frames(fragment(1, 'a'), ping(pattern(126))),
      }),
    ],
  },
  {
    section: '5.5',
    level: 'MUST NOT',
    rule: 'A control frame is not fragmented.',
    cases: failures('WS_FRAGMENTED_CONTROL', {
      'a Ping without FIN': fragment(9, 'a'),
      'a Pong without FIN': fragment(10, ''),
      'a Close without FIN': fragment(8, bytes('03e8')),
      'a Ping without FIN and the rest of it': frames(fragment(9, 'a'), fragment(0, 'b', true)),
      'a Ping without FIN within a message': frames(fragment(1, 'a'), fragment(9, 'b')),
    }),
  },
  {
    section: '5.5.1',
    level: 'MUST',
    rule: 'The body of a Close is empty, or begins with a code of two bytes in network byte order.',
    cases: [
      { name: 'takes a Close without a body', bytes: frames(close()), received: [], ends: {} },
      { name: 'takes a Close with a code alone', bytes: frames(closeBody('03e8')), received: [], ends: { code: 1000 } },
      { name: 'takes 4000 for no other code in another byte order', bytes: frames(closeBody('0fa0')), received: [], ends: { code: 4000 } },
      ...failures('WS_BAD_CLOSE_LENGTH', { 'a Close of one byte': closeBody('03'), 'a Close of one byte that is 0': closeBody('00'), 'a Close of one byte that is 255': closeBody('ff'), 'a Close of one byte within a message': frames(fragment(1, 'a'), closeBody('03')) }),
    ],
  },
  {
    section: '5.5.1',
    level: 'MAY',
    rule: 'Behind the code stands a reason, in UTF-8.',
    cases: [
      ...['bye', 'grüße', '😀', '\0', '\u{feff}', LONGEST_REASON].map((reason) => ({ name: `takes the reason «${reason === '\0' ? 'NUL' : reason === '\u{feff}' ? 'byte order mark' : reason}»`, bytes: frames(close(1000, reason)), received: [], ends: { code: 1000, reason } })),
      ...failures('WS_INVALID_UTF8', {
        'a reason of a byte that begins nothing': closeBody('03e8 80'),
        'a reason that is overlong': closeBody('03e8 c0af'),
        'a reason with a surrogate': closeBody('03e8 eda080'),
        'a reason above U+10FFFF': closeBody('03e8 f4908080'),
        'a reason that ends within a character': closeBody('03e8 61e282'),
        'a reason that is wrong at its end': closeBody(`03e8 ${'61'.repeat(122)}ff`),
      }),
      ...failures('WS_BAD_CLOSE_CODE', { 'a bad code ahead of a bad reason': closeBody('03ed ff') }),
    ],
  },
  {
    section: '5.5.1',
    level: 'MUST NOT',
    rule: 'Nothing is sent behind a Close.',
    cases: [
      {
        name: 'sends nothing behind its Close, whatever the application tries',
        bytes: frames(text('go'), close(4000)),
        received: ['text go'],
        handlers: {
          onReceive: (channel) => {
            channel.close(4000, 'ours');
            const late = [channel.send('late'), channel.ping('late'), channel.send(new Uint8Array(5)), channel.close(4001)];
            if (late.includes(true)) throw new Error('it was accepted');
          },
        },
        sent: ['close 4000 ours'],
        closing: OURS,
      },
      {
        name: 'sends what was sent before its Close, and nothing behind',
        bytes: frames(text('go'), close(1000)),
        received: ['text go'],
        handlers: { onReceive: (channel) => [channel.send('a'), channel.send('b', true), channel.send('c')] },
        sent: ['text a', 'text b', 'close 1000'],
        closing: { status: 'normal', code: 1000, reason: '', by: 'server', clean: true },
      },
      {
        name: 'sends nothing behind its answer to a Close',
        bytes: frames(text('go'), close(4000, 'theirs')),
        received: ['text go'],
        handlers: { onReceive: async (channel) => nextTurn().then(() => nextTurn()).then(() => void (channel.isOpen || channel.send('late'))), onClose: (channel) => void channel.send('late') },
        ends: { code: 4000, reason: 'theirs' },
      },
      {
        name: 'sends nothing behind the Close with which it fails a connection',
        bytes: frames(clientFrame({ opcode: 3 })),
        received: [],
        handlers: { onClose: (channel) => [channel.send('late'), channel.ping(), channel.close(1000)] },
        ends: 'WS_RESERVED_OPCODE',
      },
    ],
  },
  {
    section: '5.5.1',
    level: 'MUST',
    rule: 'A Close is answered with a Close of the same code, as soon as it has come.',
    cases: [
      ...[1000, 1001, 1003, 1011, 3000, 4999].map((code) => ({ name: `answers ${code} with ${code}`, bytes: frames(close(code, 'why')), received: [], ends: { code, reason: 'why' } })),
      { name: 'answers a Close without a code with one without', bytes: frames(close()), received: [], ends: {} },
      { name: 'answers a Close behind messages and Pings, which are handed over and answered first', bytes: frames(text('a'), ping('b'), text('c'), close(1000)), received: ['text a', 'ping b', 'text c'], ends: { code: 1000 } },
      {
        name: 'answers a Close at once, though a slow application still has messages to take, which it is given',
        bytes: frames(text('1'), text('2'), text('3'), close(1000)),
        received: ['text 1', 'text 2', 'text 3'],
        handlers: { onReceive: async () => nextTurn() },
        ends: { code: 1000 },
      },
    ],
  },
  {
    section: '5.5.1',
    level: 'ought to',
    rule: 'Who has sent Close need not go on processing what comes: this server discards it up to the Close that answers.',
    cases: [
      closesAtOnce('discards messages behind its Close', frames(text('a'), fragment(1, 'b'), fragment(0, 'c', true), close(4000))),
      closesAtOnce('discards Pings and Pongs behind its Close, and answers none', frames(ping('a'), pong('b'), ping('c'), close(4000))),
      closesAtOnce('takes a Close within a message behind its own', frames(fragment(1, 'a'), close(4000))),
    ],
  },
  {
    section: '5.5.1',
    level: 'MUST',
    rule: 'When both have sent Close the server closes the TCP connection at once, and reads nothing of what follows.',
    cases: [
      ...Object.entries({ 'a message': frames(text('behind')), 'a Ping': frames(ping()), 'a second Close': frames(close(4001)), 'an invalid frame': frames(clientFrame({ opcode: 3 })), 'no frames at all': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'a part of a frame': frames(bytes('81')) }).map(
        ([what, behind]) => ({ name: `looks at nothing behind a Close: ${what}`, bytes: frames(close(1000), behind), received: [], ends: { code: 1000 } }),
      ),
      closesAtOnce('looks at nothing behind the answer to its Close', frames(close(4000), text('behind'), ping(), clientFrame({ opcode: 3 }))),
    ],
  },
  {
    section: '5.5.1',
    level: 'ought to',
    rule: 'Both closing at the same time is one Close each way.',
    cases: [
      closesAtOnce('sends one Close where both close at once', frames(close(4001, 'theirs'))),
      closesAtOnce('takes for its answer a Close without a code', frames(close())),
    ],
  },
  {
    section: '5.5.2',
    level: 'MUST',
    rule: 'A Ping is answered with a Pong.',
    cases: [
      { name: 'answers an empty Ping', bytes: frames(ping()), received: ['ping '] },
      { name: 'answers three Pings in their order', bytes: frames(ping('1'), ping('2'), ping('3')), received: ['ping 1', 'ping 2', 'ping 3'] },
      { name: 'answers Pings between messages', bytes: frames(text('a'), ping('b'), text('c'), ping('d')), received: ['text a', 'ping b', 'text c', 'ping d'] },
      { name: 'answers a Ping ahead of a Close', bytes: frames(ping('a'), close(1000)), received: ['ping a'], ends: { code: 1000 } },
      { name: 'answers a Ping ahead of a frame that fails', bytes: frames(ping('a'), clientFrame({ opcode: 3 })), received: ['ping a'], ends: 'WS_RESERVED_OPCODE' },
      { name: 'answers 1,000 Pings', bytes: frames(...Array.from({ length: 1_000 }, (_, i) => ping(`${i}`))), received: Array.from({ length: 1_000 }, (_, i) => `ping ${i}`) },
    ],
  },
  {
    section: '5.5.2',
    level: 'MUST NOT',
    rule: 'A Ping behind the Close of the client is owed no Pong.',
    cases: [{ name: 'answers no Ping behind a Close', bytes: frames(close(1000), ping('late')), received: [], ends: { code: 1000 } }],
  },
  {
    section: '5.5.2',
    level: 'SHOULD',
    rule: 'The answer to a Ping waits for no application.',
    heldBy: [{ file: 'channel-server/websocket-messages.test.ts', name: 'a ping is answered while a slow handler runs and messages wait behind it' }],
  },
  {
    section: '5.5.2',
    level: 'MAY',
    rule: 'A server sends Pings while the connection is open.',
    heldBy: [
      { file: 'channel-server/websocket-deadlines.test.ts', name: 'pings after 25 s of silence, give or take a tenth' },
      { file: 'channel-server/websocket-deadlines.test.ts', name: 'no byte within 20 s of a ping closes as abnormal, by timeout' },
    ],
  },
  {
    section: '5.5.3',
    level: 'MUST',
    rule: 'A Pong has what its Ping had.',
    cases: [
      ...[1, 2, 4, 5, 124, 125].map((length) => ({ name: `answers a Ping of ${length} bytes with the same`, bytes: frames(ping(pattern(length))), received: [`ping ${pattern(length).toString('latin1')}`] })),
      { name: 'answers a Ping that is no UTF-8 with the same', bytes: frames(ping(bytes('00 ff c0 80 ed a0 80'))), received: [`ping ${bytes('00 ff c0 80 ed a0 80').toString('latin1')}`] },
      {
        name: 'answers with what came, whatever the application does to what it is given',
        bytes: frames(ping('abc')),
        received: ['ping abc'],
        handlers: { onPing: (_channel, data) => void data.fill(0) },
      },
    ],
  },
  {
    section: '5.5.3',
    level: 'MAY',
    rule: 'Of several Pings that wait for an answer only the last is owed one: so they pile up nowhere.',
    heldBy: [{ file: 'channel-server/regressions.test.ts', name: 'holds no more than the outbound cap for a client that sends Pings and reads nothing, then answers the last of them' }],
  },
  {
    section: '5.5.3',
    level: 'MAY',
    rule: 'A Pong that nobody asked for is expected to have no answer.',
    cases: [
      { name: 'answers no Pong', bytes: frames(pong('a'), pong()), received: ['pong a', 'pong '] },
      { name: 'takes a Pong that answers another Ping than its own', bytes: frames(text('?'), pong('other')), received: ['text ?', 'pong other'], handlers: { onReceive: (channel) => void channel.ping('mine') }, sent: ['ping mine'] },
    ],
  },
];
