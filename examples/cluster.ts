/**
 * A room on all cores of the machine. Each worker has members of its own, and what is said to one of them reaches those of all. The
 * primary keeps the history: a browser whose worker is killed comes back to another one, and misses nothing.
 *
 *   node build/examples/cluster.js
 *   curl -iN http://127.0.0.1:9090      # in several terminals: X-Worker says who serves it
 *   curl -d 'hello, all of you' http://127.0.0.1:9090
 */

import { asEventStream, type Cluster, clusterBus, type ClusterOptions, type HandlerResult, type HttpRequest, MemoryChannelStore, runCluster } from 'longwire';

/** This program is its own handler's module: workers load it, too, but only the primary starts it. */
export function start(options: ClusterOptions = {}): Promise<Cluster> {
  return runCluster(import.meta.url, { host: '127.0.0.1', port: 9090, ...options });
}

const store = new MemoryChannelStore({ bus: clusterBus(), history: true });

export default async function handler(request: HttpRequest): Promise<HandlerResult> {
  if (request.method === 'POST') {
    store.broadcast('room', await request.text());
    return { status: 204 };
  }
  return asEventStream(request, { headers: { 'X-Worker': process.pid }, onOpen: (channel) => store.addToGroup('room', channel) });
}

if (process.argv[1] === import.meta.filename) {
  const cluster = await start({ port: Number(process.env['PORT'] ?? 9090) });
  process.once('SIGTERM', () => cluster.stop());
  console.log(cluster.url);
}
