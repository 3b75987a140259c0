/**
 * What is published to a group before its subscription is there. The bus could take it first: then it would stand before the place where
 * the members here begin, and they would never hear of it. So it waits for the subscription, in order, and within bounds.
 */

import type { StoreClock } from './sweeper.js';

/** As long, and as much, as a bus lets messages wait that it cannot take yet. */
const MAX_WAIT_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** What a message costs besides its bytes, so that a flood of empty ones is bounded, too. */
const MESSAGE_BYTES = 256;
const PERIOD_MS = 1000;

interface Held {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Where messages go on to. */
export interface HoldEvents {
  publish(bytes: Uint8Array): void;
  /** A message will not be published: it has waited for too long, or too much waits already. */
  failed(error: Error): void;
}

export class BusHold {
  readonly #clock: StoreClock;
  readonly #events: HoldEvents;
  #held: Held[] = [];
  #bytes = 0;
  #stop: (() => void) | undefined;

  constructor(clock: StoreClock, events: HoldEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  put(bytes: Uint8Array): void {
    if (this.#bytes >= MAX_BYTES) return this.#events.failed(new Error('the group is not subscribed to yet, and 16 MiB wait for that already'));
    this.#held.push({ bytes, at: this.#clock.monotonic() });
    this.#bytes += costOf(bytes);
    this.#stop ??= this.#clock.every(PERIOD_MS, () => this.#expire());
  }

  /** Publishes all that waits. */
  release(): void {
    for (const { bytes } of this.#take(this.#held.length)) this.#events.publish(bytes);
  }

  /** Who came first has waited longest. */
  #expire(): void {
    const since = this.#clock.monotonic() - MAX_WAIT_MS;
    const next = this.#held.findIndex(({ at }) => at > since);
    for (const _ of this.#take(next < 0 ? this.#held.length : next)) this.#events.failed(new Error(`the group could not be subscribed to within ${MAX_WAIT_MS} ms`));
  }

  #take(count: number): readonly Held[] {
    const taken = this.#held.splice(0, count);
    for (const { bytes } of taken) this.#bytes -= costOf(bytes);
    if (this.#held.length > 0) return taken;
    this.#stop?.();
    this.#stop = undefined;
    return taken;
  }
}

function costOf(bytes: Uint8Array): number {
  return MESSAGE_BYTES + bytes.length;
}
