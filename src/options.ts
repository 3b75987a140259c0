/** Every option of a server: its meaning, its default, and what it may be. Nothing listens before all of them were checked. */

import type { TlsOptions } from 'node:tls';
import { type PerMessageDeflate, resolveDeflate } from './deflate-options.js';
import { type ProtocolError, UsageError } from './errors.js';
import type { HttpRequest } from './http/contract.js';
import type { ProxyProtocol } from './net/proxy-gate.js';
import { type TrustedAddresses, trustedBy } from './net/trusted-addresses.js';
import { bytes, check, checkNumber, count, describe, isBoolean, isFunction, isObject, KIB, MIB, ms, type NumberSpec, optional } from './option-checks.js';
import { type AllowedOrigins, isOrigin, originMeantBy } from './websocket/origin.js';

/** Where an error of a client came from. */
export interface ClientOfError {
  /** The peer of the connection, or whom a header of the PROXY protocol names; empty on a unix socket. */
  readonly remoteAddress: string;
  /** 0 on a unix socket. */
  readonly remotePort: number;
  /**
   * A copy of the first bytes that were not understood, at most 256: the beginning of a bad head, or of a bad chunk. Empty where a request
   * was understood and is refused, such as for its rate or the size of its body; and for a WebSocket.
   */
  readonly firstBytes: Uint8Array;
}

/** All are optional. Times are milliseconds, sizes bytes; `Infinity` lifts a limit. */
export interface ServerOptions {
  /** The address to listen on. Default `0.0.0.0`. */
  readonly host?: string | undefined;
  /** The port to listen on; 0 takes a free one, see `server.port`. Default 8090. */
  readonly port?: number | undefined;
  /** Listens on a unix socket instead. A socket that nobody answers on any more is replaced. */
  readonly path?: string | undefined;
  /** The permissions of the unix socket, such as `0o660`. Default: what the umask leaves. */
  readonly pathMode?: number | undefined;
  /** How many connections may wait to be accepted. Default 511. */
  readonly backlog?: number | undefined;
  /** Lets several processes listen on the same port (Node 22.12 and later). Default false. */
  readonly reusePort?: boolean | undefined;
  /** Options of `tls.createServer`: speaks TLS. */
  readonly tls?: TlsOptions | undefined;
  /** How long a TLS handshake may take. Default 10 s. */
  readonly tlsHandshakeTimeoutMs?: number | undefined;

  /** All header fields of a request together; 431 beyond. Default 16 KiB. */
  readonly maxHeadBytes?: number | undefined;
  /** The request line (414 beyond), and one field line (431). Default 8 KiB. */
  readonly maxLineBytes?: number | undefined;
  /** Header fields of a request; 431 beyond. Default 100. */
  readonly maxHeaderCount?: number | undefined;
  /** A body collected by `text()`, `json()` or `bytes()`; 413 beyond. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** A body read as a stream; 413 beyond. Default: no limit. */
  readonly maxStreamedBodyBytes?: number | undefined;
  /** A body that is slower than this for its first ten seconds or longer is given up with 408. Default 1 KiB. */
  readonly minBodyBytesPerSecond?: number | undefined;
  /** Input held behind a request that is being answered. Default 64 KiB. */
  readonly maxPipelinedBytes?: number | undefined;
  /** Connections beyond this are answered with 503, or just closed where TLS is spoken. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /** The same for each address, but for those of `trustProxy`. Default: no limit. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Requests of each client's address in a second, and at once; 429 beyond. Default: no limit. */
  readonly maxRequestsPerSecond?: number | undefined;

  /**
   * The proxies in front: addresses, CIDR ranges, `'unix'`, or a function of an address. From them the client's address and scheme are
   * taken, out of `Forwarded` (RFC 7239) or `X-Forwarded-For` and `X-Forwarded-Proto`. Default: none, and these fields change nothing.
   */
  readonly trustProxy?: TrustedAddresses | undefined;
  /**
   * Whether connections of `trustProxy` begin with a header of the PROXY protocol, version 1 or 2: `required`, and nobody else may
   * connect; `optional`; or `off`. Default `off`.
   */
  readonly proxyProtocol?: ProxyProtocol | undefined;

  /** A request's head, from its first byte and from accept; 408 beyond. Default 15 s. */
  readonly headTimeoutMs?: number | undefined;
  /** Receiving a request's body; 408 beyond. The handler's time does not count, nor does time in which nobody reads. Default 300 s. */
  readonly requestTimeoutMs?: number | undefined;
  /** An idle connection between requests. Default 65 s. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** How long output may wait while the peer takes none of it; then the connection is destroyed. Default 30 s. */
  readonly sendTimeoutMs?: number | undefined;

