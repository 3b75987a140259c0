/**
 * The composition: a server is an acceptor, its connections, and what they share. Every connection starts with HTTP; the WebSocket
 * that may follow is handed to the HTTP driver as a function, so that neither knows the other.
 */

import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { inspect } from 'node:util';
import { EMPTY } from './bytes.js';
import type { ChannelHandlers, Handler } from './channel/contract.js';
import { Counters } from './counters.js';
import { diagnostics } from './diagnostics.js';
import { type ProtocolError, UsageError } from './errors.js';
import type { HttpRequest } from './http/contract.js';
import { DateField } from './http/date.js';
import { LastHead } from './http/last-head.js';
import { HttpParser } from './http/parser.js';
import { HttpProtocol } from './http/protocol.js';
import { RequestRates } from './http/request-rates.js';
import type { HttpSettings, Upgrade, UpgradeRequest } from './http/settings.js';
import { reasonPhrase } from './http/status.js';
import { Acceptor } from './net/acceptor.js';
import { Connection, type ConnectionSettings } from './net/connection.js';
import { type Clock, Deadlines, SYSTEM_CLOCK, tickPeriodFor } from './net/deadlines.js';
import { HomeContext } from './net/home-context.js';
import { Places } from './net/places.js';
import type { Departure, Peer } from './net/protocol.js';
import type { Ticking } from './net/ticker.js';
import { TurnQueue } from './net/turn-queue.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions, shortestDeadlineMs } from './options.js';
import { type ServerStats, statsOf } from './server-stats.js';
import { StopDeadline } from './stop-deadline.js';
import { isThenable } from './thenable.js';
import { WaitableSet } from './waitable-set.js';
import { type DeflateParameters, deflateResponse, negotiateDeflate } from './websocket/extensions.js';
import { acceptKey, chooseProtocol, handshakeViolation } from './websocket/handshake.js';
import { isOriginAllowed } from './websocket/origin.js';
import { WebSocketProtocol, type WebSocketSettings } from './websocket/protocol.js';
import { Relay } from './websocket/relay.js';
import { TurnLimit } from './websocket/turn-limit.js';
import { WorkLimit } from './websocket/work-limit.js';

/** `stopping` from the call of `stop`, `stopped` once its promise resolves. */
export type ServerStatus = 'running' | 'stopping' | 'stopped';

/** How to stop. */
export interface StopOptions {
  /** Milliseconds after which what is left is destroyed. Default 10 s; a second call with less shortens it. */
  readonly timeoutMs?: number | undefined;
  /** Awaited first, within the deadline, while requests are still served: the place to tell a load balancer. */
  readonly onDraining?: (() => unknown) | undefined;
}

/** How the connections that were open at the stop ended. */
export interface StopResult {
  readonly closed: number;
  readonly destroyed: number;
}

/** A server that listens. */
export interface Server {
  /** The port listened on; 0 on a unix socket. */
  readonly port: number;
  /** Such as `http://0.0.0.0:9090`; `unix:` and the path on a unix socket. */
  readonly url: string;
  readonly status: ServerStatus;
  /** What it counted until now, and still counts after a stop. */
  stats(): ServerStats;
  /**
   * Replaces the certificate and what else TLS handshakes are made with, without a restart: what is not given stays as it was. Handshakes
   * that begin behind it get the new one; connections that are open go on, and sessions are resumed no more unless `ticketKeys` say so.
   *
   * @throws UsageError on a server without `tls`, or what node:tls refuses, such as a key that is not the certificate's; its error is
   *   the `cause`, and everything stays as it was.
   */
  setSecureContext(options: SecureContextOptions): void;
  /**
   * Stops: accepts no more, closes what is idle, ends what waits (WebSockets get 1001, polls 503, streams their end), lets handlers
   * and bodies finish, and destroys what is left at the deadline. WebSockets are waited for up to 5 s. Calling it again gives the
   * same promise, and asks for nothing more than a closer deadline.
   *
   * @returns how the connections ended; never rejects.
   * @throws UsageError on a `timeoutMs` that is no number from 0, or an `onDraining` that is no function.
   */
  stop(options?: StopOptions): Promise<StopResult>;
  /** `stop()` with its defaults, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param handler answers each request; it runs when the request's head is complete.
 * @returns the server, once it listens. Rejects with the system's error where it cannot, such as EADDRINUSE or EACCES.
 * @throws UsageError (as a rejection) on a handler that is no function, or an option that is unknown or wrong, before anything listens.
 */
export async function runServer(handler: Handler, options: ServerOptions = {}): Promise<Server> {
  const server = new LongwireServer(handler, options);
  await server.start();
  return server;
}

/** The options of a stop with their defaults; a `UsageError` says which is wrong. */
export function checkStopOptions({ timeoutMs = STOP_TIMEOUT_MS, onDraining }: StopOptions): { timeoutMs: number; onDraining: StopOptions['onDraining'] } {
  if (onDraining !== undefined && typeof onDraining !== 'function') throw new UsageError(`onDraining must be a function, not ${typeof onDraining}`);
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) throw new UsageError('timeoutMs must be a number of milliseconds from 0');
  return { timeoutMs, onDraining };
}

