/**
 * Work that is done at once, but only so long within one turn of the event loop: what would come beyond it waits for the next turns, in
 * the order in which it came. So whoever sends much that is quickly said keeps nobody else waiting for long.
 */

export interface TurnClock {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Calls `fn` in the next turn of the event loop. */
  nextTurn(fn: () => void): void;
}

export class TurnLimit {
  readonly #mostMs: number;
  readonly #clock: TurnClock;
  #spentMs = 0;
  #isTurnAsked = false;
  #waiting: (() => void)[] = [];

  constructor(mostMs: number, clock: TurnClock) {
    this.#mostMs = mostMs;
    this.#clock = clock;
  }

  /** Does `work` now, or in a later turn, and gives what it gives. What it throws is thrown, or what is given rejects with it. */
  run<T>(work: () => T): T | Promise<T> {
    if (this.#waiting.length === 0 && this.#hasTime) return this.#do(work);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#do(work));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  get #hasTime(): boolean {
    return this.#spentMs < this.#mostMs;
  }

  #do<T>(work: () => T): T {
    this.#askForTurn();
    const startedAt = this.#clock.now();
    try {
      return work();
    } finally {
      this.#spentMs += this.#clock.now() - startedAt;
    }
  }

  #askForTurn(): void {
    if (this.#isTurnAsked) return;
    this.#isTurnAsked = true;
    this.#clock.nextTurn(() => {
      this.#isTurnAsked = false;
      this.#spentMs = 0;
      while (this.#waiting.length > 0 && this.#hasTime) this.#waiting.shift()!();
    });
  }
}
