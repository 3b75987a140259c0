/** ioredis, for one server or a cluster, as a bus uses it: with connections of its own for commands, too, which are never sent twice. */

import { ClusterHearing, type Ear, type EarEvents, type EarPlace } from './cluster-hearing.js';
import { NotConnected } from './outbox.js';
import { AWAY, type RedisArgument, type RedisLink, type RedisListener } from './redis-link.js';

/** What is used of ioredis, from version 5 on, for one server or a cluster. */
export interface IoRedisClient {
  readonly status: string;
  readonly options: object;
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

/** What was sent when the connection is lost fails: it is not sent again by itself, nor forgotten. And nothing changes the order. */
const ONCE = { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, enableAutoPipelining: false, lazyConnect: false };
const ONCE_IN_A_CLUSTER = { retryDelayOnFailover: 0, enableAutoPipelining: false, lazyConnect: false, redisOptions: ONCE };
const FOR_LISTENING = { ...ONCE, autoResubscribe: false };
const FOR_LISTENING_ONCE = { ...FOR_LISTENING, enableOfflineQueue: true, readOnly: false, retryStrategy: () => null };

const CHANNELS_A_COMMAND = 1_000;

/** The connection that commands go through, or the cluster. */
class IoRedisCommands {
  readonly client: IoRedisClient;
  /** Until it is known whether there is a connection, commands wait. */
  readonly #begun: Promise<void>;

  constructor(client: IoRedisClient) {
    this.client = client;
    this.#begun = new Promise((resolve) => {
      for (const event of ['ready', 'error', 'close']) client.on(event, () => resolve()); // where it is lost, its commands say so
    });
  }

  async run([name, ...args]: readonly RedisArgument[]): Promise<unknown> {
    await this.#begun;
    if (this.client.status !== 'ready') throw new NotConnected(AWAY);
    return this.client.callBuffer(String(name), args);
  }
}

export class IoRedisLink implements RedisLink {
  readonly #commands: IoRedisCommands;
  readonly #subscriber: IoRedisClient;
  readonly #channels = new Set<string>();

  constructor(client: IoRedisClient, listener: RedisListener) {
    this.#commands = new IoRedisCommands(client.duplicate(ONCE));
    this.#subscriber = client.duplicate(FOR_LISTENING);
    this.#subscriber.on('error', (error) => {
      if (this.#subscriber.status !== 'ready') listener.lost(error);
    });
    this.#subscriber.on('close', () => listener.lost(new Error('the connection to Redis is closed')));
    this.#subscriber.on('messageBuffer', (channel, message) => listener.heard(String(channel), message as Buffer));
    this.#subscriber.on('ready', () => void this.#resubscribe(listener));
  }

  command(_key: string, args: readonly RedisArgument[]): Promise<unknown> {
    return this.#commands.run(args);
  }

  async ask(_key: string, args: readonly RedisArgument[]): Promise<readonly unknown[]> {
    return [await this.#commands.run(args)];
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
    this.#commands.client.disconnect();
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

export class IoRedisClusterLink implements RedisLink {
  readonly #commands: IoRedisCommands;
  readonly #hearing: ClusterHearing;

  constructor(client: IoRedisClient, listener: RedisListener, check: string) {
    this.#commands = new IoRedisCommands(client.duplicate([], ONCE_IN_A_CLUSTER));
    this.#hearing = new ClusterHearing({ places: () => this.#places(), publish: (channel) => this.#commands.run(['PUBLISH', channel, '']) }, listener, check);
  }

  command(_key: string, args: readonly RedisArgument[]): Promise<unknown> {
    return this.#commands.run(args);
  }

  /** The cluster sends a command without a key anywhere, so all are asked. */
  async ask(_key: string, [name, ...args]: readonly RedisArgument[]): Promise<readonly unknown[]> {
    const masters = this.#masters();
    if (masters.length === 0) throw new NotConnected(AWAY);
    return Promise.all(masters.map((each) => each.callBuffer(String(name), args)));
  }

  subscribe(channel: string): Promise<void> {
    return this.#hearing.subscribe(channel);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#hearing.unsubscribe(channel);
  }

  close(): void {
    this.#commands.client.disconnect();
    this.#hearing.close();
  }

  #masters(): readonly IoRedisClient[] {
    return this.#commands.client.nodes?.('master') ?? [];
  }

  /** Those that the cluster has a connection to, or has not tried yet. */
  #places(): readonly EarPlace[] {
    const nodes = this.#masters().filter(({ status }) => status === 'ready' || status === 'wait');
    return nodes.map((node) => {
      const { host, port } = node.options as { readonly host?: unknown; readonly port?: unknown };
      return { address: `${host}:${port}`, open: (events) => new IoRedisEar(node.duplicate(FOR_LISTENING_ONCE), events) };
    });
  }
}

/** A connection of ioredis to one node, which does not come back. */
class IoRedisEar implements Ear {
  readonly #subscriber: IoRedisClient;

  constructor(subscriber: IoRedisClient, events: EarEvents) {
    this.#subscriber = subscriber;
    subscriber.on('error', (error) => {
      if (subscriber.status !== 'ready') events.lost(error);
    });
    subscriber.on('close', () => events.lost(new Error('the connection to Redis is closed')));
    subscriber.on('messageBuffer', (channel, message) => events.heard(String(channel), message as Buffer));
    subscriber.on('ready', () => events.ready());
  }

  subscribe(channels: readonly string[]): Promise<unknown> {
    return this.#subscriber.subscribe(...channels);
  }

  unsubscribe(channel: string): Promise<unknown> {
    return this.#subscriber.unsubscribe(channel);
  }

  close(): void {
    this.#subscriber.disconnect();
  }
}
