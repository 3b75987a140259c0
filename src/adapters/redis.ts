/**
 * Groups that reach across processes and machines, over Redis: `longwire/redis`. What a group without history is sent goes through Redis's
 * channels; a group with history is a stream of Redis.
 */

import { type Bus, type BusHistory, type BusListener, type BusSubscription, UsageError } from '../index.js';
import { checkNames, checkPrefix } from './bus-options.js';
import { escapeGroup } from './naming.js';
import { NotConnected, Outbox, type SendBatch } from './outbox.js';
import { packMessage } from './packing.js';
import { PendingCalls, type PendingOptions } from './pending-calls.js';
import { linkOf, type RedisClient } from './redis-clients.js';
import type { RedisLink } from './redis-link.js';
import { formatPosition, parsePosition, RedisLog } from './redis-log.js';
import { RedisTopic } from './redis-topic.js';

export type { IoRedisClient } from './ioredis.js';
export type { NodeRedisClient, NodeRedisCluster, NodeRedisNode, NodeRedisSubscriber } from './node-redis.js';
export type { RedisClient } from './redis-clients.js';

/** How a bus uses Redis. */
export interface RedisBusOptions extends PendingOptions {
  /**
   * What the names of all keys and channels begin with, which the group follows in braces; `longwire:` by default. Buses with the same prefix,
   * and only they, hear of each other: also where their clients have different numbers of a database, or prefixes of their own, which channels do not know.
   */
  readonly prefix?: string | undefined;
}

/** Answers that say that a command was not carried out, but may be a little later: while Redis starts, or another server takes over. */
const PASSING = /\b(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|MOVED|ASK)\b/;
/** What the answers of Redis begin with, and errors of a connection do not. */
const ANSWER = /^[A-Z]{2,} /;

/**
 * A bus over Redis 5 or later, or what speaks like it, for `new MemoryChannelStore({ bus })`. It takes a client of node-redis (4 or later) or
 * ioredis (5 or later), for one server or a cluster, and opens connections with the same options beside it: one to listen, and with ioredis
 * one to publish, whose commands are never sent twice. `close` closes these and leaves the client as it is.
 *
 * ```ts
 * const client = await createClient({ url: 'redis://127.0.0.1' }).on('error', console.error).connect();
 * const store = new MemoryChannelStore({ bus: new RedisBus(client), history: true });
 * ```
 */