/** Messages of a server that are compressed or inflated at once, each in a thread of the pool of Node, which has four. */
const MAX_COMPRESSIONS = 4;
/** How long short messages may be inflated within one turn of the event loop. */
const INFLATE_MS = 4;
/** So long what was read in one turn is served without a break: what waits for a promise, or for the end of the turn, goes on behind it. */
const SERVE_MS = 2;
/** So many connections are read at most before they are served: with more, the first would have left the caches of the processor. */
const MAX_ARRIVALS = 64;
/** How long a stop may take where nothing else is asked. */
const STOP_TIMEOUT_MS = 10_000;

/** So many refused connections may linger at once: they wait for their clients to read why, and must not use up what others need. */
const MAX_REFUSED = 1_000;

/** Tests construct it with a clock of their own. */
export class LongwireServer implements Server {
  status: ServerStatus = 'running';
  readonly #options: ResolvedOptions;
  readonly #counters = new Counters();
  readonly #deadlines: Deadlines;
  readonly #trusts: HttpSettings['trusts'];
  readonly #acceptor: Acceptor;
  readonly #home = new HomeContext();
  readonly #connections = new WaitableSet<Connection>();
  /** One entry of the clock for all connections: an entry for each would cost memory. */
  readonly #ticks: Ticking = { onTick: (now) => this.#tick(now) };
  /** Those of them that were refused, the oldest first. */
  readonly #refused = new Set<Connection>();
  /** Closed channels whose last messages are still being handled. */
  readonly #unfinished = new WaitableSet<{ expire(): void }>();
  readonly #connectionSettings: ConnectionSettings;
  readonly #httpSettings: HttpSettings;
  readonly #webSocketSettings: WebSocketSettings;
  #port = 0;
  /** Whether the acceptor was closed; what still comes had its handshake under way. */
  #hasClosed = false;
  #stopping: Promise<StopResult> | undefined;
  readonly #deadline = new StopDeadline();

  constructor(handler: Handler, options: ServerOptions, clock: Clock = SYSTEM_CLOCK) {
    if (typeof handler !== 'function') throw new UsageError(`the handler must be a function of the request, not ${typeof handler}`);
    this.#options = resolveOptions(options);
    this.#deadlines = new Deadlines(clock, tickPeriodFor(shortestDeadlineMs(this.#options)));
    this.#trusts = this.#makeTrusts();
    this.#webSocketSettings = this.#makeWebSocketSettings(clock);
    this.#httpSettings = this.#makeHttpSettings(handler, clock);
    this.#connectionSettings = this.#makeConnectionSettings();
    this.#acceptor = this.#makeAcceptor();
  }

