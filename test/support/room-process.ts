/**
 * A process with one server, for tests with several: clients join its room as with `takeAndJoin`, and `POST` says something to all. It is
 * given the bus as `node-redis`, `ioredis` or `nats` with a port, and tells its parent its address, then what becomes of the bus.
 */

import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { type Bus, MemoryChannelStore, runServer } from 'longwire';
import { NatsBus } from 'longwire/nats';
import { RedisBus } from 'longwire/redis';
import { createClient } from 'redis';
import { takeAndJoin } from './room-server.js';

const RETRY_MS = 20;

/** How each of the clients is made. */
const BUSES: Readonly<Record<string, (port: number) => Promise<Bus>>> = {
  'node-redis': async (port) => new RedisBus(await createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: () => RETRY_MS } }).on('error', () => {}).connect()),
  ioredis: async (port) => new RedisBus(new Redis({ host: '127.0.0.1', port, retryStrategy: () => RETRY_MS }).on('error', () => {})),
  nats: async (port) => new NatsBus(await connect({ servers: `127.0.0.1:${port}`, reconnectTimeWait: RETRY_MS, maxReconnectAttempts: -1 })),
};

const [name, port, maxMessages] = process.argv.slice(2);
process.once('disconnect', () => process.exit());

const store = new MemoryChannelStore({
  bus: await BUSES[name!]!(Number(port)),
  history: maxMessages === undefined ? false : { maxMessages: Number(maxMessages) },
  onBusEvent: (event) => process.send!({ event: event.type === 'restored' && event.hasGap ? 'restored with a gap' : event.type }),
});
const server = await runServer(
  async (request) => {
    if (request.method !== 'POST') return takeAndJoin(request, store);
    store.broadcast('room', await request.text());
    return { status: 204 };
  },
  { host: '127.0.0.1', port: 0 },
);
process.send!({ url: server.url });
