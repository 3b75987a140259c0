/** A client's bytes become messages and control frames, or one error: the same whole, byte by byte, cut anywhere, and with frames behind. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProtocolError } from '#src/errors.js';
import { FrameDecoder, type FrameEvent } from '#src/websocket/decoder.js';
import type { MessageLimits } from '#src/websocket/message.js';
import { binary, clientFrame, close, type FrameParts, ping, pong, text } from '../support/frames.js';
import { everyWay } from '../support/pieces.js';

const LIMITS: MessageLimits = { maxMessageBytes: 100_000, maxFragments: 0 };

/** Events as plain values: bytes as hex behind their kind. */
function describeEvent(event: FrameEvent): string {
  if (event.type === 'compressed') return `compressed ${event.isText ? 'text' : 'binary'} ${Buffer.from(event.bytes).toString('hex')}`;
  if (event.type !== 'message') return `${event.type} ${Buffer.from(event.payload).toString('hex')}`.trimEnd();
  return typeof event.data === 'string' ? `text ${event.data}` : `binary ${Buffer.from(event.data).toString('hex')}`;
}

/** Everything the decoder finds, pulled after each piece; the last entry is the code of the error, if there is one. */
function decode(pieces: readonly Uint8Array[], limits: Partial<MessageLimits> = {}, allowedRsv = 0): string[] {
  const decoder = new FrameDecoder({ ...LIMITS, ...limits }, allowedRsv);
  const found: string[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) found.push(describeEvent(event));
    }
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    found.push(error.code);
  }
  return found;
}

const hex = (data: string | Uint8Array): string => Buffer.from(data).toString('hex');
const fragment = (opcode: number, payload: string | Uint8Array, fin = false): Buffer => clientFrame({ opcode, payload, fin });
const frames = (...all: readonly Buffer[]): Buffer => Buffer.concat(all);
const long = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, i) => i * 7));

interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly limits?: Partial<MessageLimits>;
  readonly allowedRsv?: number;
  readonly finds: readonly string[];
}

const MESSAGES: readonly Case[] = [
  { name: 'a text message', bytes: text('Hello'), finds: ['text Hello'] },
  { name: 'the masked Hello of RFC 6455 §5.7', bytes: Buffer.from('818537fa213d7f9f4d5158', 'hex'), finds: ['text Hello'] },
  { name: 'text beyond ASCII', bytes: text('é€😀'), finds: ['text é€😀'] },
  { name: 'text with a byte order mark', bytes: text('\u{feff}a'), finds: ['text \u{feff}a'] },
  { name: 'an empty text message', bytes: text(''), finds: ['text '] },
  { name: 'a binary message', bytes: binary(Uint8Array.of(0, 255, 128)), finds: ['binary 00ff80'] },
  { name: 'an empty binary message', bytes: binary(new Uint8Array(0)), finds: ['binary '] },
  { name: 'a mask of zeros', bytes: clientFrame({ opcode: 1, payload: 'plain', mask: new Uint8Array(4) }), finds: ['text plain'] },
  { name: '125 bytes', bytes: binary(long(125)), finds: [`binary ${hex(long(125))}`] },
  { name: '126 bytes, the first in 16 bits', bytes: binary(long(126)), finds: [`binary ${hex(long(126))}`] },
  { name: '1,000 bytes', bytes: binary(long(1000)), finds: [`binary ${hex(long(1000))}`] },
  { name: 'three messages', bytes: frames(text('a'), binary(Uint8Array.of(1)), text('b')), finds: ['text a', 'binary 01', 'text b'] },
  { name: 'a message of exactly the limit', bytes: text('12345'), limits: { maxMessageBytes: 5 }, finds: ['text 12345'] },
];

