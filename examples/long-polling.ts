/**
 * Long polling: a GET waits, and an event completes its response.
 *
 *   node build/examples/long-polling.js
 *   curl http://127.0.0.1:9090                       # waits …
 *   curl -d 'dinner is ready' http://127.0.0.1:9090  # … until this, in a second terminal
 */

import { asChannel, type Channel, runServer, type Server, type ServerOptions } from 'longwire';

export function start(options: ServerOptions = {}): Promise<Server> {
  const waiting = new Set<Channel>();

  return runServer(async (request) => {
    if (request.method === 'GET') {
      return asChannel(request, {
        onOpen: (channel) => waiting.add(channel),
        onClose: (channel) => waiting.delete(channel),
      });
    }
    const event = await request.text();
    const response = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ event }) };
    for (const channel of waiting) channel.send(response); // closes after itself, as HTTP does
    return { status: 204 };
  }, { host: '127.0.0.1', port: 9090, ...options });
}

if (process.argv[1] === import.meta.filename) console.log((await start({ port: Number(process.env['PORT'] ?? 9090) })).url);
