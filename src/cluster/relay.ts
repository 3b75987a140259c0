/**
 * The middle of a cluster's bus, in the primary: it hands each message to the workers that have subscribed to its group, keeps the
 * histories and gives the ids. What waits here for a slow worker is bounded: what does not fit it gets later, from the history, and where
 * there is none, or it does not reach back, the worker is told of the gap.
 */

import type { BusHistory, BusMessage } from '../channel/bus.js';
import { bytesOf, type FromRelay, type ToRelay } from './bus-messages.js';
import { Link } from './link.js';
import { RelayGroup, type Subscriber, Subscription } from './relay-group.js';

/** How much may wait for one worker. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Sends a packet to a worker; `taken` is called once, later, when it is on its way. */
export type SendPacket = (packet: readonly FromRelay[], taken: () => void) => void;

/** What it has relayed: groups it knows now, messages, and how often a worker was too slow and has missed some. */
export interface RelayStats {
  readonly groups: number;
  readonly published: number;
  readonly gaps: number;
}

export class Relay {
  readonly #now: () => number;
  readonly #maxWaitingBytes: number;
  readonly #groups = new Map<string, RelayGroup>();
  #published = 0;
  #gaps = 0;

  /** @param now milliseconds that never run backwards. */
  constructor(now: () => number, maxWaitingBytes = MAX_WAITING_BYTES) {
    this.#now = now;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** The end for another worker. */
  join(send: SendPacket): RelayPort {
    return new RelayPort(this, send, this.#maxWaitingBytes);
  }

  stats(): RelayStats {
    return { groups: this.#groups.size, published: this.#published, gaps: this.#gaps };
  }

  /** Lets go of what is too old. */
  sweep(now: number): void {
    for (const group of this.#groups.values()) {
      if (group.sweep(now)) this.#groups.delete(group.name);
    }
  }

  find(name: string): RelayGroup | undefined {
    return this.#groups.get(name);
  }

  /** The group with this name, and with a history, if one is asked for. */
  open(name: string, history: BusHistory | undefined): RelayGroup {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = new RelayGroup(name, this.#now)));
    if (history !== undefined) group.begin(history);
    return group;
  }

  /** What is published without a history to a group that nobody has subscribed to is gone. */
  publish(name: string, message: BusMessage, history: BusHistory | undefined): { readonly message: BusMessage; readonly group: RelayGroup | undefined } {
    this.#published++;
    if (history === undefined) return { message, group: this.#groups.get(name) };
    const group = this.open(name, history);
    return { message: group.append(message, this.#now()), group };
  }

  leave(subscription: Subscription): void {
    const { group } = subscription;
    group.leave(subscription, this.#now());
    if (group.history === undefined && group.subscriptions.size === 0) this.#groups.delete(group.name);
  }

  countGap(): void {
    this.#gaps++;
  }
}

/** The primary's end of the bus of one worker. */
export class RelayPort implements Subscriber {
  readonly #relay: Relay;
  readonly #maxWaitingBytes: number;
  readonly #link: Link<FromRelay>;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #late = new Set<Subscription>();

  constructor(relay: Relay, send: SendPacket, maxWaitingBytes: number) {
    this.#relay = relay;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#link = new Link<FromRelay>({ send, bytesOf, onTaken: () => this.#catchUp() });
  }

  /** What the worker has sent. */
  receive(packet: readonly ToRelay[]): void {
    for (const question of packet) this.#answer(question);
  }

  /** The worker is gone. */
  leave(): void {
    for (const each of this.#subscriptions.values()) this.#relay.leave(each);
    this.#subscriptions.clear();
    this.#late.clear();
  }

  get isFull(): boolean {
    return this.#link.waitingBytes > this.#maxWaitingBytes;
  }

  post(item: FromRelay): void {
    this.#link.post(item);
  }

  fellBehind(subscription: Subscription): void {
    this.#late.add(subscription);
  }

  hasGap(group: string): void {
    this.#relay.countGap();
    this.post({ type: 'gap', group });
  }

  #answer(question: ToRelay): void {
    const { group: name } = question;
    switch (question.type) {
      case 'publish':
        return this.#publish(question);
      case 'subscribe':
        return this.post({ type: 'subscribed', call: question.call, position: this.#subscribe(name, question.history).position });
      case 'unsubscribe':
        return this.#unsubscribe(name);
      case 'read': {
        const { messages, gap } = this.#relay.find(name)?.read(question.since, question.limit) ?? { messages: [], gap: true };
        return this.post({ type: 'kept', call: question.call, messages, gap });
      }
    }
  }

  /** The publisher is spared its own message: the answer stands at its place. */
  #publish({ call, group: name, origin, bytes, history }: Extract<ToRelay, { readonly type: 'publish' }>): void {
    const { message, group } = this.#relay.publish(name, { origin, id: undefined, bytes }, history);
    const own = this.#subscriptions.get(name);
    for (const each of group?.subscriptions ?? []) if (each !== own) each.offer(message);
    const isLater = own !== undefined && message.id !== undefined && !own.pass(message);
    this.post({ type: 'taken', call, id: message.id, isLater });
  }

  #subscribe(name: string, history: BusHistory | undefined): Subscription {
    const group = this.#relay.open(name, history);
    let subscription = this.#subscriptions.get(name);
    if (subscription === undefined) {
      subscription = new Subscription(group, this);
      group.subscriptions.add(subscription);
      this.#subscriptions.set(name, subscription);
    }
    return subscription;
  }

  #unsubscribe(name: string): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return;
    this.#subscriptions.delete(name);
    this.#late.delete(subscription);
    this.#relay.leave(subscription);
  }

  /** Not before there is room for some time, so that who is always too slow does not get one message and one gap in turn. */
  #catchUp(): void {
    if (this.#late.size === 0 || this.#link.waitingBytes > this.#maxWaitingBytes / 4) return;
    for (const each of this.#late) {
      if (!each.catchUp()) return;
      this.#late.delete(each);
    }
  }
}
