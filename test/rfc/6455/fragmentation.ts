/** §5.4 Fragmentation. */

import { binary, close, ping, pong, text } from '../../support/frames.js';
import type { Rule, WebSocketCase } from '../../support/rfc.js';
import { bytes, failures, fragment, frames, pattern } from './cases.js';

/** A message cut into fragments of `size` bytes. */
function cut(opcode: number, payload: Uint8Array, size: number): string {
  const starts = Array.from({ length: Math.ceil(payload.length / size) }, (_, i) => i * size);
  return frames(...starts.map((at) => fragment(at === 0 ? opcode : 0, payload.subarray(at, at + size), at + size >= payload.length)));
}

const LONG = pattern(10_000);

function takes(what: string, sent: string, ...received: string[]): WebSocketCase {
  return { name: `takes ${what}`, bytes: sent, received };
}

export const FRAGMENTATION: readonly Rule[] = [
  {
    section: '5.4',
    level: 'MUST',
    rule: 'A message of one frame has FIN and an opcode that is not 0.',
    cases: [
      takes('one text and one binary message', frames(text('Hello'), binary(Uint8Array.of(1, 2))), 'text Hello', 'binary 0102'),
      ...failures('WS_STRAY_CONTINUATION', {
        'a continuation with FIN that continues nothing': fragment(0, 'a', true),
        'a continuation without FIN that continues nothing': fragment(0, 'a'),
        'an empty continuation that continues nothing': fragment(0, '', true),
      }),
      { name: 'fails a continuation behind a whole message', bytes: frames(text('a'), fragment(0, 'b', true)), received: ['text a'], ends: 'WS_STRAY_CONTINUATION' },
      { name: 'fails a continuation behind the last fragment', bytes: frames(fragment(1, 'a'), fragment(0, 'b', true), fragment(0, 'c', true)), received: ['text ab'], ends: 'WS_STRAY_CONTINUATION' },
      { name: 'fails a continuation behind a Ping alone', bytes: frames(ping(), fragment(0, 'a', true)), received: ['ping '], ends: 'WS_STRAY_CONTINUATION' },
    ],
  },
  {
    section: '5.4',
    level: 'MUST',
    rule: 'A message in fragments is the same as one whose payload is theirs, in the order in which they were sent.',
    cases: [
      takes('a text in two fragments', frames(fragment(1, 'Hel'), fragment(0, 'lo', true)), 'text Hello'),
      takes('the fragments of §5.7, masked', frames(fragment(1, 'Hel'), fragment(0, 'lo', true)), 'text Hello'),
      takes('a binary message in three fragments', frames(fragment(2, 'a'), fragment(0, 'b'), fragment(0, 'c', true)), 'binary 616263'),
      takes('a text in fragments of one byte, which cut its characters', cut(1, Buffer.from('aé€😀'), 1), 'text aé€😀'),
      takes('10,000 bytes in fragments of one byte', cut(2, LONG, 1), `binary ${LONG.toString('hex')}`),
      takes('10,000 bytes in fragments of 125 bytes', cut(2, LONG, 125), `binary ${LONG.toString('hex')}`),
      takes('10,000 bytes in fragments of 1,000 bytes', cut(2, LONG, 1_000), `binary ${LONG.toString('hex')}`),
      takes('fragments of very different sizes', frames(fragment(2, LONG.subarray(0, 1)), fragment(0, LONG.subarray(1, 9_000)), fragment(0, LONG.subarray(9_000, 9_002)), fragment(0, LONG.subarray(9_002), true)), `binary ${LONG.toString('hex')}`),
    ],
  },
  {
    section: '5.4',
    level: 'MAY',
    rule: 'A fragment has any size, and none.',
    cases: [
      takes('an empty first fragment', frames(fragment(1, ''), fragment(0, 'a', true)), 'text a'),
      takes('an empty last fragment', frames(fragment(1, 'a'), fragment(0, '', true)), 'text a'),
      takes('an empty fragment between', frames(fragment(1, 'a'), fragment(0, ''), fragment(0, 'b', true)), 'text ab'),
      takes('an empty fragment within a character', frames(fragment(1, bytes('e282')), fragment(0, ''), fragment(0, bytes('ac'), true)), 'text €'),
      takes('nothing but empty fragments of a text', frames(fragment(1, ''), fragment(0, ''), fragment(0, '', true)), 'text '),
      takes('nothing but empty fragments of a binary message', frames(fragment(2, ''), fragment(0, '', true)), 'binary '),
      takes('100 empty fragments', frames(fragment(1, ''), ...Array.from({ length: 98 }, () => fragment(0, '')), fragment(0, 'a', true)), 'text a'),
    ],
  },
  {
    section: '5.4',
    level: 'MUST',
    rule: 'Control frames in the middle of a message are handled, and end none.',
    cases: [
      takes('a Ping between two fragments, ahead of the message', frames(fragment(1, 'Hel'), ping('x'), fragment(0, 'lo', true)), 'ping x', 'text Hello'),
      takes('a Pong between two fragments', frames(fragment(1, 'Hel'), pong('x'), fragment(0, 'lo', true)), 'pong x', 'text Hello'),
      takes('a Ping within a character', frames(fragment(1, bytes('e2')), ping(), fragment(0, bytes('82ac'), true)), 'ping ', 'text €'),
      takes('Pings between all fragments', frames(fragment(2, 'a'), ping('1'), fragment(0, 'b'), ping('2'), ping('3'), fragment(0, ''), ping('4'), fragment(0, 'c', true)), 'ping 1', 'ping 2', 'ping 3', 'ping 4', 'binary 616263'),
      takes('a Ping of 125 bytes between fragments', frames(fragment(1, 'a'), ping('x'.repeat(125)), fragment(0, 'b', true)), `ping ${'x'.repeat(125)}`, 'text ab'),
      { name: 'takes a Close between two fragments, and drops the message', bytes: frames(fragment(1, 'a'), close(1001, 'off')), received: [], ends: { code: 1001, reason: 'off' } },
      { name: 'takes a Ping and a Close between fragments', bytes: frames(fragment(1, 'a'), ping('b'), close(), fragment(0, 'c', true)), received: ['ping b'], ends: {} },
      { name: 'answers a Ping within a message before the message has ended', bytes: frames(fragment(1, 'a'), ping('x')), received: ['ping x'], clientEnds: true, closing: { status: 'abnormal', code: 1006, reason: '', by: 'network', clean: false } },
    ],
  },
  {
    section: '5.4',
    level: 'MUST NOT',
    rule: 'Control frames are not fragmented.',
    because: 'it is what §5.5 is held to below',
  },
  {
    section: '5.4',
    level: 'MUST NOT',
    rule: 'A message does not begin within another.',
    cases: [
      ...failures('WS_INTERLEAVED_MESSAGE', {
        'a text within a text': frames(fragment(1, 'a'), text('b')),
        'a binary message within a text': frames(fragment(1, 'a'), binary(Uint8Array.of(1))),
        'a text within a binary message': frames(fragment(2, 'a'), text('b')),
        'a first fragment behind a first fragment': frames(fragment(1, 'a'), fragment(1, 'b')),
        'an empty text within empty fragments': frames(fragment(1, ''), fragment(0, ''), text('')),
        'a text behind a continuation': frames(fragment(1, 'a'), fragment(0, 'b'), text('c')),
      }),
      { name: 'fails a text within a text, though a Ping is between', bytes: frames(fragment(1, 'a'), ping('p'), text('b')), received: ['ping p'], ends: 'WS_INTERLEAVED_MESSAGE' },
      { name: 'fails the fragments of two messages in turn', bytes: frames(fragment(1, 'a'), fragment(2, 'b'), fragment(0, 'c'), fragment(0, 'd', true)), received: [], ends: 'WS_INTERLEAVED_MESSAGE' },
    ],
  },
  {
    section: '5.4',
    level: 'MUST',
    rule: 'Messages in fragments and whole ones are both taken, behind each other, and each has the type of its first frame.',
    cases: [
      takes('a whole message behind fragments', frames(fragment(2, 'a'), fragment(0, 'b', true), text('c')), 'binary 6162', 'text c'),
      takes('fragments behind a whole message', frames(text('c'), fragment(2, 'a'), fragment(0, 'b', true)), 'text c', 'binary 6162'),
      takes('two messages in fragments of two types', frames(fragment(1, 'a'), fragment(0, 'b', true), fragment(2, 'c'), fragment(0, 'd', true)), 'text ab', 'binary 6364'),
      takes('whole and fragmented messages in turn', frames(...Array.from({ length: 20 }, (_, i) => [text(`${i}`), fragment(2, ''), fragment(0, `${i}`, true)]).flat()), ...Array.from({ length: 20 }, (_, i) => [`text ${i}`, `binary ${Buffer.from(String(i)).toString('hex')}`]).flat()),
    ],
  },
  {
    section: '5.4',
    level: 'ought to',
    rule: 'Where a frame begins and ends means nothing to the application.',
    cases: [1, 2, 3, 5, 64, 4_999].map((size) => takes(`the same message in fragments of ${size} bytes`, cut(1, Buffer.from('0123456789€'.repeat(400)), size), `text ${'0123456789€'.repeat(400)}`)),
  },
  {
    section: '5.4',
    level: 'MUST NOT',
    rule: 'An intermediary does not fragment what it does not understand.',
    because: 'it binds intermediaries',
  },
];
