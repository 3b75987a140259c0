/**
 * Groups that reach across processes and machines, over the core of NATS: `longwire/nats`. NATS tells each message to those who listen at
 * that moment, and keeps none.
 *
 * JetStream, which keeps messages, does not carry a group's history without bending. Its sequences are contiguous only for a whole
 * stream, so every group would need a stream of its own, which is made by an administrator's call, is never removed for being unused, and
 * of which a server bears some thousands. And what it answers to a message says the sequence but not which life of the stream that belongs
 * to, so an id could name another message once a stream was made anew.
 */

import { type Bus, type BusHistory, type BusListener, type BusSubscription, UsageError } from '../index.js';
import { checkNames, checkPrefix } from './bus-options.js';
import { escapeGroup } from './naming.js';
import { NotConnected, Outbox, pause } from './outbox.js';
import { packMessage, unpackMessage } from './packing.js';
import { PendingCalls, type PendingOptions } from './pending-calls.js';

/** Words between points, without spaces and wildcards; a point may be the end. */
const SUBJECT_BEGIN = /^(?:(?:[^\s.*>\p{C}]+\.)*[^\s.*>\p{C}]*)$/u;

/** What is used of a connection of nats.js: `@nats-io/transport-node`, or `nats` from version 2 on. */
export interface NatsConnection {
  readonly info?: { readonly max_payload: number } | undefined;
  publish(subject: string, payload: Uint8Array): void;
  subscribe(subject: string, options: { callback: (error: Error | null, message: { readonly data: Uint8Array }) => void }): { unsubscribe(): void };
  /** Resolves when the server has handled what was sent before. */
  flush(): Promise<void>;
  isClosed(): boolean;
  status(): AsyncIterable<{ readonly type: string }>;
}

/** How a bus uses NATS. */
export interface NatsBusOptions extends PendingOptions {
  /** What all subjects begin with, which the group follows; `longwire.` by default. Buses with the same prefix, and only they, hear of each other. */
  readonly prefix?: string | undefined;
}

