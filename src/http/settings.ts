/** What all HTTP connections of a server share. */

import type { ChannelHandlers, Handler, HandshakeError } from '../channel/contract.js';
import type { ChannelPort, ChannelSettings, WebSocketOutlet } from '../channel/outlet.js';
import type { ProtocolError } from '../errors.js';
import type { HomeScope, Protocol, Transport } from '../net/protocol.js';
import type { HttpRequest } from './contract.js';
import type { Client } from './forwarded.js';
import type { HeadLimits } from './head.js';
import type { HttpParser } from './parser.js';
import type { RequestRates } from './request-rates.js';
import type { RequestTimes } from './request-deadlines.js';
import type { WriterSettings } from './response-writer.js';

export interface HttpSettings extends HeadLimits, RequestTimes, WriterSettings {
  readonly handler: Handler;
  /** The async context in which the server was made: the one of its handlers. */
  readonly home: { makeScope(): HomeScope };
  /** Stands for the parser of every connection that has nothing to parse: one of its own is made when bytes come, and let go of when it idles. */
  readonly idleParser: HttpParser;
  readonly maxBodyBytes: number;
  readonly maxStreamedBodyBytes: number;
  readonly maxPipelinedBytes: number;
  /** 0: event streams have no heartbeat. */
  readonly heartbeatIntervalMs: number;
  readonly channels: ChannelSettings;
  readonly observer: RequestObserver;
  /** Whether the server is stopping: no connection is kept, no WebSocket is opened. */
  readonly isStopping: boolean;
  /** Judges a WebSocket handshake; the driver of HTTP knows no other protocol. */
  upgrade(request: UpgradeRequest, protocols: ChannelHandlers['protocols']): Upgrade;
  /** Whether an address is that of a proxy whose word on its clients counts; `undefined` where none is. Never throws. */
  readonly trusts: ((address: string) => boolean) | undefined;
  /** `undefined` where the number of requests is not limited. */
  readonly rates: RequestRates | undefined;
  /** Tells the application's `onClientError`; `bytes` is a view of what was not understood. Never throws. */
  onPeerError(error: ProtocolError, transport: Transport, bytes: Uint8Array, request?: HttpRequest): void;
}

/** Who hears of requests and of their responses. Throws nothing of its own. */
export interface RequestObserver {
  /** Whether anybody listens to requests. */
  readonly hearsRequests: boolean;
  /** Tells of a request, and runs `serve` in the async contexts that listeners have bound to it. */
  requested<T, E>(request: HttpRequest, serve: (this: T, exchange: E) => void, self: T, exchange: E): void;
  /** The response is over: written whole, or not. `status` is `undefined` where no head was written. */
  responded(request: HttpRequest, status: number | undefined, isComplete: boolean): void;
}

/** What a handshake is judged by. */
export interface UpgradeRequest extends HttpRequest {
  readonly client: Client;
}

/** A WebSocket that may be opened, or why it may not. */
export type Upgrade =
  | HandshakeError
  | {
      readonly status: 101;
      /** The field lines of the answer that belong to the new protocol, each with its CR LF. */
      readonly lines: string;
      /** Makes the protocol that takes over the connection; `port` is the channel it feeds. */
      open(transport: Transport, port: ChannelPort): Protocol & WebSocketOutlet;
    };
