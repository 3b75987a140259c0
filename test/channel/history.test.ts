/** What a group keeps of its messages: the last ones, without a hole, within its limits. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { History } from '#src/channel/history.js';
import type { Content } from '#src/channel/published.js';
import { Random } from '../support/random.js';

const LIMITS = { maxMessages: 3, maxAgeMs: 100, maxBytes: 20 };

function content(data: string): Content {
  return { data, event: undefined, id: undefined, retry: undefined, asIs: false, key: undefined };
}

function ownHistory(limits = LIMITS): History {
  const history = new History(limits, () => 0);
  history.begin();
  return history;
}

function copyAt(sequence: number, limits = LIMITS): History {
  const history = new History(limits, () => 0);
  history.place('e', sequence);
  return history;
}

/** What it keeps, such as `2:b 3:c`. */
function kept(history: History): string {
  const texts: string[] = [];
  for (let sequence = history.first; sequence <= history.last; sequence++) texts.push(`${sequence}:${String(history.get(sequence)?.content.data)}`);
  return texts.join(' ');
}

describe('a history of its own', () => {
  test('has a place before its first message, and nothing older is elsewhere', () => {
    const history = ownHistory();
    assert.match(history.position!, /^[0-9a-z]{1,16}-0$/);
    assert.deepEqual([history.first, history.last, history.isOwn, history.isWhole], [1, 0, true, true]);
  });

  test('counts messages from 1, in one epoch', () => {
    const history = ownHistory();
    const ids = ['a', 'b', 'c', 'd'].map((data) => history.append(content(data), 0).id);
    assert.deepEqual(ids, [1, 2, 3, 4].map((sequence) => `${history.epoch}-${sequence}`));
    assert.equal(history.position, ids[3]);
  });

  test('keeps no more messages than it may', () => {
    const history = ownHistory();
    for (const data of ['a', 'b', 'c', 'd', 'e']) history.append(content(data), 0);
    assert.equal(kept(history), '3:c 4:d 5:e');
    assert.deepEqual([history.size, history.bytes], [3, 3]);
  });

  test('keeps no more bytes than it may, counted as UTF-8', () => {
    const history = ownHistory();
    history.append(content('ü'.repeat(5)), 0);
    history.append(content('b'.repeat(10)), 0);
    assert.deepEqual([history.size, history.bytes], [2, 20]);
    history.append(content('c'), 0);
    assert.deepEqual([history.first, history.size, history.bytes], [2, 2, 11]);
  });

  test('keeps no message that alone is over the limit, but gives it an id', () => {
    const history = ownHistory();
    history.append(content('a'), 0);
    assert.equal(history.append(content('b'.repeat(21)), 0).sequence, 2);
    assert.deepEqual([history.first, history.last, history.size, history.bytes], [3, 2, 0, 0]);
    history.append(content('c'), 0);
    assert.equal(kept(history), '3:c');
  });

  test('lets go of what is too old when it is swept, and when something new comes', () => {
    const history = ownHistory();
    history.append(content('a'), 0);
    history.append(content('b'), 50);
    history.sweep(100);
    assert.equal(kept(history), '1:a 2:b');
    history.sweep(101);
    assert.equal(kept(history), '2:b');
    history.append(content('c'), 151);
    assert.equal(kept(history), '3:c');
    history.sweep(1000);
    assert.deepEqual([history.first, history.last, history.bytes], [4, 3, 0]);
    assert.equal(history.position, `${history.epoch}-3`);
  });

  test('lets go of what is too old by now, whenever it was swept', () => {
    let now = 0;
    const history = new History(LIMITS, () => now);
    history.begin();
    history.append(content('a'), 0);
    history.append(content('b'), 50);
    now = 100;
    history.expire();
    assert.equal(kept(history), '1:a 2:b');
    now = 101;
    history.expire();
    assert.equal(kept(history), '2:b');
  });

  test('makes the forms of a message once, until it is swept', () => {
    const history = ownHistory();
    const published = history.append(content('a'), 0);
    const { bare, enveloped } = published;
    assert.deepEqual([published.bare, published.enveloped], [bare, enveloped]);
    history.sweep(1);
    assert.notEqual(published.bare, bare);
    assert.notEqual(published.enveloped, enveloped);
    const again = history.get(1)!.bare;
    assert.equal(published.bare, again);
    history.sweep(2);
    assert.notEqual(published.bare, again, 'what was read again is let go again');
  });
});