/**
 * A bus over NATS, for `new MemoryChannelStore({ bus })`. It takes a connection of nats.js, which it neither opens nor closes. A message
 * reaches the processes that are connected at that moment, at most once. History is not kept: a group that asks for it has the one that each
 * process keeps of what it heard.
 *
 * ```ts
 * const store = new MemoryChannelStore({ bus: new NatsBus(await connect({ servers: '127.0.0.1' })) });
 * ```
 */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #pending: PendingCalls;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #topics = new Map<string, NatsTopic>();
  readonly #events: AsyncIterator<{ readonly type: string }>;
  #isConnected: boolean;
  #isClosed = false;

  /** @throws UsageError on what is no connection, and on options that make no sense. */
  constructor(connection: NatsConnection, options: NatsBusOptions = {}) {
    if (typeof connection?.status !== 'function' || typeof connection.flush !== 'function') throw new UsageError('a NatsBus takes a connection of nats.js');
    checkNames(options);
    this.#connection = connection;
    this.#prefix = checkPrefix(options.prefix, SUBJECT_BEGIN, 'the beginning of a subject', 'longwire.');
    this.#pending = new PendingCalls(options);
    this.#isConnected = !connection.isClosed();
    this.#events = connection.status()[Symbol.asyncIterator]();
    void this.#watch();
  }

  /** Rejects once `publishTimeoutMs` have passed, and at once where `maxPendingBytes` wait already or the message is larger than NATS takes. */
  async publish(group: string, message: { readonly origin: string; readonly bytes: Uint8Array }, _history?: BusHistory): Promise<undefined> {
    if (this.#isClosed) throw closed();
    const packed = packMessage(message);
    const most = this.#connection.info?.max_payload ?? Infinity;
    if (packed.length > most) throw new Error(`NATS takes messages of up to ${most} bytes, with what goes with them`);
    const call = this.#pending.add(packed.length);
    this.#outboxOf(this.#subjectOf(group)).put(packed, call);
    await call.promise;
  }

  async subscribe(group: string, listener: BusListener, _history?: BusHistory): Promise<BusSubscription> {
    if (this.#isClosed) throw closed();
    const subject = this.#subjectOf(group);
    if (this.#connection.isClosed()) throw new Error('the connection to NATS is closed');
    let topic = this.#topics.get(subject);
    if (topic === undefined) this.#topics.set(subject, (topic = new NatsTopic(this.#connection, subject)));
    await topic.join(listener);
    return { position: undefined, close: () => this.#leave(topic, listener) };
  }

  /** Nothing is kept: every place is too far back. */
  async read(_group: string, _since: string, _limit: number): ReturnType<Bus['read']> {
    return { messages: [], gap: true };
  }

  /** Listens no more; what still waits to be published rejects. The connection that it was given stays open. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pending.rejectAll(closed());
    for (const topic of this.#topics.values()) topic.close();
    this.#topics.clear();
    void this.#events.return?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A subject is made of words between points, without spaces, `*` and `>`: a group is one word, or the end of one that begins with the prefix. */
  #subjectOf(group: string): string {
    const mark = /[^.]$/.test(this.#prefix) ? '=' : '';
    return this.#prefix + mark + escapeGroup(group, /[^A-Za-z0-9_-]/gu);
  }

  #outboxOf(subject: string): Outbox {
    let outbox = this.#outboxes.get(subject);
    if (outbox !== undefined) return outbox;
    outbox = new Outbox((batch) => this.#tell(subject, batch), (error) => error instanceof NotConnected, () => void this.#outboxes.delete(subject));
    this.#outboxes.set(subject, outbox);
    return outbox;
  }

  async #tell(subject: string, batch: readonly Buffer[]): Promise<undefined[]> {
    if (!this.#isConnected) throw new NotConnected('there is no connection to NATS');
    for (const packed of batch) this.#connection.publish(subject, packed);
    await this.#connection.flush();
    return batch.map(() => undefined);
  }

  #leave(topic: NatsTopic, listener: BusListener): void {
    topic.leave(listener);
    if (topic.isUsed || this.#topics.get(topic.subject) !== topic) return;
    this.#topics.delete(topic.subject);
    topic.close();
  }

  /** Follows what becomes of the connection, until it is closed for good. */
  async #watch(): Promise<void> {
    for (let step = await this.#events.next(); step.done !== true; step = await this.#events.next()) {
      if (step.value.type === 'disconnect') this.#lost(new Error('the connection to NATS is lost'));
      if (step.value.type === 'reconnect') this.#restored();
    }
    this.#lost(new Error('the connection to NATS is closed'));
  }

  #lost(error: unknown): void {
    this.#isConnected = false;
    for (const topic of this.#topics.values()) topic.lost(error);
  }

  #restored(): void {
    this.#isConnected = true;
    for (const topic of this.#topics.values()) void topic.restore();
  }
}

/** One group that is heard of. The client subscribes again by itself. */
class NatsTopic {
  readonly subject: string;
  readonly #connection: NatsConnection;
  readonly #listeners = new Set<BusListener>();
  readonly #subscription: { unsubscribe(): void };
  #isLost = false;
  #isClosed = false;

  constructor(connection: NatsConnection, subject: string) {
    this.#connection = connection;
    this.subject = subject;
    this.#subscription = connection.subscribe(subject, { callback: (error, message) => (error === null ? this.#hear(message.data) : this.lost(error)) });
  }

  get isUsed(): boolean {
    return this.#listeners.size > 0;
  }

  /** Resolves once the server knows that we listen. */
  async join(listener: BusListener): Promise<void> {
    this.#listeners.add(listener);
    await this.#settle();
    if (!this.#isClosed && !this.#connection.isClosed()) return;
    this.#listeners.delete(listener);
    throw this.#isClosed ? closed() : new Error('the connection to NATS is closed');
  }

  leave(listener: BusListener): void {
    this.#listeners.delete(listener);
  }

  lost(error: unknown): void {
    if (this.#isLost || this.#isClosed) return;
    this.#isLost = true;
    for (const listener of this.#listeners) listener.lost(error);
  }

  /** The connection is back. What was published meanwhile nobody has. */
  async restore(): Promise<void> {
    await this.#settle();
    if (!this.#isLost || this.#isClosed) return;
    this.#isLost = false;
    for (const listener of this.#listeners) listener.restored(true);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#subscription.unsubscribe();
  }

  #hear(data: Uint8Array): void {
    const message = unpackMessage(data, undefined);
    if (message === undefined) return;
    for (const listener of this.#listeners) listener.message(message);
  }

  /** Waits until the server has handled our subscription, however often the connection is lost before that. */
  async #settle(): Promise<void> {
    for (let attempt = 0; !this.#isClosed && !this.#connection.isClosed(); attempt++) {
      try {
        return await this.#connection.flush();
      } catch {
        await pause(attempt);
      }
    }
  }
}

function closed(): Error {
  return new Error('the bus is closed');
}