  /**
   * The pages that may open a WebSocket: a list of origins such as `https://example.org`, `'*'`, or a function of the origin and the
   * request, which answers at once. Default: where a request has cookies, those of its own host; 403 for all others.
   */
  readonly allowedOrigins?: AllowedOrigins | undefined;
  /** Compresses WebSocket messages where the client offers it (RFC 7692): `true`, or how. Default false. */
  readonly perMessageDeflate?: boolean | PerMessageDeflate | undefined;
  /** A WebSocket message, inflated where it was compressed; 1009 beyond, before it is buffered. Default 1 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Frames of one message; 1008 beyond. 0 is no limit, and the default. */
  readonly maxFragments?: number | undefined;
  /** From a message's first byte to its last; 1008 beyond. Default 60 s. */
  readonly messageTimeoutMs?: number | undefined;
  /** Messages, pings and pongs of a WebSocket in a second, and at once; 1008 beyond. Default: no limit. */
  readonly maxMessagesPerSecond?: number | undefined;
  /** Bytes that a WebSocket may send a second, headers included, and at once; 1008 beyond. Default: no limit. */
  readonly maxMessageBytesPerSecond?: number | undefined;
  /** Messages held for a channel's `onReceive` before reading stops. Default 64. */
  readonly maxQueuedMessages?: number | undefined;
  /** The same in bytes. Default 1 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** A Ping after so long without input, give or take a tenth; 0 is off. Default 25 s. */
  readonly pingIntervalMs?: number | undefined;
  /** How long any input may take to follow a Ping. Default 20 s. */
  readonly pongTimeoutMs?: number | undefined;
  /**
   * A comment to an event stream after so long without an event, and an empty envelope to a WebSocket of `longwire.v1`, give or take a tenth;
   * 0 is off. Default 15 s.
   */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long a closing WebSocket waits for its peer, at most 5 s while the server stops. Default 5 s. */
  readonly closeTimeoutMs?: number | undefined;

  /** Waiting output above which `onDrain` will fire and streamed bodies wait. Default 64 KiB. */
  readonly softBufferBytes?: number | undefined;
  /** Waiting output above which a channel accepts no more. Default 1 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /**
   * What becomes of a channel that sends above it: `close` (1013 on a WebSocket, a response is aborted), or `drop` only what was
   * to be sent. Default `close`.
   */
  readonly onOverflow?: 'close' | 'drop' | undefined;

  /** The `Server` field of responses. Default: none. */
  readonly serverHeader?: string | undefined;
  /** Hears of errors thrown by handlers and callbacks. Default: a process warning. */
  readonly onError?: ((error: unknown, request?: HttpRequest) => void) | undefined;
  /** Hears of rules that clients broke; `stats()` counts them. A refused WebSocket handshake goes to `onHandshakeError` alone. Default: nothing. */
  readonly onClientError?: ((error: ProtocolError, client: ClientOfError) => void) | undefined;
}

type OptionName = keyof ServerOptions;

const NUMBERS = {
  port: count(8090, 0, 65535),
  backlog: count(511, 1, 2 ** 31 - 1),
  tlsHandshakeTimeoutMs: ms(10_000),
  maxHeadBytes: bytes(16 * KIB, 64),
  maxLineBytes: bytes(8 * KIB, 64),
  maxHeaderCount: count(100),
  maxBodyBytes: bytes(MIB, 0),
  maxStreamedBodyBytes: bytes(Infinity, 0),
  minBodyBytesPerSecond: bytes(KIB, 0),
  maxPipelinedBytes: bytes(64 * KIB, 0),
  maxConnections: count(Infinity),
  maxConnectionsPerAddress: count(Infinity),
  maxRequestsPerSecond: count(Infinity),
  headTimeoutMs: ms(15_000),
  requestTimeoutMs: ms(300_000),
  keepAliveTimeoutMs: ms(65_000),
  sendTimeoutMs: ms(30_000),
  maxMessageBytes: bytes(MIB, 0),
  maxFragments: count(0, 0),
  messageTimeoutMs: ms(60_000),
  maxMessagesPerSecond: count(Infinity),
  maxMessageBytesPerSecond: bytes(Infinity),
  maxQueuedMessages: count(64),
  maxQueuedBytes: bytes(MIB),
  pingIntervalMs: ms(25_000, 0),
  pongTimeoutMs: ms(20_000),
  heartbeatIntervalMs: ms(15_000, 0),
  closeTimeoutMs: ms(5_000),
  softBufferBytes: bytes(64 * KIB),
  maxBufferedBytes: bytes(MIB),
} as const satisfies Partial<Record<OptionName, NumberSpec>>;

type NumberName = keyof typeof NUMBERS;

/** Options as the server uses them: every one present. */
export type ResolvedOptions = { readonly [K in NumberName]: number } & {
  readonly host: string;
  readonly path: string | undefined;
  readonly pathMode: number | undefined;
  readonly reusePort: boolean;
  readonly tls: TlsOptions | undefined;
  /** Whether an address is trusted; `undefined` where none is. */
  readonly trustProxy: ((address: string) => boolean) | undefined;
  readonly proxyProtocol: ProxyProtocol;
  readonly allowedOrigins: AllowedOrigins | undefined;
  /** `undefined`: nothing is compressed. */
  readonly perMessageDeflate: Required<PerMessageDeflate> | undefined;
  readonly onOverflow: 'close' | 'drop';
  readonly serverHeader: string | undefined;
  readonly onError: ServerOptions['onError'];
  readonly onClientError: ServerOptions['onClientError'];
};

