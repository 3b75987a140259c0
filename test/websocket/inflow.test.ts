/** What one client may send: messages and bytes apart, and time in which nobody read is not held against it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inflow } from '#src/websocket/inflow.js';

const PLENTY = 100_000;

function messages(inflow: Inflow, now: number, tries = PLENTY): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (inflow.takeMessage(now)) count++;
  return count;
}

test('counts messages and bytes apart', () => {
  const inflow = new Inflow({ maxMessagesPerSecond: 5, maxMessageBytesPerSecond: 100 });
  assert.equal(inflow.takeBytes(100, 0), true);
  assert.equal(inflow.takeBytes(1, 0), false);
  assert.equal(messages(inflow, 0), 5);
  assert.equal(inflow.takeBytes(50, 500), true);
  assert.equal(messages(inflow, 600), 3);
});

test('limits only what it is told to', () => {
  const byCount = new Inflow({ maxMessagesPerSecond: 1, maxMessageBytesPerSecond: Infinity });
  assert.equal(byCount.takeBytes(2 ** 50, 0), true);
  assert.equal(messages(byCount, 0), 1);
  const byBytes = new Inflow({ maxMessagesPerSecond: Infinity, maxMessageBytesPerSecond: 1 });
  assert.equal(messages(byBytes, 0), PLENTY);
  assert.equal(byBytes.takeBytes(2, 0), false);
});

test('gives what may have been sent while nobody read, and no more', () => {
  const inflow = new Inflow({ maxMessagesPerSecond: 10, maxMessageBytesPerSecond: 1000 });
  inflow.stop(50_000);
  inflow.resume(57_000);
  assert.equal(messages(inflow, 57_000), 80, 'a second\'s worth, and that of seven seconds');
  assert.equal(inflow.takeBytes(8001, 57_000), false);
  assert.equal(inflow.takeBytes(8000, 57_000), true);
  assert.equal(messages(inflow, 57_500), 5);
});

test('counts what was sent before reading stopped', () => {
  const inflow = new Inflow({ maxMessagesPerSecond: 10, maxMessageBytesPerSecond: Infinity });
  assert.equal(messages(inflow, 50_000), 10);
  inflow.stop(50_000);
  inflow.resume(52_000);
  assert.equal(messages(inflow, 52_000), 20);
});

test('gives it also where reading stops again and again', () => {
  const inflow = new Inflow({ maxMessagesPerSecond: 10, maxMessageBytesPerSecond: Infinity });
  let taken = 0;
  for (let at = 50_000; at < 60_000; at += 2000) {
    inflow.stop(at);
    inflow.resume(at + 1500);
    taken += messages(inflow, at + 1500, 4);
  }
  assert.equal(taken, 20);
  assert.equal(messages(inflow, 59_500), 10 + 95 - 20, 'what may have been sent since it was stopped first');
});

test('is as strict as ever when reading has gone on for a second', () => {
  const inflow = new Inflow({ maxMessagesPerSecond: 10, maxMessageBytesPerSecond: Infinity });
  inflow.stop(50_000);
  inflow.resume(60_000);
  assert.equal(messages(inflow, 61_000), 10);
  inflow.stop(62_000);
  assert.equal(messages(inflow, 62_500), 15, 'what was read, and is decoded while reading is stopped');
  inflow.resume(62_500);
  assert.equal(messages(inflow, 62_500), 0);
});
