/** Whoever joins in one turn of the event loop acts at one later point of it, in the order of joining. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnQueue } from '#src/net/turn-queue.js';

type Act = () => void;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (const [point, later] of [['the end of the tick', process.nextTick], ['the end of the reads', setImmediate]] as const) {
  const newQueue = (): TurnQueue<Act> => new TurnQueue(later, (act) => act());

  test(`has all that joined act in order, at ${point}`, async () => {
    const queue = newQueue();
    const acted: string[] = [];
    for (const name of ['a', 'b', 'c']) queue.add(() => acted.push(name));
    assert.deepEqual(acted, []);
    await nextTurn();
    assert.deepEqual(acted, ['a', 'b', 'c']);
  });

  test(`has those act that join while others do, at ${point}`, async () => {
    const queue = newQueue();
    const acted: string[] = [];
    queue.add(() => {
      acted.push('first');
      queue.add(() => acted.push('joined'));
    });
    queue.add(() => acted.push('second'));
    await nextTurn();
    await nextTurn();
    assert.deepEqual(acted, ['first', 'second', 'joined']);
  });

  test(`has nobody act twice, turn after turn, at ${point}`, async () => {
    const queue = newQueue();
    const acted: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      for (let i = 0; i <= turn; i++) queue.add(() => acted.push(turn));
      await nextTurn();
      await nextTurn();
      assert.deepEqual(acted, Array<number>(turn + 1).fill(turn));
      acted.length = 0;
    }
  });
}

test('asks to be run once a turn, however many join', () => {
  const runs: Act[] = [];
  let acted = 0;
  const queue = new TurnQueue<Act>((run) => void runs.push(run), (act) => act());
  for (let turn = 1; turn <= 3; turn++) {
    for (let i = 0; i < 10; i++) queue.add(() => acted++);
    assert.equal(runs.length, 1);
    runs.pop()!();
    assert.equal(acted, 10 * turn);
  }
});

test('takes a break when its time is over, behind eight at the earliest, and goes on with who is left', () => {
  const runs: Act[] = [];
  const acted: number[] = [];
  const queue = new TurnQueue<Act>((run) => void runs.push(run), (act) => act(), { maxMs: 1, maxWaiting: Infinity, sooner: () => assert.fail('nobody asked for that') });
  for (let i = 0; i < 20; i++) {
    queue.add(() => {
      acted.push(i);
      for (const until = performance.now() + 0.5; performance.now() < until; );
    });
  }
  for (const count of [8, 16, 20]) {
    assert.equal(runs.length, 1);
    runs.pop()!();
    assert.deepEqual(acted, [...Array(count).keys()]);
  }
  assert.equal(runs.length, 0);
});

test('asks to be run sooner where as many wait as may, and for a run of its own for who comes behind them', () => {
  const [later, sooner]: [Act[], Act[]] = [[], []];
  const acted: number[] = [];
  const limits = { maxMs: 1000, maxWaiting: 3, sooner: (run: Act) => void sooner.push(run) };
  const queue = new TurnQueue<number>((run) => void later.push(run), (each) => acted.push(each), limits);
  for (let i = 0; i < 7; i++) {
    queue.add(i);
    sooner.pop()?.();
    assert.equal(acted.length, Math.floor((i + 1) / 3) * 3);
  }
  for (const run of later.splice(0)) run();
  assert.deepEqual(acted, [0, 1, 2, 3, 4, 5, 6]);
});

test('has who was put off wait for a later run, however many they are', () => {
  const [later, sooner]: [Act[], Act[]] = [[], []];
  const acted: number[] = [];
  const busy = (each: number): void => {
    acted.push(each);
    for (const until = performance.now() + 0.5; performance.now() < until; );
  };
  const queue = new TurnQueue<number>((run) => void later.push(run), busy, { maxMs: 1, maxWaiting: 12, sooner: (run) => void sooner.push(run) });
  for (let i = 0; i < 12; i++) queue.add(i);
  sooner.pop()!();
  assert.equal(acted.length, 8);
  for (let i = 12; i < 24; i++) queue.add(i);
  while (later.length > 0) later.shift()!();
  assert.deepEqual(acted, [...Array(24).keys()]);
});

test('has the others act later where one throws', () => {
  const runs: Act[] = [];
  const acted: string[] = [];
  const queue = new TurnQueue<Act>((run) => void runs.push(run), (act) => act());
  queue.add(() => acted.push('first'));
  queue.add(() => assert.fail('of its own'));
  queue.add(() => acted.push('third'));
  assert.throws(() => runs.pop()!(), /of its own/);
  assert.deepEqual(acted, ['first']);
  runs.pop()!();
  assert.deepEqual(acted, ['first', 'third']);
  assert.equal(runs.length, 0);
});
