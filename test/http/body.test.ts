/** Where a body ends: Content-Length (RFC 9112 §6.2) and the chunked coding (RFC 9112 §7.1), with every trick known of chunks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteQueue } from '#src/byte-queue.js';
import { decoderFor } from '#src/http/body.js';
import { bodyOf, LIMITS, parseEveryWay, parsePieces, refusalOf } from '../support/http-events.js';
import { latin1Bytes } from '../support/pieces.js';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const sized = (body: string): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** The body that these chunks, in their coding, make. */
const dechunk = (coded: string): string => bodyOf(HEAD + coded).text;
const chunkRefusal = (coded: string, limits = LIMITS): string | undefined => refusalOf(HEAD + coded, limits);

// Content-Length.

test('takes as many bytes as Content-Length says, whatever they are', () => {
  for (const body of ['', 'x', 'hello', '\r\n\r\n', '0\r\n\r\n', 'GET / HTTP/1.1\r\nHost: b\r\n\r\n', '\0\x80\xff'.repeat(50)]) assert.equal(bodyOf(sized(body)).text, body);
});

test('gives out a body as it comes, before it is complete', () => {
  const found = parseEveryWay(sized('hello').slice(0, -2));
  assert.deepEqual(found.events.slice(1), [{ type: 'data', text: 'hel' }]);
});

test('allocates nothing by what was announced', () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 100 }, () => decoderFor({ kind: 'length', length: Number.MAX_SAFE_INTEGER }, LIMITS));
  const queue = new ByteQueue();
  for (const decoder of decoders) {
    queue.push(latin1Bytes('x'));
    assert.equal(decoder.next(queue)?.type, 'data');
    assert.equal(decoder.next(queue), undefined);
    assert.equal(decoder.remaining, Number.MAX_SAFE_INTEGER - 1);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test('moves views of what was received, and copies nothing', () => {
  const bytes = latin1Bytes('hello');
  const queue = new ByteQueue();
  queue.push(bytes);
  const event = decoderFor({ kind: 'length', length: 5 }, LIMITS).next(queue);
  assert.equal(event?.type === 'data' && event.bytes.buffer, bytes.buffer);
});

// Chunks.

test('joins chunks until the last one', () => {
  assert.equal(dechunk('0\r\n\r\n'), '');
  assert.equal(dechunk('5\r\nhello\r\n0\r\n\r\n'), 'hello');
  assert.equal(dechunk('1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n'), 'abcdef');
  assert.equal(dechunk('5\r\n\r\n0\r\n\r\n0\r\n\r\n'), '\r\n0\r\n', 'data that looks like the end is data');
});

test('reads a chunk size in hex, in any case, with zeros ahead of it, up to 13 digits', () => {
  const data = 'x'.repeat(0xab);
  for (const size of ['ab', 'AB', 'aB', '0ab', '00000000000ab']) assert.equal(dechunk(`${size}\r\n${data}\r\n0\r\n\r\n`), data, size);
  for (const last of ['0', '00', '0000000000000']) assert.equal(dechunk(`${last}\r\n\r\n`), '', last);
});

test('takes the largest chunk size for what it says', () => {
  const found = parseEveryWay(`${HEAD}fffffffffffff\r\nabc`);
  assert.deepEqual(found, { events: [found.events[0], { type: 'data', text: 'abc' }], error: undefined });
});

const BAD_SIZES = {
  'no digit': '\r\nx',
  'more than 13 hex digits': '00000000000005\r\nhello\r\n',
  '17 hex digits, 5 after an overflow of 64 bits': '10000000000000005\r\nhello\r\n',
  'a minus': '-5\r\nhello\r\n',
  'a plus': '+5\r\nhello\r\n',
  'a space ahead of it': ' 5\r\nhello\r\n',
  'a tab ahead of it': '\t5\r\nhello\r\n',
  'a semicolon for it': ';a\r\n',
  'a NUL ahead of it': '\x005\r\nhello\r\n',
  'a letter that is no hex digit': 'g\r\n',
  'a slash, the byte just below the digits': '/\r\n',
  'a bare LF ahead of it': '\n5\r\nhello\r\n',
  'a quote': '"5"\r\nhello\r\n',
  'a digit of another script': '\xb2\r\nab\r\n',
};

for (const [name, coded] of Object.entries(BAD_SIZES)) {
  test(`refuses a chunk size with ${name}`, () => {
    assert.equal(chunkRefusal(coded), 'HTTP_BAD_CHUNK_SIZE');
    assert.equal(chunkRefusal(`1\r\na\r\n${coded}`), 'HTTP_BAD_CHUNK_SIZE', 'behind another chunk');
  });
}

test('refuses every first byte of a chunk size but a hex digit, before its line is complete', () => {
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte);
    const { error } = parsePieces([latin1Bytes(HEAD + character)]);
    assert.equal(error, /[0-9A-Fa-f]/.test(character) ? undefined : 'HTTP_BAD_CHUNK_SIZE', `byte ${byte}`);
  }
});

