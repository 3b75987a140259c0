/**
 * What a connection waits for, and for how long it may: the next request, the rest of a head, the rest of a body. A handler's time never
 * counts against the client, nor does time in which nobody was reading (RFC 9110 §15.5.9).
 */

import type { Ticker } from '../net/ticker.js';

/** What is waited for; `reader`: for somebody who reads what has come, so much that nothing more is taken. */
export type AwaitedInput = 'nothing' | 'request' | 'head' | 'body' | 'reader';

/** How long it may take: milliseconds, and bytes a second. */
export interface RequestTimes {
  readonly headTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly minBodyBytesPerSecond: number;
}

/** A body has this long before its rate is judged. */
const RATE_GRACE_MS = 10_000;

export class RequestDeadlines {
  readonly #times: RequestTimes;
  readonly #ticker: Ticker;
  #awaited: AwaitedInput = 'request';
  #dueAt: number;
  #lastTick: number;
  /** Whether `dueAt` is that of a head: once it runs, nothing but a complete head stops it. At first it runs from accept. */
  #isHeadTimed = true;
  /** For how long, and how much of, the current body was received. */
  #receivingMs = 0;
  #receivedBytes = 0;

  /** The first head is due from accept. */
  constructor(times: RequestTimes, ticker: Ticker) {
    this.#times = times;
    this.#ticker = ticker;
    this.#dueAt = ticker.after(times.headTimeoutMs);
    this.#lastTick = ticker.now;
  }

  /** A head was complete: what is waited for next starts anew. */
  requestBegan(): void {
    this.#awaited = 'nothing';
    this.#isHeadTimed = false;
    this.#receivingMs = 0;
    this.#receivedBytes = 0;
  }

  bodyReceived(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  /** Says what is waited for now. A head's time runs from its first byte, and the first one's from accept. */
  wait(awaited: AwaitedInput): void {
    if (awaited === this.#awaited) return;
    this.#awaited = awaited;
    if (this.#isHeadTimed) return;
    this.#isHeadTimed = awaited === 'head';
    this.#dueAt = this.#ticker.after(this.#isHeadTimed ? this.#times.headTimeoutMs : this.#times.keepAliveTimeoutMs);
  }

  /** What is overdue, if anything. */
  overdue(now: number): AwaitedInput {
    const elapsed = now - this.#lastTick;
    this.#lastTick = now;
    if (this.#awaited === 'body') return this.#isBodyOverdue(elapsed) ? 'body' : 'nothing';
    return now >= this.#dueAt ? this.#awaited : 'nothing';
  }

  #isBodyOverdue(elapsed: number): boolean {
    this.#receivingMs += elapsed;
    if (this.#receivingMs > this.#times.requestTimeoutMs) return true;
    return this.#receivingMs > RATE_GRACE_MS && this.#receivedBytes < (this.#times.minBodyBytesPerSecond * this.#receivingMs) / 1000;
  }
}
