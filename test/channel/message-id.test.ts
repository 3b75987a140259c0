/** Ids of messages: what is one, and what a client may send that is none. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatMessageId, newEpoch, parseMessageId } from '#src/channel/message-id.js';

describe('parseMessageId', () => {
  for (const [text, epoch, sequence] of [
    ['a-0', 'a', 0],
    ['0-1', '0', 1],
    ['k3xq0v9z2m4p-17', 'k3xq0v9z2m4p', 17],
    ['abcdefghijklmnop-9007199254740991', 'abcdefghijklmnop', Number.MAX_SAFE_INTEGER],
  ] as const) {
    test(`takes ${text} apart, and formatMessageId puts it together again`, () => {
      assert.deepEqual(parseMessageId(text), { epoch, sequence });
      assert.equal(formatMessageId(epoch, sequence), text);
    });
  }

  for (const text of [
    '', '-', 'a', 'a-', '-1', 'a-01', 'a--1', 'a-1.5', 'a-1e3', 'a-+1', 'a- 1', ' a-1', 'a-1 ', 'a-1\n', 'A-1', 'ä-1', 'a_b-1',
    'abcdefghijklmnopq-1', 'a-9007199254740992', 'a-99999999999999999999', 'a-b-1', '1-2-3', 'a-1\0', '__proto__-1',
  ]) {
    test(`takes ${JSON.stringify(text)} for no id`, () => assert.equal(parseMessageId(text), undefined));
  }

  test('takes a very long text for no id', () => assert.equal(parseMessageId(`a-${'1'.repeat(1_000_000)}`), undefined));
});

test('every new epoch is another, and one that an id can have', () => {
  const epochs = new Set(Array.from({ length: 1000 }, newEpoch));
  assert.equal(epochs.size, 1000);
  for (const epoch of epochs) assert.deepEqual(parseMessageId(`${epoch}-1`), { epoch, sequence: 1 });
});