describe('a copy of what a bus keeps', () => {
  test('has no place before it was given one', () => {
    const history = new History(LIMITS, () => 0);
    assert.deepEqual([history.epoch, history.position, history.isWhole], [undefined, undefined, false]);
  });

  test('goes on behind its place', () => {
    const history = copyAt(41);
    assert.equal(history.position, 'e-41');
    assert.equal(history.append(content('a'), 0).id, 'e-42');
    assert.equal(history.isWhole, false);
  });

  test('takes older messages in front, as far as there is no hole', () => {
    const history = copyAt(3);
    history.prepend([{ sequence: 1, content: content('a') }, { sequence: 3, content: content('c') }], false, 0);
    assert.equal(kept(history), '3:c');
    assert.equal(history.isWhole, true, 'what is before the hole cannot be kept');
  });

  test('takes older messages that overlap with those it has', () => {
    const history = copyAt(2);
    history.append(content('c'), 0);
    history.prepend(['b', 'C', 'D'].map((data, i) => ({ sequence: 2 + i, content: content(data) })), false, 0);
    assert.equal(kept(history), '2:b 3:c');
    assert.equal(history.isWhole, false, 'there may be more');
  });

  test('takes the last of the older messages where not all have room', () => {
    const history = copyAt(4);
    history.append(content('e'), 0);
    history.prepend(['a', 'b', 'c', 'd'].map((data, i) => ({ sequence: 1 + i, content: content(data) })), false, 0);
    assert.equal(kept(history), '3:c 4:d 5:e');
    assert.equal(history.isWhole, true, 'others would have no room');
  });

  test('takes none in front once it had to let go of some', () => {
    const history = copyAt(0);
    for (const data of ['a', 'b', 'c', 'd']) history.append(content(data), 0);
    history.prepend([{ sequence: 1, content: content('a') }], false, 0);
    assert.equal(kept(history), '2:b 3:c 4:d');
    assert.equal(history.isWhole, true);
  });

  test('knows when there is nothing older', () => {
    const history = copyAt(4);
    history.prepend([], true, 0);
    assert.equal(history.isWhole, true);
  });

  test('forgets all when it is put in another place', () => {
    const history = ownHistory();
    history.append(content('a'), 0);
    history.place('f', 7);
    assert.deepEqual([history.position, history.size, history.bytes, history.isOwn, history.isWhole], ['f-7', 0, 0, false, false]);
  });
});

test('whatever comes, it keeps the last messages that fit, and knows their bytes', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const limits = { maxMessages: 1 + random.below(8), maxAgeMs: 1 + random.below(40), maxBytes: 1 + random.below(60) };
    const history = ownHistory(limits);
    const all: { at: number; length: number }[] = [];
    let now = 0;
    for (let i = 0; i < 200; i++) {
      now += random.below(10);
      const length = random.below(20);
      all.push({ at: now, length });
      history.append(content('x'.repeat(length)), now);
      let [first, bytes] = [all.length, 0];
      while (first > 0 && all.length - first < limits.maxMessages && bytes + all[first - 1]!.length <= limits.maxBytes && now - all[first - 1]!.at <= limits.maxAgeMs) bytes += all[--first]!.length;
      assert.deepEqual([history.first, history.last, history.bytes, history.size], [first + 1, all.length, bytes, all.length - first], `seed ${seed}, message ${i + 1}`);
    }
  }
});