  async start(): Promise<void> {
    await this.#acceptor.listen();
    this.#port = this.#acceptor.port;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { host, path, tls } = this.#options;
    if (path !== undefined) return `unix:${path}`;
    return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  stats(): ServerStats {
    let buffered = 0;
    for (const connection of this.#connections) buffered += connection.waitingBytes;
    return statsOf(this.#counters, this.#connections.size, buffered);
  }

  setSecureContext(options: SecureContextOptions): void {
    this.#acceptor.setSecureContext(options);
  }

  stop(options: StopOptions = {}): Promise<StopResult> {
    const { timeoutMs, onDraining } = checkStopOptions(options);
    this.#deadline.tighten(timeoutMs);
    return (this.#stopping ??= this.#stop(onDraining));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(onDraining: (() => unknown) | undefined): Promise<StopResult> {
    this.status = 'stopping';
    const { reached } = this.#deadline;
    if (onDraining !== undefined) await Promise.race([this.#drain(onDraining), reached]);
    this.#acceptor.close();
    this.#hasClosed = true;
    const open = this.#connections.size;
    for (const connection of this.#connections) connection.shutDown();
    await Promise.race([this.#allGone(), reached]);
    const left = this.#connections.size;
    for (const connection of this.#connections) connection.destroy('shutdown');
    this.#acceptor.destroyHandshakes();
    await this.#connections.whenEmpty();
    for (const each of this.#unfinished) each.expire();
    this.#deadline.clear();
    this.status = 'stopped';
    return { closed: Math.max(0, open - left), destroyed: left };
  }

  async #drain(onDraining: () => unknown): Promise<void> {
    try {
      // Behind the caller's turn, so that it may itself call `stop` for a shorter deadline.
      await Promise.resolve().then(onDraining);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Resolves when no connection is left and no closed channel waits for its last messages. */
  async #allGone(): Promise<void> {
    while (this.#connections.size > 0 || this.#unfinished.size > 0) {
      await Promise.all([this.#connections.whenEmpty(), this.#unfinished.whenEmpty()]);
    }
  }

  #onSocket(socket: Socket, peer: Peer | undefined): void {
    const connection = this.#connect(socket, peer);
    if (this.#hasClosed) connection.shutDown();
  }

  /** @param socket `undefined` where it could not be told. */
  #onRefused(socket: Socket | undefined, peer: Peer | undefined): void {
    this.#counters.connectionsRefused++;
    if (socket === undefined) {
      this.#counters.connectionsTotal++;
      return;
    }
    const connection = this.#connect(socket, peer);
    this.#counters.responses[5]!++;
    connection.write(`HTTP/1.1 503 ${reasonPhrase(503)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    connection.end();
    this.#boundRefused(connection);
  }

  #boundRefused(newest: Connection): void {
    this.#refused.add(newest);
    if (this.#refused.size <= MAX_REFUSED) return;
    const [oldest] = this.#refused;
    this.#refused.delete(oldest!);
    oldest!.destroy('finished');
  }

  #connect(socket: Socket, peer: Peer | undefined): Connection {
    const connection = new Connection(socket, this.#options.tls !== undefined, this.#connectionSettings, peer);
    this.#counters.connectionsTotal++;
    this.#connections.add(connection);
    this.#deadlines.add(this.#ticks);
    connection.start(new HttpProtocol(connection, this.#httpSettings));
    diagnostics.connectionOpened(connection);
    return connection;
  }

  #makeAcceptor(): Acceptor {
    const trusts = this.#trusts ?? (() => false);
    const settings = { ...this.#options, ticker: this.#deadlines, trusts, places: new Places(this.#options, trusts) };
    return new Acceptor(settings, {
      onSocket: (socket, peer) => this.#onSocket(socket, peer),
      onRefused: (socket, peer) => this.#onRefused(socket, peer),
      onAcceptError: (error) => this.#counters.countError(error.code ?? 'ACCEPT_ERROR'),
      onFault: (error) => this.#report(error),
      onStopped: (error, { remoteAddress = '', remotePort = 0 }, bytes) => {
        this.#counters.connectionsTotal++;
        this.#counters.countError(error.code);
        this.#onPeerError(error, { remoteAddress, remotePort, isSecure: false }, bytes);
      },
    });
  }

  #makeConnectionSettings(): ConnectionSettings {
    const { softBufferBytes, maxBufferedBytes, sendTimeoutMs } = this.#options;
    return {
      ticker: this.#deadlines,
      arrivals: this.#makeArrivals(),
      departures: new TurnQueue(process.nextTick, (connection) => connection.flush()),
      counters: this.#counters,
      softBufferBytes,
      flushFromBytes: Math.min(softBufferBytes, maxBufferedBytes),
      sendTimeoutMs,
      reportFault: (error) => this.#report(error),
      onGone: (connection, departure) => this.#onGone(connection, departure),
    };
  }

  /** In the server's own context: what came to others is none of the business of whoever had the first, or the last, of them read. */
  #makeArrivals(): ConnectionSettings['arrivals'] {
    const behindReads = (run: () => void): void => this.#home.run(setImmediate, run);
    const behindThisRead = (run: () => void): void => this.#home.run(process.nextTick, run);
    return new TurnQueue(behindReads, (connection) => connection.serve(), { maxMs: SERVE_MS, maxWaiting: MAX_ARRIVALS, sooner: behindThisRead });
  }

  #tick(now: number): void {
    if (this.#connections.size === 0) this.#deadlines.delete(this.#ticks);
    for (const connection of this.#connections) connection.onTick(now);
  }

  #onGone(connection: Connection, departure: Departure): void {
    this.#connections.delete(connection);
    this.#refused.delete(connection);
    diagnostics.connectionClosed(connection, departure);
  }

  /** A function of the application that throws trusts nobody. */
  #makeTrusts(): HttpSettings['trusts'] {
    const { trustProxy } = this.#options;
    if (trustProxy === undefined) return undefined;
    return (address) => {
      try {
        return trustProxy(address) === true;
      } catch (error) {
        this.#report(error);
        return false;
      }
    };
  }

  #makeHttpSettings(handler: Handler, clock: Clock): HttpSettings {
    const isStopping = (): boolean => this.status !== 'running';
    const { maxRequestsPerSecond } = this.#options;
    return {
      ...this.#options,
      handler,
      idleParser: new HttpParser(this.#options),
      home: this.#home,
      trusts: this.#trusts,
      rates: maxRequestsPerSecond === Infinity ? undefined : new RequestRates(maxRequestsPerSecond, () => clock.monotonic()),
      counters: this.#counters,
      ticker: this.#deadlines,
      date: new DateField(),
      lastHead: new LastHead(this.#options.serverHeader === undefined ? '' : `Server: ${this.#options.serverHeader}\r\n`),
      channels: {
        ...this.#options,
        counters: this.#counters,
        ticker: this.#deadlines,
        unfinished: this.#unfinished,
        report: (error, request) => this.#report(error, request),
        observer: diagnostics,
      },
      observer: diagnostics,
      get isStopping() {
        return isStopping();
      },
      upgrade: (request, protocols) => this.#judgeUpgrade(request, protocols),
      onPeerError: (error, transport, bytes, request) => this.#onPeerError(error, transport, bytes, request),
    };
  }

  #makeWebSocketSettings(clock: Clock): WebSocketSettings {
    return {
      ...this.#options,
      counters: this.#counters,
      ticker: this.#deadlines,
      compression: this.#makeCompressionSettings(clock),
      relay: new Relay(),
      onPeerError: (error, transport) => this.#onPeerError(error, transport, EMPTY),
    };
  }

  #makeCompressionSettings(clock: Clock): WebSocketSettings['compression'] {
    const { perMessageDeflate, maxMessageBytes } = this.#options;
    return (
      perMessageDeflate && {
        deflate: perMessageDeflate,
        maxMessageBytes,
        work: new WorkLimit(MAX_COMPRESSIONS),
        turns: new TurnLimit(INFLATE_MS, { now: () => clock.monotonic(), nextTurn: setImmediate }),
        counters: this.#counters,
      }
    );
  }

  #judgeUpgrade(request: UpgradeRequest, protocols: ChannelHandlers['protocols']): Upgrade {
    const violation = handshakeViolation(request);
    if (violation !== undefined) return violation;
    if (!isOriginAllowed(request, [request.authority, request.client.host], this.#options.allowedOrigins)) {
      return { status: 403, reason: 'a page of this origin may not open a WebSocket here' };
    }
    const protocol = chooseProtocol(request.header('sec-websocket-protocol'), protocols);
    const deflate = this.#negotiateDeflate(request);
    const protocolLine = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    const extensionLine = deflate === undefined ? '' : `Sec-WebSocket-Extensions: ${deflateResponse(deflate)}\r\n`;
    return {
      status: 101,
      lines: `Sec-WebSocket-Accept: ${acceptKey(request.header('sec-websocket-key')!)}\r\n${protocolLine}${extensionLine}`,
      open: (transport, port) => new WebSocketProtocol(transport, port, protocol ?? '', this.#webSocketSettings, deflate),
    };
  }

  #negotiateDeflate(request: HttpRequest): DeflateParameters | undefined {
    const { perMessageDeflate } = this.#options;
    const offers = request.header('sec-websocket-extensions');
    return perMessageDeflate === undefined || offers === undefined ? undefined : negotiateDeflate(offers, perMessageDeflate);
  }

  #onPeerError(error: ProtocolError, { remoteAddress, remotePort }: Peer, bytes: Uint8Array, request?: HttpRequest): void {
    diagnostics.failed(error, { remoteAddress, remotePort }, request);
    const { onClientError } = this.#options;
    if (onClientError === undefined) return;
    try {
      const told: unknown = onClientError(error, { remoteAddress, remotePort, firstBytes: Uint8Array.from(bytes) });
      if (isThenable(told)) Promise.resolve(told).catch((thrown: unknown) => this.#report(thrown));
    } catch (thrown) {
      this.#report(thrown);
    }
  }

  /** Tells the application of an error of its own; where it does not listen, or throws while it does, the process warns. */
  #report(error: unknown, request?: HttpRequest): void {
    diagnostics.failed(error, request, request);
    const { onError } = this.#options;
    if (onError === undefined) return warn(error);
    try {
      const told: unknown = request === undefined ? onError(error) : onError(error, request);
      if (isThenable(told)) Promise.resolve(told).catch(warn);
    } catch (thrown) {
      warn(thrown);
    }
  }
}

/** What nobody else hears of. */
export function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(`not an Error was thrown: ${inspect(error)}`));
}
