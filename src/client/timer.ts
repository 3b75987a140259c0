/** Timers for whatever the page may ask for: those of a browser hold 31 bits, and would fire at once for more. */

export type Timer = ReturnType<typeof setTimeout>;

/** About 24 days. */
export const MAX_WAIT_MS = 2 ** 31 - 1;

/** Calls `fn` after so many milliseconds: never where they are more than a timer can wait, as is `Infinity`. */
export function startTimer(ms: number, fn: () => void): Timer | undefined {
  return ms > MAX_WAIT_MS ? undefined : setTimeout(fn, ms);
}
