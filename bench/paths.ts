/** Where the parts of the benchmark stand. What is compiled runs from `build/bench`, servers and results stay in `bench`. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILED = dirname(fileURLToPath(import.meta.url));

export const ROOT = join(COMPILED, '..', '..');
export const BENCH = join(ROOT, 'bench');

/** The file of a load, compiled. */
export function compiledLoad(name: string): string {
  return join(COMPILED, 'loads', `${name}.js`);
}
