/** A server with TLS for one test, and clients for it. */

import { once } from 'node:events';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Handler, ServerOptions } from 'longwire';
import { certificate } from './certificate.js';
import { startServer, type TestServer } from './server.js';

export interface TlsServer extends TestServer {
  /** What clients have to trust. */
  readonly ca: string;
}

/** Starts a server with a certificate for localhost, unless `options` bring another; `undefined` where none can be made. */
export async function startTls(t: TestContext, handler: Handler, options: ServerOptions = {}): Promise<TlsServer | undefined> {
  const own = certificate(t);
  if (own === undefined) return undefined;
  return { ...(await startServer(t, handler, { tls: own, ...options })), ca: own.cert };
}

/** The body of one GET, over a connection of its own. */
export function fetchTls({ port, ca }: Pick<TlsServer, 'port' | 'ca'>, path = '/', options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, ca, agent: false, ...options }, (response) => text(response).then(resolve, reject)).on('error', reject);
  });
}

/** Connects and shakes hands; rejects where that fails. The socket is destroyed when the test is over. */
export async function openTls(t: TestContext, { port, ca }: Pick<TlsServer, 'port' | 'ca'>, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  // The server is stopped ahead of the client, and resets what is still open.
  socket.on('error', () => {});
  return socket;
}
