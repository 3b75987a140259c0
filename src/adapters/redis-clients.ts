/**
 * The clients of Redis that a bus can be given, told apart by their shape: node-redis and ioredis, each for one server or a cluster.
 * What differs between them ends here. Every bus has a second connection for what it hears, because one that hears of channels can
 * do nothing else.
 */

import { UsageError } from '../index.js';
import { NotConnected } from './outbox.js';

export type RedisArgument = string | Buffer;

/** What is used of node-redis, from version 4 on. */
export interface NodeRedisClient {
  readonly isReady: boolean;
  sendCommand(args: RedisArgument[], options?: object): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
}

/** What is used of a cluster of node-redis. */
export interface NodeRedisCluster {
  readonly masters: unknown;
  readonly isReady?: boolean;
  sendCommand(firstKey: string, isReadonly: boolean, args: RedisArgument[], options?: object): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
}

/** What is used of the connection of node-redis that hears of channels. */
export interface NodeRedisSubscriber {
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  on(event: string, listener: (error?: unknown) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: Buffer, channel: Buffer) => void, bufferMode: true): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  disconnect(): unknown;
}

/** What is used of ioredis, from version 5 on, for one server or a cluster. */
export interface IoRedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  duplicate(first?: object, second?: object): IoRedisClient;
  callBuffer(command: string, args: RedisArgument[]): Promise<unknown>;
  on(event: string, listener: (first: unknown, second: unknown) => void): unknown;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  disconnect(): void;
  /** Of a cluster alone. */
  nodes?(role: 'master'): IoRedisClient[];
}

/** A client of Redis as its own package makes it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoRedisClient;

/** Who hears of the connection for channels. */
export interface RedisListener {
  heard(channel: string, payload: Buffer): void;
  /** The connection is gone; the client tries to get it back. */
  lost(error: unknown): void;
  /** It is there, and hears of every channel that was subscribed to; what came meanwhile was missed. */
  ready(): void;
}

/** The two connections of a bus. */
export interface RedisLink {
  /**
   * Runs a command once or not at all. Strings in its answer are bytes.
   *
   * @throws NotConnected where it was not sent. Where the connection is lost behind that, nobody knows whether it was carried out.
   */
  command(key: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** The answers of the server that has the key, or of all that may have it, to a command that changes nothing. */
  ask(key: string, args: readonly RedisArgument[]): Promise<readonly unknown[]>;
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** Closes what the bus has opened: never the client that it was given. */
  close(): void;
}

/** @throws UsageError on what is no client of Redis. */
export function linkOf(client: RedisClient, listener: RedisListener): RedisLink {
  if (typeof client === 'object' && client !== null) {
    if ('callBuffer' in client && 'duplicate' in client) return new IoRedisLink(client, listener);
    if ('sendCommand' in client && 'duplicate' in client) return new NodeRedisLink(client, listener);
  }
  throw new UsageError('a RedisBus takes a client of node-redis or ioredis');
}

const AWAY = 'there is no connection to Redis';

/** The type that node-redis gives strings in answers: `$` in the protocol, as version 5 and later are told; version 4 has an option. */
const AS_BYTES = { typeMapping: { 36: Buffer }, returnBuffers: true };

class NodeRedisLink implements RedisLink {
  readonly #client: NodeRedisClient | NodeRedisCluster;
  readonly #subscriber: NodeRedisSubscriber;
  readonly #hear: (message: Buffer, channel: Buffer) => void;
  #opened: Promise<unknown> | undefined;

  constructor(client: NodeRedisClient | NodeRedisCluster, listener: RedisListener) {
    this.#client = client;
    this.#subscriber = client.duplicate();
    this.#hear = (message, channel) => listener.heard(channel.toString(), message);
    this.#subscriber.on('error', (error) => {
      if (this.#subscriber.isReady === false) listener.lost(error);
    });
    // It subscribes again before it says that it is ready; of a cluster, the node that it does so at says it.
    this.#subscriber.on('ready', () => listener.ready());
    this.#subscriber.on('node-ready', () => listener.ready());
  }

  async command(key: string, args: readonly RedisArgument[]): Promise<unknown> {
    const client = this.#client;
    if (client.isReady === false) throw new NotConnected(AWAY);
    return 'masters' in client ? client.sendCommand(key, false, [...args], AS_BYTES) : client.sendCommand([...args], AS_BYTES);
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

/** What was sent when the connection is lost fails: it is not sent again by itself, nor forgotten. And nothing changes the order. */
const ONCE = { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, enableAutoPipelining: false, lazyConnect: false };
const ONCE_IN_A_CLUSTER = { retryDelayOnFailover: 0, enableAutoPipelining: false, lazyConnect: false, redisOptions: ONCE };

const CHANNELS_A_COMMAND = 1_000;

class IoRedisLink implements RedisLink {
  readonly #commands: IoRedisClient;
  readonly #subscriber: IoRedisClient;
  readonly #channels = new Set<string>();
  /** Until it is known whether there is a connection, commands wait. */
  readonly #begun: Promise<void>;

  constructor(client: IoRedisClient, listener: RedisListener) {
    const duplicate = (): IoRedisClient => (client.isCluster ? client.duplicate([], ONCE_IN_A_CLUSTER) : client.duplicate({ ...ONCE, autoResubscribe: false }));
    this.#commands = duplicate();
    this.#begun = new Promise((resolve) => {
      for (const event of ['ready', 'error', 'close']) this.#commands.on(event, () => resolve()); // where it is lost, its commands say so
    });
    this.#subscriber = duplicate();
    this.#subscriber.on('error', (error) => {
      if (this.#subscriber.status !== 'ready') listener.lost(error);
    });
    this.#subscriber.on('close', () => listener.lost(new Error('the connection to Redis is closed')));
    this.#subscriber.on('messageBuffer', (channel, message) => listener.heard(String(channel), message as Buffer));
    this.#subscriber.on('ready', () => void this.#resubscribe(listener));
  }

  async command(_key: string, [name, ...args]: readonly RedisArgument[]): Promise<unknown> {
    await this.#begun;
    if (this.#commands.status !== 'ready') throw new NotConnected(AWAY);
    return this.#commands.callBuffer(String(name), args);
  }

  /** A cluster of ioredis sends a command without a key anywhere, so all are asked. */
  async ask(key: string, [name, ...args]: readonly RedisArgument[]): Promise<readonly unknown[]> {
    if (this.#commands.nodes === undefined) return [await this.command(key, [name!, ...args])];
    return Promise.all(this.#commands.nodes('master').map((each) => each.callBuffer(String(name), args)));
  }

  async subscribe(channel: string): Promise<void> {
    this.#channels.add(channel);
    await this.#subscriber.subscribe(channel);
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#subscriber.unsubscribe(channel);
  }

  close(): void {
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }

  async #resubscribe(listener: RedisListener): Promise<void> {
    try {
      const channels = [...this.#channels];
      for (let i = 0; i < channels.length; i += CHANNELS_A_COMMAND) await this.#subscriber.subscribe(...channels.slice(i, i + CHANNELS_A_COMMAND));
      listener.ready();
    } catch (error) {
      listener.lost(error); // with the connection, which will be ready again
    }
  }
}
