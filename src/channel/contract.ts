/** The Channel as the application sees it, and what a handler may return. */

import type { HeaderFields, HttpRequest, HttpResponse, Outgoing } from '../http/contract.js';
import type { CloseDetail, CloseStatus } from './close-status.js';

/** A message as received: text is a string, binary is bytes that belong to the application. */
export type Message = string | Uint8Array;

/** How one message is sent. */
export interface SendOptions {
  /** `false` sends a WebSocket message as it is where it would be compressed: what is compressed already, or must not be, such as a secret beside what a stranger chose. */
  readonly compress?: boolean | undefined;
}

/**
 * One asynchronous connection to one client: a long poll that waits for its answer, an HTTP response sent piece by piece, an event
 * stream, or a WebSocket. Which of them it is follows from the request, from how it is taken and from what is sent; the handler is
 * written once.
 *
 * A channel belongs to one request. Once closed it stays closed, and can never write into the next response on the same
 * connection. `Data` is the type of `data`, a slot for the application.
 */
export interface Channel<Data = unknown> {
  /** Whether something can still be sent. */
  readonly isOpen: boolean;
  /** Whether this is a WebSocket: true from the moment the handshake's answer is in the output. */
  readonly isWebSocket: boolean;
  /** Whether this is an event stream: what `asEventStream` has made of the channel of an HTTP request. */
  readonly isEventStream: boolean;
  /** The request this channel came from. */
  readonly request: HttpRequest;
  /** The subprotocol agreed in the handshake (RFC 6455 §1.9); empty where there is none. */
  readonly protocol: string;
  /**
   * The id of the last event that a client had before it reconnected: the `Last-Event-ID` of its request, decoded as UTF-8. Empty where
   * there is none. It is the client's word, and may be anything.
   */
  readonly lastEventId: string;
  /** Bytes sent and not yet taken by the kernel. */
  readonly bufferedAmount: number;
  /** A slot for the application. */
  data: Data;

  /**
   * Sends. On HTTP the first send makes the response: text or bytes its body, or an `HttpResponse` with status, headers and
   * body; later sends are further pieces of the body, and their status and headers do not count. On a WebSocket text
   * makes a text message and bytes a binary one; of an `HttpResponse` only the body counts. On an event stream each send is one event:
   * a `ServerSentEvent`, or its data alone, even if it is empty. Elsewhere only the `data` of an event counts.
   *
   * Bytes up to 4 KiB are copied at the call; larger ones are borrowed: leave them alone until `drained()`.
   *
   * @param closeAfterSend closes the channel behind the data. Defaults to true on HTTP, false on a WebSocket and an event stream. With `false`
   *   on another channel that has sent nothing, the response's head is written and the stream begins, even for an empty string;
   *   later empty pieces write nothing. A body that is an iterable or a stream closes after itself.
   * @returns true if the data was accepted for writing; false if the channel is closed, or the data was dropped because
   *   more than `maxBufferedBytes` were waiting already; what becomes of the channel then is `onOverflow`'s to say.
   * @throws UsageError on a body of an unknown type, bytes whose memory was transferred, an invalid status or header, an invalid event, or a
   *   streamed body on a WebSocket or an event stream; the channel is then as it was.
   */
  send(data: Outgoing, closeAfterSend?: boolean, options?: SendOptions): boolean;

  /**
   * Closes. An HTTP channel that has sent nothing answers with a complete 204, a streaming one ends its body: behind an event stream
   * the browser reconnects, until it is answered with a 204. A WebSocket
   * sends a Close frame and waits up to `closeTimeoutMs` for the peer's (RFC 6455 §7.1.2).
   *
   * @param code the WebSocket close code, default 1000: 1000-1003, 1007-1014 or 3000-4999. Not used on HTTP.
   * @param reason at most 123 bytes as UTF-8.
   * @returns true if this call closed the channel, false if it was closed already.
   * @throws UsageError on a code that may not be sent or a reason that is too long.
   */
  close(code?: number, reason?: string): boolean;

