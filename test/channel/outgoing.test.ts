/** What the application sends is judged at the call: a message, an event, a streamed body, nothing, or a UsageError that names the mistake. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerOf, bodyOf, checkBody, COPY_UP_TO_BYTES, eventOf, isEvent, isStreamed, keepBytes, messageOf } from '#src/channel/outgoing.js';
import { UsageError } from '#src/errors.js';
import type { Outgoing } from '#src/http/contract.js';
import { transferred } from '../support/transferred.js';

const BYTES = Uint8Array.of(1, 2);
const BUFFER = Buffer.from('ab');
const LIST = ['a', 'b'];
const GENERATOR = (function* () {
  yield 'a';
})();
const ASYNC = (async function* () {
  yield 'a';
})();
const STREAM = new ReadableStream<Uint8Array>();
const STREAMED = [LIST, new Set(['a']), GENERATOR, ASYNC, STREAM];

/** What a program without types may pass. */
const untyped = (value: unknown): Outgoing => value as Outgoing;
const WRONG: readonly (readonly [name: string, value: unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['a number', 42],
  ['a boolean', true],
  ['a function', () => 'x'],
  ['a symbol', Symbol('x')],
];

describe('the body of', () => {
  test('text and bytes is themselves', () => {
    for (const data of ['', 'text', BYTES, BUFFER]) assert.equal(bodyOf(data), data);
  });

  test('a response is its body, or nothing', () => {
    for (const body of ['', 'text', BYTES, null, ...STREAMED]) assert.equal(bodyOf({ body }), body);
    assert.equal(bodyOf({}), undefined);
    assert.equal(bodyOf({ status: 204 }), undefined);
  });

  for (const [name, value] of WRONG) {
    test(`${name} is a UsageError`, () => assert.throws(() => bodyOf(untyped(value)), UsageError));
    if (value !== null && value !== undefined) test(`a response with ${name} as its body is a UsageError`, () => assert.throws(() => bodyOf(untyped({ body: value })), UsageError));
  }

  test('bytes whose memory was transferred or made smaller is a UsageError, wherever they stand', () => {
    // The library of the language that is compiled for has no types for it.
    const shrinking = new (ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer & { resize(length: number): void })(8, { maxByteLength: 8 });
    const cut = new Uint8Array(shrinking, 4, 4);
    shrinking.resize(2);
    for (const gone of [transferred(), cut]) {
      for (const data of [gone, { body: gone }, { data: gone }]) assert.throws(() => bodyOf(data), UsageError);
      assert.throws(() => checkBody(gone), UsageError);
    }
    for (const none of [new Uint8Array(0), Buffer.alloc(0), BYTES.subarray(1, 1)]) assert.equal(bodyOf(none), none);
  });

  test('a stream that is not in a response is a UsageError', () => {
    for (const stream of STREAMED) assert.throws(() => bodyOf(untyped(stream)), UsageError);
  });

  test('an object, a date, a promise or a view that is no Uint8Array is a UsageError that names it', () => {
    for (const [body, name] of [[{ a: 1 }, 'Object'], [new Date(0), 'Date'], [Promise.resolve('x'), 'Promise'], [new DataView(new ArrayBuffer(1)), 'DataView'], [new Int32Array(1), 'Int32Array'], [new ArrayBuffer(1), 'ArrayBuffer'], [Object.create(null), 'object']] as const) {
      assert.throws(() => checkBody(body), (error) => error instanceof UsageError && error.message.includes(name), name);
    }
  });
});

test('calls iterables and streams streamed, and nothing else', () => {
  for (const body of STREAMED) assert.equal(isStreamed(body), true);
  for (const body of ['text', BYTES, BUFFER, new Int32Array(1), new DataView(new ArrayBuffer(1)), {}, null, undefined, 1]) assert.equal(isStreamed(body), false);
});

describe('the message of', () => {
  test('text and bytes is themselves, also as the body of a response', () => {
    for (const data of ['', 'text', BYTES]) {
      assert.equal(messageOf(data), data);
      assert.equal(messageOf({ status: 404, body: data }), data);
    }
  });

  test('a response without a body is none', () => {
    assert.equal(messageOf({}), undefined);
    assert.equal(messageOf({ body: null }), undefined);
  });

  test('a response with a streamed body is a UsageError', () => {
    for (const body of STREAMED) assert.throws(() => messageOf({ body }), UsageError);
  });
});

describe('an event', () => {
  test('is what has a member of one, and nothing else', () => {
    for (const event of [{ data: '' }, { event: 'a', data: 'b' }, { id: '' }, { retry: 0 }, { data: undefined }, { data: BYTES, note: 'its own' }]) assert.equal(isEvent(event), true);
    for (const other of ['data', BYTES, {}, { status: 200 }, { body: 'data' }, null, undefined, 7, new Date(0), ...STREAMED, Object.assign([], { data: '' })]) assert.equal(isEvent(other), false);
  });

  test('is its data as a message and as a body, and itself on an event stream', () => {
    for (const data of ['', 'text', BYTES]) {
      const event = { event: 'a', id: 'b', retry: 1, data };
      for (const of of [bodyOf, messageOf, answerOf]) assert.equal(of(event), data);
      assert.equal(eventOf(event), event);
    }
  });

  test('without data is no message, an answer without a body, and an event all the same', () => {
    for (const event of [{ id: '7' }, { retry: 7 }, { id: '7', data: undefined }]) {
      assert.deepEqual([bodyOf(event), messageOf(event), answerOf(event)], [undefined, undefined, {}]);
      assert.equal(eventOf(event), event);
    }
  });

  test('that holds nothing is none', () => {
    for (const event of [{ data: undefined }, { id: undefined, retry: undefined }]) assert.equal(eventOf(event), undefined);
  });

  test('is made of text, bytes, and the body of a response', () => {
    for (const data of ['', 'text', BYTES]) for (const sent of [data, { body: data }, { status: 404, body: data }]) assert.deepEqual(eventOf(sent), { data });
    for (const response of [{}, { status: 204 }, { body: null }]) assert.equal(eventOf(response), undefined);
    for (const body of STREAMED) assert.throws(() => eventOf({ body }), UsageError);
  });

  const INVALID: readonly (readonly [name: string, event: object])[] = [
    ...['a\nb', 'a\r', '\r\n', '\n', 'a\0b'].flatMap((text) => [
      [`the name ${JSON.stringify(text)}`, { event: text, data: '' }] as const,
      [`the id ${JSON.stringify(text)}`, { id: text, data: '' }] as const,
    ]),
    ...[7, null, true, {}].flatMap((value) => [
      [`the name ${JSON.stringify(value)}`, { event: value, data: '' }] as const,
      [`the id ${JSON.stringify(value)}`, { id: value, data: '' }] as const,
    ]),
    ...[-1, 0.5, NaN, Infinity, 2 ** 53, '1000', null].map((retry) => [`the retry ${retry}`, { retry, data: '' }] as const),
    ...[null, 7, {}, ['a'], new ArrayBuffer(1), new Int32Array(1), new Date(0)].map((data) => [`${Object.prototype.toString.call(data)} as its data`, { data }] as const),
    ['a name and no data', { event: 'a' }],
    ['a name, an id and no data', { event: 'a', id: '7' }],
    ['a status', { data: 'a', status: 200 }],
    ['headers', { data: 'a', headers: {} }],
    ['a body', { event: 'a', body: 'b' }],
  ];

  for (const [name, event] of INVALID) {
    test(`with ${name} is a UsageError, wherever it is sent`, () => {
      for (const of of [bodyOf, messageOf, answerOf, eventOf]) assert.throws(() => of(untyped(event)), UsageError);
    });
  }

  test('that is wrong is described without what it holds', () => {
    assert.throws(() => eventOf({ id: 'secret\n', data: '' }), (error: Error) => !error.message.includes('secret'));
  });
});

describe('keeps', () => {
  test('a copy of up to 4 KiB', () => {
    for (const count of [0, 1, COPY_UP_TO_BYTES]) {
      const bytes = new Uint8Array(count).fill(1);
      const kept = keepBytes(bytes);
      bytes.fill(2);
      assert.deepEqual(Uint8Array.from(kept), new Uint8Array(count).fill(1));
    }
  });

  test('longer bytes themselves', () => {
    const bytes = new Uint8Array(COPY_UP_TO_BYTES + 1);
    assert.equal(keepBytes(bytes), bytes);
    assert.equal(COPY_UP_TO_BYTES, 4096);
  });
});
