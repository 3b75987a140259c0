/**
 * Server-sent events: a page hears what is posted, and after a break what it has missed. Its browser reconnects by itself, and tells
 * the id of the last event that it had.
 *
 *   node build/examples/event-stream.js
 *   curl -N http://127.0.0.1:9090/events, or http://127.0.0.1:9090 in a browser
 *   curl -d 'hello, all of you' http://127.0.0.1:9090
 *   curl -N -H 'Last-Event-ID: 0' http://127.0.0.1:9090/events
 */

import { asEventStream, MemoryChannelStore, runServer, type Server, type ServerOptions, type ServerSentEvent } from 'longwire';

const PAGE = `<!doctype html><meta charset="utf-8"><title>Events</title><ol></ol><script>
  new EventSource('/events').onmessage = ({ data }) => document.querySelector('ol').append(
    Object.assign(document.createElement('li'), { textContent: data }));
</script>`;

export function start(options: ServerOptions = {}): Promise<Server> {
  const events: ServerSentEvent[] = [];
  const store = new MemoryChannelStore();

  return runServer(async (request) => {
    if (request.method === 'POST') {
      const event = { id: String(events.length + 1), data: await request.text() };
      events.push(event);
      store.broadcast('room', event);
      return { status: 204 };
    }
    if (request.path !== '/events') return PAGE;
    return asEventStream(request, {
      onOpen(channel) {
        const missed = channel.lastEventId === '' ? [] : events.slice(Math.max(0, Number(channel.lastEventId) || 0));
        for (const event of missed) channel.send(event);
        store.addToGroup('room', channel);
      },
    });
  }, { host: '127.0.0.1', port: 9090, ...options });
}

if (process.argv[1] === import.meta.filename) console.log((await start({ port: Number(process.env['PORT'] ?? 9090) })).url);
