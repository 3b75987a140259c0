/** §5.1 to §5.3: masking, and the header of a frame. */

import { binary, clientFrame, close, ping, text } from '../../support/frames.js';
import type { Rule, WebSocketCase } from '../../support/rfc.js';
import { bytes, failures, fragment, frames, pattern } from './cases.js';

const unmasked = (opcode: number, payload = ''): Buffer => clientFrame({ opcode, payload, mask: null });

/** Lengths at the borders of their three encodings. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 31, 32, 33, 124, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 65_537];

const OPCODES_OF_DATA = [3, 4, 5, 6, 7];
const OPCODES_OF_CONTROL = [11, 12, 13, 14, 15];

/** Masks that are easily got wrong. */
const MASKS = ['00000000', 'ffffffff', '00000001', '80000000', '01020304', '37fa213d'];

function sends(payload: string | Uint8Array, what: string): WebSocketCase {
  const sent = typeof payload === 'string' ? `text ${payload}` : `binary ${Buffer.from(payload).toString('hex')}`;
  return { name: `sends ${what} unmasked, in the fewest bytes`, bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => void channel.send(payload) }, sent: [sent] };
}

export const FRAMING: readonly Rule[] = [
  {
    section: '5.1',
    level: 'MUST',
    rule: 'A frame that is not masked ends the connection, with 1002.',
    cases: [
      ...failures('WS_UNMASKED', {
        'an unmasked text': unmasked(1, 'Hello'),
        'the unmasked text of §5.7': bytes('81 05 48656c6c6f'),
        'an unmasked text without payload': unmasked(1),
        'an unmasked binary message': unmasked(2, 'Hello'),
        'an unmasked continuation': unmasked(0),
        'an unmasked Ping': unmasked(9),
        'an unmasked Pong': unmasked(10),
        'an unmasked Close': unmasked(8),
        'an unmasked Close with a code': unmasked(8, '\x03'),
        'an unmasked frame of 126 bytes': unmasked(2, 'x'.repeat(126)),
        'an unmasked frame of 65,536 bytes': unmasked(2, 'x'.repeat(65_536)),
        'an unmasked frame whose payload has not come': bytes('81 7d'),
      }),
      { name: 'fails an unmasked frame behind masked ones', bytes: frames(text('a'), ping('b'), unmasked(1, 'c')), received: ['text a', 'ping b'], ends: 'WS_UNMASKED' },
      { name: 'fails an unmasked continuation of a masked fragment', bytes: frames(fragment(1, 'a'), unmasked(0, 'b')), received: [], ends: 'WS_UNMASKED' },
    ],
  },
  {
    section: '5.1',
    level: 'MUST NOT',
    rule: 'A server masks no frame.',
    cases: [
      sends('', 'an empty text'),
      sends('Hello', 'the text of §5.7'),
      sends('grüße 😀', 'a text beyond ASCII'),
      ...LENGTHS.filter((length) => length > 5).map((length) => sends('x'.repeat(length), `a text of ${length} bytes`)),
      ...LENGTHS.map((length) => sends(pattern(length), `${length} bytes`)),
      { name: 'answers a Ping and a Close unmasked', bytes: frames(ping('Hello'), close(1000)), received: ['ping Hello'], sent: ['pong Hello'], ends: { code: 1000 } },
      { name: 'sends a Ping of its own unmasked', bytes: frames(text('?')), received: ['text ?'], handlers: { onReceive: (channel) => void channel.ping('abc') }, sent: ['ping abc'] },
    ],
  },
  {
    section: '5.2',
    level: 'MUST',
    rule: 'A reserved bit that no extension defines fails the connection.',
    cases: [
      ...[1, 2, 3, 4, 5, 6, 7].flatMap((rsv) =>
        failures('WS_RESERVED_BITS', {
          [`a text with the reserved bits ${rsv}`]: clientFrame({ opcode: 1, rsv, payload: 'Hello' }),
          [`a Ping with the reserved bits ${rsv}`]: clientFrame({ opcode: 9, rsv }),
        }),
      ),
      ...failures('WS_RESERVED_BITS', {
        'a binary message with RSV1': clientFrame({ opcode: 2, rsv: 4 }),
        'a Close with RSV1': clientFrame({ opcode: 8, rsv: 4 }),
        'a Pong with RSV3': clientFrame({ opcode: 10, rsv: 1 }),
        'a continuation with RSV2': frames(fragment(1, 'a'), clientFrame({ opcode: 0, rsv: 2 })),
        'a first fragment with RSV1': clientFrame({ opcode: 1, rsv: 4, fin: false }),
      }),
      { name: 'fails a reserved bit behind valid frames', bytes: frames(text('a'), ping('b'), clientFrame({ opcode: 1, rsv: 2 })), received: ['text a', 'ping b'], ends: 'WS_RESERVED_BITS' },
    ],
  },
  {
    section: '5.2',
    level: 'MUST',
    rule: 'An opcode that is not known fails the connection.',
    cases: [
      ...[...OPCODES_OF_DATA, ...OPCODES_OF_CONTROL].flatMap((opcode) =>
        failures('WS_RESERVED_OPCODE', { [`the opcode ${opcode}`]: clientFrame({ opcode }), [`the opcode ${opcode} with a payload`]: clientFrame({ opcode, payload: 'Hello' }) }),
      ),
      ...failures('WS_RESERVED_OPCODE', {
        'a fragment of the opcode 3': fragment(3, 'a'),
        'the opcode 7 within a message': frames(fragment(1, 'a'), clientFrame({ opcode: 7 })),
        'the opcode 11 within a message': frames(fragment(1, 'a'), clientFrame({ opcode: 11 })),
        'the opcode 15 with 126 bytes': clientFrame({ opcode: 15, payload: pattern(126) }),
      }),
      { name: 'fails the opcode 5 behind valid frames', bytes: frames(text('a'), ping('b'), clientFrame({ opcode: 5 })), received: ['text a', 'ping b'], ends: 'WS_RESERVED_OPCODE' },
    ],
  },
  {
    section: '5.2',
    level: 'MUST',
    rule: 'A length up to 125 stands in 7 bits, up to 65,535 in 16 more, above in 64 more, in network byte order.',
    cases: [
      ...LENGTHS.map((length) => ({ name: `takes ${length} bytes`, bytes: frames(binary(pattern(length))), received: [`binary ${pattern(length).toString('hex')}`] })),
      ...[0, 125, 126, 65_536].map((length) => ({ name: `takes a text of ${length} bytes`, bytes: frames(text('y'.repeat(length))), received: [`text ${'y'.repeat(length)}`] })),
      { name: 'takes 256 bytes for no other number in another byte order', bytes: frames(bytes('82 fe 0100 00000000'), pattern(256)), received: [`binary ${pattern(256).toString('hex')}`] },
    ],
  },
  {
    section: '5.2',
    level: 'MUST',
    rule: 'The fewest bytes are used for a length.',
    cases: failures('WS_LENGTH_NOT_MINIMAL', {
      'a length of 0 in 16 bits': clientFrame({ opcode: 1, lengthBytes: 2 }),
      'a length of 5 in 16 bits': clientFrame({ opcode: 1, payload: 'Hello', lengthBytes: 2 }),
      'the 124 bytes in 16 bits that the section names': clientFrame({ opcode: 1, payload: 'x'.repeat(124), lengthBytes: 2 }),
      'a length of 125 in 16 bits': clientFrame({ opcode: 2, payload: pattern(125), lengthBytes: 2 }),
      'a length of 0 in 64 bits': clientFrame({ opcode: 1, lengthBytes: 8 }),
      'a length of 125 in 64 bits': clientFrame({ opcode: 2, payload: pattern(125), lengthBytes: 8 }),
      'a length of 126 in 64 bits': clientFrame({ opcode: 2, payload: pattern(126), lengthBytes: 8 }),
      'a length of 65,535 in 64 bits': clientFrame({ opcode: 2, payload: pattern(65_535), lengthBytes: 8 }),
      'a Ping whose length of 1 is in 16 bits': clientFrame({ opcode: 9, payload: 'a', lengthBytes: 2 }),
      'a Close whose length of 2 is in 64 bits': clientFrame({ opcode: 8, payload: bytes('03e8'), lengthBytes: 8 }),
      'a continuation whose length of 1 is in 16 bits': frames(fragment(1, 'a'), clientFrame({ opcode: 0, payload: 'b', lengthBytes: 2 })),
      'a length that is not minimal and whose payload has not come': clientFrame({ opcode: 2, announce: 65_535, lengthBytes: 8 }),
    }),
  },
  {
    section: '5.2',
    level: 'MUST',
    rule: 'The most significant bit of a length of 64 bits is 0.',
    cases: [
      ...failures('WS_LENGTH_SIGN', {
        'a length of 2^63': bytes('82 ff 8000000000000000 00000000'),
        'a length of 2^63 and 5': bytes('81 ff 8000000000000005 00000000 48656c6c6f'),
        'a length of 2^64 - 1': bytes('82 ff ffffffffffffffff 00000000'),
        'a continuation of 2^63 bytes': frames(fragment(2, 'a'), bytes('80 ff 8000000000000000 00000000')),
        'a Ping of 2^63 bytes': bytes('89 ff 8000000000000000 00000000'),
      }),
      ...failures('WS_MESSAGE_TOO_BIG', { 'a length of 2^63 - 1 for its size alone': bytes('82 ff 7fffffffffffffff 00000000') }),
    ],
  },
  {
    section: '5.3',
    level: 'MUST',
    rule: 'Octet i of a payload is masked with octet i modulo 4 of the key, which each frame has of its own and which counts for no length.',
    cases: [
      { name: 'unmasks the text of §5.7', bytes: frames(bytes('81 85 37fa213d 7f9f4d5158')), received: ['text Hello'] },
      ...MASKS.flatMap((mask) =>
        [5, 64, 1_000].map((length) => ({ name: `unmasks ${length} bytes with the key ${mask}`, bytes: frames(clientFrame({ opcode: 2, payload: pattern(length), mask: bytes(mask) })), received: [`binary ${pattern(length).toString('hex')}`] })),
      ),
      {
        name: 'unmasks each fragment, and a Ping between, with a key of its own from its start',
        bytes: frames(clientFrame({ opcode: 1, fin: false, payload: 'abc', mask: bytes('01020304') }), clientFrame({ opcode: 9, payload: 'p', mask: bytes('ffffffff') }), clientFrame({ opcode: 0, payload: 'defgh', mask: bytes('a0b0c0d0') })),
        received: ['ping p', 'text abcdefgh'],
      },
    ],
  },
];
