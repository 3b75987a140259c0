/**
 * Listens on a TCP port or a unix socket, and hands over connections that are ready to be spoken on: counted, with the header of a proxy
 * read and the TLS handshake done. It knows nothing of what is spoken.
 */

import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { UsageError } from '../errors.js';
import { listen, type ListenPlace, portOf } from './listen.js';
import type { Places } from './places.js';
import type { Peer } from './protocol.js';
import { ProxyGate, type ProxyGateEvents, type ProxyGateSettings } from './proxy-gate.js';
import { TlsGate, type TlsGateEvents } from './tls-gate.js';

/** Where to listen, and how. */
export interface AcceptorOptions extends ProxyGateSettings, ListenPlace {
  /** The permissions of the unix socket's file. */
  readonly pathMode: number | undefined;
  readonly tls: TlsOptions | undefined;
  readonly tlsHandshakeTimeoutMs: number;
  readonly places: Places;
}

/** What the acceptor tells. */
export interface AcceptorEvents {
  /** A connection is ready. `peer` is whom a proxy says that it speaks for. */
  onSocket(socket: Socket, peer: Peer | undefined): void;
  /** A connection has no place. It is told so where it can be: not where it expects TLS; there `socket` is destroyed already. */
  onRefused(socket: Socket | undefined, peer: Peer | undefined): void;
  /** Accepting one connection failed, such as EMFILE or a TLS handshake; the acceptor goes on. */
  onAcceptError(error: Error & { code?: string }): void;
  /** A callback of the options of TLS failed. */
  readonly onFault: TlsGateEvents['onFault'];
  /** A connection did not begin as the PROXY protocol demands, and is destroyed. */
  readonly onStopped: ProxyGateEvents['onStopped'];
}

export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #events: AcceptorEvents;
  readonly #server: Server;
  readonly #tlsGate: TlsGate | undefined;
  readonly #proxyGate: ProxyGate | undefined;
  /** Connections that are not ready: at the gate of the PROXY protocol, or below TLS. */
  readonly #unready = new Set<Socket>();

  constructor(options: AcceptorOptions, events: AcceptorEvents) {
    this.#options = options;
    this.#events = events;
    const hasTls = options.tls !== undefined;
    // Who sends FIN in the midst of a TLS handshake is gone; once it is done, half-open is what HTTP needs. A handshake is many short writes.
    this.#server = createServer({ allowHalfOpen: !hasTls, noDelay: hasTls }, (socket) => this.#accept(socket));
    if (options.tls !== undefined) {
      const { onAcceptError, onFault } = events;
      this.#tlsGate = new TlsGate({ ...options, tls: options.tls }, { onPassed: (socket, peer) => this.#leaveTls(socket, peer), onFailed: onAcceptError, onFault });
    }
    if (options.proxyProtocol !== 'off') {
      this.#proxyGate = new ProxyGate(options, { onPassed: (socket, peer) => this.#leaveGate(socket, peer), onStopped: events.onStopped });
    }
  }

  /** Listens; rejects with the system's error, such as EADDRINUSE or EACCES. */
  async listen(): Promise<void> {
    const { path, pathMode } = this.#options;
    await listen(this.#server, this.#options);
    this.#server.on('error', (error) => this.#events.onAcceptError(error));
    if (path !== undefined && pathMode !== undefined) await this.#setMode(path, pathMode);
  }

  /** The port listened on; 0 on a unix socket. */
  get port(): number {
    return portOf(this.#server);
  }

  /** Replaces the certificate; see `TlsGate`. */
  setSecureContext(options: SecureContextOptions): void {
    if (this.#tlsGate === undefined) throw new UsageError('a server without the option tls has no certificate to replace');
    this.#tlsGate.setSecureContext(options);
  }

  /** Stops accepting. Connections already handed over are not touched. */
  close(): void {
    this.#server.close();
  }

  /** Destroys what close leaves behind: handshakes under way. */
  destroyHandshakes(): void {
    for (const socket of this.#unready) socket.destroy();
  }

  /** A connection has come. Its place is taken before a byte of it is read: handshakes that never end are counted, too. */
  #accept(socket: Socket): void {
    if (this.#isReset(socket)) return this.#dropReset(socket);
    if (!this.#options.places.take(socket, socket.remoteAddress ?? '')) return this.#refuse(socket, undefined);
    if (this.#proxyGate === undefined && this.#tlsGate === undefined) return this.#events.onSocket(socket, undefined);
    this.#unready.add(socket);
    socket.once('close', () => this.#unready.delete(socket));
    if (this.#proxyGate !== undefined) this.#proxyGate.enter(socket);
    else this.#tlsGate!.enter(socket, undefined);
  }

  /** Whether a TCP connection was reset by its client. What it sent before can still be read, but its address is gone: it would count as a unix socket. */
  #isReset(socket: Socket): boolean {
    return socket.remoteAddress === undefined && this.#options.path === undefined;
  }

  #dropReset(socket: Socket): void {
    socket.destroy();
    this.#events.onAcceptError(Object.assign(new Error('the client reset the connection'), { code: 'ECONNRESET' }));
  }

  #leaveGate(socket: Socket, peer: Peer | undefined): void {
    if (peer !== undefined && !this.#options.places.move(socket, peer.remoteAddress)) return this.#refuse(socket, peer);
    if (this.#tlsGate !== undefined) return this.#tlsGate.enter(socket, peer);
    this.#unready.delete(socket);
    this.#events.onSocket(socket, peer);
  }

  #refuse(socket: Socket, peer: Peer | undefined): void {
    if (this.#tlsGate === undefined) return this.#events.onRefused(socket, peer);
    socket.destroy();
    this.#events.onRefused(undefined, peer);
  }

  #leaveTls(socket: Socket, peer: Peer | undefined): void {
    if (this.#isReset(socket)) this.#dropReset(socket);
    else this.#events.onSocket(socket, peer);
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
}
