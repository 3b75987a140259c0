/** A message for many is encoded once for each wire form, by the first that needs it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedMessage } from '#src/channel/shared-message.js';

test('gives the same bytes to everybody who asks for a form, encoded once', () => {
  const shared = new SharedMessage('data');
  let encodings = 0;
  const encode = (data: string | Uint8Array): Uint8Array => {
    encodings++;
    return Buffer.from(data);
  };
  const first = shared.form('frame', encode);
  for (let i = 0; i < 100; i++) assert.equal(shared.form('frame', encode), first);
  assert.equal(encodings, 1);
  assert.equal(Buffer.from(first).toString(), 'data');
});

test('keeps forms apart', () => {
  const shared = new SharedMessage('x');
  assert.equal(shared.form('frame', (data) => `frame ${String(data)}`), 'frame x');
  assert.equal(shared.form('chunk', (data) => `chunk ${String(data)}`), 'chunk x');
  assert.equal(shared.form('frame', () => assert.fail('was encoded before')), 'frame x');
});

test('encodes an empty form once', () => {
  const shared = new SharedMessage('');
  assert.equal(shared.form('raw', () => ''), '');
  assert.equal(shared.form('raw', () => assert.fail('was encoded before')), '');
});

test('encodes nothing that nobody asks for, and again after an encoding that threw', () => {
  const shared = new SharedMessage('x');
  assert.throws(() => shared.form('frame', () => { throw new Error('no'); }), /^Error: no$/);
  assert.equal(shared.form('frame', () => 'now'), 'now');
});

test('is an event of its data, or the one that was given, to event streams', () => {
  const encode = (_data: string | Uint8Array, event: object): string => JSON.stringify(event);
  assert.equal(new SharedMessage('x').form('event', encode), '{"data":"x"}');
  assert.equal(new SharedMessage('x', { id: '7', data: 'x' }).form('event', encode), '{"id":"7","data":"x"}');
});