const FRAGMENTS: readonly Case[] = [
  { name: 'text in two fragments', bytes: frames(fragment(1, 'Hel'), fragment(0, 'lo', true)), finds: ['text Hello'] },
  { name: 'bytes in three fragments', bytes: frames(fragment(2, 'a'), fragment(0, 'b'), fragment(0, 'c', true)), finds: ['binary 616263'] },
  { name: 'a character cut by fragments', bytes: frames(fragment(1, Uint8Array.of(0xf0, 0x9f)), fragment(0, Uint8Array.of(0x98)), fragment(0, Uint8Array.of(0x80), true)), finds: ['text 😀'] },
  { name: 'empty fragments first, between and last', bytes: frames(fragment(1, ''), fragment(0, 'a'), fragment(0, ''), fragment(0, 'b'), fragment(0, '', true)), finds: ['text ab'] },
  { name: 'nothing but empty fragments', bytes: frames(fragment(2, ''), fragment(0, ''), fragment(0, '', true)), finds: ['binary '] },
  { name: 'two fragmented messages', bytes: frames(fragment(1, 'a'), fragment(0, 'b', true), fragment(2, 'c'), fragment(0, 'd', true)), finds: ['text ab', 'binary 6364'] },
  { name: 'a whole message behind a fragmented one', bytes: frames(fragment(2, 'a'), fragment(0, 'b', true), text('c')), finds: ['binary 6162', 'text c'] },
  { name: 'a fragmented message of exactly the limit', bytes: frames(fragment(1, '123'), fragment(0, '45', true)), limits: { maxMessageBytes: 5 }, finds: ['text 12345'] },
  { name: 'as many fragments as are allowed', bytes: frames(fragment(1, 'a'), fragment(0, 'b', true), fragment(1, 'c'), fragment(0, 'd', true)), limits: { maxFragments: 2 }, finds: ['text ab', 'text cd'] },
];

const CONTROL: readonly Case[] = [
  { name: 'an empty ping and pong', bytes: frames(ping(), pong()), finds: ['ping', 'pong'] },
  { name: 'a ping with data', bytes: ping('abc'), finds: ['ping 616263'] },
  { name: 'a ping of 125 bytes', bytes: ping(long(125)), finds: [`ping ${hex(long(125))}`] },
  { name: 'an empty close', bytes: close(), finds: ['close'] },
  { name: 'a close with code and reason, which nobody has judged yet', bytes: close(1000, 'bye'), finds: ['close 03e8627965'] },
  { name: 'a ping between two fragments, before the message', bytes: frames(fragment(1, 'Hel'), ping('x'), fragment(0, 'lo', true)), finds: ['ping 78', 'text Hello'] },
  {
    name: 'control frames between all fragments, each with its own mask',
    bytes: frames(
      fragment(1, 'a'),
      clientFrame({ opcode: 9, payload: 'ping', mask: Uint8Array.of(9, 8, 7, 6) }),
      pong(),
      fragment(0, 'b'),
      clientFrame({ opcode: 10, payload: 'pong', mask: Uint8Array.of(1, 1, 1, 1) }),
      clientFrame({ opcode: 0, payload: 'c', mask: Uint8Array.of(5, 4, 3, 2) }),
    ),
    finds: [`ping ${hex('ping')}`, 'pong', `pong ${hex('pong')}`, 'text abc'],
  },
  { name: 'a close within a message', bytes: frames(fragment(1, 'a'), close(1001)), finds: ['close 03e9'] },
];

const refused = (name: string, parts: FrameParts | Uint8Array, code: string, limits: Partial<MessageLimits> = {}): Case => ({
  name,
  bytes: parts instanceof Uint8Array ? parts : clientFrame(parts),
  limits,
  finds: [code],
});

