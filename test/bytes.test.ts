/** Which bytes make a token, and that bytes given away neither pin the memory they came in nor lose their content. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, isTokenByte, ownBytes, unpinned } from '#src/bytes.js';

test('tells a token byte from every other (RFC 9110 §5.6.2)', () => {
  for (let byte = 0; byte < 256; byte++) {
    assert.equal(isTokenByte(byte), /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte)), `byte ${byte}`);
  }
});

test('gives the same memory as a Buffer', () => {
  const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const buffer = asBuffer(view);
  assert.deepEqual([...buffer], [2, 3]);
  buffer[0] = 9;
  assert.equal(view[0], 9);
  assert.equal(asBuffer(buffer), buffer);
});

test('keeps the memory of bytes that are all of it', () => {
  const view = new Uint8Array([1, 2, 3]);
  const owned = ownBytes(view);
  assert.equal(owned.buffer, view.buffer);
  assert.deepEqual([...owned], [1, 2, 3]);
});

test('copies bytes that have others ahead of them or behind them, which stay when the copy is transferred', () => {
  const memory = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const [start, end] of [[0, 8], [1, 9], [3, 7]] as const) {
    const owned = ownBytes(memory.subarray(start, end));
    assert.deepEqual([...owned], [...memory.subarray(start, end)]);
    assert.equal(owned.buffer.byteLength, end - start);
    structuredClone(owned, { transfer: [owned.buffer as ArrayBuffer] });
  }
  assert.equal(memory.length, 9);
});

test('pins no memory that is more than twice as much, or that has others behind', () => {
  const memory = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const [start, end, isCopied] of [[0, 10, false], [5, 10, false], [6, 10, true], [0, 9, true], [10, 10, true]] as const) {
    const bytes = unpinned(memory.subarray(start, end));
    assert.deepEqual([...bytes], [...memory.subarray(start, end)]);
    assert.equal(bytes.buffer === memory.buffer, !isCopied, `${start} to ${end}`);
    if (isCopied) assert.equal(bytes.buffer.byteLength, end - start);
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  }
});

test('gives no bytes in memory of their own, however they lie in ours', () => {
  const nothing = Buffer.alloc(0);
  for (const view of [nothing, nothing.subarray(0, 0), new Uint8Array(4).subarray(4)]) {
    const owned = ownBytes(view);
    structuredClone(owned, { transfer: [owned.buffer as ArrayBuffer] });
    assert.doesNotThrow(() => view.subarray(0, 0), 'its memory went away');
  }
});

test('gives a plain Uint8Array for a Buffer', () => {
  for (const buffer of [Buffer.alloc(100), Buffer.alloc(100).subarray(0, 3), Buffer.alloc(0)]) {
    const owned = ownBytes(buffer);
    assert.equal(Object.getPrototypeOf(owned), Uint8Array.prototype);
    assert.equal(owned.length, buffer.length);
  }
});
