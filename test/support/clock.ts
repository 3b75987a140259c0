/** A clock that a test moves: deadlines without waiting for them. */

import type { Clock } from '#src/net/deadlines.js';

interface Interval {
  readonly ms: number;
  readonly fn: () => void;
  nextAt: number;
}

export class FakeClock implements Clock {
  #now = 0;
  readonly #intervals = new Set<Interval>();

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  every(ms: number, fn: () => void): () => void {
    const interval = { ms, fn, nextAt: this.#now + ms };
    this.#intervals.add(interval);
    return () => this.#intervals.delete(interval);
  }

  /** How many intervals run now. */
  get running(): number {
    return this.#intervals.size;
  }

  /** Lets `ms` milliseconds pass in which the process is blocked: what became due runs once, when time goes on. */
  block(ms: number): void {
    this.#now += ms;
    for (const each of this.#intervals) each.nextAt = Math.max(each.nextAt, this.#now);
  }

  /** Lets `ms` milliseconds pass, every interval running when it is due. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#intervals].filter((each) => each.nextAt <= until).sort((a, b) => a.nextAt - b.nextAt)[0];
      if (due === undefined) break;
      this.#now = due.nextAt;
      due.nextAt += due.ms;
      due.fn();
    }
    this.#now = until;
  }
}
