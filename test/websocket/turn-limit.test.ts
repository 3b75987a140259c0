/** Work is done at once as long as the turn has time for it, and in the order in which it came once it has none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnLimit } from '#src/websocket/turn-limit.js';
import { turns } from '../support/deferred.js';

/** A limit of 10 ms, and a time that passes as the test says. */
class Turns {
  now = 0;
  readonly done: string[] = [];
  readonly asked: (() => void)[] = [];
  readonly limit = new TurnLimit(10, { now: () => this.now, nextTurn: (fn) => this.asked.push(fn) });

  /** Work that takes so long. */
  run(name: string, ms: number): string | Promise<string> {
    return this.limit.run(() => {
      this.now += ms;
      this.done.push(name);
      return name;
    });
  }

  next(): void {
    assert.equal(this.asked.length, 1, 'one turn is asked for');
    this.asked.shift()!();
  }
}

test('work is done within the call until its time is used up, and gives what it gives', async () => {
  const each = new Turns();
  assert.equal(each.run('a', 9), 'a');
  assert.equal(each.run('b', 9), 'b');
  const later = each.run('c', 1);
  await turns();
  assert.deepEqual(each.done, ['a', 'b']);
  each.next();
  assert.equal(await later, 'c');
});

test('what waits is done in its order, so much in each turn, and nobody comes in between', async () => {
  const each = new Turns();
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => each.run(name, 6));
  assert.deepEqual(each.done, ['a', 'b']);
  each.next();
  assert.deepEqual(each.done, ['a', 'b', 'c', 'd']);
  all.push(each.run('f', 6));
  each.next();
  assert.deepEqual(each.done, ['a', 'b', 'c', 'd', 'e', 'f']);
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd', 'e', 'f']);
});

test('a turn in which nothing is done asks for no other, and the next work has all the time again', () => {
  const each = new Turns();
  each.run('a', 50);
  each.next();
  assert.equal(each.asked.length, 0);
  assert.equal(each.run('b', 50), 'b');
});

test('what throws does so within the call, or rejects later; its time counts, and who waits behind it has its turn', async () => {
  const each = new Turns();
  const fail = (): never => {
    each.now += 10;
    throw new Error('no');
  };
  assert.throws(() => each.limit.run(fail), /no/);
  const rejected = assert.rejects(Promise.resolve(each.limit.run(fail)), /no/);
  const behind = each.run('behind', 1);
  each.next();
  await rejected;
  assert.deepEqual(each.done, []);
  each.next();
  assert.equal(await behind, 'behind');
});
