/** The one interval on which the groups of a store let go of what they need no longer. It runs only while there are such groups. */

/** Where time comes from; tests pass their own. */
export interface StoreClock {
  /** Milliseconds that never run backwards. */
  monotonic(): number;
  /** Calls `fn` every `ms` milliseconds, without keeping the process alive, until the returned function is called. */
  every(ms: number, fn: () => void): () => void;
}

export const STORE_CLOCK: StoreClock = {
  monotonic: () => performance.now(),
  every(ms, fn) {
    const timer = setInterval(fn, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

export interface Sweepable {
  /** Lets go of what is too old. May leave the sweeper. */
  sweep(now: number): void;
}

const PERIOD_MS = 1000;

export class Sweeper {
  readonly #clock: StoreClock;
  readonly #entries = new Set<Sweepable>();
  #stop: (() => void) | undefined;

  constructor(clock: StoreClock) {
    this.#clock = clock;
  }

  add(entry: Sweepable): void {
    this.#entries.add(entry);
    this.#stop ??= this.#clock.every(PERIOD_MS, () => this.#sweep());
  }

  delete(entry: Sweepable): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const each of this.#entries) each.sweep(now);
  }
}
