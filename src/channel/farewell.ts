/**
 * The end of a channel as the application hears of it: once, behind the messages before it, never inside the call that ended the
 * channel. It waits for those messages only so long; then they are dropped.
 */

import type { Ticking } from '../net/ticker.js';
import type { CloseDetail, CloseStatus, Ending } from './close-status.js';
import type { Inbox } from './inbox.js';
import type { ChannelSettings } from './outlet.js';

/** How long the messages before the end are waited for. */
const LAST_MESSAGES_MS = 30_000;

/** Calls the application back. */
interface Listener {
  /** Whether it listens. */
  readonly hears: boolean;
  tell(status: CloseStatus, detail: CloseDetail): void;
}

export class Farewell implements Ticking {
  readonly #settings: ChannelSettings;
  readonly #listener: Listener;
  readonly #status: CloseStatus;
  readonly #detail: CloseDetail;
  #inbox: Inbox | undefined;
  #expiresAt = 0;
  #hasFired = false;

  /** The channel is over: what is told is known, and waits for what `inbox` still holds. */
  constructor(settings: ChannelSettings, listener: Listener, { status, code, reason, by }: Ending, clean: boolean, inbox: Inbox | undefined) {
    this.#settings = settings;
    this.#listener = listener;
    this.#status = status;
    this.#detail = { code, reason, by, clean };
    if (inbox !== undefined) this.#wait(inbox);
    else this.fire();
  }

  onTick(now: number): void {
    if (now >= this.#expiresAt) this.expire();
  }

  /** Drops the messages that are still queued, and waits for none any more. */
  expire(): void {
    this.#inbox?.expire();
  }

  /** Tells of the end, soon, if it is time and somebody listens: called again where somebody begins to. */
  fire(): void {
    if (this.#inbox !== undefined || this.#hasFired || !this.#listener.hears) return;
    this.#hasFired = true;
    queueMicrotask(() => this.#listener.tell(this.#status, this.#detail));
  }

  #wait(inbox: Inbox): void {
    this.#inbox = inbox;
    this.#expiresAt = this.#settings.ticker.after(LAST_MESSAGES_MS);
    this.#settings.unfinished.add(this);
    this.#settings.ticker.add(this);
    inbox.close(() => {
      this.#inbox = undefined;
      this.#settings.unfinished.delete(this);
      this.#settings.ticker.delete(this);
      this.fire();
    });
  }
}
