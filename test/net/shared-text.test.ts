/** What many are sent is joined once: the same pieces in the same order give the same object, others give another, and long text is not held. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING_SHARED, type SharedText } from '#src/net/shared-text.js';

function joined(...pieces: readonly string[]): SharedText | undefined {
  return pieces.reduce<SharedText | undefined>((shared, piece) => shared?.with(piece), NOTHING_SHARED);
}

test('gives the next member what it gave the one before', () => {
  const first = joined('one ', 'two ', 'three');
  assert.equal(first?.text, 'one two three');
  assert.equal(joined('one ', 'two ', 'three'), first);
});

test('gives who was sent something else something else, and neither what it is not', () => {
  const both = joined('one ', 'two');
  for (const pieces of [['one ', 'owt'], ['one '], ['two ', 'two'], ['one ', 'two', '!'], ['one two']]) {
    assert.equal(joined(...pieces)?.text, pieces.join(''));
    assert.notEqual(joined(...pieces), both);
  }
});

test('holds no long text: whoever has it joins it alone', () => {
  const half = 'a'.repeat(2_048);
  assert.equal(joined(half, half)?.text, half + half);
  assert.equal(joined(half, half, 'b'), undefined);
  assert.equal(joined(half + half + 'b'), undefined);
});
