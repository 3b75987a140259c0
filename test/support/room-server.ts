/** A server with one group that clients of every kind join by path: `/socket`, `/events`, `/stream` and `/poll`, with `since` in the query. */

import type { TestContext } from 'node:test';
import { asChannel, asEventStream, type Channel, type HttpRequest, MemoryChannelStore, type ServerOptions, type StoreOptions } from 'longwire';
import { startServer, type TestServer } from './server.js';

export interface RoomServer extends TestServer {
  readonly store: MemoryChannelStore;
  /** The part of ids before the sequence, with its hyphen. */
  readonly epoch: string;
}

export async function startRoomServer(t: TestContext, storeOptions: StoreOptions = { history: true }, options: ServerOptions = {}): Promise<RoomServer> {
  const store = new MemoryChannelStore(storeOptions);
  const epoch = store.position('room').replace(/0$/, '');
  const server = await startServer(t, (request) => takeAndJoin(request, store), options);
  return { ...server, store, epoch };
}

export function takeAndJoin(request: HttpRequest, store: MemoryChannelStore): Channel {
  const join = (channel: Channel): void => store.addToGroup('room', channel, undefined, { since: request.searchParams.get('since') });
  if (request.path === '/events') return asEventStream(request, { init: join });
  return asChannel(request, {
    protocols: ['longwire.v1'],
    onReceive: (channel, message) => channel.send(message),
    onOpen(channel) {
      if (request.path === '/stream') channel.send({ headers: { 'Content-Type': 'text/plain' } }, false);
      join(channel);
    },
  });
}
