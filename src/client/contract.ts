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
  /** Of a WebSocket: the code and reason of its Close, or 1006 where none came (RFC 6455 §7.4). */
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
  /** Its address, without `since`. */
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

export interface ConnectOptions {
  /**
   * Behind which message to begin, such as `connection.id` from before the page was loaded anew. The default, the empty string, begins
   * with what comes from now on. Any other text that is no id of the server's gets all that it keeps, behind a gap.
   */
  readonly since?: string | undefined;
  /** The transports to use, the most wanted first. All three by default, in the order of their type. */
  readonly transports?: readonly Transport[] | undefined;
  /** Hears each message once and in order: text is a string, binary is bytes. */
  readonly onMessage?: ((data: string | Uint8Array, detail: MessageDetail) => void) | undefined;
  /** Hears that messages are lost for this page, because the server no longer keeps them. What it still keeps follows. */
  readonly onGap?: (() => void) | undefined;
  /** Hears each change of where the connection stands. It may call `close` or `use`. */
  readonly onState?: ((state: ConnectionState) => void) | undefined;

  /** Header fields of requests over HTTP. A WebSocket's handshake cannot carry any. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether requests over HTTP to another origin carry cookies; as in `fetch`, `'same-origin'` by default. A WebSocket always carries its own. */
  readonly credentials?: 'include' | 'omit' | 'same-origin' | undefined;
  /** The media type of text sent over HTTP; `text/plain;charset=UTF-8` by default. */
  readonly contentType?: string | undefined;

  /** How long the head of an event stream, or the handshake of a WebSocket, may take; 5 s by default. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long an event stream may be silent, heartbeats included, and a poll wait; 45 s by default. A WebSocket only where it has brought a heartbeat, `{}`. */
  readonly silenceTimeoutMs?: number | undefined;
  /** How long a message sent over HTTP may take; 30 s by default. */
  readonly sendTimeoutMs?: number | undefined;
  /** The first wait before trying again, less up to half by chance; 500 ms by default. It doubles with each failure. */
  readonly minRetryMs?: number | undefined;
  /** The longest such wait; 15 s by default. */
  readonly maxRetryMs?: number | undefined;
  /** After how long a better transport is tried again, less up to half by chance; 30 s by default. It doubles with each failure, eight times at most. */
  readonly upgradeAfterMs?: number | undefined;
  /** Messages that wait to be sent; 1,000 by default. */
  readonly maxUnsent?: number | undefined;
}

/** A connection to one group of a server, whatever carries it, for as long as the page wants it. */
export interface Connection {
  /** The id of the last message heard: the place where the next connection goes on. */
  readonly id: string;
  readonly state: ConnectionState;

  /**
   * Sends, in the order of the calls: a message on a WebSocket, else a POST to the same address, one at a time. What is sent while there
   * is no connection waits for one.
   *
   * @returns a promise that resolves when a WebSocket has taken the message, which says nothing of the server, or when the POST was
   *   answered with success. It rejects with a `SendError`; the message may have arrived all the same, unless the error has a status.
   */
  send(data: string | Uint8Array): Promise<void>;
  /**
   * Uses these transports from now on, the most wanted first, and no other; without any, those it began with. Goes over to the first of them
   * at once, with nothing lost where the group keeps history.
   *
   * @throws TypeError on an unknown name.
   */
  use(...transports: readonly Transport[]): void;
  /** Gives up the connection that there is, and connects anew at once. */
  reconnect(): void;
  /** Ends it for good. What waits to be sent is rejected. */
  close(): void;
}
