/** Where the parts of the benchmark stand. What is compiled runs from `build/bench`, servers and results stay in `bench`. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILED = dirname(fileURLToPath(import.meta.url));

export const ROOT = join(COMPILED, '..', '..');
export const BENCH = join(ROOT, 'bench');

/** A file of a folder of the benchmark, compiled. */
export function compiled(folder: string, name: string): string {
  return join(COMPILED, folder, `${name}.js`);
}
