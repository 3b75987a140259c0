/**
 * A group of channels: one broadcast reaches a WebSocket, a streaming response and a long poll at once. A poll says with `since`
 * how far it has read, so that nothing is missed between two of them.
 *
 *   node build/examples/channel-store.js
 *   npx wscat -c ws://127.0.0.1:9090
 *   curl -N http://127.0.0.1:9090/stream
 *   curl 'http://127.0.0.1:9090/poll?since=0'
 *   curl -d 'hello, all of you' http://127.0.0.1:9090
 */

import { asChannel, type HttpResponse, MemoryChannelStore, runServer, type Server, type ServerOptions } from 'longwire';

const headers = { 'Content-Type': 'application/x-ndjson' };

export function start(options: ServerOptions = {}): Promise<Server> {
  const messages: string[] = [];
  const messagesAfter = (since: number): HttpResponse => ({ headers, body: messages.slice(since).join('') });
  const store = new MemoryChannelStore<number>();

  return runServer(async (request) => {
    if (request.method === 'POST') {
      const text = await request.text();
      messages.push(`${JSON.stringify({ id: messages.length + 1, text })}\n`);
      store.broadcast('room', (_channel, since = messages.length - 1) => messagesAfter(since));
      return { status: 204 };
    }
    if (request.path === '/poll') {
      const since = Math.max(0, Number(request.searchParams.get('since')) || 0);
      if (since < messages.length) return messagesAfter(since); // there is something to catch up on
      return asChannel(request, { onOpen: (channel) => store.addToGroup('room', channel, since) });
    }
    return asChannel(request, {
      onOpen: (channel) => {
        if (!channel.isWebSocket) channel.send({ headers }, false); // the head goes out: from here on it is a stream
        store.addToGroup('room', channel);
      },
    });
  }, { host: '127.0.0.1', port: 9090, ...options });
}

if (process.argv[1] === import.meta.filename) console.log((await start({ port: Number(process.env['PORT'] ?? 9090) })).url);