const REFUSALS: readonly Case[] = [
  refused('an unmasked frame', { opcode: 1, payload: 'a', mask: null }, 'WS_UNMASKED'),
  refused('an unmasked ping', { opcode: 9, mask: null }, 'WS_UNMASKED'),
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => refused(`the reserved bits ${rsv}`, { opcode: 1, rsv }, 'WS_RESERVED_BITS')),
  ...[3, 7, 11, 15].map((opcode) => refused(`the reserved opcode ${opcode}`, { opcode }, 'WS_RESERVED_OPCODE')),
  refused('5 in 16 bits', { opcode: 1, payload: 'Hello', lengthBytes: 2 }, 'WS_LENGTH_NOT_MINIMAL'),
  refused('5 in 64 bits', { opcode: 1, payload: 'Hello', lengthBytes: 8 }, 'WS_LENGTH_NOT_MINIMAL'),
  refused('1,000 in 64 bits', { opcode: 2, payload: long(1000), lengthBytes: 8 }, 'WS_LENGTH_NOT_MINIMAL'),
  refused('a ping whose length is not minimal', { opcode: 9, payload: 'a', lengthBytes: 2 }, 'WS_LENGTH_NOT_MINIMAL'),
  refused('a 64-bit length with its sign bit', Buffer.from('82ff800000000000000000000000', 'hex'), 'WS_LENGTH_SIGN'),
  refused('a fragmented ping', { opcode: 9, fin: false }, 'WS_FRAGMENTED_CONTROL'),
  refused('a ping of 126 bytes', { opcode: 9, payload: long(126) }, 'WS_LONG_CONTROL'),
  refused('a continuation of nothing', fragment(0, 'a', true), 'WS_STRAY_CONTINUATION'),
  { name: 'a continuation behind a whole message', bytes: frames(text('a'), fragment(0, 'b', true)), finds: ['text a', 'WS_STRAY_CONTINUATION'] },
  { name: 'a continuation behind the last fragment', bytes: frames(fragment(1, 'a'), fragment(0, 'b', true), fragment(0, 'c', true)), finds: ['text ab', 'WS_STRAY_CONTINUATION'] },
  refused('a message within a message', frames(fragment(1, 'a'), text('b')), 'WS_INTERLEAVED_MESSAGE'),
  refused('a message within a message of empty fragments', frames(fragment(1, ''), fragment(2, '')), 'WS_INTERLEAVED_MESSAGE'),
  refused('text that is not UTF-8', { opcode: 1, payload: Uint8Array.of(0x61, 0xff, 0x62) }, 'WS_INVALID_UTF8'),
  refused('text that ends within a character', { opcode: 1, payload: Uint8Array.of(0x61, 0xe2, 0x82) }, 'WS_INVALID_UTF8'),
  refused('text that is wrong in its second fragment', frames(fragment(1, Uint8Array.of(0xe2)), fragment(0, Uint8Array.of(0x41), true)), 'WS_INVALID_UTF8'),
  refused('fragmented text that ends within a character', frames(fragment(1, Uint8Array.of(0xf0)), fragment(0, Uint8Array.of(0x9f), true)), 'WS_INVALID_UTF8'),
  refused('fragmented text whose end, an empty fragment, comes within a character', frames(fragment(1, Uint8Array.of(0xc3)), fragment(0, '', true)), 'WS_INVALID_UTF8'),
  refused('a message over the limit', text('123456'), 'WS_MESSAGE_TOO_BIG', { maxMessageBytes: 5 }),
  refused('fragments over the limit', frames(fragment(1, '123'), fragment(0, '456')), 'WS_MESSAGE_TOO_BIG', { maxMessageBytes: 5 }),
  refused('the longest length there is', Buffer.from('82ff7fffffffffffffff00000000', 'hex'), 'WS_MESSAGE_TOO_BIG'),
  refused('one fragment too many', frames(fragment(1, 'a'), fragment(0, 'b'), fragment(0, 'c', true)), 'WS_TOO_MANY_FRAGMENTS', { maxFragments: 2 }),
];

const BEHIND = frames(text('behind'), ping('p'), fragment(1, 'x'), fragment(0, 'y', true));
const BEHIND_FINDS = ['text behind', 'ping 70', 'text xy'];

function holds({ name, bytes, limits, allowedRsv, finds }: Case): void {
  for (const cut of everyWay(bytes)) assert.deepEqual(decode(cut.pieces, limits, allowedRsv), finds, `${name}, ${cut.name}`);
}

for (const [title, cases] of [
  ['finds', MESSAGES],
  ['puts together', FRAGMENTS],
  ['delivers', CONTROL],
] as const) {
  describe(title, () => {
    for (const each of cases) {
      test(each.name, () => {
        holds(each);
        const isInMessage = each.name.includes('within');
        if (!isInMessage && each.limits === undefined) holds({ ...each, bytes: frames(Buffer.from(each.bytes), BEHIND), finds: [...each.finds, ...BEHIND_FINDS] });
      });
    }
  });
}