const BAD_BEHIND_SIZE = {
  'the x of a hex literal': '0x5\r\nhello\r\n',
  'an h': '5h\r\nhello\r\n',
  'an underscore': '1_0\r\n',
  'a dot': '5.0\r\nhello\r\n',
  'a comma': '5,5\r\nhello\r\n',
  'a second size': '5 5\r\nhello\r\n',
  'a space and no extension': '5 \r\nhello\r\n',
  'a NUL': '5\0\r\nhello\r\n',
  'a bare CR': '5\r0\r\nhello\r\n',
  'a CR ahead of its CR LF': '5\r\r\nhello\r\n',
  'a byte over 127': '5\xa0\r\nhello\r\n',
};

for (const [name, coded] of Object.entries(BAD_BEHIND_SIZE)) {
  test(`refuses a chunk size with ${name} behind it`, () => {
    assert.equal(chunkRefusal(coded), 'HTTP_BAD_CHUNK_EXTENSION');
  });
}

test('refuses a line of the chunked coding that ends with a bare LF', () => {
  assert.equal(chunkRefusal('5\nhello\r\n0\r\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(chunkRefusal('5;a\nhello\r\n0\r\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(chunkRefusal('5\r\nhello\r\n0\n\r\n'), 'HTTP_BARE_LF');
  assert.equal(chunkRefusal('0\r\n\n'), 'HTTP_BARE_LF');
  assert.equal(chunkRefusal('0\r\nX: a\n\r\n'), 'HTTP_BARE_LF');
});

test('refuses a chunk that does not end with CR LF right behind its data', () => {
  for (const end of ['0\r\n\r\n', '\n0\r\n\r\n', '\r0\r\n\r\n', '\r\r\n0\r\n', ' \r\n0\r\n', '!\r\n0\r\n', '\0\r\n']) {
    const found = parseEveryWay(`${HEAD}5\r\nhello${end}`);
    assert.equal(found.error, 'HTTP_BAD_CHUNK_END', JSON.stringify(end));
    assert.deepEqual(found.events.slice(1), [{ type: 'data', text: 'hello' }]);
  }
});

test('refuses a chunk that is longer than its size as soon as the next byte comes', () => {
  assert.equal(parsePieces([latin1Bytes(`${HEAD}5\r\nhello!`)]).error, 'HTTP_BAD_CHUNK_END');
});

// Chunk extensions (RFC 9112 §7.1.1).

test('ignores chunk extensions', () => {
  for (const extension of [';a', ';a=b', ' ;a', '\t; a = "b c" ;d', ';a="\xe9"', ';a="\\"\\\\";b', ';a="";b=1', `;${'a'.repeat(1000)}`]) {
    assert.equal(dechunk(`5${extension}\r\nhello\r\n0${extension}\r\n\r\n`), 'hello', extension);
  }
});

test('refuses a chunk extension that is no list of names with perhaps a value each', () => {
  const wrong = [';', '; ', ';a;', ';=b', ';a=', ';a b', ';a="b', ';a="b"c', ';a=b=c', ';a="\\', ';\xe9', ';a=\xe9', ';a ', ' ', ' a', 'g', '"', ',a'];
  for (const extension of wrong) assert.equal(chunkRefusal(`5${extension}\r\nhello\r\n`), 'HTTP_BAD_CHUNK_EXTENSION', extension);
});

test('refuses control characters in a chunk extension, in a quoted string too', () => {
  for (const extension of [';a\0', ';\x7f', ';a\rb', ';\x1b', ';a="\0"', ';a="\r"', ';a="\\\0"']) {
    assert.equal(chunkRefusal(`5${extension}\r\nhello\r\n`), 'HTTP_BAD_CHUNK_EXTENSION', extension);
  }
});

test('takes an extension of 1,024 bytes, and refuses one byte more before its end has come', () => {
  const line = (length: number): string => `0000000000005;${'a'.repeat(length - 1)}`;
  assert.equal(dechunk(`${line(1024)}\r\nhello\r\n0\r\n\r\n`), 'hello');
  assert.equal(chunkRefusal(`${line(1025)}\r\nhello\r\n0\r\n\r\n`), 'HTTP_BAD_CHUNK_EXTENSION');
  assert.equal(chunkRefusal(line(1026)), 'HTTP_BAD_CHUNK_EXTENSION');
  assert.equal(chunkRefusal(`${line(1025)}\nhello\r\n`), 'HTTP_BAD_CHUNK_EXTENSION', 'with a bare LF');
  assert.equal(chunkRefusal(`${line(1024)}\nhello\r\n`), 'HTTP_BARE_LF');
});

test('measures a short size and its extension apart', () => {
  assert.equal(chunkRefusal(`5;${'a'.repeat(1024)}\r\nhello\r\n0\r\n\r\n`), 'HTTP_BAD_CHUNK_EXTENSION');
});

test('takes 16 KiB of chunk extensions in one body, and refuses one byte more', () => {
  const chunk = `1;${'a'.repeat(1023)}\r\nx\r\n`;
  assert.equal(dechunk(`${chunk.repeat(16)}0\r\n\r\n`), 'x'.repeat(16));
  assert.equal(chunkRefusal(`${chunk.repeat(16)}1;a\r\nx\r\n0\r\n\r\n`), 'HTTP_BAD_CHUNK_EXTENSION');
});

// Trailers (RFC 9112 §7.1.2): field lines like any other, with the limits of a head.

test('gives the trailers with the end, apart from the fields of the head', () => {
  const { text, trailers } = bodyOf(`${HEAD}5\r\nhello\r\n0\r\nX-Sum: 1\r\nhost: evil\r\nContent-Length:  9 \r\n\r\n`);
  assert.equal(text, 'hello');
  assert.deepEqual(trailers, ['X-Sum', '1', 'host', 'evil', 'Content-Length', '9']);
});

const BAD_TRAILERS = {
  'X : a': 'HTTP_BAD_FIELD_NAME',
  ': a': 'HTTP_BAD_FIELD_NAME',
  'X': 'HTTP_BAD_FIELD_NAME',
  'X\0: a': 'HTTP_BAD_FIELD_NAME',
  'X: a\0': 'HTTP_BAD_FIELD_VALUE',
  'X: a\rY: b': 'HTTP_BAD_FIELD_VALUE',
  ' folded': 'HTTP_OBSOLETE_FOLDING',
  '\tX: a': 'HTTP_OBSOLETE_FOLDING',
  '\r': 'HTTP_BAD_FIELD_NAME',
} as const;

for (const [line, code] of Object.entries(BAD_TRAILERS)) {
  test(`refuses the trailer ${JSON.stringify(line)} with ${code}`, () => {
    assert.equal(chunkRefusal(`0\r\n${line}\r\n\r\n`), code);
    assert.equal(chunkRefusal(`0\r\nY: b\r\n${line}\r\n\r\n`), code);
  });
}

const SMALL = { maxLineBytes: 60, maxHeadBytes: 100, maxHeaderCount: 3 };

test('takes trailers exactly at each limit of a head, and refuses one over', () => {
  const line = (length: number): string => `X: ${'a'.repeat(length - 3)}\r\n`;
  const trailed = (...lengths: number[]): string => `0\r\n${lengths.map(line).join('')}\r\n`;
  for (const lengths of [[60], [48, 48], [29, 29, 36]]) assert.equal(bodyOf(HEAD + trailed(...lengths), SMALL).trailers.length, 2 * lengths.length);
  assert.equal(chunkRefusal(trailed(61), SMALL), 'HTTP_HEAD_TOO_LARGE', 'a line');
  assert.equal(chunkRefusal(trailed(48, 49), SMALL), 'HTTP_HEAD_TOO_LARGE', 'all lines');
  assert.equal(chunkRefusal(trailed(5, 5, 5, 5), SMALL), 'HTTP_TOO_MANY_FIELDS');
  assert.equal(chunkRefusal(`0\r\n${line(70).slice(0, -2)}`, SMALL), 'HTTP_HEAD_TOO_LARGE', 'a line whose end has not come');
});

test('counts the trailers of each body anew', () => {
  const chunked = `${HEAD}0\r\nX: ${'a'.repeat(50)}\r\nY: b\r\n\r\n`;
  assert.equal(parseEveryWay(chunked.repeat(5), SMALL).events.length, 10);
});
