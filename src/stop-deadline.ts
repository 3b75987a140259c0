/** The deadline of a stop: the earliest of all that were asked for. It can be drawn closer, never put off. */

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class StopDeadline {
  /** Resolves when the deadline is reached. */
  readonly reached: Promise<void>;
  #reach!: () => void;
  #at = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
  }

  /** Draws the deadline to `ms` milliseconds from now, if it is not closer already. */
  tighten(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#reach, Math.min(ms, LONGEST_TIMER_MS));
  }

  /** Milliseconds until then, from 0; `Infinity` where nothing was asked for. */
  get remainingMs(): number {
    return Math.max(0, this.#at - performance.now());
  }

  /** Lets go of the timer: the deadline is not needed any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#at = -Infinity;
  }
}
