/**
 * The bus of a worker: its messages go through the primary, which relays them to the workers that have subscribed to their group, and
 * keeps the histories. A worker ends with its primary, so this bus is never lost; it may have a gap.
 */

import type { Bus, BusHistory, BusListener, BusMessage, BusSubscription } from '../channel/bus.js';
import { UsageError } from '../errors.js';
import { bytesOf, type FromRelay, type ToRelay } from './bus-messages.js';
import { Link } from './link.js';

/** Published and not taken yet; beyond it the primary is too slow, and nothing more is published. */
const MAX_UNTAKEN_BYTES = 16 * 1024 * 1024;

/** What the relay answers, by what it is asked. */
interface Answers {
  readonly publish: Extract<FromRelay, { readonly type: 'taken' }>;
  readonly subscribe: Extract<FromRelay, { readonly type: 'subscribed' }>;
  readonly read: Extract<FromRelay, { readonly type: 'kept' }>;
}

type Question = Exclude<ToRelay, { readonly type: 'unsubscribe' }>;

/** Who of this process listens to a group. */
interface Topic {
  readonly listeners: Set<BusListener>;
  /** Subscriptions that are asked for or open. */
  wanted: number;
}

/** The worker's end, one for all of its buses: names of groups are whole here. */
export class BusPort implements Bus {
  readonly #link: Link<ToRelay>;
  readonly #waiting = new Map<number, (answer: never) => void>();
  readonly #topics = new Map<string, Topic>();
  #lastCall = 0;
  #untakenBytes = 0;
  /** One read at a time: few messages are under way, however many members come back. */
  #lastRead: Promise<unknown> = Promise.resolve();

  /** @param send sends a packet to the relay, and calls `taken` when it is on its way. */
  constructor(send: (packet: readonly ToRelay[], taken: () => void) => void) {
    this.#link = new Link<ToRelay>({ send, bytesOf });
  }

  /** Resolves when all that was published until now is on its way. */
  flushed(): Promise<void> {
    return this.#link.whenEmpty();
  }

  publish(group: string, message: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): Promise<string | undefined> {
    if (this.#untakenBytes > MAX_UNTAKEN_BYTES) return Promise.reject(new Error('the primary of the cluster is too slow: it has 16 MiB still to take'));
    const { origin } = message;
    const bytes = new Uint8Array(message.bytes.buffer, message.bytes.byteOffset, message.bytes.length); // a Buffer would stay one on its way
    const question = { type: 'publish', call: ++this.#lastCall, group, origin, bytes, history } as const;
    const size = bytesOf(question);
    this.#untakenBytes += size;
    return new Promise((resolve) => {
      this.#ask(question, ({ id, isLater }) => {
        this.#untakenBytes -= size;
        if (!isLater) this.#deliver(group, { origin, id, bytes });
        resolve(id);
      });
    });
  }

  subscribe(group: string, listener: BusListener, history: BusHistory | undefined): Promise<BusSubscription> {
    const topic = this.#want(group);
    return new Promise((resolve) => {
      this.#ask({ type: 'subscribe', call: ++this.#lastCall, group, history }, ({ position }) => {
        topic.listeners.add(listener);
        resolve({ position, close: () => this.#close(group, topic, listener) });
      });
    });
  }

  read(group: string, since: string, limit: number): Promise<{ readonly messages: readonly BusMessage[]; readonly gap: boolean }> {
    const read = this.#lastRead.then(() => this.#read(group, since, limit));
    this.#lastRead = read;
    return read;
  }

  /** What the relay has sent. */
  receive(packet: readonly FromRelay[]): void {
    for (const item of packet) {
      if (item.type === 'message') this.#deliver(item.group, item.message);
      else if (item.type === 'gap') this.#tellGap(item.group);
      else this.#settle(item);
    }
  }

  #read(group: string, since: string, limit: number): Promise<{ readonly messages: readonly BusMessage[]; readonly gap: boolean }> {
    return new Promise((resolve) => {
      this.#ask({ type: 'read', call: ++this.#lastCall, group, since, limit }, ({ messages, gap }) => resolve({ messages, gap }));
    });
  }

  #ask<Type extends Question['type']>(question: Question & { readonly type: Type }, then: (answer: Answers[Type]) => void): void {
    this.#waiting.set(question.call, then);
    this.#link.post(question);
  }

  #settle(answer: Answers[keyof Answers]): void {
    const then = this.#waiting.get(answer.call)!;
    this.#waiting.delete(answer.call);
    then(answer as never);
  }

  #deliver(group: string, message: BusMessage): void {
    for (const listener of this.#topics.get(group)?.listeners ?? []) listener.message(message);
  }

  #tellGap(group: string): void {
    for (const listener of this.#topics.get(group)?.listeners ?? []) {
      listener.lost(new Error('this process was too slow for the bus of its cluster'));
      listener.restored(true);
    }
  }

  #want(group: string): Topic {
    let topic = this.#topics.get(group);
    if (topic === undefined) this.#topics.set(group, (topic = { listeners: new Set(), wanted: 0 }));
    topic.wanted++;
    return topic;
  }

  #close(group: string, topic: Topic, listener: BusListener): void {
    if (!topic.listeners.delete(listener) || --topic.wanted > 0) return;
    this.#topics.delete(group);
    this.#link.post({ type: 'unsubscribe', group });
  }
}

/** One bus of a worker: its groups are its own, by its name. */
class ClusterBus implements Bus {
  readonly #port: BusPort;
  readonly #prefix: string;

  constructor(port: BusPort, name: string) {
    this.#port = port;
    this.#prefix = `${name}\0`;
  }

  publish(group: string, message: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): Promise<string | undefined> {
    return this.#port.publish(this.#prefix + group, message, history);
  }

  subscribe(group: string, listener: BusListener, history: BusHistory | undefined): Promise<BusSubscription> {
    return this.#port.subscribe(this.#prefix + group, listener, history);
  }

  read(group: string, since: string, limit: number): Promise<{ readonly messages: readonly BusMessage[]; readonly gap: boolean }> {
    return this.#port.read(this.#prefix + group, since, limit);
  }
}

/** That of this process, where it is a worker. */
let port: BusPort | undefined;

/** This process is a worker, and its buses go through `opened`. */
export function openClusterBus(opened: BusPort): void {
  port = opened;
}

/**
 * The bus that connects the stores of all workers of `runCluster`: for the option `bus` of a `MemoryChannelStore`. Groups then reach
 * across workers.
 *
 * @param name tells buses apart: stores that are for different things, and have groups of the same names, need one each.
 * @returns `undefined` in a process that is no such worker: a store without a bus is all that it needs.
 * @throws UsageError where the name is no text, or has a NUL in it.
 */
export function clusterBus(name = ''): Bus | undefined {
  if (typeof name !== 'string' || name.includes('\0')) throw new UsageError('the name of a bus must be text without NUL');
  return port === undefined ? undefined : new ClusterBus(port, name);
}
