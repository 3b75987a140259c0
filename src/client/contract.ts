/** The connection as a page sees it. */

/** A way to hear the server: one connection both ways, a response without end, or requests that wait. */
export type Transport = 'websocket' | 'event-stream' | 'poll';

/** Where the server is: one address or several, the most wanted first. */
export type Addresses = string | readonly string[];

/** Where a connection finds its server. A function is asked whenever the connection is about to try. */
export type AddressSource = Addresses | (() => Addresses | Promise<Addresses>);

/** What came with a message. */
export interface MessageDetail {
  /** Its id; `undefined` where its group keeps no history, or it was sent to this connection alone. */
  readonly id: string | undefined;
  /** The name of its event; `undefined` where it has none. */
  readonly event: string | undefined;
}

/** Why a connection is over, or did not come about, as far as a browser tells: of a network that fails it tells nothing. */
export interface Ending {
  /** Of a WebSocket: the code and reason of its Close, or 1006 where none came (RFC 6455 §7.1.5). */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
  /** The status by which the server refused a request. */
  readonly status?: number | undefined;
  /** Whether the server took too long, to answer or to give a sign of life. */
  readonly isTimeout?: boolean | undefined;
}

/** Where a connection stands. */
export interface ConnectionState {
  /** `connecting`: it tries. `open`: it hears. `waiting`: all was tried, or a connection was lost, and it will try again. `closed`: it was closed here. */
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed';
  /** The transport in use or being tried; where nothing is, the last one. */
  readonly transport: Transport;
  /** Its address in full, for `http:` or `https:` and without `since`; empty before the first attempt. */
  readonly url: string;
  /** Why the last one is over. */
  readonly ending?: Ending | undefined;
  /** While `waiting`: after how many milliseconds it tries again. */
  readonly retryInMs?: number | undefined;
}

/** Why a message was refused by a server that was sent it over HTTP. */
export interface SendError extends Error {
  readonly status: number;
  /** The text of the answer. */
  readonly body: string;
}

/** What a connection is told, and what it tells. All are optional. `Infinity`, and all that no timer can wait, about 24 days, is never. */
export interface ConnectOptions {
  /**
   * Behind which message to begin, such as the `id` of a connection before the page was loaded anew. Empty, which is the default, it is
   * what comes from now on; any other text that is no id of the server's brings all that it keeps, behind a gap.
   */
  readonly since?: string | undefined;
  /** The transports to use, at least one, the most wanted first. All three by default: WebSocket, event stream, poll. */
  readonly transports?: readonly Transport[] | undefined;
  /** Hears each message once and in order: text is a string, binary is bytes. */
  readonly onMessage?: ((data: string | Uint8Array, detail: MessageDetail) => void) | undefined;
  /** Hears that messages are lost for this page, because the server no longer keeps them. What it still keeps follows. */
  readonly onGap?: (() => void) | undefined;
  /** Hears each change of where the connection stands. */
  readonly onState?: ((state: ConnectionState) => void) | undefined;

  /** Header fields of requests over HTTP. A WebSocket's handshake cannot carry any. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether requests over HTTP carry cookies, as in `fetch`: to the page's own origin alone by default. A WebSocket always carries its own. */
  readonly credentials?: 'include' | 'omit' | 'same-origin' | undefined;
  /** The media type of what is sent over HTTP; by default that of `fetch`, `text/plain;charset=UTF-8` for text and none for bytes. */
  readonly contentType?: string | undefined;

  /** How long the handshake of a WebSocket or the head of an event stream may take; 5 s by default. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long an event stream may be silent, heartbeats included, and a poll wait; 45 s by default, three times the server's
   * `heartbeatIntervalMs`. It holds for a WebSocket as soon as that has brought a heartbeat.
   */
  readonly silenceTimeoutMs?: number | undefined;
  /** How long a POST may take; 30 s by default. */
  readonly sendTimeoutMs?: number | undefined;
  /** The first wait before trying again, less up to half by chance; 500 ms by default. It doubles with each failure. */
  readonly minRetryMs?: number | undefined;
  /** The longest such wait; 15 s by default. */
  readonly maxRetryMs?: number | undefined;
  /** How long until a better transport is tried again, less up to half by chance; 60 s by default. */
  readonly upgradeAfterMs?: number | undefined;
}

/** A connection to one group of a server, whatever carries it, for as long as the page wants it. */
export interface Connection {
  /** The id of the last message heard: the place where another connection can go on. */
  readonly id: string;
  readonly state: ConnectionState;

  /**
   * Sends, in the order of the calls: a message on a WebSocket, else a POST to the same address, one at a time. What is sent while there
   * is no connection waits for one, up to 1,000 messages.
   *
   * @returns a promise that resolves when a WebSocket has taken the message, which says nothing of the server, or when the POST was
   *   answered with success. It rejects with a `SendError` where the server refuses, with another error where the message was not sent, or
   *   its POST has no answer: then it may have arrived, or not.
   */
  send(data: string | Uint8Array): Promise<void>;
  /** Uses these transports from now on, the most wanted first, and no other; without any, those it began with. Connects anew at once. */
  use(...transports: readonly Transport[]): void;
  /** Gives up the connection that there is, and connects anew at once, by the best transport that works. */
  reconnect(): void;
  /** Ends it for good. What waits to be sent is rejected. */
  close(): void;
}