describe('refuses', () => {
  for (const each of REFUSALS) {
    test(each.name, () => {
      holds(each);
      holds({ ...each, bytes: frames(Buffer.from(each.bytes), BEHIND) });
      if (each.limits?.maxMessageBytes === undefined && each.limits?.maxFragments === undefined) {
        holds({ ...each, bytes: frames(BEHIND, Buffer.from(each.bytes)), finds: [...BEHIND_FINDS, ...each.finds] });
      }
    });
  }

  test('a message that is too big at its header, before a byte of it has come', () => {
    const header = clientFrame({ opcode: 2, announce: 100_001, lengthBytes: 8 });
    assert.deepEqual(decode([header]), ['WS_MESSAGE_TOO_BIG']);
  });

  test('a fragment that makes the message too big at its header', () => {
    const header = clientFrame({ opcode: 0, announce: 99_999, lengthBytes: 8 });
    assert.deepEqual(decode([fragment(2, 'ab'), header]), ['WS_MESSAGE_TOO_BIG']);
  });

  test('text at its first wrong byte, though the frame is not complete', () => {
    const begun = clientFrame({ opcode: 1, payload: Uint8Array.of(0x61, 0xc0), announce: 100 });
    for (const cut of everyWay(begun)) assert.deepEqual(decode(cut.pieces), ['WS_INVALID_UTF8'], cut.name);
  });

  test('text at its first wrong byte, though the message is not complete', () => {
    const begun = frames(fragment(1, Uint8Array.of(0xed)), fragment(0, Uint8Array.of(0xa0)));
    for (const cut of everyWay(begun)) assert.deepEqual(decode(cut.pieces), ['WS_INVALID_UTF8'], cut.name);
  });

  test('RSV1 on a continuation and on a ping where it is allowed on a message', () => {
    const first = clientFrame({ opcode: 2, rsv: 4, payload: 'a', fin: false });
    assert.deepEqual(decode([first, clientFrame({ opcode: 0, payload: 'b' })], {}, 4), ['compressed binary 6162']);
    assert.deepEqual(decode([first, clientFrame({ opcode: 0, rsv: 4, payload: 'b' })], {}, 4), ['WS_RESERVED_BITS']);
    assert.deepEqual(decode([first, clientFrame({ opcode: 9, rsv: 4 })], {}, 4), ['WS_RESERVED_BITS']);
  });

  test('lets a compressed message be longer than the limit by what compression may add, and no more', () => {
    const limits = { maxMessageBytes: 800 };
    const compressed = (length: number): Buffer => clientFrame({ opcode: 2, rsv: 4, payload: long(length) });
    assert.deepEqual(decode([compressed(964)], limits, 4), [`compressed binary ${hex(long(964))}`]);
    assert.deepEqual(decode([compressed(965)], limits, 4), ['WS_MESSAGE_TOO_BIG']);
    const cut = (first: number, second: number): Buffer => frames(clientFrame({ opcode: 2, rsv: 4, payload: long(first), fin: false }), fragment(0, long(second), true));
    assert.deepEqual(decode([cut(64, 900)], limits, 4), [`compressed binary ${hex(Buffer.concat([long(64), long(900)]))}`]);
    assert.deepEqual(decode([cut(64, 901)], limits, 4), ['WS_MESSAGE_TOO_BIG']);
    assert.deepEqual(decode([frames(compressed(900), binary(long(801)))], limits, 4).slice(1), ['WS_MESSAGE_TOO_BIG'], 'one that is not compressed behind it');
  });
});

describe('lengths at the borders of their encodings', () => {
  for (const length of [65_535, 65_536, 65_537]) {
    test(`${length} bytes`, () => {
      const payload = long(length);
      const found = hex(payload);
      for (const cut of everyWay(frames(binary(payload), ping('x')), 8)) assert.deepEqual(decode(cut.pieces), [`binary ${found}`, 'ping 78'], cut.name);
    });
  }
});

test('needs a pull for each event: what was pushed and not asked for waits', () => {
  const decoder = new FrameDecoder(LIMITS);
  decoder.push(frames(text('a'), text('b')));
  assert.deepEqual(decoder.next(), { type: 'message', data: 'a' });
  assert.equal(decoder.bufferedBytes, text('b').length);
  decoder.push(text('c'));
  assert.deepEqual(decoder.next(), { type: 'message', data: 'b' });
  assert.deepEqual(decoder.next(), { type: 'message', data: 'c' });
  assert.equal(decoder.next(), undefined);
  assert.equal(decoder.bufferedBytes, 0);
});

test('is in a message from its first byte to its last, and not between messages', () => {
  const decoder = new FrameDecoder(LIMITS);
  const bytes = frames(fragment(1, 'ab'), ping('x'), fragment(0, 'cd', true));
  assert.equal(decoder.isInMessage, false);
  for (let at = 0; at < bytes.length; at++) {
    decoder.push(Uint8Array.of(bytes[at]!));
    while (decoder.next() !== undefined);
    assert.equal(decoder.isInMessage, at < bytes.length - 1, `behind byte ${at}`);
  }
});

test('keeps nothing of a payload in its queue: it goes on into the message as it comes', () => {
  const decoder = new FrameDecoder(LIMITS);
  decoder.push(clientFrame({ opcode: 2, announce: 50_000, lengthBytes: 2 }));
  for (let i = 0; i < 40; i++) {
    decoder.push(new Uint8Array(1000));
    assert.equal(decoder.next(), undefined);
    assert.equal(decoder.bufferedBytes, 0);
  }
});

