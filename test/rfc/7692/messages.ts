/** §7.2 Messages: compressing and inflating them, and §8 what is better not compressed. */

import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Rule } from '../../support/rfc.js';
import { bytes, fragment } from '../6455/cases.js';
import { agreed, compressed, deflated, fails, PLAIN, takes } from './cases.js';

const COMPRESSION = 'channel-server/compression.test.ts';
const DEFLATE = 'websocket/deflate.test.ts';
const RANDOM = randomBytes(2000);
const EVERY_LEVEL = [0, 1, 3, 6, 9].flatMap((level) => [1, 8, 9].map((memLevel) => ({ level, memLevel })));

/** The examples of §7.2.3, in hex. */
const HELLO = 'f248cdc9c90700';
const HELLO_AGAIN = 'f200110000';
const HELLO_STORED = '000500faff48656c6c6f00';
const HELLO_FINAL = 'f348cdc9c9070000';

export const MESSAGES: readonly Rule[] = [
  {
    section: '7.2.1',
    level: 'MUST',
    rule: 'What is sent is DEFLATE without the last four bytes of a flush, and one byte for an empty message.',
    heldBy: [
      { file: COMPRESSION, name: 'sends what any inflater understands: text and bytes of all sizes, empty ones among them' },
      { file: DEFLATE, name: 'an empty message is one byte of zero (RFC 7692 §7.2.3.6)' },
      ...EVERY_LEVEL.map(({ level, memLevel }) => ({ file: DEFLATE, name: `at level ${level} with memory ${memLevel} a stream of messages is what zlib inflates as one stream` })),
    ],
  },
  {
    section: '7.2.2',
    level: 'MUST',
    rule: 'What is received is inflated behind what came before, with four bytes put back.',
    cases: [
      takes('text at every level of zlib', [0, 1, 6, 9].map((level) => compressed(deflated('grüße', '', { level }))), Array<string>(4).fill('text grüße'), agreed(PLAIN, {})),
      takes('bytes that cannot be compressed', [compressed(deflated(RANDOM), 2)], [`binary ${RANDOM.toString('hex')}`]),
      takes('text of 300,000 bytes', [compressed(deflated('€'.repeat(100_000)))], [`text ${'€'.repeat(100_000)}`]),
      takes('text cut within a character', [compressed(deflated('€€').subarray(0, 2), 1, false), fragment(0, deflated('€€').subarray(2), true)], ['text €€']),
    ],
  },
  {
    section: '7.2.2',
    level: 'MUST',
    rule: 'Data that cannot be inflated fails the connection; this server says 1007.',
    cases: [
      fails('garbage', [compressed(bytes('ff ff ff ff'))], 'WS_CORRUPT_DATA'),
      fails('a message that was cut', [compressed(bytes(HELLO).subarray(0, 4))], 'WS_CORRUPT_DATA'),
      fails('a block of a type that does not exist', [compressed(bytes('06'))], 'WS_CORRUPT_DATA'),
      fails('a stored block whose length is wrong', [compressed(bytes('000500ffff48656c6c6f00'))], 'WS_CORRUPT_DATA'),
      fails('a match that refers to what was not there', [compressed(bytes(HELLO_AGAIN))], 'WS_CORRUPT_DATA'),
      fails('a message whose end was not left out', [compressed(Buffer.concat([bytes(HELLO), bytes('00 00 ff ff')]))], 'WS_CORRUPT_DATA'),
      fails('garbage in fragments', [compressed(bytes('ff'), 2, false), fragment(0, bytes('ff'), true)], 'WS_CORRUPT_DATA'),
      fails('garbage behind messages that are good', [compressed(bytes(HELLO)), compressed(bytes(HELLO_AGAIN)), compressed(bytes('ff'))], 'WS_CORRUPT_DATA', ['text Hello', 'text Hello']),
    ],
  },
  {
    section: '7.2.2',
    level: 'MUST',
    rule: 'Text is judged once it is inflated (RFC 6455 §8.1).',
    cases: [
      fails('text that is not UTF-8', [compressed(deflated(Uint8Array.of(0x61, 0xff)))], 'WS_INVALID_UTF8'),
      fails('text that ends within a character', [compressed(deflated(Uint8Array.of(0xe2, 0x82)))], 'WS_INVALID_UTF8'),
      fails('text that holds a surrogate', [compressed(deflated(Uint8Array.of(0xed, 0xa0, 0x80)))], 'WS_INVALID_UTF8'),
      takes('such bytes in a binary message', [compressed(deflated(Uint8Array.of(0x61, 0xff)), 2)], ['binary 61ff']),
    ],
  },
  {
    section: '7.2.3.1',
    level: 'ought to',
    rule: 'A message in one block of fixed codes is inflated.',
    cases: [takes('the example «Hello»', [compressed(bytes(HELLO))], ['text Hello']), takes('the example «Hello» in two fragments', [compressed(bytes('f248cd'), 1, false), fragment(0, bytes('c9c90700'), true)], ['text Hello'])],
  },
  {
    section: '7.2.3.2',
    level: 'ought to',
    rule: 'A message that refers to the one before is inflated.',
    cases: [takes('the example «Hello» twice', [compressed(bytes(HELLO)), compressed(bytes(HELLO_AGAIN))], ['text Hello', 'text Hello'])],
  },
  {
    section: '7.2.3.3',
    level: 'ought to',
    rule: 'Blocks without compression are inflated.',
    cases: [
      takes('the example «Hello» in a stored block', [compressed(bytes(HELLO_STORED))], ['text Hello']),
      takes('what refers to a stored block', [compressed(bytes(HELLO_STORED)), compressed(bytes(HELLO_AGAIN))], ['text Hello', 'text Hello']),
    ],
  },
  {
    section: '7.2.3.4',
    level: 'ought to',
    rule: 'Blocks with BFINAL are inflated, whatever follows them.',
    cases: [
      takes('the example «Hello» with BFINAL', [compressed(bytes(HELLO_FINAL))], ['text Hello']),
      takes('a block with BFINAL and nothing behind', [compressed(deflateRawSync('Hello'))], ['text Hello']),
      takes('what refers to a message with BFINAL', [compressed(bytes(HELLO_FINAL)), compressed(bytes(HELLO_AGAIN))], ['text Hello', 'text Hello']),
      takes('several streams in a message, the last one open', [compressed(Buffer.concat([deflateRawSync('Hello'), deflateRawSync(' '), deflated('you')]))], ['text Hello you']),
      takes('several streams in a message that all end', [compressed(Buffer.concat([deflateRawSync('Hello'), deflateRawSync(' you'), bytes('00')]))], ['text Hello you']),
      takes('a stream that refers to the one before it in the same message', [compressed(bytes(`f348cdc9c90700${HELLO_AGAIN}`))], ['text HelloHello']),
    ],
  },
  {
    section: '7.2.3.5',
    level: 'ought to',
    rule: 'Several blocks in a message are inflated.',
    cases: [takes('the example «Hello» in two blocks', [compressed(bytes('f248050000 00ff ffca c9c9 0700'))], ['text Hello'])],
  },
  {
    section: '7.2.3.6',
    level: 'ought to',
    rule: 'A message that is empty is one byte of zero; without any byte it is empty, too.',
    cases: [
      takes('an empty text and empty bytes', [compressed(bytes('00')), compressed(bytes('00'), 2)], ['text ', 'binary ']),
      takes('a payload of no bytes', [compressed(new Uint8Array(0)), compressed(new Uint8Array(0), 2)], ['text ', 'binary ']),
      takes('an empty message in fragments', [compressed(new Uint8Array(0), 1, false), fragment(0, bytes('00')), fragment(0, '', true)], ['text ']),
      takes('other ways to say nothing', [compressed(bytes('02 00')), compressed(bytes('03 00')), compressed(bytes('03 00 00'))], ['text ', 'text ', 'text ']),
    ],
  },
  {
    section: '8',
    level: 'ought to',
    rule: 'A message of unknown size once inflated does no harm: it is given up at the limit.',
    cases: [
      fails('a bomb of a kilobyte', [compressed(deflated(Buffer.alloc(1_100_000)), 2)], 'WS_MESSAGE_TOO_BIG'),
      fails('a message that grows to more than the ratio', [compressed(deflated('a'.repeat(1000)))], 'WS_MESSAGE_TOO_BIG', [], agreed(PLAIN, { maxInflateRatio: 20 })),
      takes('a message of exactly the limit', [compressed(deflated(Buffer.alloc(1024 * 1024)), 2)], [`binary ${'00'.repeat(1024 * 1024)}`]),
    ],
  },
  {
    section: '8',
    level: 'ought to',
    rule: 'A secret is not compressed with what a stranger chose: each message can be sent as it is.',
    heldBy: [{ file: COMPRESSION, name: 'sends as it is what is short, or must not be compressed' }],
  },
];
