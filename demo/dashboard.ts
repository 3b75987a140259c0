/**
 * The dashboard: tells its watchers, once a second and soon after every change, who is in the room and what the server counts.
 * While nobody watches, nothing runs.
 */

import { type Channel, MemoryChannelStore, scheduleTask, type ServerStats } from 'longwire';
import type { Transport } from './room.js';

const WATCHERS = 'watchers';
const EVERY_MS = 1_000;
/** Changes that come together are told once: a broadcast answers every poll, and they come back a moment later. */
const SETTLE_MS = 50;

export interface Reading {
  readonly members: Readonly<Record<Transport, number>>;
  readonly stats: ServerStats;
}

export class Dashboard {
  readonly #store = new MemoryChannelStore();
  readonly #read: () => Reading;
  #cancel: (() => boolean) | undefined;

  constructor(read: () => Reading) {
    this.#read = read;
  }

  watch(channel: Channel): void {
    this.#store.addToGroup(WATCHERS, channel);
    this.#publish();
  }

  /** Tells the watchers soon. */
  changed(): void {
    if (this.#cancel?.()) this.#publishIn(SETTLE_MS);
  }

  stop(): void {
    this.#cancel?.();
  }

  #publish(): void {
    this.#cancel?.();
    if (this.#store.size(WATCHERS) === 0) return;
    this.#store.broadcast(WATCHERS, JSON.stringify(this.#read()));
    this.#publishIn(EVERY_MS);
  }

  #publishIn(ms: number): void {
    this.#cancel = scheduleTask(ms, () => this.#publish());
  }
}