  /**
   * Sets what receives the messages of a WebSocket. Order is guaranteed: a promise that `fn` returns is awaited before the
   * next message of this channel is handed over. What arrives before a function is set is held, never dropped; a queue that
   * is full for 30 s while none is set ends the channel with 1003, so one that only sends should set one that does nothing. On
   * an HTTP channel, an event stream among them, it never fires. Setting it again replaces it.
   */
  onReceive(fn: (message: Message) => unknown): void;
  /** Sets what is told of a Ping, which was answered already and may have overtaken queued messages. */
  onPing(fn: (data: Uint8Array) => unknown): void;
  /** Sets what is told of a Pong. */
  onPong(fn: (data: Uint8Array) => unknown): void;
  /** Sets what is called when output that had passed `softBufferBytes` was taken by the kernel. */
  onDrain(fn: () => unknown): void;
  /**
   * Sets what is told of the end: once, after the last message was handled, never inside the call that closed. Set
   * after the end it is still called. It waits for the messages before it up to 30 s; what is left then is dropped.
   */
  onClose(fn: (status: CloseStatus, detail: CloseDetail) => unknown): void;

  /**
   * Sends a Ping (RFC 6455 §5.5.2) with up to 125 bytes of data.
   *
   * @returns true if it was sent; false on HTTP and on a closed channel.
   * @throws UsageError on longer data, or on bytes whose memory was transferred.
   */
  ping(data?: string | Uint8Array): boolean;
  /** Resolves when everything sent before was taken by the kernel, or the channel is over. Never rejects. */
  drained(): Promise<void>;
}

/** Why a WebSocket handshake was refused: the status that was answered, and the rule in words. */
export interface HandshakeError {
  readonly status: number;
  readonly reason: string;
}

/** What `asChannel` and `asEventStream` can be given. What is called can also be set on the channel later. */
export interface ChannelHandlers<Data = unknown> {
  /** Runs before the handshake is answered, or the head of an event stream is written: the place to join groups or fill `data`. What it throws is thrown. */
  readonly init?: ((channel: Channel<Data>) => void) | undefined;
  /** Runs when the channel is ready: behind the handshake on a WebSocket, behind the head on an event stream, at once on other HTTP. */
  readonly onOpen?: ((channel: Channel<Data>) => unknown) | undefined;
  /** This and the following are those of `Channel`, with the channel as their first argument. */
  readonly onReceive?: ((channel: Channel<Data>, message: Message) => unknown) | undefined;
  readonly onPing?: ((channel: Channel<Data>, data: Uint8Array) => unknown) | undefined;
  readonly onPong?: ((channel: Channel<Data>, data: Uint8Array) => unknown) | undefined;
  readonly onDrain?: ((channel: Channel<Data>) => unknown) | undefined;
  readonly onClose?: ((channel: Channel<Data>, status: CloseStatus, detail: CloseDetail) => unknown) | undefined;
  /** Runs where the client's handshake was refused: with 400 or 426 where it is invalid, 403 from a page that may not, 503 while the server is stopping. */
  readonly onHandshakeError?: ((error: HandshakeError) => unknown) | undefined;
  /**
   * The subprotocols this handler speaks, the most wanted first, or a function that chooses among those offered. Where
   * none fits, the handshake succeeds without one (RFC 6455 §4.2.2). To choose what was not offered is a `UsageError`.
   */
  readonly protocols?: readonly string[] | ((offered: readonly string[]) => string | undefined) | undefined;
  /** Further header fields for the handshake's answer, or for the head of an event stream, such as cookies. */
  readonly headers?: HeaderFields | undefined;
}

/** What a handler may answer with. Nothing, where no channel was taken, is a 404. */
export type HandlerResult = HttpResponse | string | Channel<never> | Channel | undefined | null | void;

/** Answers a request, at once or later. What it throws is answered with 500 and goes to `onError`; a `ProtocolError` with its own status. */
export type Handler = (request: HttpRequest) => HandlerResult | Promise<HandlerResult>;