const OTHERS = [
  'host', 'path', 'pathMode', 'reusePort', 'tls', 'trustProxy', 'proxyProtocol', 'allowedOrigins', 'perMessageDeflate', 'onOverflow', 'serverHeader', 'onError', 'onClientError',
] as const satisfies readonly OptionName[];

/** Checks all options and fills in the defaults; a `UsageError` names the first that is wrong. */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw new UsageError(`options must be an object, not ${describe(options)}`);
  const known = new Set<string>([...Object.keys(NUMBERS), ...OTHERS]);
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw new UsageError(`unknown option ${name}; known are ${[...known].sort().join(', ')}`);
  }
  const numbers = {} as Record<NumberName, number>;
  for (const name of Object.keys(NUMBERS) as NumberName[]) numbers[name] = checkNumber(name, options[name], NUMBERS[name]);
  return {
    ...numbers,
    host: check('host', options.host === undefined ? '0.0.0.0' : options.host, isFilled, 'a host name or an address'),
    path: check('path', options.path, optional(isFilled), 'the path of a unix socket'),
    pathMode: check('pathMode', options.pathMode, optional(isMode), 'permissions from 0 to 0o777'),
    reusePort: checkReusePort(options.reusePort === undefined ? false : options.reusePort),
    tls: check('tls', options.tls, optional(isObject), 'an object of options for tls.createServer'),
    trustProxy: checkTrustProxy(options.trustProxy),
    proxyProtocol: checkProxyProtocol(options),
    allowedOrigins: checkOrigins(options.allowedOrigins),
    perMessageDeflate: resolveDeflate(options.perMessageDeflate),
    onOverflow: check('onOverflow', options.onOverflow === undefined ? 'close' : options.onOverflow, isOverflow, "'close' or 'drop'"),
    serverHeader: check('serverHeader', options.serverHeader, optional(isFieldValue), 'text without control characters'),
    onError: check('onError', options.onError, optional(isFunction), 'a function'),
    onClientError: check('onClientError', options.onClientError, optional(isFunction), 'a function'),
  };
}

/** The shortest of the deadlines: the clock must tick often enough for it. */
export function shortestDeadlineMs(options: ResolvedOptions): number {
  const names = (Object.keys(NUMBERS) as NumberName[]).filter((name) => name.endsWith('Ms') && options[name] > 0);
  return Math.min(...names.map((name) => options[name]));
}

function checkReusePort(value: unknown): boolean {
  check('reusePort', value, isBoolean, 'true or false');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isSupported = major > 22 || (major === 22 && minor >= 12);
  if (value === true && !isSupported) throw new UsageError(`option reusePort needs Node 22.12 or later, and this is ${process.versions.node}`);
  return value === true;
}

function checkTrustProxy(trusted: ServerOptions['trustProxy']): ResolvedOptions['trustProxy'] {
  if (trusted === undefined) return undefined;
  check('trustProxy', trusted, (value) => isFunction(value) || Array.isArray(value), 'an array of addresses and CIDR ranges, or a function');
  return trustedBy(trusted);
}

/** A list is copied: what becomes of the application's changes nothing. */
function checkOrigins(origins: ServerOptions['allowedOrigins']): ResolvedOptions['allowedOrigins'] {
  check('allowedOrigins', origins, optional(isOrigins), "a list of origins such as 'https://example.org', '*', or a function");
  if (typeof origins !== 'object') return origins;
  const wrong = origins.find((each) => !isOrigin(each));
  if (wrong !== undefined) throw new UsageError(`option allowedOrigins names ${JSON.stringify(wrong)}, which is no origin: ${originMeantBy(wrong)}`);
  return [...origins];
}

function checkProxyProtocol({ proxyProtocol = 'off', trustProxy, tls, path }: ServerOptions): ProxyProtocol {
  check('proxyProtocol', proxyProtocol, isProxyProtocol, "'off', 'optional' or 'required'");
  if (proxyProtocol === 'off') return proxyProtocol;
  if (trustProxy === undefined) throw new UsageError('option proxyProtocol needs trustProxy: the addresses whose header is believed');
  if (tls !== undefined && path !== undefined) throw new UsageError('option proxyProtocol cannot be used with tls on a unix socket: leave one of them out');
  return proxyProtocol;
}

const isFilled = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isMode = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o777;
const isFieldValue = (value: unknown): boolean => typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]+$/.test(value);
const isOverflow = (value: unknown): boolean => value === 'close' || value === 'drop';
const isProxyProtocol = (value: unknown): boolean => value === 'off' || value === 'optional' || value === 'required';
const isOrigins = (value: unknown): boolean => value === '*' || isFunction(value) || (Array.isArray(value) && value.every((each) => typeof each === 'string'));
