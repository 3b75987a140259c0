/** When the silence of a response has lasted too long. Each waits a little differently, so that those that fell silent together do not speak together. */

import type { Ticker } from '../net/ticker.js';

const JITTER = 0.1;

export class Heartbeat {
  readonly #intervalMs: number;
  readonly #ticker: Ticker;
  #dueAt = Infinity;

  constructor(intervalMs: number, ticker: Ticker) {
    this.#intervalMs = intervalMs * (1 - JITTER + 2 * JITTER * Math.random());
    this.#ticker = ticker;
    this.wasHeard();
  }

  /** Something was sent: the silence begins anew. */
  wasHeard(): void {
    this.#dueAt = this.#ticker.after(this.#intervalMs);
  }

  isDue(now: number): boolean {
    return now >= this.#dueAt;
  }
}
