/** At most so many pieces of work run at once, in the order in which they came, and one that fails keeps nobody else from running. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkLimit } from '#src/websocket/work-limit.js';
import { type Deferred, deferred, turns } from '../support/deferred.js';
import { Random } from '../support/random.js';

/** Work that notes when it starts, and ends when the test says so. */
function makeWork(limit: WorkLimit, count: number): { readonly started: number[]; readonly gates: readonly Deferred<number>[]; readonly results: readonly Promise<number>[] } {
  const started: number[] = [];
  const gates = Array.from({ length: count }, () => deferred<number>());
  const results = gates.map((gate, i) =>
    limit.run(() => {
      started.push(i);
      return gate.promise;
    }),
  );
  return { started, gates, results };
}

test('starts work within the call as long as there is room, and no more', async () => {
  const { started, gates, results } = makeWork(new WorkLimit(4), 6);
  assert.deepEqual(started, [0, 1, 2, 3]);
  await turns();
  assert.deepEqual(started, [0, 1, 2, 3]);
  for (const gate of gates) gate.resolve(1);
  await Promise.all(results);
});

test('gives what each piece of work gives', async () => {
  const { gates, results } = makeWork(new WorkLimit(2), 4);
  gates.forEach((gate, i) => gate.resolve(i * i));
  assert.deepEqual(await Promise.all(results), [0, 1, 4, 9]);
});

test('starts what waits in the order in which it came, one for each that is done', async () => {
  const { started, gates, results } = makeWork(new WorkLimit(2), 5);
  gates[1]!.resolve(0);
  await turns();
  assert.deepEqual(started, [0, 1, 2]);
  gates[2]!.resolve(0);
  await turns();
  assert.deepEqual(started, [0, 1, 2, 3]);
  for (const gate of gates) gate.resolve(0);
  await Promise.all(results);
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
});

test('lets nobody who comes later in before those who wait, also at the moment when one is done', async () => {
  const limit = new WorkLimit(1);
  const { started, gates } = makeWork(limit, 2);
  gates[0]!.resolve(0);
  const late = gates[0]!.promise.then(() => limit.run(async () => started.push(99)));
  await turns();
  assert.deepEqual(started, [0, 1]);
  gates[1]!.resolve(0);
  await late;
  assert.deepEqual(started, [0, 1, 99]);
});

test('work that rejects or throws gives its room to the next', async () => {
  const limit = new WorkLimit(1);
  const rejected = limit.run(() => Promise.reject(new Error('rejected')));
  const thrown = limit.run(() => {
    throw new Error('thrown');
  });
  const done = limit.run(() => Promise.resolve('done'));
  await assert.rejects(rejected, /rejected/);
  await assert.rejects(thrown, /thrown/);
  assert.equal(await done, 'done');
});

test('never runs more than its number, and loses no room, whatever the order in which work ends', async () => {
  const random = new Random(7);
  const limit = new WorkLimit(3);
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await turns(random.below(4));
    running--;
    if (random.once(5)) throw new Error('some fail');
  };
  for (let round = 0; round < 5; round++) {
    most = 0;
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => limit.run(work)));
    assert.equal(outcomes.length, 40);
    assert.equal(most, 3, 'all room is used in every round');
    assert.equal(running, 0);
  }
});
