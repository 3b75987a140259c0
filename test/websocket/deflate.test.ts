/** The payload of a compressed message: what is deflated comes back by any inflater, and whatever comes in is text or one error. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, createInflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { ProtocolError } from '#src/errors.js';
import { Context, deflateLater, deflateNow, type DeflateSettings, inflateLater, inflateNow } from '#src/websocket/deflate.js';
import { readDeflate } from '../support/deflate-blocks.js';
import { Random } from '../support/random.js';
import { ZlibWatch } from '../support/zlib-watch.js';

const SETTINGS: DeflateSettings = { threshold: 0, level: 3, memLevel: 8, maxInflateRatio: Infinity };
const MIB = 1024 * 1024;
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** As a client deflates with zlib (RFC 7692 §7.2.1). */
function deflate(text: string | Uint8Array, options: Parameters<typeof deflateRawSync>[1] = {}): Buffer {
  return deflateRawSync(text, { ...options, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** The text, or the code of the error: the same at once and in a thread. */
async function inflate(payload: Uint8Array, maxBytes = MIB, dictionary?: Buffer): Promise<string> {
  const codeOf = (error: unknown): string => (error instanceof ProtocolError ? error.code : assert.fail(String(error)));
  let now: string;
  try {
    now = inflateNow(payload, maxBytes, dictionary).toString('latin1');
  } catch (error) {
    now = codeOf(error);
  }
  const later = await inflateLater(payload, maxBytes, dictionary).then((text) => text.toString('latin1'), codeOf);
  assert.equal(later, now);
  return now;
}

/** Text with repeats of every distance up to 32 KiB. */
function repetitive(bytes: number): Buffer {
  const random = new Random(bytes);
  const words = Array.from({ length: 400 }, () => Buffer.from(random.bytes(3 + random.below(60))));
  const parts: Buffer[] = [];
  for (let length = 0; length < bytes; length += parts.at(-1)!.length) parts.push(random.pick(words));
  return Buffer.concat(parts).subarray(0, bytes);
}

const SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 5000, 16383, 16384, 16385, 32767, 32768, 32769, 100_000];

for (const bits of [8, 9, 10, 11, 12, 13, 14, 15]) {
  for (const hasTakeover of [false, true]) {
    test(`with a window of ${bits} bits and ${hasTakeover ? '' : 'no '}takeover, no match refers farther back, and all comes back`, async () => {
      const sent = hasTakeover ? new Context(bits) : undefined;
      let before = Buffer.alloc(0);
      for (const [i, size] of SIZES.entries()) {
        const text = repetitive(size);
        const payload = i % 2 === 0 ? deflateNow(text, SETTINGS, bits, sent?.bytes) : await deflateLater(text, SETTINGS, bits, sent?.bytes);
        const found = readDeflate(payload, before);
        assert.ok(found.maxDistance <= 2 ** bits, `${size} bytes: a match refers back ${found.maxDistance}`);
        assert.ok(found.text.equals(text), `${size} bytes`);
        assert.ok(found.blocks.every((block) => !block.isFinal));
        assert.notDeepEqual(payload.subarray(-4), TAIL, 'the end of the flush is left out');
        sent?.push(text);
        if (hasTakeover) before = Buffer.concat([before, text]).subarray(-(2 ** 15));
      }
    });
  }
}

test('matches refer as far back as the window lets them, and into the messages before', () => {
  const secret = randomBytes(100);
  const text = Buffer.concat([secret, randomBytes(20_000), secret]);
  assert.ok(readDeflate(deflateNow(text, SETTINGS, 15)).maxDistance >= 20_000);
  const sent = new Context(15);
  sent.push(text);
  const again = deflateNow(secret, SETTINGS, 15, sent.bytes);
  assert.ok(again.length < 20, `${again.length} bytes for what was sent before`);
  assert.ok(deflateNow(secret, SETTINGS, 15).length > 100);
});

test('the reader of blocks tells distances as they are: 512 bytes back where a window of 9 bits would not do', () => {
  const piece = randomBytes(50);
  const text = Buffer.concat([piece, randomBytes(462), piece]);
  assert.equal(readDeflate(deflate(text)).maxDistance, 512);
});

for (const level of [0, 1, 3, 6, 9]) {
  for (const memLevel of [1, 8, 9]) {
    test(`at level ${level} with memory ${memLevel} a stream of messages is what zlib inflates as one stream`, async () => {
      const sent = new Context(15);
      const texts = [...SIZES.map(repetitive), randomBytes(40_000), Buffer.alloc(70_000)];
      const inflater = createInflateRaw();
      const found: Buffer[] = [];
      inflater.on('data', (bytes: Buffer) => found.push(bytes));
      for (const text of texts) {
        const payload = deflateNow(text, { ...SETTINGS, level, memLevel }, 15, sent.bytes);
        await new Promise<void>((resolve) => inflater.write(Buffer.concat([payload, TAIL]), () => resolve()));
        await new Promise<void>((resolve) => inflater.flush(() => resolve()));
        assert.ok(Buffer.concat(found.splice(0)).equals(text), `${text.length} bytes`);
        sent.push(text);
      }
      inflater.close();
    });
  }
}

test('an empty message is one byte of zero (RFC 7692 §7.2.3.6)', () => {
  assert.deepEqual([...deflateNow(Buffer.alloc(0), SETTINGS, 15)], [0]);
  assert.deepEqual([...deflateNow(Buffer.alloc(0), SETTINGS, 8)], [0]);
});

/** From RFC 7692 §7.2.3, in hex. */
const VALID: readonly { readonly name: string; readonly payload: string; readonly text: string; readonly before?: string }[] = [
  { name: 'the example «Hello»', payload: 'f248cdc9c90700', text: 'Hello' },
  { name: '«Hello» that refers to the one before', payload: 'f200110000', text: 'Hello', before: 'Hello' },
  { name: '«Hello» in a block with no compression', payload: '000500faff48656c6c6f00', text: 'Hello' },
  { name: '«Hello» in a block with BFINAL, and an empty block behind', payload: 'f348cdc9c9070000', text: 'Hello' },
  { name: '«Hello» in a block with BFINAL, and nothing behind', payload: 'f348cdc9c90700', text: 'Hello' },
  { name: '«Hello» in two blocks', payload: 'f24805000000ffffcac9c90700', text: 'Hello' },
  { name: 'an empty message', payload: '00', text: '' },
  { name: 'an empty block of fixed codes', payload: '0200', text: '' },
  { name: 'an empty block with BFINAL', payload: '0300', text: '' },
  { name: 'an empty block with BFINAL, and an empty block behind', payload: '030000', text: '' },
  { name: 'three streams, one behind the other', payload: 'f348cdc9c90700'.repeat(3), text: 'HelloHelloHello' },
  { name: 'three streams and an empty block behind', payload: `${'f348cdc9c90700'.repeat(3)}00`, text: 'HelloHelloHello' },
  { name: 'a stream, and a block that refers to it', payload: 'f348cdc9c90700f200110000', text: 'HelloHello' },
  { name: 'a stored block that is empty ahead of text', payload: '000000fffff248cdc9c90700', text: 'Hello' },
  { name: 'a stored block with BFINAL', payload: '010500faff48656c6c6f', text: 'Hello' },
  { name: 'a stored block with BFINAL and an empty block behind', payload: '010500faff48656c6c6f00', text: 'Hello' },
];

for (const { name, payload, text, before } of VALID) {
  test(`inflates ${name}`, async () => {
    assert.equal(await inflate(Buffer.from(payload, 'hex'), MIB, before === undefined ? undefined : Buffer.from(before)), text);
  });
}

test('inflates up to 64 streams in a message, and no more: each costs as much as a message', async () => {
  const one = deflateRawSync('ab');
  assert.equal(await inflate(Buffer.concat(Array<Buffer>(64).fill(one))), 'ab'.repeat(64));
  assert.equal(await inflate(Buffer.concat(Array<Buffer>(65).fill(one))), 'WS_CORRUPT_DATA');
});

test('a stream refers back across those before it, as far as a window reaches; zlib is given no more of them', async (t) => {
  const before = randomBytes(10_000);
  const streams = [randomBytes(20_000), randomBytes(100), randomBytes(60_000), randomBytes(100)];
  const texts = [before];
  const payloads: Buffer[] = [];
  for (const stream of streams) {
    const window = Buffer.concat(texts).subarray(-32_768);
    texts.push(stream, window.subarray(0, 200));
    payloads.push(deflateRawSync(Buffer.concat([stream, window.subarray(0, 200)]), { dictionary: window }));
  }
  const zlib = new ZlibWatch(t);
  const text = inflateNow(Buffer.concat(payloads), MIB, before);
  assert.ok(text.equals(Buffer.concat(texts.slice(1))));
  assert.deepEqual(zlib.dictionaryBytes, [10_000, 30_200, 30_500, 32_768]);
});

const CORRUPT: Readonly<Record<string, string>> = {
  'a block of a type that does not exist': '07',
  'a stored block whose length and complement differ': '000500ffff48656c6c6f00',
  'a stored block that ends too early': '00ff0000ff48656c',
  'a match that refers to what was not there': 'f200110000',
  'text behind which the end of the flush was not left out': 'f248cdc9c907000000ffff',
  'garbage behind a stream': 'f348cdc9c9070007ff',
  'a dynamic block whose codes are over-subscribed': '04ffffffffffffffff00',
  'bytes of one': 'ffffffffffffffff',
};

for (const [what, payload] of Object.entries(CORRUPT)) {
  test(`says of ${what} that it is corrupt`, async () => assert.equal(await inflate(Buffer.from(payload, 'hex')), 'WS_CORRUPT_DATA'));
}

for (const { name, text, from, cutOff } of [
  { name: 'text', text: Buffer.from('the quick brown fox jumps over the lazy dog, and then it does so again. '.repeat(9)), from: 1, cutOff: 1 },
  // Its first byte alone would be an empty message; and without its last four bytes, what is put back behind a message stands for them.
  { name: 'what is not worth compressing', text: randomBytes(600), from: 2, cutOff: 6 },
]) {
  test(`says of ${name} cut at any point that it is corrupt, and never gives a part of it as the whole`, () => {
    const payload = deflate(text);
    for (let end = from; end <= payload.length - cutOff; end++) {
      assert.throws(() => inflateNow(payload.subarray(0, end), MIB), { code: 'WS_CORRUPT_DATA' }, `cut at ${end}`);
    }
  });
}

test('whatever bytes come: text within the limit, or one of two errors, and the same in a thread', async () => {
  const random = new Random(1);
  const whole = deflate(repetitive(3000));
  for (let i = 0; i < 1500; i++) {
    const bytes = random.once(2) ? random.bytes(1 + random.below(60)) : Uint8Array.from(whole);
    if (bytes.length > 60) for (let changes = random.below(4); changes >= 0; changes--) bytes[random.below(bytes.length)] = random.below(256);
    const outcome = await inflate(bytes, 5000);
    assert.ok(outcome.length <= 5000);
  }
});

test('a message of as many bytes as allowed is inflated, and one of a byte more is too big', async () => {
  for (const size of [1, 2, 1000, 16384, 50_000]) {
    const payload = deflate(Buffer.alloc(size, 'a'));
    assert.equal((await inflate(payload, size)).length, size);
    if (size > 1) assert.equal(await inflate(payload, size - 1), 'WS_MESSAGE_TOO_BIG');
  }
});

test('several streams of a message are limited together', async () => {
  const payload = Buffer.concat([deflateRawSync(Buffer.alloc(600)), deflateRawSync(Buffer.alloc(400))]);
  assert.equal((await inflate(payload, 1000)).length, 1000);
  assert.equal(await inflate(payload, 999), 'WS_MESSAGE_TOO_BIG');
  assert.equal((await inflate(Buffer.concat([payload, deflateRawSync('')]), 1000)).length, 1000);
});

test('an empty message passes where nothing else does', async () => {
  assert.equal(await inflate(Buffer.from([0]), 0), '');
  assert.equal(await inflate(deflate('a'), 0), 'WS_MESSAGE_TOO_BIG');
});

test('a bomb is given up at the limit: what is inflated of it takes no more memory than that', async () => {
  const bomb = deflate(Buffer.alloc(64 * MIB));
  assert.ok(bomb.length < MIB);
  const before = process.memoryUsage().arrayBuffers;
  assert.throws(() => inflateNow(bomb, MIB), { code: 'WS_MESSAGE_TOO_BIG' });
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * MIB, 'at once');
  await assert.rejects(inflateLater(bomb, MIB), { code: 'WS_MESSAGE_TOO_BIG' });
  assert.ok(process.memoryUsage().arrayBuffers - before < 6 * MIB, 'in a thread');
});

test('a context keeps the end of the text, as long as its window, in memory of its own', () => {
  for (const bits of [8, 9, 12, 15]) {
    const random = new Random(bits);
    const context = new Context(bits);
    let all = Buffer.alloc(0);
    for (let i = 0; i < 60; i++) {
      const text = Buffer.from(random.bytes(random.pick([0, 1, 2, 100, 2 ** bits - 1, 2 ** bits, 2 ** bits + 1, 3 * 2 ** bits].slice(0, bits > 12 ? 4 : 8))));
      context.push(text);
      all = Buffer.concat([all, text]).subarray(-(2 ** bits));
      assert.ok(context.bytes.equals(all));
      assert.equal(context.bytes.buffer.byteLength, all.length, 'no memory that others have used');
      text.fill(0);
      assert.ok(context.bytes.equals(all), 'a copy');
    }
  }
});

test('what a client of 8 bits sends with a window of 9, as zlib does, is understood by a context of 9', () => {
  const texts = Array.from({ length: 30 }, () => repetitive(700));
  const context = new Context(9);
  let before = Buffer.alloc(0);
  for (const text of texts) {
    const payload = deflate(text, { windowBits: 8, ...(before.length > 0 ? { dictionary: before } : {}) });
    assert.ok(inflateNow(payload, MIB, context.bytes).equals(text));
    context.push(text);
    before = Buffer.concat([before, text]).subarray(-512);
  }
  assert.ok(inflateRawSync(deflateRawSync('whole')).equals(Buffer.from('whole')));
});
