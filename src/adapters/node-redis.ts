/** node-redis, for one server or a cluster, as a bus uses it. */

import { ClusterHearing, type Ear, type EarEvents, type EarPlace } from './cluster-hearing.js';
import { NotConnected } from './outbox.js';
import { AWAY, type RedisArgument, type RedisLink, type RedisListener } from './redis-link.js';

/** What is used of node-redis, from version 4 on. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  sendCommand(args: RedisArgument[], options?: object): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
}

/** What is used of a cluster of node-redis. */
export interface NodeRedisCluster {
  readonly masters: readonly NodeRedisNode[];
  readonly isReady?: boolean;
  sendCommand(firstKey: string, isReadonly: boolean, args: RedisArgument[], options?: object): Promise<unknown>;
  nodeClient(node: never): NodeRedisClient | Promise<NodeRedisClient>;
}

/** A node of such a cluster. */
export interface NodeRedisNode {
  readonly address: string;
  readonly client?: unknown;
}

/** What is used of the connection of node-redis that hears of channels. */
export interface NodeRedisSubscriber {
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  on(event: string, listener: (error?: unknown) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channels: string | string[], listener: (message: Buffer, channel: Buffer) => void, bufferMode: true): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  disconnect(): unknown;
}

/** The type that node-redis gives strings in answers: `$` in the protocol, as version 5 and later are told; version 4 has an option. */
const AS_BYTES = { typeMapping: { 36: Buffer }, returnBuffers: true };

export class NodeRedisLink implements RedisLink {
  readonly #client: NodeRedisClient;
  readonly #subscriber: NodeRedisSubscriber;
  readonly #hear: (message: Buffer, channel: Buffer) => void;
  #opened: Promise<unknown> | undefined;

  constructor(client: NodeRedisClient, listener: RedisListener) {
    this.#client = client;
    this.#subscriber = client.duplicate();
    this.#hear = (message, channel) => listener.heard(channel.toString(), message);
    this.#subscriber.on('error', (error) => {
      if (this.#subscriber.isReady === false) listener.lost(error);
    });
    this.#subscriber.on('ready', () => listener.ready()); // it has subscribed again before it says so
  }

  async command(_key: string, args: readonly RedisArgument[]): Promise<unknown> {
    if (this.#client.isReady === false) throw new NotConnected(AWAY);
    return this.#client.sendCommand([...args], AS_BYTES);
  }

  async ask(key: string, args: readonly RedisArgument[]): Promise<readonly unknown[]> {
    return [await this.command(key, args)];
  }

  async subscribe(channel: string): Promise<void> {
    if (!this.#subscriber.isOpen) this.#opened = this.#subscriber.connect();
    await this.#opened;
    await this.#subscriber.subscribe(channel, this.#hear, true);
  }

  async unsubscribe(channel: string): Promise<void> {
    if (this.#subscriber.isOpen) await this.#subscriber.unsubscribe(channel);
  }

  close(): void {
    if (this.#subscriber.isOpen) void this.#subscriber.disconnect();
  }
}

export class NodeRedisClusterLink implements RedisLink {
  readonly #cluster: NodeRedisCluster;
  readonly #hearing: ClusterHearing;

  constructor(cluster: NodeRedisCluster, listener: RedisListener, check: string) {
    this.#cluster = cluster;
    this.#hearing = new ClusterHearing({ places: () => this.#places(), publish: (channel) => this.command(String(Math.random()), ['PUBLISH', channel, '']) }, listener, check);
  }

  async command(key: string, args: readonly RedisArgument[]): Promise<unknown> {
    if (this.#cluster.isReady === false) throw new NotConnected(AWAY);
    return this.#cluster.sendCommand(key, false, [...args], AS_BYTES);
  }

  async ask(key: string, args: readonly RedisArgument[]): Promise<readonly unknown[]> {
    return [await this.command(key, args)];
  }

  subscribe(channel: string): Promise<void> {
    return this.#hearing.subscribe(channel);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#hearing.unsubscribe(channel);
  }

  close(): void {
    this.#hearing.close();
  }

  /** Those that the cluster has a connection to; before it has any, all. */
  #places(): readonly EarPlace[] {
    const isReady = ({ client }: NodeRedisNode): boolean => (client as { readonly isReady?: boolean } | undefined)?.isReady === true;
    const nodes = this.#cluster.masters;
    const ready = nodes.filter(isReady);
    return (ready.length > 0 ? ready : nodes).map((node) => ({
      address: node.address,
      open: (events) => new NodeRedisEar(Promise.resolve(this.#cluster.nodeClient(node as never)), events),
    }));
  }
}

/**
 * A connection of node-redis to one node, which must not come back by itself. node-redis forgets that it is closed where it has no socket yet,
 * and otherwise if it is not told as soon as it tells of an error.
 */
class NodeRedisEar implements Ear {
  readonly #opened: Promise<NodeRedisSubscriber>;
  readonly #hear: (message: Buffer, channel: Buffer) => void;
  #hasSocket = false;
  #isClosed = false;

  constructor(client: Promise<NodeRedisClient>, events: EarEvents) {
    this.#hear = (message, channel) => events.heard(channel.toString(), message);
    this.#opened = client.then((each) => this.#open(each.duplicate(), events));
    this.#opened.catch((error) => events.lost(error));
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await (await this.#opened).subscribe([...channels], this.#hear, true);
  }

  async unsubscribe(channel: string): Promise<void> {
    await (await this.#opened).unsubscribe(channel);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#hasSocket) void this.#opened.then(disconnect);
  }

  #open(subscriber: NodeRedisSubscriber, events: EarEvents): NodeRedisSubscriber {
    subscriber.on('error', (error) => {
      if (subscriber.isReady !== false) return;
      this.#hasSocket = false;
      void disconnect(subscriber);
      events.lost(error);
    });
    subscriber.on('connect', () => {
      this.#hasSocket = true;
      if (this.#isClosed) void disconnect(subscriber);
    });
    subscriber.on('ready', () => events.ready());
    if (!this.#isClosed) subscriber.connect().catch((error) => events.lost(error));
    return subscriber;
  }
}

async function disconnect(subscriber: NodeRedisSubscriber): Promise<void> {
  try {
    if (subscriber.isOpen) await subscriber.disconnect();
  } catch {
    // It was closed meanwhile.
  }
}
