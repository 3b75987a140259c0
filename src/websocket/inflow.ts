/**
 * How much one client may send: messages a second, and bytes. Time in which nobody read counts as time in which it may have sent: what
 * waited meanwhile comes at once, and is not held against it.
 */

import { takeTokens, WINDOW_MS } from '../rate.js';

export interface InflowLimits {
  /** Messages, pings and pongs. */
  readonly maxMessagesPerSecond: number;
  /** Bytes of frames, with their headers. */
  readonly maxMessageBytesPerSecond: number;
}

export class Inflow {
  readonly #limits: InflowLimits;
  #messagesFullAt = 0;
  #bytesFullAt = 0;
  /** Since when reading was stopped: again and again, never for a whole second in between. */
  #stoppedAt = 0;
  /** Since when there is reading again; `Infinity` while there is none. */
  #resumedAt = -Infinity;

  constructor(limits: InflowLimits) {
    this.#limits = limits;
  }

  /** Reading stops. `now`, here and below, is milliseconds that never run backwards. */
  stop(now: number): void {
    if (!this.#isCatchingUp(now)) this.#stoppedAt = now;
    this.#resumedAt = Infinity;
  }

  /** Reading goes on. */
  resume(now: number): void {
    this.#resumedAt = now;
  }

  /** Whether another message, Ping or Pong may come now; it counts if it may. */
  takeMessage(now: number): boolean {
    const fullAt = takeTokens(1, this.#messagesFullAt, now, this.#limits.maxMessagesPerSecond, this.#since(now));
    if (fullAt !== undefined) this.#messagesFullAt = fullAt;
    return fullAt !== undefined;
  }

  /** The same for so many bytes. */
  takeBytes(count: number, now: number): boolean {
    const fullAt = takeTokens(count, this.#bytesFullAt, now, this.#limits.maxMessageBytesPerSecond, this.#since(now));
    if (fullAt !== undefined) this.#bytesFullAt = fullAt;
    return fullAt !== undefined;
  }

  #since(now: number): number {
    return this.#isCatchingUp(now) ? this.#stoppedAt : now;
  }

  #isCatchingUp(now: number): boolean {
    return now < this.#resumedAt + WINDOW_MS;
  }
}
