/**
 * Latencies in buckets that grow by a twentieth, so that to record one costs a logarithm and no memory. A percentile is the upper edge of its
 * bucket: at most 5 % too high.
 */

const GROWTH = Math.log(1.05);
/** From one microsecond to well over a minute. */
const BUCKETS = 400;

/** The 50th, 99th and 99.9th percentile in microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  /** `count` operations took so many microseconds each. */
  record(micros: number, count = 1): void {
    const bucket = micros <= 1 ? 0 : Math.ceil(Math.log(micros) / GROWTH);
    this.#counts[bucket < BUCKETS ? bucket : BUCKETS - 1]! += count;
    this.#total += count;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The microseconds within which that share of all operations was done; 0 where there was none. */
  percentile(share: number): number {
    let left = share * this.#total;
    if (left === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 1e-9 * this.#total) return Math.exp(bucket * GROWTH);
    }
    return Math.exp(BUCKETS * GROWTH);
  }

  get latency(): Latency {
    return { p50: this.percentile(0.5), p99: this.percentile(0.99), p999: this.percentile(0.999) };
  }
}
