/**
 * One interval for all deadlines of a server: no timer object per connection, request or message. Its clock advances by at
 * most one period a tick, so that time in which the process was blocked, stopped or asleep is never held against a peer
 * whose bytes wait in the kernel. It ticks only while somebody has joined.
 */

import { performance } from 'node:perf_hooks';
import type { Ticker, Ticking } from './ticker.js';

/** Where time comes from; tests pass their own. */
export interface Clock {
  /** Milliseconds that never run backwards. */
  monotonic(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Calls `fn` every `ms` milliseconds, without keeping the process alive, until the returned function is called. */
  every(ms: number, fn: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  every(ms, fn) {
    const timer = setInterval(fn, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

export class Deadlines implements Ticker {
  now = 0;
  wallNow: number;
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #entries = new Set<Ticking>();
  #lastTick = 0;
  #stop: (() => void) | undefined;

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.wallNow = clock.wall();
  }

  /** The next tick may bring all of one period, however little of it is left: a deadline may come late, never early. */
  after(ms: number): number {
    return this.now + ms + this.#periodMs;
  }

  add(entry: Ticking): void {
    this.#entries.add(entry);
    if (this.#stop !== undefined) return;
    this.#lastTick = this.#clock.monotonic();
    this.wallNow = this.#clock.wall();
    this.#stop = this.#clock.every(this.#periodMs, () => this.#tick());
  }

  delete(entry: Ticking): void {
    this.#entries.delete(entry);
  }

  #tick(): void {
    const monotonic = this.#clock.monotonic();
    // Whole milliseconds, the rest of one kept for the next tick: a deadline is then a small integer, which needs no memory of its own.
    const elapsed = Math.floor(monotonic - this.#lastTick);
    this.now += Math.min(elapsed, this.#periodMs);
    this.#lastTick += elapsed;
    this.wallNow = this.#clock.wall();
    for (const entry of this.#entries) entry.onTick(this.now);
    if (this.#entries.size === 0) {
      this.#stop?.();
      this.#stop = undefined;
    }
  }
}

/** How often to look, so that the shortest deadline is met within a quarter of itself: 10 to 250 ms. */
export function tickPeriodFor(shortestDeadlineMs: number): number {
  return Math.max(10, Math.min(250, Math.floor(shortestDeadlineMs / 4)));
}
