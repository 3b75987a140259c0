/** What a page sends, in its order, by whichever link is open: one message behind the other, and none that overtakes what an earlier link still carries. */

import type { Link } from './link.js';

/** Messages that may wait. */
const MAX_UNSENT = 1_000;
/** How long an earlier link may take to deliver what it carries: one that is dead never does. */
const SETTLE_TIMEOUT_MS = 5_000;

interface Unsent {
  readonly data: string | Uint8Array;
  resolve(): void;
  reject(error: unknown): void;
}

export class Outgoing {
  readonly #unsent: Unsent[] = [];
  #maxUnsent = MAX_UNSENT;
  #link: Link | undefined;
  /** Resolves when the links before have delivered what they can. */
  #settled: Promise<unknown> | undefined;
  #isSending = false;

  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#unsent.push({ data, resolve, reject });
      this.#keep(this.#maxUnsent);
      void this.#sendAll();
    });
  }

  /** Sends by this link from now on. */
  goBy(link: Link): void {
    this.#link = link;
    void this.#sendAll();
  }

  /** Sends no more by this link, and by the next only when this one has settled, or took too long. */
  leave(link: Link): void {
    if (link === this.#link) this.#link = undefined;
    const settled = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SETTLE_TIMEOUT_MS);
      void link.settled.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#settled = Promise.all([this.#settled, settled]);
  }

  close(): void {
    this.#keep((this.#maxUnsent = 0));
  }

  /** Rejects what is more than may wait. */
  #keep(count: number): void {
    for (const { reject } of this.#unsent.splice(count)) reject(new Error('not sent: the connection is closed, or too much waits'));
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (;;) {
      await this.#settled;
      const [first] = this.#unsent;
      const sent = first && this.#link?.send(first.data);
      if (!sent) break;
      this.#unsent.shift();
      await Promise.resolve(sent).then(() => first.resolve(), first.reject);
    }
    this.#isSending = false;
  }
}
