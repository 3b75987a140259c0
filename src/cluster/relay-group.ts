/** One group in the primary of a cluster: the workers that have subscribed to it, and its history, where it has one. */

import type { BusHistory, BusMessage } from '../channel/bus.js';
import { History } from '../channel/history.js';
import { formatMessageId, parseMessageId } from '../channel/message-id.js';
import type { Content, Published } from '../channel/published.js';
import type { FromRelay } from './bus-messages.js';

/** How much of a history is read at once. */
const MAX_READ_BYTES = 1024 * 1024;

/** What the history keeps of a message: the bus does not look into it. */
interface Kept extends Content {
  readonly data: Uint8Array;
  readonly origin: string;
}

/** What a subscription needs of its worker. */
export interface Subscriber {
  /** Whether it has too much to take already. */
  readonly isFull: boolean;
  post(item: FromRelay): void;
  /** A subscription has missed something, and is to catch up when there is room. */
  fellBehind(subscription: Subscription): void;
  /** There is nothing to catch up with. */
  hasGap(group: string): void;
}

export class RelayGroup {
  readonly name: string;
  readonly subscriptions = new Set<Subscription>();
  #history: History | undefined;
  readonly #now: () => number;
  #keepMs = 0;
  /** When a message came, or a worker left. */
  #usedAt: number;

  constructor(name: string, now: () => number) {
    this.name = name;
    this.#now = now;
    this.#usedAt = now();
  }

  get history(): History | undefined {
    return this.#history;
  }

  /** Keeps a history from now on, if it has none yet. */
  begin(limits: BusHistory): void {
    if (this.#history !== undefined) return;
    this.#history = new History(limits, this.#now);
    this.#history.begin();
    this.#keepMs = limits.maxAgeMs;
  }

  /** Puts a message into the history, and gives it its id. Its bytes are copied: those that came are part of a whole packet. */
  append({ origin, bytes }: BusMessage, now: number): BusMessage {
    this.#usedAt = now;
    const kept: Kept = { data: new Uint8Array(bytes), origin, event: undefined, id: undefined, retry: undefined, key: undefined, asIs: true };
    return messageOf(this.#history!.append(kept, now));
  }

  /** A message that is kept, and how old it is. */
  kept(sequence: number): BusMessage {
    const published = this.#history!.get(sequence)!;
    return { ...messageOf(published), ageMs: this.#now() - published.at };
  }

  /** What is kept behind an id, but not too much at once. */
  read(since: string, limit: number): { readonly messages: readonly BusMessage[]; readonly gap: boolean } {
    const history = this.#history;
    const id = parseMessageId(since);
    if (history === undefined) return { messages: [], gap: true };
    history.expire();
    const behind = id !== undefined && id.epoch === history.epoch ? id.sequence + 1 : 0;
    const gap = behind < history.first || behind > history.last + 1;
    const messages: BusMessage[] = [];
    let bytes = 0;
    for (let next = gap ? history.first : behind; next <= history.last && messages.length < limit && bytes < MAX_READ_BYTES; next++) {
      const message = this.kept(next);
      messages.push(message);
      bytes += message.bytes.length;
    }
    return { messages, gap };
  }

  leave(subscription: Subscription, now: number): void {
    this.#usedAt = now;
    this.subscriptions.delete(subscription);
  }

  /** Lets go of what is too old; true where that is the group itself. */
  sweep(now: number): boolean {
    this.#history?.sweep(now);
    return this.subscriptions.size === 0 && (this.#history === undefined || now - this.#usedAt >= this.#keepMs);
  }
}

/** One worker in one group. With a history it has a place there, so that it can be late, and nothing is kept for it meanwhile. */
export class Subscription {
  readonly group: RelayGroup;
  readonly #worker: Subscriber;
  #next: number;
  #isLate = false;

  constructor(group: RelayGroup, worker: Subscriber) {
    this.group = group;
    this.#worker = worker;
    this.#next = (group.history?.last ?? 0) + 1;
  }

  /** The id behind which it goes on. */
  get position(): string | undefined {
    const epoch = this.group.history?.epoch;
    return epoch === undefined ? undefined : formatMessageId(epoch, this.#next - 1);
  }

  /** Sends the newest message, if the worker has room for it. */
  offer(message: BusMessage): void {
    if (this.pass(message)) this.#post(message);
  }

  /** Goes on behind the newest message, which the worker has, or is about to get; false where it is late. */
  pass(message: BusMessage): boolean {
    if (this.#isLate || this.#worker.isFull) {
      this.#isLate = true;
      this.#worker.fellBehind(this);
      return false;
    }
    if (message.id !== undefined) this.#next++;
    return true;
  }

  /** Sends what the worker has missed, as far as it has room; true where that was all. */
  catchUp(): boolean {
    const { history, name } = this.group;
    history?.expire();
    if (history === undefined || this.#next < history.first) this.#worker.hasGap(name);
    if (history !== undefined) {
      for (this.#next = Math.max(this.#next, history.first); this.#next <= history.last; this.#next++) {
        if (this.#worker.isFull) return false;
        this.#post(this.group.kept(this.#next));
      }
    }
    this.#isLate = false;
    return true;
  }

  #post(message: BusMessage): void {
    this.#worker.post({ type: 'message', group: this.group.name, message });
  }
}

function messageOf({ content, id }: Published): BusMessage {
  const { origin, data } = content as Kept;
  return { origin, id, bytes: data };
}
