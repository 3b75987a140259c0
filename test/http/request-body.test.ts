/** The body of a request is read once, collected or piece by piece; it pulls only for a waiting reader, keeps its limits, and every reader hears an end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unpinned } from '#src/bytes.js';
import { ProtocolError, UsageError } from '#src/errors.js';
import { httpError } from '#src/http/errors.js';
import { FieldLines, NO_FIELDS } from '#src/http/headers.js';
import { NO_BODY, RequestBody } from '#src/http/request-body.js';
import { countHeld } from '../support/garbage.js';
import { latin1Bytes } from '../support/pieces.js';

interface Options {
  readonly announced?: number;
  readonly maxStreamed?: number;
}

/** A body whose source hands over one of these pieces at every pull, then the end; without pieces it only counts. */
class Source {
  pulls = 0;
  readonly noted: string[] = [];
  readonly body: RequestBody;
  readonly #pieces: string[] | undefined;

  constructor(pieces?: readonly string[], { announced, maxStreamed = Infinity }: Options = {}) {
    this.#pieces = pieces === undefined ? undefined : [...pieces];
    this.body = new RequestBody(this, announced, maxStreamed);
  }

  noteError(error: ProtocolError): void {
    this.noted.push(error.code);
  }

  pull(): void {
    this.pulls++;
    while (this.#pieces !== undefined && this.body.isWanted) {
      const piece = this.#pieces.shift();
      if (piece === undefined) return this.body.end(NO_FIELDS);
      this.body.push(latin1Bytes(piece));
    }
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

async function piecesOf(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of body) pieces.push(text(piece));
  return pieces;
}

const withCode = (code: string) => (error: unknown): boolean => error instanceof ProtocolError && error.code === code;

// Collecting.

const asTheyAre = (bytes: Uint8Array): Uint8Array => bytes;

test('collects all pieces', async () => {
  assert.equal(text(await new Source(['ab', 'c', 'def']).body.collect(100, asTheyAre)), 'abcdef');
  assert.equal(text(await new Source([]).body.collect(100, asTheyAre)), '');
});

test('collects what came before it was asked for', async () => {
  const { body } = new Source();
  body.push(latin1Bytes('ab'));
  body.push(latin1Bytes('c'));
  body.end(NO_FIELDS);
  assert.equal(text(await body.collect(100, asTheyAre)), 'abc');
});

test('collects as many bytes as the limit, and refuses one more', async () => {
  assert.equal(text(await new Source(['abc', 'de']).body.collect(5, asTheyAre)), 'abcde');
  await assert.rejects(new Source(['abc', 'de']).body.collect(4, asTheyAre), withCode('HTTP_BODY_TOO_LARGE'));
  await assert.rejects(new Source(['a']).body.collect(0, asTheyAre), withCode('HTTP_BODY_TOO_LARGE'));
});

test('refuses to collect an announced length over the limit before it pulls', async () => {
  const source = new Source(['abcde'], { announced: 5 });
  await assert.rejects(source.body.collect(4, asTheyAre), withCode('HTTP_BODY_TOO_LARGE'));
  assert.equal(source.pulls, 0);
  assert.deepEqual(source.noted, ['HTTP_BODY_TOO_LARGE']);
  assert.equal(text(await new Source(['abcde'], { announced: 5 }).body.collect(5, asTheyAre)), 'abcde');
});

test('refuses to collect more than the limit of what came before it was asked for', async () => {
  const { body } = new Source();
  body.push(latin1Bytes('abcde'));
  await assert.rejects(body.collect(4, asTheyAre), withCode('HTTP_BODY_TOO_LARGE'));
});

test('does not hold a collected body to the limit of a streamed one', async () => {
  assert.equal(text(await new Source(['abc', 'de'], { maxStreamed: 3 }).body.collect(5, asTheyAre)), 'abcde');
});

test('reads a body that came in one piece where it is', async () => {
  const { body } = new Source();
  const received = new Uint8Array(64 * 1024).fill(0x61);
  const collected = body.collect(100, asTheyAre);
  body.push(received.subarray(10, 15));
  body.end(NO_FIELDS);
  const bytes = await collected;
  assert.deepEqual([bytes.length, bytes.byteOffset, bytes.buffer], [5, 10, received.buffer]);
});

test('brings a body of announced length together in memory of that length, however it comes', async () => {
  for (const lengths of [[1, 1], [40_000, 90], [90, 40_000], [20_000, 20_000, 20_000], [1000, 30_000, 30_000, 1], new Array<number>(500).fill(100)]) {
    const announced = lengths.reduce((sum, length) => sum + length, 0);
    const { body } = new Source(undefined, { announced });
    const collected = body.collect(announced, unpinned);
    const pieces = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
    for (const piece of pieces) body.push(piece);
    body.end(NO_FIELDS);
    const bytes = await collected;
    assert.deepEqual(Buffer.from(bytes), Buffer.concat(pieces));
    assert.equal(bytes.buffer.byteLength, announced, lengths.slice(0, 5).join(' + '));
  }
});

test('lets go of the memory that the first piece came in once there are others', async () => {
  const { body } = new Source(undefined, { announced: 100 });
  const collected = body.collect(100, asTheyAre);
  const received = pushRead(body);
  body.push(latin1Bytes('b'));
  assert.equal(await countHeld([received]), 0);
  body.push(new Uint8Array(98));
  body.end(NO_FIELDS);
  assert.equal(text(await collected).slice(0, 2), 'ab');
});

/** A byte at the end of a large read; what the read lies in. */
function pushRead(body: RequestBody): WeakRef<object> {
  const read = new Uint8Array(64 * 1024).fill(0x61);
  body.push(read.subarray(64 * 1024 - 1));
  return new WeakRef(read.buffer);
}

test('gives what was held, of however many pieces, to who iterates', async () => {
  for (const held of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    const { body } = new Source([]);
    for (const piece of held) body.push(latin1Bytes(piece));
    assert.deepEqual(await piecesOf(body), [held.join('')]);
  }
});

// Iterating.

test('hands over the pieces one by one, pulling for each only when it is asked for', async () => {
  const source = new Source(['ab', 'c']);
  const reader = source.body[Symbol.asyncIterator]();
  assert.equal(source.pulls, 0);
  for (const [i, expected] of ['ab', 'c'].entries()) {
    const { value } = await reader.next();
    assert.equal(text(value ?? assert.fail('no piece')), expected);
    assert.equal(source.pulls, i + 1);
    assert.equal(source.body.isWanted, false);
  }
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
});

test('hands over what came before it was asked for without pulling', async () => {
  const source = new Source();
  source.body.push(latin1Bytes('ab'));
  source.body.push(latin1Bytes('c'));
  source.body.end(NO_FIELDS);
  assert.deepEqual(await piecesOf(source.body), ['abc']);
  assert.equal(source.pulls, 0);
});

test('waits for a piece that comes later', async () => {
  const { body } = new Source();
  const pieces = piecesOf(body);
  assert.equal(body.isWanted, true);
  body.push(latin1Bytes('ab'));
  body.push(latin1Bytes('c'));
  body.end(NO_FIELDS);
  assert.deepEqual(await pieces, ['ab', 'c']);
});

test('streams as many bytes as the limit, and refuses one more', async () => {
  assert.deepEqual(await piecesOf(new Source(['abc', 'de'], { maxStreamed: 5 }).body), ['abc', 'de']);
  await assert.rejects(piecesOf(new Source(['abc', 'de'], { maxStreamed: 4 }).body), withCode('HTTP_BODY_TOO_LARGE'));
  await assert.rejects(piecesOf(new Source(['abcde'], { maxStreamed: 4, announced: 5 }).body), withCode('HTTP_BODY_TOO_LARGE'));
});

test('gives a small piece that does not pin the memory it came in', async () => {
  for (const isWaiting of [true, false]) {
    const { body } = new Source();
    const reader = body[Symbol.asyncIterator]();
    const early = isWaiting ? reader.next() : undefined;
    body.push(new Uint8Array(64 * 1024).fill(7).subarray(100, 103));
    const { value } = await (early ?? reader.next());
    assert.deepEqual([...(value ?? [])], [7, 7, 7]);
    assert.equal(value?.buffer.byteLength, 3);
  }
});

test('gives a piece that fills its memory without a copy', async () => {
  const { body } = new Source();
  const next = body[Symbol.asyncIterator]().next();
  const bytes = new Uint8Array(64 * 1024);
  body.push(bytes);
  assert.equal((await next).value?.buffer, bytes.buffer);
});

test('refuses a second piece while one is being waited for', async () => {
  const { body } = new Source();
  const reader = body[Symbol.asyncIterator]();
  const first = reader.next();
  await assert.rejects(reader.next(), UsageError);
  body.push(latin1Bytes('ab'));
  assert.equal(text((await first).value ?? assert.fail('no piece')), 'ab');
});

test('gives nothing more to a reader that gave up', async () => {
  const source = new Source(['ab', 'c', 'd']);
  for await (const piece of source.body) {
    assert.equal(text(piece), 'ab');
    break;
  }
  assert.equal(source.body.isWanted, false);
  source.body.push(latin1Bytes('late'));
  source.body.end(NO_FIELDS);
  assert.throws(() => source.body[Symbol.asyncIterator](), UsageError);
  await assert.rejects(source.body.collect(100, asTheyAre), UsageError);
});

test('ends the wait of a reader that gives up meanwhile, and wants no more', async () => {
  const { body } = new Source();
  const reader = body[Symbol.asyncIterator]();
  const waiting = reader.next();
  await reader.return?.();
  assert.equal(body.isWanted, false);
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test('holds nothing for a reader that gave up', async () => {
  const { body } = new Source();
  const reader = body[Symbol.asyncIterator]();
  body.push(latin1Bytes('held'));
  await reader.return?.();
  await assert.rejects(reader.next(), UsageError);
});

// Once only.

test('can be read once, in whatever way', async () => {
  const ways = {
    collect: (body: RequestBody): Promise<unknown> => body.collect(100, asTheyAre),
    iterate: (body: RequestBody): Promise<unknown> => piecesOf(body),
  };
  for (const [firstName, first] of Object.entries(ways)) {
    for (const [secondName, second] of Object.entries(ways)) {
      const { body } = new Source(['ab']);
      assert.equal(body.isBeingRead, false);
      await first(body);
      assert.equal(body.isBeingRead, true);
      await assert.rejects(second(body), UsageError, `${secondName} behind ${firstName}`);
    }
  }
});

test('is not disturbed by a second reader that is refused', async () => {
  const { body } = new Source();
  const pieces = piecesOf(body);
  await assert.rejects(body.collect(1, asTheyAre), UsageError);
  body.push(latin1Bytes('abc'));
  body.end(NO_FIELDS);
  assert.deepEqual(await pieces, ['abc']);

  const other = new Source();
  const collected = other.body.collect(4, asTheyAre);
  await assert.rejects(other.body.collect(1000, asTheyAre), UsageError);
  other.body.push(latin1Bytes('abcde'));
  await assert.rejects(collected, withCode('HTTP_BODY_TOO_LARGE'), 'the first limit stands');
});

// Failing.

test('rejects a reader that waits when it fails', async () => {
  for (const read of [(body: RequestBody) => body.collect(100, asTheyAre), (body: RequestBody) => piecesOf(body)]) {
    const { body } = new Source();
    const reading = read(body);
    body.push(latin1Bytes('ab'));
    body.fail(httpError('HTTP_CLIENT_LEFT'));
    await assert.rejects(reading, withCode('HTTP_CLIENT_LEFT'));
    assert.equal(body.isWanted, false);
  }
});

test('rejects a reader that comes after it failed, without pulling', async () => {
  for (const read of [(body: RequestBody) => body.collect(100, asTheyAre), (body: RequestBody) => piecesOf(body)]) {
    const source = new Source();
    source.body.push(latin1Bytes('ab'));
    source.body.fail(httpError('HTTP_BODY_TIMEOUT'));
    await assert.rejects(read(source.body), withCode('HTTP_BODY_TIMEOUT'));
    assert.equal(source.pulls, 0);
  }
});

test('keeps the first reason why it failed, and takes no more', async () => {
  const { body } = new Source();
  const reading = body.collect(100, asTheyAre);
  body.fail(httpError('HTTP_BAD_CHUNK_SIZE'));
  body.fail(httpError('HTTP_CLIENT_LEFT'));
  body.push(latin1Bytes('ab'));
  await assert.rejects(reading, withCode('HTTP_BAD_CHUNK_SIZE'));
});

test('does not fail any more once it has ended', async () => {
  const { body } = new Source();
  body.push(latin1Bytes('ab'));
  body.end(NO_FIELDS);
  body.fail(httpError('HTTP_CLIENT_LEFT'));
  assert.equal(text(await body.collect(100, asTheyAre)), 'ab');
});

test('rejects with what failed it first, and notes no size, when it is asked for only then', async () => {
  const source = new Source([], { announced: 5 });
  source.body.fail(httpError('HTTP_BODY_TIMEOUT'));
  await assert.rejects(source.body.collect(4, asTheyAre), withCode('HTTP_BODY_TIMEOUT'));
  assert.deepEqual(source.noted, []);
});

test('rejects its reader when its source fails it at the pull', async () => {
  const failure = new Error('of the source');
  const body = new RequestBody({ pull: () => body.fail(failure), noteError: assert.fail }, undefined, Infinity);
  await assert.rejects(body.collect(100, asTheyAre), failure);
});

// Trailers and no body.

test('has its trailers once it was read to its end', async () => {
  const line = 'X-Sum: 1\r\n';
  const { body } = new Source();
  assert.deepEqual(body.trailers.toArray(), []);
  const reading = body.collect(100, asTheyAre);
  body.end(new FieldLines(line, 0, line.length));
  await reading;
  assert.deepEqual(body.trailers.toArray(), ['X-Sum', '1']);
});

test('reads as empty where there is no body, any number of times', async () => {
  for (let i = 0; i < 2; i++) {
    assert.equal((await NO_BODY.collect(0, asTheyAre)).length, 0);
    assert.deepEqual(await piecesOf(NO_BODY), []);
    assert.deepEqual(NO_BODY.trailers.toArray(), []);
  }
});
