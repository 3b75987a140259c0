/** Whoever writes in one turn of the event loop is flushed once, at its end, in the order of joining. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlushQueue } from '#src/net/flush-queue.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('flushes all that joined in this turn, in order, once it is over', async () => {
  const queue = new FlushQueue();
  const flushed: string[] = [];
  for (const name of ['a', 'b', 'c']) queue.schedule({ flush: () => flushed.push(name) });
  assert.deepEqual(flushed, []);
  await nextTurn();
  assert.deepEqual(flushed, ['a', 'b', 'c']);
});

test('asks for one tick a turn, however many join', async (t) => {
  const queue = new FlushQueue();
  const nextTick = t.mock.method(process, 'nextTick');
  for (let i = 0; i < 10; i++) queue.schedule({ flush: () => undefined });
  assert.equal(nextTick.mock.callCount(), 1);
  nextTick.mock.restore();
  await nextTurn();
});

test('flushes what joins during a flush afterwards, in the same turn', async () => {
  const queue = new FlushQueue();
  const flushed: string[] = [];
  const first = {
    flush: () => {
      flushed.push('first');
      queue.schedule({ flush: () => flushed.push('joined') });
    },
  };
  queue.schedule(first);
  queue.schedule({ flush: () => flushed.push('second') });
  await nextTurn();
  assert.deepEqual(flushed, ['first', 'second', 'joined']);
});

test('flushes nobody twice, turn after turn', async () => {
  const queue = new FlushQueue();
  const flushed: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    for (let i = 0; i <= turn; i++) queue.schedule({ flush: () => flushed.push(turn) });
    await nextTurn();
    await nextTurn();
    assert.deepEqual(flushed, Array<number>(turn + 1).fill(turn));
    flushed.length = 0;
  }
});

test('flushes the same one again in a later turn', async () => {
  const queue = new FlushQueue();
  let flushes = 0;
  const each = { flush: () => void flushes++ };
  for (let turn = 1; turn <= 3; turn++) {
    queue.schedule(each);
    await nextTurn();
    assert.equal(flushes, turn);
  }
});
