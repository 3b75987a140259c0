/**
 * Shakes hands with connections that speak TLS, and hands over what is left when that is done: the plain text. Its certificate can be
 * replaced while it works: handshakes that begin behind that get the new one, and connections that are open do not notice.
 */

import type { Socket } from 'node:net';
import { createSecureContext, createServer, type SecureContextOptions, type Server, type TlsOptions, type TLSSocket } from 'node:tls';
import { UsageError } from '../errors.js';
import { isThenable } from '../thenable.js';
import type { Peer } from './protocol.js';

/** 25 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface TlsGateSettings {
  readonly tls: TlsOptions;
  readonly tlsHandshakeTimeoutMs: number;
}

/** What becomes of a connection at the gate. */
export interface TlsGateEvents {
  /** The handshake is done. `peer` is whom it entered for. */
  onPassed(socket: TLSSocket, peer: Peer | undefined): void;
  /** It failed, or was not done in time; the connection is destroyed. */
  onFailed(error: Error & { code?: string }): void;
  /** A callback of the application's own options failed, and with it the handshake. */
  onFault(error: unknown): void;
}

export class TlsGate {
  readonly #events: TlsGateEvents;
  readonly #server: Server;
  #options: TlsOptions;
  /** Whom a proxy speaks for, by the addresses and ports of a connection, until that is gone. */
  readonly #peers = new Map<string, Peer>();

  /** Throws a `UsageError` for options that no handshake can be made with. */
  constructor({ tls, tlsHandshakeTimeoutMs }: TlsGateSettings, events: TlsGateEvents) {
    this.#events = events;
    this.#options = tls;
    // To node:tls no limit is 0; more than a timer can hold is a warning at every connection, and Infinity an exception.
    const handshakeTimeout = tlsHandshakeTimeoutMs > MAX_TIMER_MS ? 0 : tlsHandshakeTimeoutMs;
    this.#server = checked('option tls', () => createServer({ ...this.#prepared(tls), handshakeTimeout }));
    this.#server.on('secureConnection', (socket) => this.#pass(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#fail(error, socket));
  }

  /** Begins a handshake; what becomes of it is told later. */
  enter(socket: Socket, peer: Peer | undefined): void {
    if (peer !== undefined) {
      const key = keyOf(socket);
      this.#peers.set(key, peer);
      socket.once('close', () => this.#peers.delete(key));
    }
    this.#server.emit('connection', socket);
  }

  /** Replaces what handshakes are made with from now on. What is not given stays; where anything is wrong with it, a `UsageError`, and all stays. */
  setSecureContext(options: SecureContextOptions): void {
    if (typeof options !== 'object' || options === null) throw new UsageError('setSecureContext takes an object of options for tls.createSecureContext');
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const next = { ...besides(this.#options, given), ...given };
    // On its own first: where this throws, the server in use would already have forgotten what it had.
    checked('setSecureContext', () => createSecureContext(next));
    this.#server.setSecureContext(next);
    this.#options = next;
  }

  #pass(socket: TLSSocket): void {
    // Who sends FIN in the midst of a handshake is gone; now that it is done, half-open is what HTTP needs.
    socket.allowHalfOpen = true;
    this.#events.onPassed(socket, this.#peers.get(keyOf(socket)));
  }

  #fail(error: Error & { code?: string }, socket: TLSSocket): void {
    // A certificate of the client that is not trusted shows as a reset otherwise.
    const reason: unknown = socket.authorizationError;
    this.#events.onFailed(typeof reason === 'string' ? Object.assign(new Error(reason), { code: reason }) : error);
    socket.destroy();
  }

  #prepared(tls: TlsOptions): TlsOptions {
    const { SNICallback, ALPNCallback, ALPNProtocols } = tls;
    return {
      ...tls,
      ...(ALPNProtocols === undefined && ALPNCallback === undefined ? { ALPNProtocols: ['http/1.1'] } : {}),
      ...(SNICallback === undefined ? {} : { SNICallback: this.#guardedChoice(SNICallback) }),
    };
  }

  /** A choice of a certificate that throws or rejects ends the handshake that asked for it, and nothing else. */
  #guardedChoice(choose: NonNullable<TlsOptions['SNICallback']>): NonNullable<TlsOptions['SNICallback']> {
    return (servername, callback) => {
      const fail = (error: unknown): void => {
        this.#events.onFault(error);
        callback(error instanceof Error ? error : new Error('SNICallback failed'));
      };
      try {
        const chosen: unknown = choose(servername, callback);
        if (isThenable(chosen)) Promise.resolve(chosen).catch(fail);
      } catch (error) {
        fail(error);
      }
    };
  }
}

/** What stays beside `given`: a key and its certificate come in one of two forms, and either takes the place of the other. */
function besides(options: TlsOptions, given: SecureContextOptions): TlsOptions {
  const { pfx, ...withoutPfx } = options;
  const { key, cert, ...withoutBoth } = withoutPfx;
  if (given.pfx !== undefined) return withoutBoth;
  return given.key === undefined && given.cert === undefined ? options : withoutPfx;
}

/** What node:tls throws says what is wrong with a certificate, but not whose call it was. */
function checked<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError(`${what} is refused by node:tls: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** What tells a TCP connection from all others that are open, also from above its TLS. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
