/** A WebSocket with compression whose server's zlib gives nothing back until it is released: what happens while a message is in a thread. */

import type { TestContext } from 'node:test';
import { type ChannelServer, startChannelServer } from './channels.js';
import { DeflateWebSocket } from './deflate-web-socket.js';
import { ZlibWatch } from './zlib-watch.js';

/** Each message may refer to those before it, so that one that is lost or out of order cannot be read. */
export const DEFLATE = { perMessageDeflate: { contextTakeover: true } } as const;

export interface HeldCompression {
  readonly zlib: ZlibWatch;
  readonly server: ChannelServer;
  readonly client: DeflateWebSocket;
  readonly taken: Awaited<ReturnType<ChannelServer['next']>>;
}

export async function holdCompression(t: TestContext): Promise<HeldCompression> {
  const zlib = new ZlibWatch(t);
  zlib.hold();
  const server = await startChannelServer(t, DEFLATE);
  const client = await DeflateWebSocket.open(t, server.port);
  return { zlib, server, client, taken: await server.next() };
}
