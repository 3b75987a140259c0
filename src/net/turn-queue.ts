/** Gathers whoever has the same thing to do in this turn of the event loop, so that all do it one after the other, at one later point of it. */

import { performance } from 'node:perf_hooks';

/** So many act between two looks at the clock, which take as long as it takes some to act. */
const UNTIMED = 8;

export class TurnQueue<T> {
  readonly #later: (run: () => void) => void;
  readonly #act: (each: T) => void;
  readonly #maxMs: number;
  #waiting: T[] = [];
  #spare: T[] = [];

  /**
   * @param later calls what it is given once, at that point of this turn, or of the next where that is over.
   * @param maxMs after so long they take a break; who is left then acts when `later` calls again.
   */
  constructor(later: (run: () => void) => void, act: (each: T) => void, maxMs = Infinity) {
    this.#later = later;
    this.#act = act;
    this.#maxMs = maxMs;
  }

  /** Has `each` act in this turn. Called twice within a turn, it acts twice. */
  add(each: T): void {
    if (this.#waiting.push(each) === 1) this.#later(this.#run);
  }

  readonly #run = (): void => {
    const batch = this.#waiting;
    this.#waiting = this.#spare;
    let acted = 0;
    try {
      const breakAt = batch.length > UNTIMED ? performance.now() + this.#maxMs : Infinity;
      do this.#act(batch[acted++]!);
      while (acted < batch.length && (acted % UNTIMED !== 0 || performance.now() < breakAt));
    } finally {
      // Also where one threw, which costs the others nothing but a turn.
      for (const each of batch.splice(acted)) this.add(each);
      batch.length = 0;
      this.#spare = batch;
    }
  };
}
