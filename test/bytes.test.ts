/** Which bytes make a token, and that bytes given away neither pin the memory they came in nor lose their content. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, isTokenByte, ownBytes } from '#src/bytes.js';

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

test('keeps the memory of bytes that fill at least half of it, up to its end', () => {
  for (const length of [5, 10]) {
    const view = new Uint8Array(10).fill(7).subarray(10 - length);
    const owned = ownBytes(view);
    assert.equal(owned.buffer, view.buffer);
    assert.deepEqual([...owned], [...view]);
  }
});

test('copies bytes that have others behind them, which stay when the copy is transferred', () => {
  const memory = new Uint8Array(10).fill(7);
  const owned = ownBytes(memory.subarray(0, 9));
  structuredClone(owned, { transfer: [owned.buffer as ArrayBuffer] });
  assert.equal(memory[9], 7);
});

test('copies bytes that fill less than half of the memory behind them', () => {
  const view = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9]).subarray(3, 7);
  const owned = ownBytes(view);
  assert.deepEqual([...owned], [4, 5, 6, 7]);
  assert.equal(owned.buffer.byteLength, 4);
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
