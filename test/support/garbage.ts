/** What is still held by somebody, and what only a `WeakRef` knows any more. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How many of these objects are still held, after a full collection. Call it from a function that holds none of them. */
export async function countHeld(refs: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // What a WeakRef was made of, or gave, is held until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}
