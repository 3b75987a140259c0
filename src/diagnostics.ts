/**
 * What servers tell whoever listens, on the named channels of node:diagnostics_channel. An event that nobody listens to costs one
 * boolean test: nothing is allocated for it. Listeners run within the call that tells them, when our own state is settled; what one
 * throws Node raises as an uncaught exception when the turn is over, and nothing here sees it.
 */

import { channel } from 'node:diagnostics_channel';
import type { CloseDetail, CloseStatus, Ending } from './channel/close-status.js';
import type { Channel } from './channel/contract.js';
import type { ChannelObserver } from './channel/outlet.js';
import type { HttpRequest } from './http/contract.js';
import type { RequestObserver } from './http/settings.js';
import type { Departure, Transport } from './net/protocol.js';

/** One end of a connection: an empty address and port 0 on a unix socket. */
interface DiagnosticsConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly isSecure: boolean;
}

/** What is published, by the name of the channel of node:diagnostics_channel that it is published on. */
export interface DiagnosticsEvents {
  /** A connection was accepted; with TLS, its handshake is complete. */
  'longwire.connection.opened': DiagnosticsConnection;
  /** It is gone. `finished`: both sides ended it in order. */
  'longwire.connection.closed': DiagnosticsConnection & { readonly reason: 'finished' | 'reset' | 'timeout' | 'shutdown' | 'aborted' };
  /** The head of a request is complete, and the handler is about to run, in the contexts that `bindStore` has bound here. */
  'longwire.request': { readonly request: HttpRequest };
  /**
   * The response is over, once for each request. `isComplete`: it was written whole; else it was cut, or the client left before its end.
   * `status` is `undefined` where no head was written, and 101 where the request became a WebSocket.
   */
  'longwire.response': { readonly request: HttpRequest; readonly status: number | undefined; readonly isComplete: boolean };
  /** A channel was taken; a WebSocket, once its handshake's answer is in the output. */
  'longwire.channel.opened': { readonly channel: Channel; readonly request: HttpRequest };
  /** It closed just now; `onClose` may still wait for the messages before. `clean` is `undefined` while our Close waits for the client's. */
  'longwire.channel.closed': {
    readonly channel: Channel;
    readonly request: HttpRequest;
    readonly status: CloseStatus;
    readonly detail: Omit<CloseDetail, 'clean'> & { readonly clean: boolean | undefined };
  };
  /** What goes to `onError`, and, as a `ProtocolError`, what goes to `onClientError`. */
  'longwire.error': {
    readonly error: unknown;
    readonly request?: HttpRequest | undefined;
    readonly remoteAddress?: string | undefined;
    readonly remotePort?: number | undefined;
  };
}

/** What is used of a channel of Node, which does not know what is published on it. */
interface NamedChannel<E> {
  readonly hasSubscribers: boolean;
  publish(event: E): void;
  runStores<T, A extends unknown[]>(event: E, fn: (this: T, ...args: A) => void, self: T, ...args: A): void;
}

const channelOf = <N extends keyof DiagnosticsEvents>(name: N): NamedChannel<DiagnosticsEvents[N]> => channel(name);

const connectionOpened = channelOf('longwire.connection.opened');
const connectionClosed = channelOf('longwire.connection.closed');
const requested = channelOf('longwire.request');
const responded = channelOf('longwire.response');
const channelOpened = channelOf('longwire.channel.opened');
const channelClosed = channelOf('longwire.channel.closed');
const failed = channelOf('longwire.error');

/** Where an error came from, as far as it is known. */
type Origin = Omit<DiagnosticsEvents['longwire.error'], 'error'>;

/** Each tells of one event; none throws. */
export const diagnostics = {
  connectionOpened({ remoteAddress, remotePort, isSecure }: Transport): void {
    if (connectionOpened.hasSubscribers) connectionOpened.publish({ remoteAddress, remotePort, isSecure });
  },

  connectionClosed({ remoteAddress, remotePort, isSecure }: Transport, reason: Departure): void {
    if (connectionClosed.hasSubscribers) connectionClosed.publish({ remoteAddress, remotePort, isSecure, reason });
  },

  get hearsRequests(): boolean {
    return requested.hasSubscribers;
  },

  requested<T, E>(request: HttpRequest, serve: (this: T, exchange: E) => void, self: T, exchange: E): void {
    requested.runStores({ request }, serve, self, exchange);
  },

  responded(request: HttpRequest, status: number | undefined, isComplete: boolean): void {
    if (responded.hasSubscribers) responded.publish({ request, status, isComplete });
  },

  channelOpened(channel: Channel): void {
    if (channelOpened.hasSubscribers) channelOpened.publish({ channel, request: channel.request });
  },

  channelClosed(channel: Channel, { status, code, reason, by }: Ending, clean: boolean | undefined): void {
    if (channelClosed.hasSubscribers) channelClosed.publish({ channel, request: channel.request, status, detail: { code, reason, by, clean } });
  },

  failed(error: unknown, origin: Origin | undefined, request: HttpRequest | undefined): void {
    if (failed.hasSubscribers) failed.publish({ error, request, remoteAddress: origin?.remoteAddress, remotePort: origin?.remotePort });
  },
} satisfies RequestObserver & ChannelObserver & Record<string, unknown>;
