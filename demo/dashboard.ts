/**
 * The dashboard: tells its watchers, once a second and soon after every change, who is in the room and what the server counts. With a bus
 * its watchers may be at another server, and hear of all; without one, nothing runs while nobody watches.
 */

import { type Channel, type HandlerResult, type HttpRequest, type MemoryChannelStore, scheduleTask, type ServerStats } from 'longwire';
import type { Transport } from 'longwire/client';
import { enter } from './enter.js';

const WATCHERS = 'watchers';
const EVERY_MS = 1_000;
/** Changes that come together are told once: a broadcast answers every poll, and they come back a moment later. */
const SETTLE_MS = 50;

export interface Reading {
  /** Which of the servers it is. */
  readonly port: number;
  readonly members: Readonly<Record<Transport, number>>;
  readonly stats: ServerStats;
}

export class Dashboard {
  readonly #store: MemoryChannelStore;
  readonly #read: () => Reading;
  readonly #isShared: boolean;
  /** Calls off the next reading; `undefined` where none is due. */
  #cancel: (() => boolean) | undefined;

  /** @param isShared whether there are other servers, where somebody may watch. */
  constructor(store: MemoryChannelStore, read: () => Reading, isShared: boolean) {
    this.#store = store;
    this.#read = read;
    this.#isShared = isShared;
  }

  watch(request: HttpRequest): HandlerResult {
    return enter(request, { store: this.#store, group: WATCHERS, onOpen: (channel) => this.#welcome(channel) });
  }

  /** Tells the watchers soon. */
  changed(): void {
    if (this.#cancel?.()) this.#publishIn(SETTLE_MS);
  }

  publish(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#isShared && this.#store.size(WATCHERS) === 0) return;
    this.#store.broadcast(WATCHERS, JSON.stringify(this.#read()));
    this.#publishIn(EVERY_MS);
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Tells who comes at once, but a poll where a reading is due anyway: it comes back for each, and would be answered without end. */
  #welcome({ isWebSocket, isEventStream }: Channel): void {
    if (isWebSocket || isEventStream || this.#cancel === undefined) this.publish();
  }

  #publishIn(ms: number): void {
    this.#cancel = scheduleTask(ms, () => this.publish());
  }
}
