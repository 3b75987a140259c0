/** The servers that the suite is pointed at: each sends back what it is sent, up to the largest message of the suite, and compresses. */

import { asChannel, type PerMessageDeflate, runServer } from 'longwire';
import { WebSocketServer } from 'ws';

export interface EchoServer {
  readonly url: string;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
/** The official suite takes its time with pieces of 64 octets. */
const MESSAGE_TIMEOUT_MS = 600_000;

/** By default it takes 16,384 fragments a message, and the suite has 65,537. */
const WS_OPTIONS = { maxPayload: MAX_MESSAGE_BYTES, maxFragments: 0, perMessageDeflate: true };

export const ECHO_SERVERS = {
  async longwire(port = 0, perMessageDeflate: true | PerMessageDeflate = true): Promise<EchoServer> {
    const server = await runServer((request) => asChannel(request, { onReceive: (channel, message) => void channel.send(message) }), {
      host: HOST,
      port,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      messageTimeoutMs: MESSAGE_TIMEOUT_MS,
      perMessageDeflate,
    });
    return { url: server.url.replace(/^http/, 'ws'), stop: async () => void (await server.stop({ timeoutMs: 0 })) };
  },

  async ws(port = 0): Promise<EchoServer> {
    const server = new WebSocketServer({ host: HOST, port, ...WS_OPTIONS });
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('ws listens on no port');
    const stop = (): Promise<void> => {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    };
    return { url: `ws://${HOST}:${address.port}`, stop };
  },
} as const;

export type EchoServerName = keyof typeof ECHO_SERVERS;
