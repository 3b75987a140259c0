/**
 * Taking the channel of a request, in the two forms of http-kit, with all handlers at once or with a function of the channel, and as an
 * event stream.
 */

import { UsageError } from '../errors.js';
import type { HttpRequest } from '../http/contract.js';
import { isThenable } from '../thenable.js';
import { checkFunction } from './callbacks.js';
import { AsyncChannel } from './channel.js';
import type { Channel, ChannelHandlers } from './contract.js';
import { CHANNEL_HOST, type ChannelHost, type RequestWithHost } from './outlet.js';

/**
 * Takes the channel of a request; return it from the handler. Where the client asks for a WebSocket this accepts: `init` runs,
 * the handshake is answered, then `onOpen` runs, and only then are messages handed over. An invalid handshake is answered
 * with 400 or 426 (RFC 6455 §4.2, §4.4), one of a page that may not with 403 (see `allowedOrigins`), any with 503 while the server is
 * stopping; `onHandshakeError` runs, and the channel returned is closed. A second call for the same request gives the same channel and
 * sets the handlers it brings. Where the client has left already, or the request was answered, the channel is closed, and `onClose` fires.
 *
 * @throws UsageError on something that is no request of this server, handlers that are no object of functions, invalid `headers`, or
 *   `protocols` that are no list or chose what was not offered; the channel is not taken then. What `init` throws is thrown as it is,
 *   and so is what the function `allowedOrigins` throws.
 */
export function asChannel<Data = unknown>(request: HttpRequest, handlers: ChannelHandlers<Data> = {}): Channel<Data> {
  return open(take(request, handlers), handlers);
}

/**
 * Takes the channel of a request as an event stream (HTML Standard, §9.2 Server-sent events); return it from the handler. `init` runs,
 * the head is written at once, with `headers` among its fields, and then `onOpen` runs. Whatever is sent is an event, and a comment is
 * sent after each `heartbeatIntervalMs` without one. A HEAD gets the same head, and its channel is closed before `onOpen`. A request for
 * a WebSocket is accepted or refused as by `asChannel`, so that one handler serves both: see `isEventStream`. Where `asChannel` has taken
 * the channel already and nothing was sent, it becomes an event stream.
 *
 * A browser reconnects when the stream has ended, after `retry` milliseconds, and its new request has `lastEventId`; it stops when it is
 * answered with a 204, which `close` in `init` does.
 *
 * @throws UsageError as `asChannel` does, on `headers` with a Content-Type or a Content-Length, and where the response has begun as
 *   something else.
 */
export function asEventStream<Data = unknown>(request: HttpRequest, handlers: ChannelHandlers<Data> = {}): Channel<Data> {
  return open(take(request, handlers, true), handlers);
}

/**
 * Takes the channel of a request and calls `fn` with it: http-kit's `with-channel`. Inside `fn` a WebSocket is open
 * already; nothing received is handed over before `fn` has returned. What `fn` throws is thrown; what a promise it returns rejects
 * with goes to `onError`.
 *
 * @throws UsageError as `asChannel` does.
 */
export function withChannel<Data = unknown>(request: HttpRequest, fn: (channel: Channel<Data>) => unknown): Channel<Data> {
  if (typeof fn !== 'function') throw new UsageError(`withChannel takes a function of the channel, not ${typeof fn}`);
  const { channel } = take<Data>(request, {});
  try {
    const result = fn(channel);
    if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => channel.callbackFailed(error));
  } finally {
    channel.opened();
  }
  return channel;
}

interface Taken<Data> {
  readonly channel: AsyncChannel<Data>;
  readonly isNew: boolean;
}

/** Everything that can be wrong is found before the channel is taken: the request can still be answered. */
function take<Data>(request: HttpRequest, handlers: ChannelHandlers<Data>, isEventStream = false): Taken<Data> {
  checkHandlers(handlers);
  const host = hostOf(request);
  const head = isEventStream && !request.isWebSocketUpgrade ? host.eventStream(handlers.headers) : undefined;
  if (host.channel !== undefined) {
    const channel = host.channel as AsyncChannel<Data>;
    if (head !== undefined) channel.becomeEventStream(head);
    channel.setHandlers(handlers);
    if (head !== undefined) channel.beginEvents();
    return { channel, isNew: false };
  }
  const handshake = request.isWebSocketUpgrade ? host.handshake(handlers) : undefined;
  const channel = new AsyncChannel<Data>(request, host);
  if (!host.take(channel)) channel.cameTooLate(host.clientLeft ? 'client' : 'server');
  else if (host.clientLeft) channel.aborted('client');
  if (head !== undefined) channel.becomeEventStream(head);
  if (handshake === undefined) channel.announce();
  handlers.init?.(channel);
  channel.setHandlers(handlers);
  if (head !== undefined) channel.beginEvents();
  if (handshake !== undefined && channel.isPending) {
    const refusal = channel.accept(handshake);
    if (refusal !== undefined && handlers.onHandshakeError) channel.call(handlers.onHandshakeError, refusal);
  }
  return { channel, isNew: true };
}

/** What follows the taking of a channel, once for each. */
function open<Data>({ channel, isNew }: Taken<Data>, { onOpen }: ChannelHandlers<Data>): AsyncChannel<Data> {
  if (!isNew) return channel;
  if (onOpen && channel.isOpen) channel.call(onOpen, channel);
  channel.opened();
  return channel;
}

const HANDLERS = ['init', 'onOpen', 'onReceive', 'onPing', 'onPong', 'onDrain', 'onClose', 'onHandshakeError'] as const;

function checkHandlers(handlers: Partial<Record<(typeof HANDLERS)[number] | 'protocols', unknown>>): void {
  if (typeof handlers !== 'object' || handlers === null) throw new UsageError('a channel is taken with an object of handlers such as { onOpen, onReceive }');
  for (const name of HANDLERS) if (handlers[name] !== undefined) checkFunction(handlers[name], name);
  const { protocols } = handlers;
  if (protocols === undefined || typeof protocols === 'function' || Array.isArray(protocols)) return;
  throw new UsageError('protocols are a list of names, or a function that chooses one of those offered');
}

function hostOf(request: HttpRequest): ChannelHost {
  const host = (request as Partial<RequestWithHost> | undefined)?.[CHANNEL_HOST];
  if (host === undefined) throw new UsageError('a channel is taken from a request of this server: pass the one your handler was given');
  return host;
}
