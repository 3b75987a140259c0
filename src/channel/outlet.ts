/**
 * The seam between a channel and what carries it. The channel decides what happens (its transition table); an outlet knows
 * how it looks on the wire. Drivers implement the outlets and the host, and tell the channel what the peer did.
 */

import type { Counters } from '../counters.js';
import type { HeaderFields, HttpRequest, HttpResponse, ServerSentEvent } from '../http/contract.js';
import type { Ticker } from '../net/ticker.js';
import type { ClosedBy, Ending } from './close-status.js';
import type { Channel, ChannelHandlers, HandshakeError, Message } from './contract.js';
import type { SharedMessage } from './shared-message.js';

/** A streamed body: everything in `Body` that is neither text nor bytes nor nothing. */
export type StreamedBody = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> | ReadableStream<Uint8Array>;

/** What makes a response, or a piece of one: everything that can be sent but an event. */
export type Answer = string | Uint8Array | HttpResponse;

interface AnyOutlet {
  readonly bufferedAmount: number;
  /** Calls `fn` once everything written so far was taken by the kernel, or is lost. */
  whenDrained(fn: () => void): void;
}

/** One exchange of HTTP, as a channel drives it. A method that throws a `UsageError` has written nothing. */
export interface HttpOutlet extends AnyOutlet {
  /** Whether a send must be the last because this response can have no body: HEAD, 204, 205, 304. */
  mustBeWhole(data: Answer): boolean;
  /** Writes the head and the first piece of a streamed response. */
  begin(data: Answer): void;
  /** Writes a complete response; without data a 204. */
  whole(data: Answer | undefined): void;
  /** Writes the head of a streamed response that can have no body: a complete response. */
  headAlone(data: Answer): void;
  /** Streams a body; with `response`, behind its head. The channel hears `bodyEnded` or `bodyFailed`. */
  body(body: StreamedBody, response: HttpResponse | undefined): void;
  /** Writes a piece of the body; `shared` holds the bytes of one that many channels send. */
  chunk(data: Message, shared?: SharedMessage): void;
  /** Writes an event behind the head of an event stream; `shared` holds the bytes of one that many channels send. */
  event(event: ServerSentEvent, shared?: SharedMessage): void;
  /** Ends the body, `chunkLast` behind a last piece; false if it is shorter than was declared, and so was cut. */
  chunkLast(data: Message): boolean;
  last(): boolean;
  /** Writes a complete response that says nothing but its status, and closes the connection. */
  error(status: number): void;
  /** Ends the response so that the client sees it is not whole. */
  cut(): void;
}

/** A message that is unpacked when its turn comes: at once, or later. */
export interface PackedMessage {
  /** Its bytes as long as it is packed. */
  readonly length: number;
  /** `undefined`: it could not be unpacked, and the channel has been told; what came behind it is lost. Never throws or rejects. */
  unpack(): Message | undefined | PromiseLike<Message | undefined>;
}

/** One WebSocket, as a channel drives it. */
export interface WebSocketOutlet extends AnyOutlet {
  readonly protocol: string;
  /** Sends a message; `shared` holds the bytes of one that many channels send, `asIs` keeps it from being compressed. */
  message(data: Message, shared?: SharedMessage, asIs?: boolean): void;
  /** Sends a Close frame and starts the wait for the peer's. */
  closeFrame(code: number, reason: string): void;
  /** Gives up on the peer: a Close frame, then FIN, with no wait for an answer. */
  failFrame(code: number, reason: string): void;
  /** Answers the peer's Close frame and ends the connection. */
  closeReply(code: number | undefined): void;
  ping(data: Uint8Array): void;
  /** Stops and resumes reading, when the channel's queue is full and when it has room again. */
  pauseReading(): void;
  resumeReading(): void;
}

