/** The byte queue gives back what it was given, in order; what it handed out never changes, and it holds little more than its bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteQueue } from '#src/byte-queue.js';
import { latin1Bytes } from './support/pieces.js';

/** The bytes that wait, without taking them. */
const waiting = (queue: ByteQueue): string => queue.bytes.toString('latin1', queue.start, queue.end);

test('gives back in order what was pushed, whatever was taken between', () => {
  const queue = new ByteQueue();
  queue.push(latin1Bytes('abc'));
  assert.equal(queue.take(2).toString(), 'ab');
  queue.push(latin1Bytes('def'));
  queue.push(latin1Bytes('g'));
  assert.equal(queue.length, 5);
  assert.equal(waiting(queue), 'cdefg');
  queue.skip(1);
  assert.equal(queue.take(3).toString(), 'def');
  assert.equal(waiting(queue), 'g');
});

test('adopts the memory of what is pushed when it is empty', () => {
  const queue = new ByteQueue();
  const chunk = latin1Bytes('abcdef').subarray(2, 4);
  queue.push(chunk);
  assert.equal(queue.bytes.buffer, chunk.buffer);
  assert.equal(waiting(queue), 'cd');
});

test('never writes again to bytes that it handed out', () => {
  const queue = new ByteQueue();
  const views: Buffer[] = [];
  let pushed = '';
  for (let i = 0; i < 2000; i++) {
    const piece = i.toString(36);
    pushed += piece;
    queue.push(latin1Bytes(piece));
    if (i % 3 === 0) views.push(queue.take(2));
  }
  views.push(queue.take(queue.length));
  assert.equal(Buffer.concat(views).toString('latin1'), pushed);
});

test('leaves the memory of a chunk as it was when more is pushed behind it', () => {
  const memory = latin1Bytes('abcdef');
  const queue = new ByteQueue();
  queue.push(memory.subarray(0, 3));
  queue.push(latin1Bytes('XYZ'));
  assert.equal(waiting(queue), 'abcXYZ');
  assert.equal(Buffer.from(memory).toString(), 'abcdef');
});

test('takes what there is when asked for more', () => {
  const queue = new ByteQueue();
  assert.equal(queue.take(10).length, 0);
  queue.push(latin1Bytes('abc'));
  assert.equal(queue.take(Number.MAX_SAFE_INTEGER).toString(), 'abc');
  assert.equal(queue.length, 0);
});

test('takes nothing and keeps everything when asked for no byte', () => {
  const queue = new ByteQueue();
  queue.push(latin1Bytes('abc'));
  assert.equal(queue.take(0).length, 0);
  assert.equal(waiting(queue), 'abc');
});

test('is not changed by an empty chunk', () => {
  const queue = new ByteQueue();
  queue.push(latin1Bytes(''));
  assert.equal(queue.length, 0);
  queue.push(latin1Bytes('abc'));
  queue.push(latin1Bytes(''));
  assert.equal(waiting(queue), 'abc');
});

test('lets go of its memory once it is empty', () => {
  for (const empty of [(queue: ByteQueue) => queue.skip(3), (queue: ByteQueue) => queue.take(3), (queue: ByteQueue) => queue.clear()]) {
    const queue = new ByteQueue();
    queue.push(latin1Bytes('abc'));
    empty(queue);
    assert.equal(queue.length, 0);
    assert.equal(queue.bytes.buffer.byteLength, 0);
  }
});

test('holds no more than four times its bytes when they come one by one', () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 10_000; i++) {
    queue.push(Uint8Array.of(i));
    if (queue.length >= 128) assert.ok(queue.bytes.buffer.byteLength <= 4 * queue.length, `${queue.length} bytes in ${queue.bytes.buffer.byteLength}`);
  }
});

test('does not grow when as much is taken as is pushed', () => {
  const queue = new ByteQueue();
  queue.push(latin1Bytes('a'));
  for (let i = 0; i < 100_000; i++) {
    queue.push(latin1Bytes('bc'));
    queue.skip(2);
    assert.ok(queue.bytes.buffer.byteLength <= 256);
  }
});
