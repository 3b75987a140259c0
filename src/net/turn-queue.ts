/** Gathers whoever has the same thing to do in this turn of the event loop, so that all do it one after the other, at one later point of it. */

import { performance } from 'node:perf_hooks';

/** So many act between two looks at the clock, which take as long as it takes some to act. */
const UNTIMED = 8;

/** Calls what it is given once, at some later point of the turn. */
type Later = (run: () => void) => void;

/** How much is done at a time; without them, all of it. */
export interface TurnLimits {
  /** After so long they take a break; who is left then acts when `later` calls again. */
  readonly maxMs: number;
  /** Where so many wait, `sooner` is asked, too. */
  readonly maxWaiting: number;
  readonly sooner: Later;
}

export class TurnQueue<T> {
  readonly #later: Later;
  readonly #act: (each: T) => void;
  readonly #limits: TurnLimits | undefined;
  #waiting: T[] = [];
  #spare: T[] = [];

  /** @param later where all act: in this turn, or in the next where that point of it is over. */
  constructor(later: Later, act: (each: T) => void, limits?: TurnLimits) {
    this.#later = later;
    this.#act = act;
    this.#limits = limits;
  }

  /** Has `each` act in this turn. Called twice within a turn, it acts twice. */
  add(each: T): void {
    const count = this.#waiting.push(each);
    if (count === 1) this.#later(this.#run);
    else if (count === this.#limits?.maxWaiting) this.#limits.sooner(this.#run);
  }

  readonly #run = (): void => {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = this.#spare;
    let acted = 0;
    try {
      const isTimed = this.#limits !== undefined && batch.length > UNTIMED;
      const breakAt = isTimed ? performance.now() + this.#limits.maxMs : Infinity;
      do this.#act(batch[acted++]!);
      while (acted < batch.length && (!isTimed || acted % UNTIMED !== 0 || performance.now() < breakAt));
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
