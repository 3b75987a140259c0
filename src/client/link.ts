/**
 * One connection by one transport, from its first attempt to its end. It opens at most once, ends once, and tells nothing behind
 * its end. What becomes of it then is not its affair.
 */

import type { ConnectOptions, Ending, Transport } from './contract.js';
import { type Endpoint, post } from './http.js';
import { startTimer, type Timer } from './timer.js';
import type { Told } from './wire.js';

/** Hears the server in the way of one transport, until the server ends it; rejects where the network does. */
export type Listen = (link: Link) => Promise<Ending>;

/** Whose link it is. */
export interface LinkOwner {
  /** Behind which message to go on. */
  readonly id: string;
  linkOpened(link: Link): void;
  linkTold(told: Told): void;
  linkEnded(link: Link, ending: Ending): void;
}

/** Where a link leads. */
export interface Target {
  readonly transport: Transport;
  readonly url: string;
}

/** How long a server may take, where the page does not say. */
const PATIENCE = {
  connectTimeoutMs: 5_000,
  /** Three times what lies between the heartbeats of an event stream. */
  silenceTimeoutMs: 45_000,
} as const;

export class Link implements Endpoint {
  readonly target: Target;
  readonly options: ConnectOptions;
  /** Resolves when nothing that was sent here can arrive behind what is sent elsewhere from then on. */
  readonly settled: Promise<void>;
  /** Sends by the transport, over HTTP unless that is better; `false` where nothing was sent, because it is about to end. */
  send: (data: string | Uint8Array) => Promise<void> | boolean = (data) => post(this, data);
  readonly #owner: LinkOwner;
  readonly #leaving = new AbortController();
  #deadline: Timer | undefined;
  #isOpen = false;

  /** Tries. The owner hears what becomes of it, but never inside this call. */
  constructor(listen: Listen, target: Target, options: ConnectOptions, owner: LinkOwner) {
    this.target = target;
    this.options = options;
    this.#owner = owner;
    this.settled = this.#run(listen);
  }

  /** Aborted when the link is over. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  get position(): string {
    return this.#owner.id;
  }

  /** The address with the place to go on from. */
  get address(): string {
    const url = new URL(this.target.url);
    url.searchParams.set('since', this.position);
    return url.href;
  }

  /** The server has let it in. Nothing more is expected in time, unless `expectWithin` says so again. */
  opened(): void {
    clearTimeout(this.#deadline);
    if (this.#isOpen || this.signal.aborted) return;
    this.#isOpen = true;
    this.#owner.linkOpened(this);
  }

  told(told: Told): void {
    if (!this.signal.aborted) this.#owner.linkTold(told);
  }

  /** Ends it as too slow unless this or `opened` is called again in time. */
  expectWithin(name: keyof typeof PATIENCE): void {
    clearTimeout(this.#deadline);
    this.#deadline = startTimer(this.options[name] ?? PATIENCE[name], () => this.#ended({ isTimeout: true }));
  }

  /** Ends it; the owner hears nothing of it. */
  close(): void {
    clearTimeout(this.#deadline);
    this.#leaving.abort();
  }

  async #run(listen: Listen): Promise<void> {
    this.#ended(await listen(this).catch(() => ({})));
  }

  #ended(ending: Ending): void {
    clearTimeout(this.#deadline);
    if (this.signal.aborted) return;
    this.#leaving.abort();
    this.#owner.linkEnded(this, ending);
  }
}
