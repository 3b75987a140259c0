/** What the server asks of zlib: which calls, how many at once; and a way to let what is in threads wait, or fail, as long as a test wants. */

import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';
import zlib from 'node:zlib';

const METHODS = ['deflateRaw', 'inflateRaw', 'deflateRawSync', 'inflateRawSync'] as const;
type Method = (typeof METHODS)[number];
type Callback = (error: Error | null, result: unknown) => void;
type AnyFunction = (...args: unknown[]) => unknown;

const ORIGINAL = Object.fromEntries(METHODS.map((name) => [name, zlib[name]])) as unknown as Readonly<Record<Method, AnyFunction>>;

export class ZlibWatch {
  /** Every call and the length of its input, in order. */
  readonly calls: { readonly name: Method; readonly bytes: number }[] = [];
  /** How long the dictionary of each of them was. */
  readonly dictionaryBytes: number[] = [];
  /** Calls in threads whose results did not come back yet, and the most there were at once. */
  running = 0;
  mostRunning = 0;
  #held: (() => void)[] | undefined;
  /** How many results may still come back while the others are kept. */
  #allowed = 0;
  /** What all calls from here on fail with, or those of one method. */
  #failing: Error | undefined;
  #failingMethod: Method | undefined;

  /** Watches until the test is over. What a test does itself, it should do with functions that it took before. */
  constructor(t: TestContext) {
    const replacements = zlib as unknown as Record<Method, AnyFunction>;
    for (const name of METHODS) replacements[name] = (...args) => this.#call(name, args);
    syncBuiltinESMExports();
    t.after(() => {
      Object.assign(zlib, ORIGINAL);
      syncBuiltinESMExports();
      this.release();
    });
  }

  count(name: Method): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** Keeps all results from threads back until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Gives all results that were kept back, and keeps none any more. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const each of held) each();
  }

  /** Gives one more result, when it is there, and still keeps the others back. */
  releaseOne(): void {
    this.#allowed++;
    this.#giveAllowed();
  }

  /** Lets calls from here on fail, all of them or those of one method; `undefined` lets them be. */
  fail(error: Error | undefined, method?: Method): void {
    this.#failing = error;
    this.#failingMethod = method;
  }

  #call(name: Method, args: unknown[]): unknown {
    this.calls.push({ name, bytes: (args[0] as Uint8Array).length });
    this.dictionaryBytes.push((args[1] as { dictionary?: Uint8Array }).dictionary?.length ?? 0);
    const failing = this.#failingMethod === undefined || this.#failingMethod === name ? this.#failing : undefined;
    if (name.endsWith('Sync')) {
      if (failing !== undefined) throw failing;
      return ORIGINAL[name](...args);
    }
    const callback = args.at(-1) as Callback;
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    return ORIGINAL[name](...args.slice(0, -1), (error: Error | null, result: unknown) => {
      const give = (): void => {
        this.running--;
        callback(failing ?? error, result);
      };
      if (this.#held === undefined) return give();
      this.#held.push(give);
      this.#giveAllowed();
    });
  }

  #giveAllowed(): void {
    for (; this.#allowed > 0 && this.#held !== undefined && this.#held.length > 0; this.#allowed--) this.#held.shift()!();
  }
}
