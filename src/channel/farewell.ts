/**
 * The end of a channel as the application hears of it: once, behind the messages before it, never inside the call that ended the
 * channel. It waits for those messages only so long; then they are dropped.
 */

import type { Ticking } from '../net/ticker.js';
import type { Callbacks } from './callbacks.js';
import type { CloseDetail, CloseStatus, Ending } from './close-status.js';
import type { Inbox } from './inbox.js';
import type { ChannelSettings } from './outlet.js';

/** How long the messages before the end are waited for. */
const LAST_MESSAGES_MS = 30_000;

type OnClose = (status: CloseStatus, detail: CloseDetail) => unknown;

export class Farewell implements Ticking {
  readonly #settings: ChannelSettings;
  readonly #callbacks: Callbacks;
  #onClose: OnClose | undefined;
  #inbox: Inbox | undefined;
  #expiresAt = Infinity;
  #detail: (CloseDetail & { readonly status: CloseStatus }) | undefined;
  /** Whether every message before the end was handled. */
  #isDue = false;
  #hasFired = false;

  constructor(settings: ChannelSettings, callbacks: Callbacks) {
    this.#settings = settings;
    this.#callbacks = callbacks;
  }

  /** Sets what is told of the end; where the end has come already and nobody heard of it, soon. */
  listen(fn: OnClose): void {
    this.#onClose = fn;
    this.#fire();
  }

  /** The channel is over: what is told is known, and waits for what `inbox` still holds. */
  begin({ status, code, reason, by }: Ending, clean: boolean, inbox: Inbox | undefined): void {
    this.#detail = { status, code, reason, by, clean };
    if (inbox === undefined) return this.#due();
    this.#inbox = inbox;
    this.#expiresAt = this.#settings.ticker.after(LAST_MESSAGES_MS);
    this.#settings.unfinished.add(this);
    this.#settings.ticker.add(this);
    inbox.close(() => {
      this.#settings.unfinished.delete(this);
      this.#settings.ticker.delete(this);
      this.#due();
    });
  }

  onTick(now: number): void {
    if (now >= this.#expiresAt) this.expire();
  }

  /** Drops the messages that are still queued, and waits for none any more. */
  expire(): void {
    this.#inbox?.expire();
  }

  #due(): void {
    this.#inbox = undefined;
    this.#isDue = true;
    this.#fire();
  }

  #fire(): void {
    if (!this.#isDue || this.#hasFired || this.#onClose === undefined) return;
    this.#hasFired = true;
    const { status, ...detail } = this.#detail!;
    queueMicrotask(() => this.#callbacks.call(this.#onClose, status, detail));
  }
}
