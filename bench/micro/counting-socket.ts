/** WebSockets whose outlet only counts, and whose peer says what a benchmark wants it to say. */

import { asChannel } from '#src/channel/as-channel.js';
import { AsyncChannel } from '#src/channel/channel.js';
import type { Channel, ChannelHandlers, Message } from '#src/channel/contract.js';
import { CHANNEL_HOST, type ChannelHost, type ChannelPort, type ChannelSettings, type EventStreamHead, type Handshake, type HttpOutlet, type RequestWithHost, type WebSocketOutlet } from '#src/channel/outlet.js';
import type { SharedMessage } from '#src/channel/shared-message.js';
import { Counters } from '#src/counters.js';
import { Deadlines, SYSTEM_CLOCK } from '#src/net/deadlines.js';
import type { Transport } from '#src/net/protocol.js';
import { WebSocketProtocol, type WebSocketSettings } from '#src/websocket/protocol.js';
import { Relay } from '#src/websocket/relay.js';

/** What all sockets of a benchmark share. Its ticker never ticks: nobody joins it. */
const TICKER = new Deadlines(SYSTEM_CLOCK, 250);
const COUNTERS = new Counters();

const CHANNEL_SETTINGS: ChannelSettings = {
  softBufferBytes: 64 * 1024,
  maxBufferedBytes: 1024 * 1024,
  onOverflow: 'close',
  maxQueuedMessages: 64,
  maxQueuedBytes: 1024 * 1024,
  counters: COUNTERS,
  ticker: TICKER,
  unfinished: new Set(),
  report(error) {
    throw error;
  },
  observer: { channelOpened: () => {}, channelClosed: () => {} },
};

const SOCKET_SETTINGS: WebSocketSettings = {
  maxMessageBytes: 1024 * 1024,
  maxFragments: 0,
  maxMessagesPerSecond: Infinity,
  maxMessageBytesPerSecond: Infinity,
  messageTimeoutMs: 60_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 20_000,
  closeTimeoutMs: 5_000,
  heartbeatIntervalMs: 15_000,
  maxBufferedBytes: 1024 * 1024,
  counters: COUNTERS,
  ticker: TICKER,
  softBufferBytes: 64 * 1024,
  compression: undefined,
  relay: new Relay(),
  onPeerError(error) {
    throw error;
  },
};

/** An outlet that frames nothing. */
export class CountingOutlet implements WebSocketOutlet {
  readonly protocol = '';
  readonly bufferedAmount = 0;
  /** Characters or bytes of all messages. */
  total = 0;

  message(data: Message, _shared?: SharedMessage): void {
    this.total += data.length;
  }

  whenDrained(fn: () => void): void {
    fn();
  }

  closeFrame(): void {}
  failFrame(): void {}
  closeReply(): void {}
  ping(): void {}
  pauseReading(): void {}
  resumeReading(): void {}
}

/** A connection that takes all that is written, frames by now. */
export class CountingTransport implements Transport {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  readonly isSecure = false;
  readonly bufferedAmount = 0;
  readonly isCongested = false;
  total = 0;

  write(data: string | Uint8Array): void {
    this.total += data.length;
  }

  writeCopied(head: string, bytes: Uint8Array): void {
    this.total += head.length + bytes.length;
  }

  writeShared(data: string | Uint8Array): void {
    this.write(data);
  }

  writeAll(pieces: readonly (string | Uint8Array)[]): void {
    for (const piece of pieces) this.write(piece);
  }

  whenDrained(fn: () => void): void {
    fn();
  }

  soon(fn: () => void): void {
    process.nextTick(fn);
  }

  nextTurn(): Promise<void> {
    return new Promise(setImmediate);
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
  upgrade(): void {}
}

/** A channel that is an open WebSocket. */
export interface OpenSocket {
  readonly channel: Channel;
  /** What the peer does. */
  readonly port: ChannelPort;
}

/** Opens a WebSocket whose outlet is `outlet`. */
export function openSocket(outlet: WebSocketOutlet, handlers: ChannelHandlers = {}): OpenSocket {
  return open(() => outlet, handlers);
}

/** Opens one whose messages are framed, and written to `transport`. */
export function openFramingSocket(transport: Transport, handlers: ChannelHandlers = {}): OpenSocket {
  return open((port) => new WebSocketProtocol(transport, port, '', SOCKET_SETTINGS), handlers);
}

function open(outletFor: (port: ChannelPort) => WebSocketOutlet, handlers: ChannelHandlers): OpenSocket {
  const host = new SocketHost(outletFor);
  const channel = asChannel(host.request, handlers);
  if (!(channel instanceof AsyncChannel)) throw new TypeError('asChannel made another channel than this benchmark knows');
  return { channel, port: channel };
}

/** What offers one channel, which becomes a WebSocket at once: it never asks for an outlet of HTTP. */
class SocketHost implements ChannelHost {
  readonly settings = CHANNEL_SETTINGS;
  readonly clientLeft = false;
  readonly request: RequestWithHost;
  channel: Channel | undefined;
  readonly #outletFor: (port: ChannelPort) => WebSocketOutlet;

  constructor(outletFor: (port: ChannelPort) => WebSocketOutlet) {
    this.#outletFor = outletFor;
    this.request = { isWebSocketUpgrade: true, [CHANNEL_HOST]: this } as unknown as RequestWithHost;
  }

  get outlet(): HttpOutlet {
    throw new TypeError('a WebSocket has no outlet of HTTP');
  }

  take(channel: Channel): boolean {
    this.channel = channel;
    return true;
  }

  accepted(): void {}
  channelClosed(): void {}

  eventStream(): EventStreamHead {
    throw new TypeError('a WebSocket is no event stream');
  }

  handshake(): Handshake {
    return { isValid: true, accept: this.#outletFor };
  }
}