export class RedisBus implements Bus {
  readonly #prefix: string;
  readonly #link: RedisLink;
  readonly #log: RedisLog;
  readonly #pending: PendingCalls;
  readonly #outboxes = new Map<string, Outbox>();
  /** By channel. */
  readonly #topics = new Map<string, RedisTopic>();
  /** Channels that are being unsubscribed from. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #name = crypto.randomUUID().slice(0, 8);
  #calls = 0;
  #isClosed = false;

  /** @throws UsageError on what is no client, and on options that make no sense. */
  constructor(client: RedisClient, options: RedisBusOptions = {}) {
    checkNames(options);
    this.#prefix = checkPrefix(options.prefix, /^\P{Surrogate}*$/u, 'text without lone surrogates', 'longwire:');
    this.#pending = new PendingCalls(options);
    this.#link = linkOf(client, {
      heard: (channel, payload) => this.#hear(channel, payload),
      lost: (error) => this.#topics.forEach((topic) => topic.lost(error)),
      ready: () => this.#topics.forEach((topic) => topic.ready()),
    }, `${this.#prefix}${this.#name}`);
    this.#log = new RedisLog(this.#link);
  }

  /** Rejects once `publishTimeoutMs` have passed, at once where `maxPendingBytes` wait already, and where Redis refuses the message. */
  async publish(group: string, message: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): Promise<string | undefined> {
    if (this.#isClosed) throw closed();
    const packed = packMessage(message);
    const call = this.#pending.add(packed.length);
    this.#outboxOf(group, history).put(packed, call);
    return call.promise;
  }

  async subscribe(group: string, listener: BusListener, history: BusHistory | undefined): Promise<BusSubscription> {
    if (this.#isClosed) throw closed();
    const topic = this.#topicOf(this.#keyOf(group), history);
    const { position, leave } = await topic.join(listener);
    const close = (): void => {
      leave();
      if (!topic.isUsed) this.#drop(topic);
    };
    return { position, close };
  }

  async read(group: string, since: string, limit: number): ReturnType<Bus['read']> {
    if (this.#isClosed) throw closed();
    const { messages, gap } = await this.#log.read(this.#keyOf(group), parsePosition(since), limit);
    return { messages, gap };
  }

  /** Closes what the bus has opened; what still waits to be published rejects. The client that it was given stays open. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pending.rejectAll(closed());
    for (const topic of this.#topics.values()) topic.close(closed());
    this.#topics.clear();
    this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** In a cluster the braces say that the group alone decides which server has it. */
  #keyOf(group: string): string {
    return `${this.#prefix}{${escapeGroup(group, /[{}%]|\p{Surrogate}/gu)}}`;
  }

  #topicOf(key: string, history: BusHistory | undefined): RedisTopic {
    let topic = this.#topics.get(key);
    if (topic !== undefined) return topic;
    topic = new RedisTopic({ log: this.#log, subscribe: (channel) => this.#enter(channel) }, key, history);
    this.#topics.set(key, topic);
    return topic;
  }

  #drop(topic: RedisTopic): void {
    if (this.#topics.get(topic.key) !== topic) return;
    this.#topics.delete(topic.key);
    topic.close(closed());
    this.#leave(topic.key);
  }

  #hear(channel: string, payload: Buffer): void {
    const topic = this.#topics.get(channel);
    if (topic === undefined) this.#leave(channel);
    else topic.hear(payload);
  }

  /** Clients mix up what is subscribed to while it is being unsubscribed from. */
  async #enter(channel: string): Promise<void> {
    await this.#leaving.get(channel);
    if (this.#isClosed) throw closed();
    await this.#link.subscribe(channel);
  }

  /** Where it fails because the connection is lost, the client may subscribe again by itself: then we hear, and leave again. */
  #leave(channel: string): void {
    if (this.#isClosed || this.#leaving.has(channel)) return;
    const left = this.#link.unsubscribe(channel).catch(() => {});
    this.#leaving.set(channel, left.finally(() => this.#leaving.delete(channel)));
  }

  #outboxOf(group: string, history: BusHistory | undefined): Outbox {
    const name = `${history === undefined ? 'channel' : 'stream'} ${group}`;
    let outbox = this.#outboxes.get(name);
    if (outbox !== undefined) return outbox;
    const key = this.#keyOf(group);
    const onIdle = (): void => void this.#outboxes.delete(name);
    outbox = history === undefined ? new Outbox((batch) => this.#tell(key, batch), isUnsent, onIdle) : new Outbox(this.#adder(key, history), canRepeat, onIdle);
    this.#outboxes.set(name, outbox);
    return outbox;
  }

  /** Tells those who listen now. */
  async #tell(key: string, batch: readonly Buffer[]): Promise<undefined[]> {
    await this.#log.tell(key, batch);
    return batch.map(() => undefined);
  }

  /** Adds to the history; a batch that is repeated is added once. */
  #adder(key: string, history: BusHistory): SendBatch {
    let number = 0;
    return async (batch, isRepeated) => {
      if (!isRepeated) number = ++this.#calls;
      const call = { bus: this.#name, number, isRepeated, repeatedForMs: this.#pending.timeoutMs };
      const { epoch, sequence } = await this.#log.append(key, batch, history, this.#topics.get(key)?.position, call);
      return batch.map((_, i) => formatPosition({ epoch, sequence: sequence + i }));
    };
  }
}

/** Whether nothing was sent. Nobody keeps what was, so that it could be told twice. */
function isUnsent(error: unknown): boolean {
  return error instanceof NotConnected || (error instanceof Error && PASSING.test(error.message));
}

/** Whether trying again may help: unless Redis has refused the message for good. */
function canRepeat(error: unknown): boolean {
  return isUnsent(error) || (error instanceof Error && !(error instanceof UsageError) && !ANSWER.test(error.message));
}

function closed(): Error {
  return new Error('the bus is closed');
}
