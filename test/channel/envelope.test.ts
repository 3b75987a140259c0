/** The wire form of docs/RESUME.md, byte by byte. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '#src/channel/contract.js';
import { encodeAnswer, encodeEnvelope, encodeGap, encodeItem, encodePosition, type Letter } from '#src/channel/envelope.js';

const BYTES = Uint8Array.of(0, 1, 2, 255);

const ENVELOPES: readonly (readonly [name: string, letter: Letter, envelope: Message])[] = [
  ['text', { id: 'e-7', data: 'hello' }, '{"id":"e-7","data":"hello"}'],
  ['text that JSON has to escape', { id: 'e-7', data: 'a "b"\\\r\n\0\u2028grüße' }, `{"id":"e-7","data":${JSON.stringify('a "b"\\\r\n\0\u2028grüße')}}`],
  ['half of a surrogate pair', { data: '\ud800' }, '{"data":"\\ud800"}'],
  ['empty text', { id: 'e-7', data: '' }, '{"id":"e-7","data":""}'],
  ['text of an event', { id: 'e-7', event: 'joined', data: 'x' }, '{"id":"e-7","event":"joined","data":"x"}'],
  ['text without an id', { data: 'x' }, '{"data":"x"}'],
  ['text of an event without an id', { event: 'joined', data: 'x' }, '{"event":"joined","data":"x"}'],
  ['bytes', { id: 'e-7', data: BYTES }, Buffer.from('\x01\x03e-7\x00\x01\x02\xff', 'latin1')],
  ['no bytes', { id: 'e-7', data: new Uint8Array(0) }, Buffer.from('\x01\x03e-7', 'latin1')],
  ['bytes without an id', { data: BYTES }, Buffer.from('\x01\x00\x00\x01\x02\xff', 'latin1')],
  ['bytes of an event', { id: 'e-7', event: 'picture', data: BYTES }, '{"id":"e-7","event":"picture","base64":"AAEC/w=="}'],
  ['bytes with the longest id that has a byte for its length', { id: 'i'.repeat(255), data: BYTES }, Buffer.from(`\x01\xff${'i'.repeat(255)}\x00\x01\x02\xff`, 'latin1')],
  ['bytes with a longer id', { id: 'i'.repeat(256), data: BYTES }, `{"id":"${'i'.repeat(256)}","base64":"AAEC/w=="}`],
  ['bytes with an id that is not ASCII', { id: 'ü', data: BYTES }, '{"id":"ü","base64":"AAEC/w=="}'],
];

describe('the envelope of', () => {
  for (const [name, letter, envelope] of ENVELOPES) test(name, () => assert.deepEqual(encodeEnvelope(letter), envelope));

  test('bytes that are a part of a larger memory', () => {
    assert.deepEqual(encodeEnvelope({ id: 'e-7', data: BYTES.subarray(1, 3) }), Buffer.from('\x01\x03e-7\x01\x02', 'latin1'));
    assert.equal(encodeItem({ id: 'e-7', data: BYTES.subarray(1, 3) }), '{"id":"e-7","base64":"AQI="}');
  });
});

test('a place alone, and a gap', () => {
  assert.equal(encodePosition('e-7'), '{"id":"e-7"}');
  assert.equal(encodeGap('e-7'), '{"gap":true,"id":"e-7"}');
});

describe('the answer to a poll', () => {
  const items = [encodeItem({ id: 'e-8', data: 'a' }), encodeItem({ id: 'e-9', data: BYTES })];

  test('has its messages and the place behind them', () => {
    assert.equal(encodeAnswer(items, 'e-9', false), '{"messages":[{"id":"e-8","data":"a"},{"id":"e-9","base64":"AAEC/w=="}],"next":"e-9"}');
  });

  test('may have no messages', () => assert.equal(encodeAnswer([], 'e-9', false), '{"messages":[],"next":"e-9"}'));

  test('says that messages are missing before its own', () => {
    assert.equal(encodeAnswer(items.slice(0, 1), 'e-8', true), '{"gap":true,"messages":[{"id":"e-8","data":"a"}],"next":"e-8"}');
  });
});