/** What a driver tells the channel that was taken from its request. */
export interface ChannelPort {
  /** Runs `fn` in the async context in which the channel was taken. */
  runInContext<T>(fn: (this: T) => void, self: T): void;
  received(message: Message | PackedMessage): void;
  /** No message is under way: what only messages need can go. */
  idled(): void;
  pinged(data: Uint8Array): void;
  ponged(data: Uint8Array): void;
  /** Output that had passed the soft mark was taken. */
  outputDrained(): void;
  bodyEnded(): void;
  /** A streamed body failed; whose fault it was is reported by the driver. */
  bodyFailed(): void;
  /** The peer's Close frame arrived (`undefined`: without a code), RFC 6455 §7.1.5. */
  peerClosed(code: number | undefined, reason: string): void;
  /** The peer broke a rule: the channel fails with this code (RFC 6455 §7.1.7). */
  peerFailed(code: number, reason: string): void;
  /** The connection is gone, or is about to be destroyed. */
  aborted(by: ClosedBy): void;
  /** The server is stopping. */
  shutDown(): void;
  /** The handler threw after it had taken this channel; `status` is the answer owed if nothing was sent. */
  handlerFailed(status: number): void;
}

/** What all channels of a server share. */
export interface ChannelSettings {
  readonly softBufferBytes: number;
  readonly maxBufferedBytes: number;
  readonly onOverflow: 'close' | 'drop';
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  readonly counters: Counters;
  readonly ticker: Ticker;
  /** Closed channels whose last messages are still being handled. */
  readonly unfinished: Set<{ expire(): void }>;
  /** Tells the application of an error in one of its callbacks. Never throws. */
  report(error: unknown, request: HttpRequest): void;
  readonly observer: ChannelObserver;
}

/** Who hears of channels. Never throws. */
export interface ChannelObserver {
  channelOpened(channel: Channel): void;
  /** It closed; `clean` is `undefined` while its WebSocket waits for the peer's Close. */
  channelClosed(channel: Channel, ending: Ending, clean: boolean | undefined): void;
}

/** What a request offers to whoever takes its channel. */
export interface ChannelHost {
  readonly settings: ChannelSettings;
  /** The channel that was taken from this request. */
  readonly channel: Channel | undefined;
  /** Makes `channel` the one of this request; false if the response was made already, so that there is nothing to take. */
  take(channel: Channel & ChannelPort): boolean;
  /** What carries the channel as long as it is not a WebSocket. */
  readonly outlet: HttpOutlet;
  /** Whether the client has left, so that a channel taken now is closed from the start. */
  readonly clientLeft: boolean;
  /** The channel has become a WebSocket. */
  accepted(): void;
  /** The channel closed; `hasClientLeft` unless this side ended its response in order. A WebSocket always leaves with its client. */
  channelClosed(hasClientLeft: boolean): void;
  /** Judges the head of an event stream; nothing is written before `write`. Throws a `UsageError` on invalid fields. */
  eventStream(headers: HeaderFields | undefined): EventStreamHead;
  /** Judges the client's handshake; nothing is written before `accept`. */
  handshake(handlers: Pick<ChannelHandlers, 'protocols' | 'headers'>): Handshake;
}

/** The head of an event stream that was judged. */
export interface EventStreamHead {
  /** Whether nothing can follow it, because this response can have no body: HEAD. */
  readonly isWhole: boolean;
  /** Writes it; from here on the outlet breaks a silence that is too long. */
  write(): void;
}

/** A handshake that was judged: it can be accepted, or has to be refused with a response. */
export type Handshake =
  | {
      readonly isValid: true;
      /** Puts the 101 into the output and makes the connection a WebSocket. */
      accept(port: ChannelPort): WebSocketOutlet;
    }
  | { readonly isValid: false; readonly error: HandshakeError; readonly response: HttpResponse };

/** Where a request keeps its host. */
export const CHANNEL_HOST: unique symbol = Symbol('longwire.channelHost');

export interface RequestWithHost extends HttpRequest {
  readonly [CHANNEL_HOST]: ChannelHost;
}
