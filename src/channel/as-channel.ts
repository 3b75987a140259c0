/** Taking the channel of a request, in the two forms of http-kit: with all handlers at once, or with a function of the channel. */

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
 * @throws UsageError on something that is no request of this server, a handler that is no function, invalid `headers`, or
 *   `protocols` that are no list or chose what was not offered; the channel is not taken then. What `init` throws is thrown as it is,
 *   and so is what the function `allowedOrigins` throws.
 */
export function asChannel<Data = unknown>(request: HttpRequest, handlers: ChannelHandlers<Data> = {}): Channel<Data> {
  const { channel, isNew } = take(request, handlers);
  if (!isNew) return channel;
  const { onOpen } = handlers;
  if (onOpen && channel.isOpen) channel.call(onOpen, channel);
  channel.opened();
  return channel;
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

/** Everything that can be wrong is found before the channel is taken: the request can still be answered. */
function take<Data>(request: HttpRequest, handlers: ChannelHandlers<Data>): { channel: AsyncChannel<Data>; isNew: boolean } {
  checkHandlers(handlers);
  const host = hostOf(request);
  if (host.channel !== undefined) {
    const channel = host.channel as AsyncChannel<Data>;
    channel.setHandlers(handlers);
    return { channel, isNew: false };
  }
  const handshake = request.isWebSocketUpgrade ? host.handshake(handlers) : undefined;
  const channel = new AsyncChannel<Data>(request, host);
  if (!host.take(channel)) channel.cameTooLate(host.clientLeft ? 'client' : 'server');
  else if (host.clientLeft) channel.aborted('client');
  if (handshake === undefined) channel.announce();
  handlers.init?.(channel);
  channel.setHandlers(handlers);
  if (handshake !== undefined && channel.isPending) {
    const refusal = channel.accept(handshake);
    if (refusal !== undefined && handlers.onHandshakeError) channel.call(handlers.onHandshakeError, refusal);
  }
  return { channel, isNew: true };
}

const HANDLERS = ['init', 'onOpen', 'onReceive', 'onPing', 'onPong', 'onDrain', 'onClose', 'onHandshakeError'] as const;

function checkHandlers(handlers: Partial<Record<(typeof HANDLERS)[number] | 'protocols', unknown>>): void {
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
