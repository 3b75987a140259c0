/**
 * Reads the header of the PROXY protocol from a connection that was just accepted, before TLS and before any protocol sees a byte; what
 * follows the header stays in the socket. Only a trusted proxy is listened to: to all others a header is what any other bytes are.
 */

import type { Socket } from 'node:net';
import type { ProtocolError } from '../errors.js';
import type { Peer } from './protocol.js';
import { findProxyHeader, proxyError, type ProxyFinding } from './proxy-header.js';
import type { Ticker, Ticking } from './ticker.js';

/** `optional`: a trusted proxy may leave the header out. `required`: it may not, and nobody else may connect. */
export type ProxyProtocol = 'off' | 'optional' | 'required';

export interface ProxyGateSettings {
  readonly proxyProtocol: ProxyProtocol;
  readonly headTimeoutMs: number;
  readonly ticker: Ticker;
  trusts(address: string): boolean;
}

/** What becomes of a connection at the gate. */
export interface ProxyGateEvents {
  /** It may go on. `peer` is who the header names; `undefined`: who the socket says. */
  onPassed(socket: Socket, peer: Peer | undefined): void;
  /** It may not, and is destroyed. `bytes` are the first it sent. */
  onStopped(error: ProtocolError, socket: Socket, bytes: Uint8Array): void;
}

export class ProxyGate {
  readonly #settings: ProxyGateSettings;
  readonly #events: ProxyGateEvents;

  constructor(settings: ProxyGateSettings, events: ProxyGateEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Tells, now or later, what becomes of `socket`; nothing where it is gone before. */
  enter(socket: Socket): void {
    const { proxyProtocol, trusts } = this.#settings;
    if (trusts(socket.remoteAddress ?? '')) {
      new HeaderReader(socket, this.#settings, this.#events);
    } else if (proxyProtocol === 'optional') {
      this.#events.onPassed(socket, undefined);
    } else {
      this.#events.onStopped(proxyError('PROXY_NOT_TRUSTED'), socket, new Uint8Array(0));
      socket.destroy();
    }
  }
}

/** One connection whose header is being read. */
class HeaderReader implements Ticking {
  readonly #socket: Socket;
  readonly #settings: ProxyGateSettings;
  readonly #events: ProxyGateEvents;
  readonly #dueAt: number;
  #received = Buffer.alloc(0);

  constructor(socket: Socket, settings: ProxyGateSettings, events: ProxyGateEvents) {
    this.#socket = socket;
    this.#settings = settings;
    this.#events = events;
    this.#dueAt = settings.ticker.after(settings.headTimeoutMs);
    settings.ticker.add(this);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  onTick(now: number): void {
    if (now >= this.#dueAt) this.#stop(proxyError('PROXY_HEADER_TIMEOUT'));
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#received = Buffer.concat([this.#received, bytes]);
    let finding: ProxyFinding;
    try {
      finding = findProxyHeader(this.#received);
    } catch (error) {
      return this.#stop(error as ProtocolError);
    }
    if (finding === 'incomplete') return;
    if (finding !== 'none') this.#pass(finding.length, finding.peer);
    else if (this.#settings.proxyProtocol === 'optional') this.#pass(0, undefined);
    else this.#stop(proxyError('PROXY_HEADER_MISSING'));
  };

  /** What little came is no header, and nothing will follow. */
  readonly #onEnd = (): void => {
    if (this.#received.length > 0) return this.#stop(proxyError('PROXY_BAD_HEADER'));
    this.#leave();
    this.#socket.destroy();
  };

  readonly #onError = (): void => {
    // The close that follows says all there is to say.
  };

  readonly #onClose = (): void => this.#leave();

  #pass(headerLength: number, peer: Peer | undefined): void {
    const socket = this.#socket;
    this.#leave();
    socket.pause();
    if (this.#received.length > headerLength) socket.unshift(this.#received.subarray(headerLength));
    this.#events.onPassed(socket, peer);
  }

  #stop(error: ProtocolError): void {
    this.#leave();
    this.#events.onStopped(error, this.#socket, this.#received);
    this.#socket.on('error', this.#onError);
    this.#socket.destroy();
  }

  #leave(): void {
    this.#settings.ticker.delete(this);
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('error', this.#onError);
    this.#socket.off('close', this.#onClose);
  }
}
