/** Work for later: http-kit's `schedule-task`. */

import { UsageError } from '../errors.js';

/** The longest wait of one timer of Node; longer ones are waited for in parts. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Runs `fn` after `ms` milliseconds. A task that throws or rejects hurts no other and does not end the process: the error
 * becomes a process warning. Like a timer of Node, a task that waits keeps the process alive.
 *
 * @returns a function that cancels: true if the task had neither run nor been cancelled.
 * @throws UsageError where `ms` is no number from 0 or `fn` is no function.
 */
export function scheduleTask(ms: number, fn: () => unknown): () => boolean {
  if (typeof ms !== 'number' || !(ms >= 0)) throw new UsageError('scheduleTask takes a number of milliseconds from 0, then a function');
  if (typeof fn !== 'function') throw new UsageError('scheduleTask takes a function as its second argument');
  const dueAt = performance.now() + ms;
  let timer: NodeJS.Timeout | undefined;
  const wait = (left: number): void => {
    timer = setTimeout(() => {
      const rest = dueAt - performance.now();
      if (rest >= 1) return wait(rest);
      timer = undefined;
      void run(fn);
    }, Math.min(left, LONGEST_WAIT_MS));
  };
  wait(ms);
  return () => {
    if (timer === undefined) return false;
    clearTimeout(timer);
    timer = undefined;
    return true;
  };
}

async function run(fn: () => unknown): Promise<void> {
  try {
    await fn();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : new Error(`a scheduled task failed: ${typeof error === 'string' ? error : typeof error}`));
  }
}
