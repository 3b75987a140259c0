/**
 * WebSocket: what the client sends comes back, text as text and bytes as bytes.
 *
 *   node build/examples/websocket-echo.js
 *   npx wscat -c ws://127.0.0.1:9090
 *
 * Or in a browser's console on http://127.0.0.1:9090:
 *
 *   ws = new WebSocket('ws://127.0.0.1:9090'); ws.onmessage = (event) => console.log(event.data); ws.onopen = () => ws.send('hello');
 */

import { asChannel, runServer, type Server, type ServerOptions } from 'longwire';

export function start(options: ServerOptions = {}): Promise<Server> {
  return runServer((request) => {
    if (!request.isWebSocketUpgrade) return 'Open a WebSocket to this address.\n';
    return asChannel(request, {
      onReceive: (channel, message) => channel.send(message),
      onClose: (_channel, status, { code }) => console.log(`channel closed: ${status} (${code})`),
    });
  }, { host: '127.0.0.1', port: 9090, ...options });
}

if (process.argv[1] === import.meta.filename) console.log((await start({ port: Number(process.env['PORT'] ?? 9090) })).url);
