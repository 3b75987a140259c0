/** Gathers whoever has the same thing to do in this turn of the event loop, so that all do it one after the other, at one later point of it. */

export class TurnQueue<T> {
  readonly #later: (run: () => void) => void;
  readonly #act: (each: T) => void;
  #waiting: T[] = [];
  #spare: T[] = [];

  /** @param later calls what it is given once, at that point of the turn. */
  constructor(later: (run: () => void) => void, act: (each: T) => void) {
    this.#later = later;
    this.#act = act;
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
      while (acted < batch.length) this.#act(batch[acted++]!);
    } finally {
      // One that throws costs the others nothing but a turn.
      for (const each of batch.splice(acted)) this.add(each);
      batch.length = 0;
      this.#spare = batch;
    }
  };
}
