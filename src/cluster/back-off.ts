/** How long to wait before what ended is started again: not at all, unless it ends again and again. */

/** What served so long was well; how it ended has nothing to do with how it began. */
const WELL_MS = 10_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;

export class BackOff {
  /** How often it ended early in a row. */
  #failures = 0;

  /** Milliseconds to wait behind an end. The first is waited for not at all, the next ones twice as long each. */
  waitAfter(servedMs: number): number {
    this.#failures = servedMs >= WELL_MS ? 1 : this.#failures + 1;
    return this.#failures === 1 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 2));
  }
}
