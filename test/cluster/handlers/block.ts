/** Keeps the event loop of a worker from turning, as a handler does that computes for long. */

import { existsSync, writeFileSync } from 'node:fs';

/** Blocks until there is a file with this name, written as in a URL. Another file says that it has begun. */
export function block(encoded: string): string {
  const file = decodeURIComponent(encoded);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  writeFileSync(`${file}.begun`, '');
  while (!existsSync(file)) Atomics.wait(cell, 0, 0, 5);
  return 'blocked';
}
