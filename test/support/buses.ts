/** Buses over servers of Redis and NATS, with each of the clients that they can be given. All are closed when the test is over. */

import { connect } from '@nats-io/transport-node';
import { Cluster, Redis } from 'ioredis';
import type { TestContext } from 'node:test';
import { NatsBus, type NatsBusOptions } from 'longwire/nats';
import { RedisBus, type RedisBusOptions } from 'longwire/redis';
import { createClient, createCluster } from 'redis';

export type ConnectRedis = (t: TestContext, port: number, options?: RedisBusOptions) => Promise<RedisBus>;

/** Soon enough for a test, and often enough not to give up. */
const RETRY_MS = 20;

export async function nodeRedisBus(t: TestContext, port: number, options?: RedisBusOptions): Promise<RedisBus> {
  const client = await createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: () => RETRY_MS } }).on('error', () => {}).connect();
  const bus = new RedisBus(client, options);
  t.after(async () => {
    await bus.close();
    client.destroy();
  });
  return bus;
}

export async function ioRedisBus(t: TestContext, port: number, options?: RedisBusOptions): Promise<RedisBus> {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => RETRY_MS }).on('error', () => {});
  const bus = new RedisBus(client, options);
  t.after(async () => {
    await bus.close();
    client.disconnect();
  });
  return bus;
}

export async function nodeRedisClusterBus(t: TestContext, ports: readonly number[], options?: RedisBusOptions): Promise<RedisBus> {
  const client = createCluster({ rootNodes: ports.map((port) => ({ socket: { host: '127.0.0.1', port } })) });
  client.on('error', () => {});
  await client.connect();
  const bus = new RedisBus(client, options);
  t.after(async () => {
    await bus.close();
    client.destroy();
  });
  return bus;
}

export async function ioRedisClusterBus(t: TestContext, ports: readonly number[], options?: RedisBusOptions): Promise<RedisBus> {
  const client = new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })));
  const bus = new RedisBus(client, options);
  t.after(async () => {
    await bus.close();
    client.disconnect();
  });
  return bus;
}

/** A client for what a test does itself. */
export async function redisClient(t: TestContext, port: number): Promise<Redis> {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => RETRY_MS }).on('error', () => {});
  t.after(() => client.disconnect());
  return client;
}

/** Each client by its name. */
export const REDIS_CLIENTS: Readonly<Record<string, ConnectRedis>> = { 'node-redis': nodeRedisBus, ioredis: ioRedisBus };

export const REDIS_CLUSTER_CLIENTS: Readonly<Record<string, (t: TestContext, ports: readonly number[], options?: RedisBusOptions) => Promise<RedisBus>>> = {
  'node-redis': nodeRedisClusterBus,
  ioredis: ioRedisClusterBus,
};

export async function natsBus(t: TestContext, port: number, options?: NatsBusOptions): Promise<NatsBus> {
  const connection = await connect({ servers: `127.0.0.1:${port}`, reconnectTimeWait: RETRY_MS, maxReconnectAttempts: -1 });
  const bus = new NatsBus(connection, options);
  t.after(async () => {
    await bus.close();
    await connection.close();
  });
  return bus;
}
