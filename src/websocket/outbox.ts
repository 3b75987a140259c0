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
  /** Who wants to know that it is written. */
  readonly listeners: (() => void)[];
}

export class Outbox {
  /** Bytes that wait here, as they were before they are compressed. */
  bufferedBytes = 0;
  readonly #onFault: (error: unknown) => void;
  /** The first is being prepared. */
  #waiting: Waiting[] = [];
  #isRunning = false;
  #isCleared = false;

  /** @param onFault hears of what could not be prepared or written; what waits behind it waits for `clear`. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Whether what is put in now has to wait. */
  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  /** Writes now, or behind what is being prepared. */
  put(bytes: number, write: Write): void {
    if (this.#isCleared) return;
    this.bufferedBytes += bytes;
    this.#waiting.push({ bytes, write, listeners: [] });
    if (!this.#isRunning) this.#run();
  }

  /** Calls `fn` once all that was put in until now is written, or was dropped: at once where nothing waits. */
  whenWritten(fn: () => void): void {
    const last = this.#waiting.at(-1);
    if (last === undefined) fn();
    else last.listeners.push(fn);
  }

  /** Drops what waits, and takes nothing any more; returns how many writes were dropped. */
  clear(): number {
    const dropped = this.#waiting;
    this.#isCleared = true;
    this.#waiting = [];
    this.bufferedBytes = 0;
    for (const { listeners } of dropped) for (const each of listeners) each();
    return dropped.length;
  }

  #run(): void {
    this.#isRunning = true;
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const prepared = next.write();
        if (isThenable(prepared)) return this.#goOnBehind(next, prepared);
        this.#written(next);
      }
      this.#isRunning = false;
    } catch (error) {
      this.#onFault(error);
    }
  }

  #goOnBehind(first: Waiting, prepared: Promise<void>): void {
    const goOn = (): void => {
      if (this.#isCleared) return;
      this.#written(first);
      this.#run();
    };
    void prepared.then(goOn, this.#onFault);
  }

  #written({ bytes, listeners }: Waiting): void {
    this.#waiting.shift();
    this.bufferedBytes -= bytes;
    for (const each of listeners) each();
  }
}
