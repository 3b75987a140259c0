/**
 * The messages that a bus was given and has not yet taken, bounded in bytes and in time: a bus that is slow, or away, neither fills the
 * memory nor keeps anybody waiting for ever.
 */

import { scheduleTask } from '../index.js';
import { checkAmount } from './bus-options.js';

/** What a call costs besides its message: so a flood of empty messages is bounded, too. */
const BYTES_A_CALL = 256;

/** How long, and how much, may wait for a bus. */
export interface PendingOptions {
  /** How long a message may wait to be taken, such as while the bus is away, before `publish` rejects; 10 s by default. */
  readonly publishTimeoutMs?: number | undefined;
  /** How many bytes of messages may wait at most; beyond them `publish` rejects at once. 16 MiB by default. What was rejected and is still with the client counts. */
  readonly maxPendingBytes?: number | undefined;
}

/** One message that somebody waits for, and that takes up room until it is released, also when nobody waits any more. */
export class PendingCall {
  readonly promise: Promise<string | undefined>;
  readonly bytes: number;
  readonly dueAt: number;
  readonly #calls: PendingCalls;
  #settle!: { readonly resolve: (id: string | undefined) => void; readonly reject: (error: unknown) => void };

  constructor(calls: PendingCalls, bytes: number, dueAt: number) {
    this.#calls = calls;
    this.bytes = bytes;
    this.dueAt = dueAt;
    this.promise = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  /** Whether nobody waits for it any more. */
  get isSettled(): boolean {
    return !this.#calls.isWaitedFor(this);
  }

  resolve(id: string | undefined): void {
    if (this.#calls.settle(this)) this.#settle.resolve(id);
  }

  reject(error: unknown): void {
    if (this.#calls.settle(this)) this.#settle.reject(error);
  }

  /** Once, when the message is let go of. */
  release(): void {
    this.#calls.release(this);
  }
}

export class PendingCalls {
  readonly #timeoutMs: number;
  readonly #maxBytes: number;
  /** Those that are waited for, in the order in which they came, which is the order in which they are due. */
  readonly #waiting = new Set<PendingCall>();
  #bytes = 0;
  #cancelTimer: (() => boolean) | undefined;

  /** @throws UsageError on options that make no sense. */
  constructor({ publishTimeoutMs, maxPendingBytes }: PendingOptions) {
    this.#timeoutMs = checkAmount('publishTimeoutMs', publishTimeoutMs, 'milliseconds', 10_000);
    this.#maxBytes = checkAmount('maxPendingBytes', maxPendingBytes, 'bytes', 16 * 1024 * 1024);
  }

  /** How long a message may wait. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** @throws an Error where more waits than may. A message of any size is taken where nothing waits. */
  add(bytes: number): PendingCall {
    if (this.#bytes >= this.#maxBytes) throw new Error(`the bus has not taken what waits for it already, ${this.#maxBytes} bytes or more`);
    const call = new PendingCall(this, bytes + BYTES_A_CALL, performance.now() + this.#timeoutMs);
    this.#waiting.add(call);
    this.#bytes += call.bytes;
    this.#cancelTimer ??= scheduleTask(this.#timeoutMs, () => this.#onTimer());
    return call;
  }

  isWaitedFor(call: PendingCall): boolean {
    return this.#waiting.has(call);
  }

  /** Whether it was waited for until now. */
  settle(call: PendingCall): boolean {
    if (!this.#waiting.delete(call)) return false;
    if (this.#waiting.size === 0) this.#stopTimer();
    return true;
  }

  release(call: PendingCall): void {
    this.#bytes -= call.bytes;
  }

  rejectAll(error: unknown): void {
    for (const call of this.#waiting) call.reject(error);
  }

  #onTimer(): void {
    this.#cancelTimer = undefined;
    const now = performance.now();
    for (const call of this.#waiting) {
      if (call.dueAt > now) {
        this.#cancelTimer = scheduleTask(call.dueAt - now, () => this.#onTimer());
        return;
      }
      call.reject(new Error(`the bus has not taken the message within ${this.#timeoutMs} ms`));
    }
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
