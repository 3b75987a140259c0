/** What a handler is given and what it may answer with: the HTTP half of the public surface. */

/** Header fields to send. Names are tokens; values hold no control character but HTAB, and nothing beyond latin1 (RFC 9110 §5.5). */
export type HeaderFields =
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Headers
  | Iterable<readonly [string, string]>;

/**
 * What a response may carry. Text is sent as UTF-8. Iterables and streams are sent chunk by chunk, waiting whenever the
 * client is slower; one that fails aborts the response visibly.
 */
export type Body =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | ReadableStream<Uint8Array>
  | null;

/**
 * A response. `status` defaults to 200 (501 to a CONNECT: no tunnel is opened here) and must lie in 200-599. The server owns the framing: `Transfer-Encoding` is refused, and
 * `Content-Length` counts only for HEAD, 304 and streamed bodies. Of `Connection`, `close` counts and options that name fields are sent; `Date` is added where
 * it is not given. Text without a `Content-Type` is sent as `text/html; charset=utf-8`.
 */
export interface HttpResponse {
  readonly status?: number;
  readonly headers?: HeaderFields | undefined;
  readonly body?: Body | undefined;
}

/**
 * One event of an event stream, as `EventSource` in a browser hears it (HTML Standard, §9.2 Server-sent events). All of it may be left out,
 * but an event with a name needs data: without data the client fires none, and only takes note of `id` and `retry`.
 */
export interface ServerSentEvent {
  /** The name it is fired under, `message` where there is none. Without CR, LF and NUL. */
  readonly event?: string | undefined;
  /**
   * What a client that reconnects sends as `Last-Event-ID`, and the channel then has as `lastEventId`; an empty one makes the client
   * forget what it had. Without CR, LF and NUL.
   */
  readonly id?: string | undefined;
  /**
   * Text of any number of lines; CR LF and CR arrive as LF. The format carries text alone, so bytes are sent in base64, with a field
   * `encoding` that says so, and under the name `binary` where the event has none.
   */
  readonly data?: string | Uint8Array | undefined;
  /** From here on the client waits so many milliseconds before it reconnects: a whole number from 0. */
  readonly retry?: number | undefined;
}

/**
 * What a channel can send: text, bytes, or on HTTP a response. On a WebSocket and an event stream only the `body` of a response counts; of
 * an event, everywhere but on an event stream, only its `data`, as a message or a body.
 */
export type Outgoing = string | Uint8Array | HttpResponse | ServerSentEvent;

/** One request. The handler runs when its head is complete; the body is read when asked for. */
export interface HttpRequest {
  /**
   * The method as sent, such as `GET`; methods are case-sensitive (RFC 9110 §9.1). A `CONNECT` is refused with 501 unless its answer
   * has a status of its own, and always ends the connection.
   */
  readonly method: string;
  /** The request target as sent (RFC 9112 §3.2). */
  readonly url: string;
  /** The path of the target, as sent, without the query. `*` for the asterisk form, empty for the authority form. */
  readonly path: string;
  /** What follows the first `?` of the target, as sent; empty where there is none. */
  readonly query: string;
  /**
   * Host and port that the request is for, as sent: those of an absolute or authority form, which win over `Host`, else the `Host`
   * field (RFC 9112 §3.3). Empty where an HTTP/1.0 client sent none.
   */
  readonly authority: string;
  /** The query, parsed on first use. */
  readonly searchParams: URLSearchParams;
  readonly httpVersion: '1.0' | '1.1';
  /**
   * All header fields by lower-case name, built on first use: a null-prototype object. Fields sent twice are joined by `, `
   * (`Cookie` by `; `), or the first one wins where a second makes no sense, as in node:http.
   */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** One header field by name, in any case, joined as in `headers`. Builds nothing. */
  header(name: string): string | undefined;
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
  /**
   * The address of the client: the peer of the socket, or whom the header of the PROXY protocol or a proxy of `trustProxy` names. Empty on
   * a unix socket.
   */
  readonly remoteAddress: string;
  /** The port of the client; 0 on a unix socket, and where a proxy does not tell it. */
  readonly remotePort: number;
  /** `https` where the client speaks TLS, to us or to a proxy of `trustProxy` that says so; else `http`. */
  readonly scheme: 'http' | 'https';
  /** Whether the client asks to switch to WebSocket. Taking the channel accepts; returning a response refuses. */
  readonly isWebSocketUpgrade: boolean;
  /**
   * Aborted when the client goes away before it has its answer, or its answer is cut; on a WebSocket when it closes. Made on first
   * use. Its `reason` is a `ProtocolError`.
   */
  readonly signal: AbortSignal;
  /**
   * The body in pieces, as they arrive; reading slowly slows the client down. It can be read once, in one of the four ways; a
   * second is a `UsageError`. Rejects with a `ProtocolError` whose `status` is 400 (bad framing), 408 (too slow), 413 (over
   * `maxStreamedBodyBytes`) or 431 (trailers too large), or `undefined` when the client left or the response was complete before
   * the body was read. Bytes handed over belong to the application; their `buffer` may begin with what came ahead of them, so mind `byteOffset`.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The body as text, decoded as UTF-8, up to `maxBodyBytes` (413 beyond). Rejects as `body` does; so do the next two. */
  text(): Promise<string>;
  /** The body parsed as JSON, up to `maxBodyBytes`; a `ProtocolError` with status 400 where it is none. */
  json<T = unknown>(): Promise<T>;
  /** The body's bytes, up to `maxBodyBytes`; as those of `body`, they may begin within their `buffer`. */
  bytes(): Promise<Uint8Array>;
  /** The trailer fields of a chunked body by lower-case name: empty until the body was read to its end (RFC 9110 §6.5). */
  readonly trailers: Readonly<Record<string, string | undefined>>;
}
