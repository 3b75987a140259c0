/**
 * The servers that are compared, each run as a process of its own: `node servers.js NAME`. It sends its port to the parent, and its CPU
 * time whenever it is asked.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asChannel, runServer } from 'longwire';
import { WebSocketServer } from 'ws';

const HOST = '127.0.0.1';

/** Starts a server that answers `hello` and echoes what comes over a WebSocket; resolves to its port. */
export const SERVERS = {
  async longwire(): Promise<number> {
    const server = await runServer(
      (request) => (request.isWebSocketUpgrade ? asChannel(request, { onReceive: (channel, message) => channel.send(message) }) : 'hello'),
      { host: HOST, port: 0 },
    );
    return server.port;
  },

  async 'node:http'(): Promise<number> {
    const server = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    return (server.address() as AddressInfo).port;
  },

  async ws(): Promise<number> {
    const server = new WebSocketServer({ host: HOST, port: 0 });
    server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
    await new Promise<void>((resolve) => server.once('listening', resolve));
    return (server.address() as AddressInfo).port;
  },
} as const;

export type ServerName = keyof typeof SERVERS;

const name = process.argv[2] as ServerName | undefined;
if (process.send !== undefined && name !== undefined) {
  process.on('message', () => process.send!({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit());
  process.send({ port: await SERVERS[name]() });
}
