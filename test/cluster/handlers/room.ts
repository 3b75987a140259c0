/**
 * A handler's module for tests: two stores, one that keeps a history, which is short in the group of that name, and one that does not. Their
 * groups reach across workers and have members of every kind. `X-Worker` says whose member one became.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { asChannel, asEventStream, type BusEvent, type Channel, clusterBus, type Handler, type HttpRequest, type HttpResponse, MemoryChannelStore, type ServerOptions } from 'longwire';
import { block } from './block.js';

const events: BusEvent[] = [];
const stores = {
  kept: new MemoryChannelStore({
    bus: clusterBus('kept'),
    history: { maxMessages: 100_000, maxBytes: Infinity },
    groupOptions: (group) => (group === 'short' ? { history: { maxMessages: 3, maxBytes: Infinity } } : undefined),
  }),
  live: new MemoryChannelStore({ bus: clusterBus('live'), onBusEvent: (event) => events.push(event) }),
};

/** No member is too slow for what these tests send. */
export const options: ServerOptions = { maxBufferedBytes: 64 * 1024 ** 2, maxBodyBytes: 2 * 1024 ** 2 };

const headers = { 'X-Worker': process.pid };

/** `/<store>/<what>`, in the room or the group that is named. */
const handler: Handler = (request) => {
  const [, name, what] = request.path.split('/');
  const store = stores[name as keyof typeof stores];
  const group = request.searchParams.get('group') ?? 'room';
  const since = request.searchParams.get('since');
  const join = (channel: Channel): void => store.addToGroup(group, channel, undefined, { since, headers });
  switch (what) {
    case 'socket':
      return asChannel(request, { protocols: ['longwire.v1'], headers, onOpen: join });
    case 'events':
      return asEventStream(request, { headers, onOpen: join });
    case 'stream':
      return asChannel(request, { onOpen: (channel) => (channel.send({ headers }, false), join(channel)) });
    case 'poll':
      return asChannel(request, { onOpen: join });
    case 'say':
      return say(store, group, request);
    case 'count':
      return count(store, group, Number(request.query));
    case 'state':
      return JSON.stringify({ members: store.size(group), events: events.map(({ type }) => type) });
    case 'block':
      return block(request.query);
    default:
      return String(process.pid);
  }
};

async function say(store: MemoryChannelStore, group: string, request: HttpRequest): Promise<HttpResponse> {
  store.broadcast(group, await request.text());
  return { headers };
}

/** Says the numbers from 1, some at once, and is not over before all are said. */
async function count(store: MemoryChannelStore, group: string, last: number): Promise<HttpResponse> {
  for (let i = 1; i <= last; i++) {
    store.broadcast(group, `${i}`);
    if (i % 10 === 0) await turn();
  }
  return { headers };
}

export default handler;
