/** Waiting for what happens inside a handler, from outside of it. */

import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.js';

/** A promise and what settles it. */
export class Gate<T = void> {
  readonly opened: Promise<T>;
  open!: (value: T) => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}

/** Resolves when `promise` does; fails after `ms` with a message that says what did not happen. */
export async function within<T>(promise: Promise<T>, what: string, ms = PATIENCE_MS): Promise<T> {
  const over = new AbortController();
  const tooLate = delay(ms, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error(`${what} did not happen within ${ms} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    over.abort();
  }
}

/** Waits until `isTrue`, looking every millisecond; fails after `ms`. */
export async function until(isTrue: () => boolean | Promise<boolean>, what: string, ms = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${ms} ms`);
    await delay(1);
  }
}

/** Waits until `value` has not changed for a tenth of a second: for what must come to rest, such as a bounded producer. */
export async function atRest(value: () => number): Promise<number> {
  let last = value();
  let since = performance.now();
  while (performance.now() - since < 100) {
    await delay(5);
    if (value() === last) continue;
    last = value();
    since = performance.now();
  }
  return last;
}
