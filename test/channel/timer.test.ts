/** A scheduled task runs once, not early, unless it was cancelled; one that fails hurts no other. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { scheduleTask } from '#src/channel/timer.js';
import { UsageError } from '#src/errors.js';

describe('with time as it passes', () => {
  test('runs a task, after the call', async () => {
    let isInCall = true;
    const ranInCall = await new Promise<boolean>((resolve) => {
      scheduleTask(0, () => resolve(isInCall));
      isInCall = false;
    });
    assert.equal(ranInCall, false);
  });

  test('cancels with true a task that had not run, once', () => {
    const cancel = scheduleTask(60_000, () => assert.fail('was cancelled'));
    assert.equal(cancel(), true);
    assert.equal(cancel(), false);
  });

  test('answers false to cancelling a task that ran, or that runs', async () => {
    const answers: boolean[] = [];
    await new Promise<void>((resolve) => {
      const cancel = scheduleTask(1, () => {
        answers.push(cancel());
        setImmediate(() => {
          answers.push(cancel());
          resolve();
        });
      });
    });
    assert.deepEqual(answers, [false, false]);
  });

  for (const [name, fail] of [
    ['throws', () => { throw new Error('a broken task'); }],
    ['rejects', async () => { throw new Error('a broken task'); }],
  ] as const) {
    test(`makes a warning of a task that ${name}, and runs the others`, async () => {
      const warned = once(process, 'warning');
      const others = [new Promise<void>((resolve) => scheduleTask(1, resolve)), new Promise<void>((resolve) => scheduleTask(2, resolve))];
      scheduleTask(1, fail);
      const [warning] = (await warned) as [Error];
      assert.equal(warning.message, 'a broken task');
      await Promise.all(others);
    });
  }

  test('makes a warning of what is thrown that is no error', async () => {
    const warned = once(process, 'warning');
    scheduleTask(0, () => { throw 'text'; });
    const [warning] = (await warned) as [Error];
    assert.match(warning.message, /text/);
  });
});

describe('with a clock that the test moves', () => {
  let now = 0;
  let armed: { readonly fn: () => void; readonly ms: number } | undefined;

  /** Lets the timer fire that was set, with the clock at `time`. */
  function fireAt(time: number): void {
    now = time;
    const timer = armed!;
    armed = undefined;
    timer.fn();
  }

  beforeEach(() => {
    now = 5000;
    armed = undefined;
    mock.method(performance, 'now', () => now);
    mock.method(globalThis, 'setTimeout', (fn: () => void, ms: number) => (armed = { fn, ms }));
    mock.method(globalThis, 'clearTimeout', () => (armed = undefined));
  });
  afterEach(() => mock.restoreAll());

  test('waits as long as it is told', () => {
    let runs = 0;
    scheduleTask(100, () => runs++);
    assert.equal(armed?.ms, 100);
    fireAt(5100);
    assert.equal(runs, 1);
    assert.equal(armed, undefined);
  });

  test('waits on where the timer was early', () => {
    let runs = 0;
    scheduleTask(100, () => runs++);
    fireAt(5098);
    assert.equal(runs, 0);
    assert.equal(armed?.ms, 2);
    fireAt(5100);
    assert.equal(runs, 1);
  });

  test('waits in parts for what one timer of Node would run at once', () => {
    const longest = 2 ** 31 - 1;
    let runs = 0;
    const cancel = scheduleTask(2.5 * 2 ** 31, () => runs++);
    assert.equal(armed?.ms, longest);
    fireAt(5000 + longest);
    assert.equal(armed?.ms, longest);
    fireAt(5000 + 2 * longest);
    assert.equal(runs, 0);
    assert.ok(armed !== undefined && armed.ms < longest);
    assert.equal(cancel(), true);
    assert.equal(armed, undefined);
  });

  test('waits for ever for Infinity', () => {
    scheduleTask(Infinity, () => assert.fail('never'));
    for (let i = 1; i < 5; i++) {
      assert.equal(armed?.ms, 2 ** 31 - 1);
      fireAt(i * 2 ** 31);
    }
  });
});

describe('refuses at the call', () => {
  for (const ms of [-1, -0.1, NaN, -Infinity, '100', undefined, null, 1n]) {
    test(`${typeof ms} ${String(ms)} as milliseconds`, () => assert.throws(() => scheduleTask(ms as number, () => undefined), UsageError));
  }
  for (const fn of [undefined, null, 'code', {}]) {
    test(`${String(fn)} as the task`, () => assert.throws(() => scheduleTask(1, fn as () => unknown), UsageError));
  }
});
