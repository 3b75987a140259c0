/**
 * A bus in memory for tests: one broker, and a connection for each process, which can be lost and restored. What is published is handed
 * over later, in the order of the broker.
 */

import type { Bus, BusHistory, BusListener, BusMessage, BusSubscription } from 'longwire';

interface Topic {
  epoch: string;
  sequence: number;
  kept: BusMessage[];
}

export class Broker {
  /** What was published, such as `room (history)`. */
  readonly published: string[] = [];
  readonly keepsHistory: boolean;
  readonly connections: Connection[] = [];
  readonly #topics = new Map<string, Topic>();
  #epochs = 0;

  constructor(keepsHistory = true) {
    this.keepsHistory = keepsHistory;
  }

  connect(): Connection {
    const connection = new Connection(this);
    this.connections.push(connection);
    return connection;
  }

  /** Loses all that is kept, as a broker without persistence does when it is started anew. */
  forget(): void {
    this.#topics.clear();
  }

  topic(group: string): Topic {
    let topic = this.#topics.get(group);
    if (topic === undefined) this.#topics.set(group, (topic = { epoch: `epoch${++this.#epochs}`, sequence: 0, kept: [] }));
    return topic;
  }

  publish(group: string, { origin, bytes }: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): string | undefined {
    const isKept = history !== undefined && this.keepsHistory;
    this.published.push(isKept ? `${group} (history)` : group);
    const topic = this.topic(group);
    const id = isKept ? `${topic.epoch}-${++topic.sequence}` : undefined;
    const message: BusMessage = { origin, id, bytes: Uint8Array.from(bytes) };
    if (isKept) {
      topic.kept.push(message);
      topic.kept.splice(0, topic.kept.length - history.maxMessages);
    }
    for (const each of this.connections) each.bring(group, message);
    return id;
  }
}

interface Subscribed {
  readonly group: string;
  readonly listener: BusListener;
  readonly isKept: boolean;
  /** The id of the last message that was handed over, or of the place where it began. */
  position: string | undefined;
  hasMissed: boolean;
}

export class Connection implements Bus {
  /** What was asked of it, such as `subscribe room`. */
  readonly calls: string[] = [];
  isLost = false;
  /** Thrown by the next `read`. */
  failNextRead: Error | undefined;
  readonly #broker: Broker;
  readonly #subscribed = new Set<Subscribed>();

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  async publish(group: string, message: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): Promise<string | undefined> {
    if (this.isLost) throw new Error('the bus is lost');
    return this.#broker.publish(group, message, history);
  }

  async subscribe(group: string, listener: BusListener, history: BusHistory | undefined): Promise<BusSubscription> {
    this.calls.push(`subscribe ${group}`);
    await undefined;
    if (this.isLost) throw new Error('the bus is lost');
    const isKept = history !== undefined && this.#broker.keepsHistory;
    const position = isKept ? this.#positionOf(group) : undefined;
    const subscribed: Subscribed = { group, listener, isKept, position, hasMissed: false };
    this.#subscribed.add(subscribed);
    return {
      position,
      close: () => {
        this.calls.push(`close ${group}`);
        this.#subscribed.delete(subscribed);
      },
    };
  }

  async read(group: string, since: string, limit: number): Promise<{ messages: readonly BusMessage[]; gap: boolean }> {
    this.calls.push(`read ${group} ${since}`);
    await undefined;
    const error = this.failNextRead;
    this.failNextRead = undefined;
    if (error !== undefined || this.isLost) throw error ?? new Error('the bus is lost');
    return this.#read(group, since, limit);
  }

  /** The message is on its way to whoever is subscribed by then. */
  bring(group: string, message: BusMessage): void {
    queueMicrotask(() => {
      for (const each of this.#subscribed) if (each.group === group) this.#handOver(each, message);
    });
  }

  lose(): void {
    this.isLost = true;
    for (const { listener } of this.#subscribed) listener.lost(new Error('the bus is lost'));
  }

  /** Comes back; `catchesUp: false` is a bus that cannot tell what came meanwhile. */
  restore({ catchesUp = true } = {}): void {
    this.isLost = false;
    for (const each of this.#subscribed) this.#restore(each, catchesUp);
  }

  #handOver(subscribed: Subscribed, message: BusMessage): void {
    if (this.isLost) {
      subscribed.hasMissed = true;
      return;
    }
    if (message.id !== undefined) subscribed.position = message.id;
    subscribed.listener.message(message);
  }

  #restore(subscribed: Subscribed, catchesUp: boolean): void {
    let hasGap = subscribed.hasMissed;
    subscribed.hasMissed = false;
    if (subscribed.isKept && catchesUp) {
      const { messages, gap } = this.#read(subscribed.group, subscribed.position!, Infinity);
      if (!gap) for (const each of messages) this.#handOver(subscribed, each);
      hasGap = gap;
    }
    subscribed.listener.restored(hasGap);
  }

  #positionOf(group: string): string {
    const { epoch, sequence } = this.#broker.topic(group);
    return `${epoch}-${sequence}`;
  }

  #read(group: string, since: string, limit: number): { messages: readonly BusMessage[]; gap: boolean } {
    const { epoch, sequence, kept } = this.#broker.topic(group);
    const [sinceEpoch, sinceSequence] = since.split('-');
    const missed = sinceEpoch === epoch && Number(sinceSequence) <= sequence ? sequence - Number(sinceSequence) : Infinity;
    return { messages: (missed > kept.length ? kept : kept.slice(kept.length - missed)).slice(0, limit), gap: missed > kept.length };
  }
}
