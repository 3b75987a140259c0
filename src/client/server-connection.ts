/**
 * The connection that lasts: one link at a time, the next when it ends, and beside one that works, now and then, an attempt by a better
 * transport, which takes over once it is open. All of them go on from one place, so that nothing is missed and nothing heard twice.
 */

import { byEventStream } from './by-event-stream.js';
import { byPoll } from './by-poll.js';
import { byWebSocket } from './by-web-socket.js';
import type { AddressSource, Connection, ConnectionState, ConnectOptions, Ending, Transport } from './contract.js';
import { Link, type LinkOwner, type Listen, type Target } from './link.js';
import { Outgoing } from './outgoing.js';
import { MAX_WAIT_MS, startTimer, type Timer } from './timer.js';
import { isBehind, type Told } from './wire.js';

const LISTEN: Readonly<Record<Transport, Listen>> = { websocket: byWebSocket, 'event-stream': byEventStream, poll: byPoll };
/** A link that is lost sooner than this does not work: the next transport is tried first. */
const STABLE_MS = 5_000;

export class ServerConnection implements Connection, LinkOwner {
  id: string;
  state: ConnectionState;
  readonly #source: AddressSource;
  readonly #options: ConnectOptions;
  readonly #outgoing = new Outgoing();
  readonly #isOnline = (): void => this.reconnect();
  readonly #allowed: readonly Transport[];
  #transports: readonly Transport[];
  /** What is open. */
  #link: Link | undefined;
  /** What is tried: for a link where there is none, else for a better one beside it. */
  #attempt: Link | undefined;
  /** What is left to try behind it. */
  #targets: Target[] = [];
  /** Counts the rounds of attempts: addresses that come late are those of an earlier one. */
  #round = 0;
  #timer: Timer | undefined;
  #failures = 0;
  #openedAt = 0;

  constructor(source: AddressSource, options: ConnectOptions) {
    this.#source = source;
    this.#options = options;
    this.#transports = this.#allowed = options.transports ?? (Object.keys(LISTEN) as Transport[]);
    this.id = options.since ?? '';
    this.state = { state: 'connecting', transport: this.#transports[0]!, url: '' };
    globalThis.addEventListener?.('online', this.#isOnline);
    void this.#begin();
  }

  send(data: string | Uint8Array): Promise<void> {
    return this.#outgoing.send(data);
  }

  use(...transports: readonly Transport[]): void {
    this.#transports = transports.length > 0 ? transports : this.#allowed;
    this.reconnect();
  }

  reconnect(): void {
    if (this.state.state === 'closed') return;
    this.#drop();
    this.#failures = 0;
    void this.#begin();
  }

  close(): void {
    if (this.state.state === 'closed') return;
    this.#drop();
    globalThis.removeEventListener?.('online', this.#isOnline);
    this.#outgoing.close();
    this.#show({ ...this.state, state: 'closed' });
  }

  // Attempts.

  /** Tries these transports, one after the other, each at all addresses, the last one first. */
  async #begin(transports = this.#transports): Promise<void> {
    const round = ++this.#round;
    clearTimeout(this.#timer);
    const urls = await addressesOf(this.#source).catch(report);
    if (round !== this.#round) return;
    const fromLast = rotated(urls, urls.indexOf(this.state.url));
    this.#targets = transports.flatMap((transport) => fromLast.map((url) => ({ transport, url })));
    this.#tryNext();
  }

  #tryNext(ending?: Ending): void {
    const target = this.#targets.shift();
    this.#attempt = target && new Link(LISTEN[target.transport], target, this.#options, this);
    if (this.#link) {
      if (!target) this.#upgradeLater();
    } else if (target) this.#show({ state: 'connecting', ...target, ending });
    else this.#retryLater(0, ending);
  }

  /** Tries everything again later, from one of the transports on. */
  #retryLater(from: number, ending: Ending | undefined): void {
    const { minRetryMs = 500, maxRetryMs = 15_000 } = this.#options;
    const retryInMs = this.#later(Math.min(MAX_WAIT_MS, maxRetryMs, minRetryMs * 2 ** this.#failures++), rotated(this.#transports, from));
    this.#show({ ...this.state, state: 'waiting', ending, retryInMs });
  }

  /** Tries the transports that are better than the one in use later. */
  #upgradeLater(): void {
    const better = this.#transports.slice(0, this.#rank());
    if (better.length > 0) this.#later(this.#options.upgradeAfterMs ?? 60_000, better);
  }

  /** Begins later: up to half sooner by chance, so that those who lost a server together do not come back together. */
  #later(ms: number, transports: readonly Transport[]): number {
    const jittered = ms * (1 - Math.random() / 2);
    this.#timer = startTimer(jittered, () => void this.#begin(transports));
    return jittered;
  }

  // Links.

  linkOpened(link: Link): void {
    this.#attempt = undefined;
    this.#leave();
    this.#link = link;
    this.#openedAt = performance.now();
    this.#show({ state: 'open', ...link.target });
    if (link !== this.#link) return; // the page wanted something else
    this.#outgoing.goBy(link);
    this.#upgradeLater();
  }

  linkEnded(link: Link, ending: Ending): void {
    if (link === this.#attempt) return this.#tryNext(ending);
    this.#drop();
    const wasStable = !ending.isTimeout && performance.now() - this.#openedAt > STABLE_MS;
    if (wasStable) this.#failures = 0;
    this.#retryLater(this.#rank() + (wasStable ? 0 : 1), ending);
  }

  /** Gives up what there is, and what is tried. */
  #drop(): void {
    this.#round++;
    clearTimeout(this.#timer);
    this.#attempt?.close();
    this.#attempt = undefined;
    this.#leave();
    this.state = { ...this.state, state: 'connecting' };
  }

  #leave(): void {
    if (this.#link === undefined) return;
    this.#outgoing.leave(this.#link);
    this.#link.close();
    this.#link = undefined;
  }

  /** How far the transport in use is from the best. */
  #rank(): number {
    return this.#transports.indexOf(this.state.transport);
  }

  // What the page is told.

  /** Of two links that overlap both may tell a message; it is heard once. */
  linkTold({ id, event, data, gap }: Told): void {
    if (id !== undefined) {
      if (isBehind(id, this.id)) return;
      this.id = id;
    }
    if (gap) call(this.#options.onGap);
    if (data !== undefined) call(this.#options.onMessage, data, { id, event });
  }

  #show(state: ConnectionState): void {
    this.state = state;
    call(this.#options.onState, state);
  }
}

/** All of them for `http:`, as they are seen from the page. */
async function addressesOf(source: AddressSource): Promise<readonly string[]> {
  const addresses = typeof source === 'function' ? await source() : source;
  return [addresses].flat().map((each) => new URL(each, globalThis.location?.href).href.replace(/^ws/, 'http'));
}

/** The list from one place on, and then what stands before it; as it is where there is no such place. */
function rotated<T>(list: readonly T[], from: number): readonly T[] {
  return from < 0 ? list : [...list.slice(from), ...list.slice(0, from)];
}

/** Calls what the page has set. What it throws is the page's affair, and stops nothing here. */
function call<Args extends readonly unknown[]>(fn: ((...args: Args) => void) | undefined, ...args: Args): void {
  try {
    fn?.(...args);
  } catch (error) {
    report(error);
  }
}

/** Lets the page see an error of its own as one that nobody caught. */
function report(error: unknown): readonly string[] {
  queueMicrotask(() => {
    throw error;
  });
  return [];
}
