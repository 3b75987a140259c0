/** Sections 1 to 4: sizes of messages, Pings and Pongs, reserved bits, reserved opcodes. */

import type { FrameParts } from '../../../support/frames.js';
import type { Case, Exchange, Writing } from '../case.js';
import { answered, binary, closing, echoBinary, echoPong, echoText, failed, ping, pong, text } from './builders.js';

const SIZES: readonly (readonly [octets: number, writing: Writing])[] = [
  [0, 'at once'],
  [125, 'at once'],
  [126, 'at once'],
  [127, 'at once'],
  [128, 'at once'],
  [65_535, 'at once'],
  [65_536, 'at once'],
  [65_536, { octets: 997 }],
];

const HELLO = 'Hello, world!';
const BYTES = Buffer.of(0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff);
const LONG = Buffer.alloc(125, 0xfe);

function sizes(): Exchange[] {
  const texts = SIZES.map(([octets, writing], i) => {
    const payload = Buffer.alloc(octets, '*');
    return answered(`1.1.${i + 1}`, `a text of ${octets} octets${pieces(writing)}`, [text(payload)], [echoText(payload)], { writing });
  });
  const binaries = SIZES.map(([octets, writing], i) => {
    const payload = Buffer.alloc(octets, 0xfe);
    return answered(`1.2.${i + 1}`, `a binary message of ${octets} octets${pieces(writing)}`, [binary(payload)], [echoBinary(payload)], { writing });
  });
  return [...texts, ...binaries];
}

function pieces(writing: Writing): string {
  return typeof writing === 'object' ? `, ${writing.octets} at a time` : '';
}

const TEN_PINGS = Array.from({ length: 10 }, (_, i) => `payload-${i}`);

const PINGS: readonly Exchange[] = [
  answered('2.1', 'an empty Ping', [ping()], [echoPong()]),
  answered('2.2', 'a Ping with a text', [ping(HELLO)], [echoPong(HELLO)]),
  answered('2.3', 'a Ping with octets that are no text', [ping(BYTES)], [echoPong(BYTES)]),
  answered('2.4', 'a Ping with 125 octets', [ping(LONG)], [echoPong(LONG)]),
  failed('2.5', 'a Ping with 126 octets', [ping(Buffer.alloc(126, 0xfe))], 1002),
  answered('2.6', 'a Ping with 125 octets, octet by octet', [ping(LONG)], [echoPong(LONG)], { writing: 'octet by octet' }),
  answered('2.7', 'an empty Pong that nobody asked for', [pong()], []),
  answered('2.8', 'a Pong with a text that nobody asked for', [pong('unsolicited pong payload')], []),
  answered('2.9', 'a Pong that nobody asked for, then a Ping', [pong('unsolicited pong payload'), ping('ping payload')], [echoPong('ping payload')]),
  answered('2.10', 'ten Pings', TEN_PINGS.map((payload) => ping(payload)), TEN_PINGS.map(echoPong)),
  answered('2.11', 'ten Pings, octet by octet', TEN_PINGS.map((payload) => ping(payload)), TEN_PINGS.map(echoPong), { writing: 'octet by octet' }),
];

/** A frame that must not be, behind a text and ahead of a Ping. */
function between(id: string, title: string, frame: FrameParts, writing: Writing): Exchange {
  return failed(id, `a text, ${title}, and a Ping`, [text(HELLO), frame, ping()], 1002, [echoText(HELLO)], { writing });
}

const RESERVED_BITS: readonly Exchange[] = [
  failed('3.1', 'a text with RSV3 set', [text(HELLO, { rsv: 1 })], 1002),
  between('3.2', 'one with RSV2 set', text(HELLO, { rsv: 2 }), 'at once'),
  between('3.3', 'one with RSV2 and RSV3 set (frame by frame)', text(HELLO, { rsv: 3 }), 'frame by frame'),
  between('3.4', 'one with RSV1 set (octet by octet)', text(HELLO, { rsv: 4 }), 'octet by octet'),
  failed('3.5', 'a binary message with RSV1 and RSV3 set', [binary(BYTES, { rsv: 5 })], 1002),
  failed('3.6', 'a Ping with RSV1 and RSV2 set', [ping(HELLO, { rsv: 6 })], 1002),
  failed('3.7', 'a Close with all reserved bits set', [{ ...closing(1000), rsv: 7 }], 1002),
];

/** The five forms in which each half of the reserved opcodes is tried. */
function opcodes(id: string, first: number): Exchange[] {
  const reserved = (offset: number, payload = ''): FrameParts => ({ opcode: first + offset, payload });
  return [
    failed(`${id}.1`, `opcode ${first}, empty`, [reserved(0)], 1002),
    failed(`${id}.2`, `opcode ${first + 1}, with a payload`, [reserved(1, 'reserved opcode payload')], 1002),
    between(`${id}.3`, `a frame with opcode ${first + 2}`, reserved(2), 'at once'),
    between(`${id}.4`, `a frame with opcode ${first + 3} and a payload`, reserved(3, HELLO), 'at once'),
    between(`${id}.5`, `a frame with opcode ${first + 4} and a payload (octet by octet)`, reserved(4, HELLO), 'octet by octet'),
  ];
}

export const FRAMING: readonly Case[] = [...sizes(), ...PINGS, ...RESERVED_BITS, ...opcodes('4.1', 3), ...opcodes('4.2', 11)];
