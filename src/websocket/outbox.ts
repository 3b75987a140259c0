/**
 * Keeps the order of what a WebSocket sends while one of its messages is compressed in a thread: what is sent behind it waits. Control
 * frames but Close need not.
 */

import { isThenable } from '../thenable.js';

/** Something to be written, at once or, where it has to be prepared, when its promise resolves. */
type Write = () => void | Promise<void>;

interface Waiting {
  readonly bytes: number;
  readonly write: Write;
}

export class Outbox {
  /** Bytes that wait here, as they were before they are compressed. */
  bufferedBytes = 0;
  readonly #onFault: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #isBusy = false;
  #isCleared = false;
  #onEmpty: (() => void)[] = [];

  /** @param onFault hears of what could not be prepared; what waits behind it waits for ever. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Whether what is put in now has to wait. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Writes now, or behind what is being prepared. */
  put(bytes: number, write: Write): void {
    if (this.#isCleared) return;
    this.bufferedBytes += bytes;
    this.#waiting.push({ bytes, write });
    if (!this.#isBusy) this.#run();
  }

  /** Calls `fn` once all that was put in is written, at once where it is. */
  whenEmpty(fn: () => void): void {
    if (this.#isBusy) this.#onEmpty.push(fn);
    else fn();
  }

  /** Drops what waits, and takes nothing any more; returns how many writes were dropped. */
  clear(): number {
    const dropped = this.#waiting.length;
    this.#isCleared = true;
    this.#isBusy = false;
    this.#waiting = [];
    this.bufferedBytes = 0;
    this.#settle();
    return dropped;
  }

  #run(): void {
    while (this.#waiting.length > 0) {
      const { bytes, write } = this.#waiting[0]!;
      const prepared = write();
      if (isThenable(prepared)) {
        this.#isBusy = true;
        void prepared.then(() => this.#written(bytes), this.#onFault);
        return;
      }
      this.#waiting.shift();
      this.bufferedBytes -= bytes;
    }
    this.#settle();
  }

  #written(bytes: number): void {
    if (this.#isCleared) return;
    this.#isBusy = false;
    this.#waiting.shift();
    this.bufferedBytes -= bytes;
    this.#run();
  }

  #settle(): void {
    if (this.#isBusy) return;
    const waiters = this.#onEmpty;
    this.#onEmpty = [];
    for (const each of waiters) each();
  }
}
