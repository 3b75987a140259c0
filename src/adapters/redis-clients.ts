/** The clients of Redis that a bus can be given, told apart by their shape: node-redis and ioredis, each for one server or a cluster. */

import { UsageError } from '../index.js';
import { type IoRedisClient, IoRedisClusterLink, IoRedisLink } from './ioredis.js';
import { type NodeRedisClient, type NodeRedisCluster, NodeRedisClusterLink, NodeRedisLink } from './node-redis.js';
import type { RedisLink, RedisListener } from './redis-link.js';

/** A client of Redis as its own package makes it. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoRedisClient;

/**
 * @param check the name of a channel that only this bus knows.
 * @throws UsageError on what is no client of Redis.
 */
export function linkOf(client: RedisClient, listener: RedisListener, check: string): RedisLink {
  if (typeof client === 'object' && client !== null) {
    if ('callBuffer' in client && 'duplicate' in client) return client.isCluster ? new IoRedisClusterLink(client, listener, check) : new IoRedisLink(client, listener);
    if ('sendCommand' in client && 'nodeClient' in client) return new NodeRedisClusterLink(client, listener, check);
    if ('sendCommand' in client && 'duplicate' in client && !('getMasterNode' in client)) return new NodeRedisLink(client, listener);
  }
  throw new UsageError('a RedisBus takes a client of node-redis or ioredis, for one server or a cluster; of node-redis no pool and no Sentinel');
}
