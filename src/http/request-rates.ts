/**
 * How many requests each address may send: a token bucket an address, which holds one second's worth and refills evenly. Kept as one
 * number an address, the moment at which its bucket will be full again; an address whose bucket is full is forgotten.
 */

const WINDOW_MS = 1000;
/** Rounding must not cost the last token. */
const ROUNDING_MS = 0.001;

export class RequestRates {
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #fullAt = new Map<string, number>();
  #sweptAt = 0;

  /**
   * @param perSecond requests a second, and at once.
   * @param now milliseconds that never run backwards, and never stand still: buckets refill while nobody is connected, too.
   */
  constructor(perSecond: number, now: () => number) {
    this.#intervalMs = WINDOW_MS / perSecond;
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
    const fullAt = Math.max(now, this.#fullAt.get(address) ?? 0) + this.#intervalMs;
    if (fullAt > now + WINDOW_MS + ROUNDING_MS) return false;
    this.#fullAt.set(address, fullAt);
    return true;
  }

  #sweep(now: number): void {
    if (now < this.#sweptAt + WINDOW_MS) return;
    this.#sweptAt = now;
    for (const [address, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(address);
  }
}
