/**
 * What is published to one group, in order: one batch is under way at a time, and what is published meanwhile makes up the next. So a batch
 * can be sent again without overtaking another, and the slower the bus, the more travels in one batch.
 */

import { scheduleTask } from '../index.js';
import type { PendingCall } from './pending-calls.js';

/** Batches are long enough to make up for a slow bus, and short enough not to keep it from others. */
const MAX_BATCH_MESSAGES = 256;
const MAX_BATCH_BYTES = 1024 * 1024;
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 250;

/** Nothing was sent, because there is no connection at the moment. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

interface Waiting {
  readonly packed: Buffer;
  readonly call: PendingCall;
}

/** Puts a batch into the bus, and gives the id of each message where there are ids. `isRepeated`: it may have got there before. */
export type SendBatch = (batch: readonly Buffer[], isRepeated: boolean) => Promise<readonly (string | undefined)[]>;

export class Outbox {
  readonly #send: SendBatch;
  readonly #canRepeat: (error: unknown) => boolean;
  readonly #onIdle: () => void;
  readonly #waiting: Waiting[] = [];
  #isRunning = false;

  /**
   * @param canRepeat tells of an error whether the batch may be sent again.
   * @param onIdle is called whenever nothing is left to send.
   */
  constructor(send: SendBatch, canRepeat: (error: unknown) => boolean, onIdle: () => void) {
    this.#send = send;
    this.#canRepeat = canRepeat;
    this.#onIdle = onIdle;
  }

  put(packed: Buffer, call: PendingCall): void {
    this.#dropSettled();
    this.#waiting.push({ packed, call });
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      await this.#deliver(batch);
      for (const { call } of batch) call.release();
    }
    this.#isRunning = false;
    this.#onIdle();
  }

  /** The next batch, of what somebody still waits for: at least one message, if there is any. */
  #take(): Waiting[] {
    this.#dropSettled();
    let bytes = 0;
    let end = 0;
    for (; end < this.#waiting.length && end < MAX_BATCH_MESSAGES; end++) {
      bytes += this.#waiting[end]!.packed.length;
      if (bytes > MAX_BATCH_BYTES && end > 0) break;
    }
    return this.#waiting.splice(0, end);
  }

  /** Who came first has waited longest: what nobody waits for any more stands at the beginning. */
  #dropSettled(): void {
    let count = 0;
    while (this.#waiting[count]?.call.isSettled === true) count++;
    for (const { call } of this.#waiting.splice(0, count)) call.release();
  }

  async #deliver(batch: readonly Waiting[]): Promise<void> {
    const packed = batch.map((each) => each.packed);
    const isOver = (): boolean => batch.every(({ call }) => call.isSettled);
    let isRepeated = false;
    for (let attempt = 0; ; attempt++) {
      try {
        const ids = await this.#send(packed, isRepeated);
        for (const [i, { call }] of batch.entries()) call.resolve(ids[i]);
        return;
      } catch (error) {
        isRepeated ||= !(error instanceof NotConnected);
        if (!this.#canRepeat(error)) for (const { call } of batch) call.reject(error);
      }
      if (isOver()) return;
      await pause(attempt);
      if (isOver()) return;
    }
  }
}

/** Waits the longer the more attempts there were. */
export function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => void scheduleTask(Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS), resolve));
}
