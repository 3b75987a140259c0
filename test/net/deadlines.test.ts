/** One interval keeps all deadlines: they come late by a few ticks at most, never early, and blocked time is nobody's. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Deadlines, SYSTEM_CLOCK, tickPeriodFor } from '#src/net/deadlines.js';
import type { Ticking } from '#src/net/ticker.js';
import { FakeClock } from '../support/clock.js';
import { Random } from '../support/random.js';

const PERIOD_MS = 100;

/** Somebody with one deadline, who notes when it came. */
class Waiter implements Ticking {
  readonly #clock: FakeClock;
  #due = Infinity;
  /** The clock's time at which the deadline came. */
  cameAt: number | undefined;
  ticks = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  wait(due: number): void {
    this.#due = due;
    this.cameAt = undefined;
  }

  onTick(now: number): void {
    this.ticks++;
    if (now >= this.#due) this.cameAt ??= this.#clock.monotonic();
  }
}

function setUp(): { clock: FakeClock; deadlines: Deadlines; waiter: Waiter } {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock, PERIOD_MS);
  const waiter = new Waiter(clock);
  return { clock, deadlines, waiter };
}

describe('a deadline', () => {
  test('comes not before its time and at most two ticks behind it, whenever it is set', () => {
    for (const ms of [0, 1, 99, 100, 101, 250, 1000]) {
      for (const offset of [0, 1, 50, 99, 100, 101, 199]) {
        const { clock, deadlines, waiter } = setUp();
        deadlines.add(waiter);
        clock.advance(offset);
        waiter.wait(deadlines.after(ms));
        clock.advance(ms + 10 * PERIOD_MS);
        const took = waiter.cameAt! - offset;
        assert.ok(took >= ms, `${ms} ms from ${offset} came after ${took}`);
        assert.ok(took <= ms + 2 * PERIOD_MS, `${ms} ms from ${offset} came after ${took}`);
      }
    }
  });

  test('of no end never comes', () => {
    const { clock, deadlines, waiter } = setUp();
    deadlines.add(waiter);
    waiter.wait(deadlines.after(Infinity));
    clock.advance(100_000);
    assert.equal(waiter.cameAt, undefined);
  });

  test('is not brought nearer by a time in which the process is blocked', () => {
    const { clock, deadlines, waiter } = setUp();
    deadlines.add(waiter);
    waiter.wait(deadlines.after(1000));
    clock.advance(300);
    clock.block(60_000);
    clock.advance(300);
    assert.equal(waiter.cameAt, undefined);
    clock.advance(700);
    assert.notEqual(waiter.cameAt, undefined);
  });

  for (const blockedMs of [50, 100, 150, 200, 1000, 60_000]) {
    test(`that is set when the process was blocked for ${blockedMs} ms, before the next tick, is not early`, () => {
      const { clock, deadlines, waiter } = setUp();
      deadlines.add(waiter);
      clock.advance(PERIOD_MS);
      clock.block(blockedMs);
      const setAt = clock.monotonic();
      waiter.wait(deadlines.after(500));
      clock.advance(2000);
      const took = waiter.cameAt! - setAt;
      assert.ok(took >= 500, `came after ${took}`);
      assert.ok(took <= 500 + 2 * PERIOD_MS, `came after ${took}`);
    });
  }

  test('is never early whatever the clock does: 500 seeds', () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = new Random(seed);
      const { clock, deadlines, waiter } = setUp();
      deadlines.add(waiter);
      const pass = (): void => (random.once(3) ? clock.block(random.below(400)) : clock.advance(random.below(250)));
      for (let i = random.below(5); i > 0; i--) pass();
      const setAt = clock.monotonic();
      const ms = random.below(1000);
      waiter.wait(deadlines.after(ms));
      for (let i = 0; waiter.cameAt === undefined && i < 200; i++) pass();
      assert.ok(waiter.cameAt! >= setAt + ms, `seed ${seed}: ${waiter.cameAt! - setAt} instead of ${ms}`);
    }
  });

  test('that is set before anybody joined is not early', () => {
    const { clock, deadlines, waiter } = setUp();
    clock.advance(10_000);
    waiter.wait(deadlines.after(500));
    deadlines.add(waiter);
    clock.advance(1000);
    assert.ok(waiter.cameAt! >= 10_500);
  });
});

