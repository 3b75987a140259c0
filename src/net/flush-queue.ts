/** Gathers output: whoever writes outside of a read joins here, and all of them are flushed once, at the end of the turn. */

export interface Flushable {
  flush(): void;
}

export class FlushQueue {
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];
  readonly #run = (): void => {
    const batch = this.#waiting;
    this.#waiting = this.#spare;
    for (const each of batch) each.flush();
    batch.length = 0;
    this.#spare = batch;
  };

  /** Flushes `each` at the end of this turn of the event loop. Call it once a turn for each. */
  schedule(each: Flushable): void {
    if (this.#waiting.push(each) === 1) process.nextTick(this.#run);
  }
}