test('a small message does not pin the read it came in, and is not changed by what comes later', () => {
  const read = Buffer.alloc(65_536);
  frames(binary(Uint8Array.of(1, 2, 3)), text('next')).copy(read);
  const decoder = new FrameDecoder(LIMITS);
  decoder.push(read.subarray(0, 19));
  const event = decoder.next();
  assert.ok(event?.type === 'message' && typeof event.data !== 'string');
  assert.ok(event.data.buffer.byteLength <= 6, `${event.data.buffer.byteLength} bytes`);
  read.fill(0xee);
  assert.deepEqual(event.data, Uint8Array.of(1, 2, 3));
});

test('puts 65,537 tiny fragments together in memory that follows the message', () => {
  const decoder = new FrameDecoder(LIMITS);
  decoder.push(fragment(2, 'x'));
  assert.equal(decoder.next(), undefined);
  const more = fragment(0, 'x');
  for (let i = 0; i < 65_535; i++) {
    decoder.push(Uint8Array.from(more));
    assert.equal(decoder.next(), undefined);
    assert.equal(decoder.bufferedBytes, 0);
  }
  decoder.push(fragment(0, 'x', true));
  const event = decoder.next();
  assert.ok(event?.type === 'message' && typeof event.data !== 'string');
  assert.equal(event.data.length, 65_537);
  assert.ok(event.data.every((byte) => byte === 0x78));
  assert.ok(event.data.buffer.byteLength <= 2 * 65_537, `${event.data.buffer.byteLength} bytes`);
});

/** How many bytes `run` copies from one array to another. */
function bytesCopied(run: () => void): number {
  const { set } = Uint8Array.prototype;
  const { copy } = Buffer.prototype;
  let copied = 0;
  Uint8Array.prototype.set = function (from, at) {
    copied += from.length;
    set.call(this, from, at);
  };
  Buffer.prototype.copy = function (this: Buffer, target: Uint8Array, targetStart?: number, sourceStart = 0, sourceEnd = this.length) {
    copied += sourceEnd - sourceStart;
    return copy.call(this, target, targetStart, sourceStart, sourceEnd);
  };
  try {
    run();
  } finally {
    Uint8Array.prototype.set = set;
    Buffer.prototype.copy = copy;
  }
  return copied;
}

test('copies no more than a few times the bytes of 65,537 tiny fragments, in whatever pieces they come', () => {
  const read = frames(fragment(2, 'x'), ...Array.from({ length: 65_535 }, () => fragment(0, 'x')), fragment(0, 'x', true));
  for (const pieceBytes of [read.length, 16_384, 1000, 5, 1]) {
    const decoder = new FrameDecoder(LIMITS);
    let event: FrameEvent | undefined;
    const copied = bytesCopied(() => {
      for (let at = 0; at < read.length; at += pieceBytes) {
        decoder.push(Uint8Array.prototype.slice.call(read, at, at + pieceBytes));
        event = decoder.next();
      }
    });
    assert.ok(event?.type === 'message' && event.data.length === 65_537);
    assert.ok(copied < 4 * read.length, `${copied} bytes copied for ${read.length} in pieces of ${pieceBytes}`);
  }
});

/** The bytes of a binary message, compressed or not. */
function bytesOf(event: FrameEvent | undefined): Uint8Array {
  if (event?.type === 'compressed') return event.bytes;
  return event?.type === 'message' && typeof event.data !== 'string' ? event.data : assert.fail(`no bytes: ${event?.type}`);
}

test('the bytes of a message are its own, and stay as they are when the next one comes', () => {
  for (const rsv of [0, 4]) {
    for (const length of [64, 193, 8192, 16_384, 16_385]) {
      const payloads = [long(length), long(length).reverse()];
      const decoder = new FrameDecoder(LIMITS, 4);
      decoder.push(frames(...payloads.map((payload) => clientFrame({ opcode: 2, rsv, payload })), text('behind')));
      const found = payloads.map(() => bytesOf(decoder.next()));
      found.forEach((bytes, i) => {
        assert.ok(Buffer.from(bytes).equals(payloads[i]!), `${length} bytes, RSV ${rsv}`);
        assert.equal(bytes.buffer.byteLength, length, 'nothing else lies in its memory');
      });
    }
  }
});
