/** Listens on a TCP port or a unix socket, in plain or with TLS, and hands over sockets. It reads none of their bytes. */

import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** Where to listen, and how. */
export interface AcceptorOptions {
  readonly host: string;
  readonly port: number;
  /** A unix socket's path; `host` and `port` are not used then. */
  readonly path: string | undefined;
  /** The permissions of the unix socket's file. */
  readonly pathMode: number | undefined;
  readonly backlog: number;
  readonly reusePort: boolean;
  readonly tls: TlsOptions | undefined;
  readonly tlsHandshakeTimeoutMs: number;
}

/** What the acceptor tells. */
export interface AcceptorEvents {
  onSocket(socket: Socket): void;
  /** Accepting one connection failed, such as EMFILE or a TLS handshake; the acceptor goes on. */
  onAcceptError(error: Error & { code?: string }): void;
}

export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #events: AcceptorEvents;
  readonly #server: Server;
  /** What lies below the TLS connections, those whose handshake is not complete included. */
  readonly #belowTls = new Set<Socket>();

  constructor(options: AcceptorOptions, events: AcceptorEvents) {
    this.#options = options;
    const shared = { allowHalfOpen: true, noDelay: true };
    if (options.tls === undefined) {
      this.#server = createServer(shared, (socket) => events.onSocket(socket));
    } else {
      // To node:tls no limit is 0, and Infinity an exception at every connection.
      const handshakeTimeout = options.tlsHandshakeTimeoutMs === Infinity ? 0 : options.tlsHandshakeTimeoutMs;
      const server = createTlsServer(
        { ALPNProtocols: ['http/1.1'], ...options.tls, ...shared, handshakeTimeout },
        (socket) => events.onSocket(socket),
      );
      server.on('connection', (socket: Socket) => {
        this.#belowTls.add(socket);
        socket.once('close', () => this.#belowTls.delete(socket));
      });
      server.on('tlsClientError', (error: Error, socket) => {
        events.onAcceptError(error);
        socket.destroy();
      });
      this.#server = server;
    }
    this.#events = events;
  }

  /** Listens; rejects with the system's error, such as EADDRINUSE or EACCES. */
  async listen(): Promise<void> {
    const { path, pathMode } = this.#options;
    try {
      await this.#tryToListen();
    } catch (error) {
      if (path === undefined || codeOf(error) !== 'EADDRINUSE' || !(await isStale(path))) throw error;
      await unlink(path);
      await this.#tryToListen();
    }
    this.#server.on('error', (error) => this.#events.onAcceptError(error));
    if (path !== undefined && pathMode !== undefined) await this.#setMode(path, pathMode);
  }

  /** The port listened on; 0 on a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Stops accepting. Connections already handed over are not touched. */
  close(): void {
    this.#server.close();
  }

  /** Destroys what close leaves behind: handshakes under way. */
  destroyHandshakes(): void {
    for (const socket of this.#belowTls) socket.destroy();
  }

  /** A socket that others could open is not left behind where its permissions could not be set. */
  async #setMode(path: string, mode: number): Promise<void> {
    try {
      await chmod(path, mode);
    } catch (error) {
      this.#server.close();
      throw error;
    }
  }

  #tryToListen(): Promise<void> {
    const { host, port, path, backlog, reusePort } = this.#options;
    const where: ListenOptions & { reusePort?: boolean } = path === undefined ? { host, port, backlog } : { path, backlog };
    if (reusePort) where.reusePort = true;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        server.off('listening', settle);
        server.off('error', settle);
        if (error instanceof Error) reject(error);
        else resolve();
      };
      server.once('listening', settle);
      server.once('error', settle);
      server.listen(where);
    });
  }
}

/** Whether `path` is the socket of a server that is no more: a socket that nobody answers on. */
async function isStale(path: string): Promise<boolean> {
  // An abstract socket has no file, and goes with its server.
  if (path.startsWith('\0') || !(await lstat(path)).isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED'));
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
