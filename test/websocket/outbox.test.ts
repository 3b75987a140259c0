/** What is put into an outbox is written in its order, at once where nothing waits, and those who wait for it are always told. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '#src/websocket/outbox.js';
import { type Deferred, deferred, turns } from '../support/deferred.js';

class Writes {
  readonly done: string[] = [];
  readonly faults: unknown[] = [];
  readonly outbox = new Outbox((error) => this.faults.push(error));

  /** Puts something in that is written at once. */
  put(name: string, bytes = 1): void {
    this.outbox.put(bytes, () => void this.done.push(name));
  }

  /** Puts something in that has to be prepared. */
  putSlow(name: string, bytes = 1): Deferred<void> {
    const gate = deferred();
    this.outbox.put(bytes, () => gate.promise.then(() => void this.done.push(name)));
    return gate;
  }

  /** Notes when everything put in until now is written. */
  listen(name: string): void {
    this.outbox.whenWritten(() => this.done.push(name));
  }
}

test('writes within the call where nothing waits, and tells those who wait at once', () => {
  const writes = new Writes();
  writes.put('a');
  writes.listen('told');
  assert.deepEqual(writes.done, ['a', 'told']);
  assert.equal(writes.outbox.bufferedBytes, 0);
  assert.equal(writes.outbox.isBusy, false);
});

test('what is put behind something that is prepared waits for it, and counts with its bytes until it is written', async () => {
  const writes = new Writes();
  const slow = writes.putSlow('slow', 100);
  writes.put('b', 20);
  const slower = writes.putSlow('slower', 3);
  writes.put('d', 4000);
  assert.deepEqual(writes.done, []);
  assert.equal(writes.outbox.isBusy, true);
  assert.equal(writes.outbox.bufferedBytes, 4123);
  slow.resolve();
  await turns();
  assert.deepEqual(writes.done, ['slow', 'b']);
  assert.equal(writes.outbox.bufferedBytes, 4003);
  slower.resolve();
  await turns();
  assert.deepEqual(writes.done, ['slow', 'b', 'slower', 'd']);
  assert.equal(writes.outbox.bufferedBytes, 0);
  assert.equal(writes.outbox.isBusy, false);
});

test('what is put in is prepared when it is its turn, not before', async () => {
  const writes = new Writes();
  const slow = writes.putSlow('slow');
  let begun = false;
  writes.outbox.put(1, () => {
    begun = true;
    return Promise.resolve();
  });
  await turns();
  assert.equal(begun, false);
  slow.resolve();
  await turns();
  assert.equal(begun, true);
});

test('tells who waits when what was put in before is written, not what came behind', async () => {
  const writes = new Writes();
  const slow = writes.putSlow('slow');
  writes.listen('first told');
  const slower = writes.putSlow('slower');
  writes.listen('second told');
  writes.listen('third told');
  slow.resolve();
  await turns();
  assert.deepEqual(writes.done, ['slow', 'first told']);
  slower.resolve();
  await turns();
  assert.deepEqual(writes.done, ['slow', 'first told', 'slower', 'second told', 'third told']);
});

test('who is told may put in more, which is written behind what waits', async () => {
  const writes = new Writes();
  const slow = writes.putSlow('slow');
  let slower: Deferred<void> | undefined;
  writes.outbox.whenWritten(() => {
    slower = writes.putSlow('put in by who was told');
    writes.put('last');
  });
  writes.put('second');
  slow.resolve();
  await turns();
  assert.deepEqual(writes.done, ['slow', 'second']);
  slower!.resolve();
  await turns();
  assert.deepEqual(writes.done, ['slow', 'second', 'put in by who was told', 'last']);
  assert.equal(writes.outbox.bufferedBytes, 0);
});

test('clear drops what waits, says how much it was, tells all who wait, and takes nothing any more', async () => {
  const writes = new Writes();
  const slow = writes.putSlow('slow', 10);
  writes.put('b', 10);
  writes.listen('told');
  assert.equal(writes.outbox.clear(), 2);
  assert.deepEqual(writes.done, ['told']);
  assert.equal(writes.outbox.bufferedBytes, 0);
  assert.equal(writes.outbox.isBusy, false);
  writes.put('c', 10);
  assert.equal(writes.outbox.bufferedBytes, 0);
  writes.listen('told at once');
  assert.equal(writes.outbox.clear(), 0);
  slow.resolve();
  await turns();
  // What was being prepared ends as it may: whether it is still written is decided by who prepares it.
  assert.deepEqual(writes.done, ['told', 'told at once', 'slow']);
  assert.equal(writes.outbox.bufferedBytes, 0);
});

test('what cannot be prepared is a fault, told once; nothing behind it is written', async () => {
  const writes = new Writes();
  const slow = writes.putSlow('slow');
  writes.put('b');
  writes.listen('told');
  slow.reject(new Error('no memory'));
  await turns();
  assert.deepEqual(writes.faults.map(String), ['Error: no memory']);
  assert.deepEqual(writes.done, []);
  writes.put('c');
  assert.deepEqual(writes.done, []);
  writes.outbox.clear();
  assert.deepEqual(writes.done, ['told']);
});

for (const { when, isBehind } of [
  { when: 'within the call', isBehind: false },
  { when: 'behind what was prepared', isBehind: true },
]) {
  test(`what throws ${when} is a fault, told once, and never thrown at anybody`, async () => {
    const writes = new Writes();
    const slow = isBehind ? writes.putSlow('slow') : undefined;
    writes.outbox.put(1, () => {
      throw new Error('no memory');
    });
    writes.put('c');
    slow?.resolve();
    await turns();
    assert.deepEqual(writes.faults.map(String), ['Error: no memory']);
    assert.deepEqual(writes.done, isBehind ? ['slow'] : []);
  });
}
