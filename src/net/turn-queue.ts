/** Gathers whoever has the same thing to do in this turn of the event loop, so that all do it one after the other, at one later point of it. */

import { performance } from 'node:perf_hooks';

/** So many act between two looks at the clock, which take as long as it takes some to act. */
const UNTIMED = 8;

export class TurnQueue<T> {
  readonly #later: (run: () => void) => void;
  readonly #act: (each: T) => void;
  readonly #maxMs: number;
  readonly #maxWaiting: number;
  #waiting: T[] = [];
  #spare: T[] = [];

  /**
   * @param later calls what it is given once, at that point of this turn, or of the next where that is over.
   * @param maxMs after so long they take a break; who is left then acts when `later` calls again.
   * @param maxWaiting where so many wait, they act at once.
   */
  constructor(later: (run: () => void) => void, act: (each: T) => void, { maxMs = Infinity, maxWaiting = Infinity } = {}) {
    this.#later = later;
    this.#act = act;
    this.#maxMs = maxMs;
    this.#maxWaiting = maxWaiting;
  }

  /** Has `each` act in this turn. Called twice within a turn, it acts twice. */
  add(each: T): void {
    const count = this.#waiting.push(each);
    if (count === 1) this.#later(this.#run);
    else if (count === this.#maxWaiting) this.#run();
  }

  readonly #run = (): void => {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = this.#spare;
    let acted = 0;
    try {
      const breakAt = batch.length > UNTIMED ? performance.now() + this.#maxMs : Infinity;
      do this.#act(batch[acted++]!);
      while (acted < batch.length && (acted % UNTIMED !== 0 || performance.now() < breakAt));
    } finally {
      // Also where one threw, which costs the others nothing but a turn.
      if (acted < batch.length) this.#putOff(batch.slice(acted));
      batch.length = 0;
      this.#spare = batch;
    }
  };

  #putOff(rest: readonly T[]): void {
    if (this.#waiting.length === 0) this.#later(this.#run);
    this.#waiting.push(...rest);
  }
}
