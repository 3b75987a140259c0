/** What one WebSocket compresses and inflates: by what was agreed on, in order, counted while the connection lasts and no longer. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { Counters } from '#src/counters.js';
import { SharedMessage } from '#src/channel/shared-message.js';
import { Compression, type CompressionSettings } from '#src/websocket/compression.js';
import type { DeflateParameters } from '#src/websocket/extensions.js';
import { TurnLimit } from '#src/websocket/turn-limit.js';
import { WorkLimit } from '#src/websocket/work-limit.js';
import { parseServerFrames, type ServerFrame } from '../support/frames.js';
import { turns } from '../support/deferred.js';

const LARGE = 'all work and no play makes a dull test. '.repeat(2000);
const SMALL = 'small '.repeat(20);
const PARAMETERS: DeflateParameters = { serverMaxWindowBits: 15, isServerWindowAsked: false, serverNoContextTakeover: true, clientMaxWindowBits: 15, clientNoContextTakeover: true };
const TAKEOVER: DeflateParameters = { ...PARAMETERS, serverNoContextTakeover: false, clientNoContextTakeover: false };

const TIMELESS = { now: () => 0, nextTurn: () => {} };

function makeSettings(more: { threshold?: number; maxInflateRatio?: number; maxMessageBytes?: number; most?: number } = {}): CompressionSettings {
  const { threshold = 0, maxInflateRatio = Infinity, maxMessageBytes = 1024 * 1024, most = 4 } = more;
  return { deflate: { threshold, level: 3, memLevel: 8, maxInflateRatio }, maxMessageBytes, work: new WorkLimit(most), turns: new TurnLimit(Infinity, TIMELESS), counters: new Counters() };
}

function frameIn(bytes: Uint8Array): ServerFrame {
  const { frames, rest } = parseServerFrames(Buffer.from(bytes));
  assert.equal(frames.length, 1);
  assert.equal(rest.length, 0);
  return frames[0]!;
}

function textOf(frame: ServerFrame, before: Uint8Array = new Uint8Array(0)): Buffer {
  assert.equal(frame.fin, true);
  assert.equal(frame.rsv, 4, 'RSV1 alone');
  return inflateRawSync(Buffer.concat([frame.payload, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: constants.Z_SYNC_FLUSH, ...(before.length > 0 ? { dictionary: before } : {}) });
}

function payloadOf(text: string | Uint8Array, dictionary?: Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary === undefined ? {} : { dictionary }) }).subarray(0, -4);
}

test('text and bytes are one frame each, with RSV1 and their opcode; short ones at once, long ones later', async () => {
  const compression = new Compression(PARAMETERS, makeSettings());
  for (const [data, opcode] of [[SMALL, 1], [Buffer.from(SMALL), 2], [LARGE, 1], [Uint8Array.from(randomBytes(100_000)), 2], ['€'.repeat(6000), 1], ['', 1], [new Uint8Array(0), 2]] as const) {
    const deflated = compression.deflate(data, undefined);
    assert.equal(deflated instanceof Uint8Array, Buffer.byteLength(data) <= 16 * 1024);
    const frame = frameIn(await deflated);
    assert.equal(frame.opcode, opcode);
    assert.ok(textOf(frame).equals(Buffer.from(data as string)));
  }
});

test('the threshold is a number of bytes, from which on it is worthwhile', () => {
  const compression = new Compression(PARAMETERS, makeSettings({ threshold: 100 }));
  assert.deepEqual([0, 99, 100, 101].map((bytes) => compression.isWorthwhile(bytes)), [false, false, true, true]);
});

test('with takeover a message refers to those before it, and without it to none', async () => {
  for (const [parameters, isSmaller] of [[TAKEOVER, true], [PARAMETERS, false]] as const) {
    const compression = new Compression(parameters, makeSettings());
    const text = randomBytes(1000);
    const first = frameIn(await compression.deflate(text, undefined));
    const second = frameIn(await compression.deflate(text, undefined));
    assert.equal(second.payload.length < 50, isSmaller);
    assert.ok(textOf(second, isSmaller ? textOf(first) : undefined).equals(text));
  }
});

test('what the client refers to is known as far as its window reaches', async () => {
  const compression = new Compression({ ...TAKEOVER, clientMaxWindowBits: 10 }, makeSettings());
  const text = randomBytes(600);
  assert.deepEqual(await compression.inflate(payloadOf(text), false), Uint8Array.from(text));
  assert.deepEqual(await compression.inflate(payloadOf(text, text), false), Uint8Array.from(text));
  const between = randomBytes(424);
  await compression.inflate(payloadOf(between), false);
  assert.deepEqual(await compression.inflate(payloadOf(text, Buffer.concat([text, between])), false), Uint8Array.from(text), '1024 bytes back');
  // zlib finds no match at the first byte of a dictionary.
  const more = randomBytes(426);
  await compression.inflate(payloadOf(more), false);
  assert.throws(() => compression.inflate(payloadOf(text, Buffer.concat([text, more])), false), { code: 'WS_CORRUPT_DATA' }, '1026 bytes back');
});

test('a client of 8 bits may refer back as far as a window of 9 reaches, which is what zlib makes of 8', async () => {
  const compression = new Compression({ ...TAKEOVER, clientMaxWindowBits: 8 }, makeSettings());
  const text = randomBytes(500);
  await compression.inflate(payloadOf(text), false);
  assert.deepEqual(await compression.inflate(payloadOf(text, text), false), Uint8Array.from(text));
});

test('bytes that are handed over are the own of who receives them, and no Buffer', async () => {
  const compression = new Compression(TAKEOVER, makeSettings());
  const text = randomBytes(100);
  const first = (await compression.inflate(payloadOf(text), false)) as Uint8Array;
  assert.equal(Buffer.isBuffer(first), false);
  assert.ok(first.buffer.byteLength < 300, 'a small message does not pin a large buffer');
  first.fill(0);
  assert.deepEqual(await compression.inflate(payloadOf(text, text), false), Uint8Array.from(text), 'what it refers to is not what was handed over');
});

test('text that is not UTF-8 is refused, at once and in a thread, and bytes are not asked', async () => {
  const compression = new Compression(PARAMETERS, makeSettings());
  const long = Buffer.concat([randomBytes(50_000).map((byte) => byte & 127), Buffer.from([0xc3])]);
  assert.throws(() => compression.inflate(payloadOf(Buffer.from([0xff])), true), { code: 'WS_INVALID_UTF8' });
  await assert.rejects(async () => compression.inflate(payloadOf(long), true), { code: 'WS_INVALID_UTF8' });
  assert.equal(((await compression.inflate(payloadOf(long), false)) as Uint8Array).length, 50_001);
});

test('a payload of no bytes is an empty message', () => {
  const compression = new Compression(TAKEOVER, makeSettings());
  assert.equal(compression.inflate(new Uint8Array(0), true), '');
  assert.deepEqual(compression.inflate(new Uint8Array(0), false), new Uint8Array(0));
});

test('a message may grow to the ratio and no more, and to the longest message and no more', () => {
  const payload = payloadOf('a'.repeat(1000));
  const ratio = Math.ceil(1000 / payload.length);
  assert.equal(new Compression(PARAMETERS, makeSettings({ maxInflateRatio: ratio })).inflate(payload, true), 'a'.repeat(1000));
  assert.throws(() => new Compression(PARAMETERS, makeSettings({ maxInflateRatio: ratio - 1 })).inflate(payload, true), { code: 'WS_MESSAGE_TOO_BIG' });
  assert.equal(new Compression(PARAMETERS, makeSettings({ maxMessageBytes: 1000 })).inflate(payload, true), 'a'.repeat(1000));
  assert.throws(() => new Compression(PARAMETERS, makeSettings({ maxMessageBytes: 999 })).inflate(payload, true), { code: 'WS_MESSAGE_TOO_BIG' });
});

test('contexts are counted with what they hold, and not at all once the connection is gone', async () => {
  const settings = makeSettings();
  const { counters } = settings;
  const compression = new Compression({ ...TAKEOVER, serverMaxWindowBits: 9 }, settings);
  assert.deepEqual([counters.compressing, counters.contextBytes], [1, 0]);
  await compression.deflate(SMALL, undefined);
  assert.equal(counters.contextBytes, 120);
  await compression.deflate(SMALL.repeat(5), undefined);
  assert.equal(counters.contextBytes, 512);
  await compression.inflate(payloadOf(LARGE), true);
  assert.equal(counters.contextBytes, 512 + 32 * 1024);
  compression.release();
  assert.deepEqual([counters.compressing, counters.contextBytes], [0, 0]);
});

test('what is compressed and inflated while the connection goes is not counted any more', async () => {
  const settings = makeSettings();
  const compression = new Compression(TAKEOVER, settings);
  const payload = payloadOf(randomBytes(20_000));
  const deflated = compression.deflate(LARGE, undefined);
  const inflated = compression.inflate(payload, false);
  compression.release();
  await deflated;
  assert.equal(((await inflated) as Uint8Array).length, 20_000);
  await compression.inflate(payloadOf(SMALL), true);
  assert.deepEqual([settings.counters.compressing, settings.counters.contextBytes], [0, 0]);
});

test('what came before the connection went is still inflated by what came before it', async () => {
  const compression = new Compression(TAKEOVER, makeSettings());
  const text = randomBytes(500);
  compression.release();
  await compression.inflate(payloadOf(text), false);
  assert.deepEqual(await compression.inflate(payloadOf(text, text), false), Uint8Array.from(text));
});

for (const text of [SMALL, LARGE]) {
  test(`a message of ${text.length} bytes for many is compressed once for each size of window, and all get the same bytes`, async () => {
    const settings = makeSettings();
    const shared = new SharedMessage(text);
    const members = [15, 15, 9, 9, 8, 15].map((serverMaxWindowBits, i) => new Compression({ ...(i % 2 === 0 ? TAKEOVER : PARAMETERS), serverMaxWindowBits }, settings));
    const frames = await Promise.all(members.map((member) => member.deflate(text, shared)));
    assert.equal(frames[1], frames[0], 'one object');
    assert.equal(frames[5], frames[0]);
    assert.equal(frames[3], frames[2]);
    assert.equal(new Set(frames).size, 3);
    for (const frame of frames) assert.equal(textOf(frameIn(frame)).toString(), text);
  });
}

test('what is sent to one behind a message for many refers to it as the client knows it', async () => {
  for (const text of [SMALL, LARGE]) {
    const compression = new Compression(TAKEOVER, makeSettings());
    const own = randomBytes(300);
    let known = textOf(frameIn(await compression.deflate(own, undefined)));
    known = Buffer.concat([known, textOf(frameIn(await compression.deflate(text, new SharedMessage(text))))]);
    const last = frameIn(await compression.deflate(own, undefined));
    assert.ok(textOf(last, known).equals(own));
  }
});

test('of all WebSockets of a server no more than so many messages are in threads at once', async () => {
  let running = 0;
  let most = 0;
  const limit = new WorkLimit(2);
  const watched = {
    run: <T>(work: () => Promise<T>): Promise<T> =>
      limit.run(async () => {
        most = Math.max(most, ++running);
        try {
          return await work();
        } finally {
          running--;
        }
      }),
  } as unknown as WorkLimit;
  const settings = { ...makeSettings(), work: watched };
  const payload = payloadOf(randomBytes(20_000));
  const all = Array.from({ length: 12 }, (_, i) => {
    const compression = new Compression(PARAMETERS, settings);
    return Promise.resolve(i % 3 === 0 ? compression.inflate(payload, false) : compression.deflate(LARGE, i % 3 === 1 ? new SharedMessage(LARGE) : undefined));
  });
  await turns(1);
  assert.equal(running, 2);
  await Promise.all(all);
  assert.equal(most, 2);
});

test('short messages of all WebSockets share the time of a turn; what waits is inflated in its order, and by what came before it', async () => {
  let now = 0;
  const turnsAsked: (() => void)[] = [];
  const limit = new TurnLimit(2, { now: () => now++, nextTurn: (fn) => turnsAsked.push(fn) });
  const settings = { ...makeSettings(), turns: limit };
  const own = randomBytes(300);
  const [one, other] = [new Compression(TAKEOVER, settings), new Compression(TAKEOVER, settings)];
  assert.deepEqual(await one.inflate(payloadOf(own), false), Uint8Array.from(own));
  assert.equal(other.inflate(payloadOf(SMALL), true), SMALL);
  const told: string[] = [];
  const later = Promise.resolve(one.inflate(payloadOf(own, own), false)).then((message) => told.push(`one ${Buffer.from(message as Uint8Array).equals(own)}`));
  const corrupt = Promise.resolve(other.inflate(Uint8Array.of(0xff), true)).catch((error: { code: string }) => told.push(`other ${error.code}`));
  await turns();
  assert.deepEqual(told, []);
  assert.equal(turnsAsked.length, 1);
  turnsAsked.shift()!();
  await Promise.all([later, corrupt]);
  assert.deepEqual(told, ['one true', 'other WS_CORRUPT_DATA']);
});