describe('the interval', () => {
  test('runs only while somebody has joined', () => {
    const { clock, deadlines, waiter } = setUp();
    assert.equal(clock.running, 0);
    deadlines.add(waiter);
    assert.equal(clock.running, 1);
    deadlines.delete(waiter);
    clock.advance(PERIOD_MS);
    assert.equal(clock.running, 0);
    deadlines.add(waiter);
    assert.equal(clock.running, 1);
  });

  test('is one for all', () => {
    const { clock, deadlines } = setUp();
    for (let i = 0; i < 10; i++) deadlines.add(new Waiter(clock));
    assert.equal(clock.running, 1);
  });

  test('goes on where one leaves and another joins before the next tick', () => {
    const { clock, deadlines, waiter } = setUp();
    const other = new Waiter(clock);
    deadlines.add(waiter);
    deadlines.delete(waiter);
    deadlines.add(other);
    clock.advance(3 * PERIOD_MS);
    assert.deepEqual([waiter.ticks, other.ticks, clock.running], [0, 3, 1]);
  });

  test('tells one that has joined twice once a tick', () => {
    const { clock, deadlines, waiter } = setUp();
    deadlines.add(waiter);
    deadlines.add(waiter);
    clock.advance(2 * PERIOD_MS);
    assert.equal(waiter.ticks, 2);
  });

  test('does not count the time in which nobody had joined', () => {
    const { clock, deadlines, waiter } = setUp();
    deadlines.add(waiter);
    deadlines.delete(waiter);
    clock.advance(PERIOD_MS);
    const before = deadlines.now;
    clock.advance(50_000);
    deadlines.add(waiter);
    clock.advance(PERIOD_MS);
    assert.equal(deadlines.now, before + PERIOD_MS);
  });
});

describe('during a tick', () => {
  test('anybody may leave, and is not told any more', () => {
    const { clock, deadlines, waiter } = setUp();
    let ticks = 0;
    const leaver: Ticking = {
      onTick: () => {
        ticks++;
        deadlines.delete(leaver);
        deadlines.delete(waiter);
      },
    };
    deadlines.add(leaver);
    deadlines.add(waiter);
    clock.advance(3 * PERIOD_MS);
    assert.deepEqual([ticks, waiter.ticks, clock.running], [1, 0, 0]);
  });

  test('anybody may join, and the interval goes on', () => {
    const { clock, deadlines, waiter } = setUp();
    const once: Ticking = {
      onTick: () => {
        deadlines.delete(once);
        deadlines.add(waiter);
      },
    };
    deadlines.add(once);
    clock.advance(3 * PERIOD_MS);
    assert.ok(waiter.ticks >= 2);
    assert.equal(clock.running, 1);
  });

  test('the wall clock is as of the tick', () => {
    const { clock, deadlines, waiter } = setUp();
    assert.equal(deadlines.wallNow, clock.wall());
    deadlines.add(waiter);
    clock.advance(PERIOD_MS + 30);
    assert.equal(deadlines.wallNow, clock.wall() - 30);
  });

  test('the wall clock is right for the first that joins after a pause', () => {
    const { clock, deadlines, waiter } = setUp();
    clock.advance(50_000);
    deadlines.add(waiter);
    assert.equal(deadlines.wallNow, clock.wall());
  });
});

test('looks four times within the shortest deadline, every 10 to 250 ms', () => {
  for (const [shortestMs, periodMs] of [[0, 10], [40, 10], [44, 11], [400, 100], [999, 249], [1000, 250], [60_000, 250], [Infinity, 250]] as const) {
    assert.equal(tickPeriodFor(shortestMs), periodMs, String(shortestMs));
  }
});

test('the system\'s clock runs an interval until it is stopped', async () => {
  await new Promise<void>((resolve) => {
    // Something has to keep the process alive meanwhile.
    const alive = setInterval(() => undefined, 1000);
    let calls = 0;
    const stop = SYSTEM_CLOCK.every(1, () => {
      if (++calls < 3) return;
      stop();
      clearInterval(alive);
      resolve();
    });
  });
  const before = SYSTEM_CLOCK.monotonic();
  assert.ok(SYSTEM_CLOCK.monotonic() >= before);
  assert.ok(Math.abs(SYSTEM_CLOCK.wall() - Date.now()) < 60_000);
});
