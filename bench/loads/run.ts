/** What is done for a while, and counted: a load starts, goes on as long as the time lasts, and says when nothing is under way any more. */

import { Histogram, type Latency } from '../histogram.js';

/** What was done in that time. */
export interface RunCount {
  readonly operations: number;
  readonly latency: Latency;
}

export class Run {
  /** Whether the time is over: nothing new begins. */
  isOver = false;
  readonly #histogram = new Histogram();
  #operations = 0;
  #drained: () => void = () => undefined;

  /** Calls `start`, and resolves when the time is over and `drained` was called. */
  async lastFor(seconds: number, start: () => void): Promise<RunCount> {
    this.isOver = false;
    this.#histogram.reset();
    this.#operations = 0;
    setTimeout(() => (this.isOver = true), seconds * 1000);
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    start();
    await drained;
    return { operations: this.#operations, latency: this.#histogram.latency };
  }

  /** So many operations were done, in so many milliseconds each. */
  count(operations: number, ms: number): void {
    this.#operations += operations;
    this.#histogram.record(ms * 1000, operations);
  }

  /** Nothing is under way any more. */
  drained(): void {
    this.#drained();
  }
}
