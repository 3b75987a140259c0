/** How many requests each address may send: a token bucket an address. An address whose bucket is full again is forgotten. */

import { takeToken } from '../rate.js';

const SWEEP_MS = 1000;

export class RequestRates {
  readonly #perSecond: number;
  readonly #now: () => number;
  /** When the bucket of each address will be full again. */
  readonly #fullAt = new Map<string, number>();
  #sweptAt = 0;

  /**
   * @param perSecond requests a second, and at once.
   * @param now milliseconds that never run backwards, and never stand still: buckets refill while nobody is connected, too.
   */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** The addresses whose buckets are not known to be full. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes a token for one request; false where the bucket is empty. */
  take(address: string): boolean {
    const now = this.#now();
    this.#sweep(now);
    const fullAt = takeToken(this.#fullAt.get(address) ?? 0, now, this.#perSecond);
    if (fullAt === undefined) return false;
    this.#fullAt.set(address, fullAt);
    return true;
  }

  #sweep(now: number): void {
    if (now < this.#sweptAt + SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [address, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(address);
  }
}
