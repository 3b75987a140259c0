/**
 * The Channel: one object for a long poll, a streamed response and a WebSocket. It decides, by its transition table, and
 * calls the application back, in the async context in which it was taken; what goes over the wire is the outlet's affair.
 * Invariants: a step that throws changes nothing; `onClose` fires once, last; no callback runs inside `send` or `close`.
 */

import { AsyncResource } from 'node:async_hooks';
import { UsageError } from '../errors.js';
import type { HttpRequest, HttpResponse, Outgoing } from '../http/contract.js';
import type { Ticking } from '../net/ticker.js';
import { type CloseDetail, type ClosedBy, type CloseStatus, closeStatusOf } from './close-status.js';
import type { Channel, ChannelHandlers, HandshakeError, Message } from './contract.js';
import { Inbox, type InboxConsumer } from './inbox.js';
import type { ChannelHost, ChannelPort, ChannelSettings, Handshake, HttpOutlet, StreamedBody, WebSocketOutlet } from './outlet.js';
import { bodyOf, isStreamed, messageOf } from './outgoing.js';
import type { SharedMessage } from './shared-message.js';
import { type ChannelEvent, type ChannelState, type ChannelStep, isOpenState, stepOf } from './states.js';

/** How long `onClose` waits for the messages before it. */
const LAST_MESSAGES_MS = 30_000;
const MAX_CONTROL_BYTES = 125;
const NO_DATA = new Uint8Array(0);

interface Ending {
  readonly status: CloseStatus;
  readonly code: number | undefined;
  readonly reason: string;
  readonly by: ClosedBy;
}

/** Who wants to know, at the moment a channel closes, that it is no member any more. */
export interface Membership {
  channelClosed(channel: AsyncChannel<unknown>): void;
}

export class AsyncChannel<Data> implements Channel<Data>, ChannelPort, InboxConsumer, Ticking {
  readonly request: HttpRequest;
  data!: Data;
  readonly #host: ChannelHost;
  readonly #settings: ChannelSettings;
  readonly #context = new AsyncResource('longwire.channel', { requireManualDestroy: true });
  #state: ChannelState = 'pending';
  #socket: WebSocketOutlet | undefined;
  #inbox: Inbox | undefined;
  #memberships: Set<Membership> | undefined;
  #ending: Ending | undefined;
  #isClean = false;
  #isFinished = false;
  #expiresAt = Infinity;
  #onReceive: ((message: Message) => unknown) | undefined;
  #onPing: ((data: Uint8Array) => unknown) | undefined;
  #onPong: ((data: Uint8Array) => unknown) | undefined;
  #onDrain: (() => unknown) | undefined;
  #onClose: ((status: CloseStatus, detail: CloseDetail) => unknown) | undefined;

  constructor(request: HttpRequest, host: ChannelHost) {
    this.request = request;
    this.#host = host;
    this.#settings = host.settings;
    this.#settings.counters.channelsOpen++;
  }

  // What the application sees.

  get isOpen(): boolean {
    return isOpenState(this.#state);
  }

  get isWebSocket(): boolean {
    return this.#socket !== undefined;
  }

  get protocol(): string {
    return this.#socket?.protocol ?? '';
  }

  get bufferedAmount(): number {
    return this.#outlet.bufferedAmount;
  }

  send(data: Outgoing, closeAfterSend?: boolean): boolean {
    if (this.#socket !== undefined) return this.#sendMessage(messageOf(data), closeAfterSend ?? false);
    const body = bodyOf(data);
    if (isStreamed(body)) return this.#sendHttp('sendBody', data);
    if (closeAfterSend ?? true) return this.#sendHttp('sendLast', data);
    const outlet = this.#host.outlet;
    if (this.#state !== 'pending' || !outlet.mustBeWhole(data)) return this.#sendHttp('send', data);
    return this.#hasRoom() && this.#end('sendLast', HTTP_SERVER_CLOSE, true, () => outlet.headAlone(data));
  }

  close(code = 1000, reason = ''): boolean {
    if (!isSendableCloseCode(code)) throw new UsageError('a close code is 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)');
    if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CONTROL_BYTES - 2) throw new UsageError('a close reason is text of at most 123 bytes as UTF-8 (RFC 6455 §5.5)');
    return this.#close(code, reason, 'server');
  }

  onReceive(fn: (message: Message) => unknown): void {
    this.#onReceive = checkFunction(fn, 'onReceive');
    if (this.#inbox !== undefined && this.#inbox.queuedMessages > 0) this.runInContext(this.#inbox.run, this.#inbox);
  }

  onPing(fn: (data: Uint8Array) => unknown): void {
    this.#onPing = checkFunction(fn, 'onPing');
  }

  onPong(fn: (data: Uint8Array) => unknown): void {
    this.#onPong = checkFunction(fn, 'onPong');
  }

  onDrain(fn: () => unknown): void {
    this.#onDrain = checkFunction(fn, 'onDrain');
  }

  onClose(fn: (status: CloseStatus, detail: CloseDetail) => unknown): void {
    this.#onClose = checkFunction(fn, 'onClose');
    if (this.#isFinished) this.#fireClose();
  }

  ping(data: string | Uint8Array = NO_DATA): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (!(bytes instanceof Uint8Array)) throw new UsageError('a ping carries a string or a Uint8Array');
    if (bytes.length > MAX_CONTROL_BYTES) throw new UsageError('a ping carries at most 125 bytes (RFC 6455 §5.5)');
    if (this.#state !== 'open') return false;
    this.#socket!.ping(bytes);
    return true;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#outlet.whenDrained(resolve));
  }

  // How it is taken.

  /** Sets the handlers that are given; those that are not stay as they were. */
  setHandlers(handlers: ChannelHandlers<Data>): void {
    const { onReceive, onPing, onPong, onDrain, onClose } = handlers;
    if (onReceive) this.onReceive((message) => onReceive(this, message));
    if (onPing) this.onPing((data) => onPing(this, data));
    if (onPong) this.onPong((data) => onPong(this, data));
    if (onDrain) this.onDrain(() => onDrain(this));
    if (onClose) this.onClose((status, detail) => onClose(this, status, detail));
  }

  /** Answers the client's handshake; what is returned says why it was refused. */
  accept(handshake: Handshake): HandshakeError | undefined {
    if (!handshake.isValid) {
      this.send(handshake.response, true);
      return handshake.error;
    }
    const isAccepted = this.#step('accept', () => {
      this.#inbox = new Inbox(this.#settings, this);
      this.#socket = handshake.accept(this);
    });
    if (!isAccepted) return undefined;
    this.#settings.counters.webSocketsOpen++;
    this.#settings.counters.webSocketsTotal++;
    return undefined;
  }

  /** The request has its response, or has lost its client: the channel ends without touching either. */
  cameTooLate(by: ClosedBy): void {
    this.#end('abort', httpEnding(by), false, noop);
  }

  /** The opening has returned: messages may be handed over. */
  opened(): void {
    if (this.#inbox !== undefined) this.runInContext(this.#inbox.release, this.#inbox);
  }

  /** Calls `fn` as this channel's callbacks are called: in its async context, its errors reported. */
  call<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
    this.#context.runInAsyncScope(() => {
      try {
        void this.#settled(fn(...args));
      } catch (error) {
        this.report(error);
      }
    });
  }

  // What groups use.

  /** Whether nothing was sent yet: a long poll that waits for its answer. */
  get isPending(): boolean {
    return this.#state === 'pending';
  }

  join(membership: Membership): void {
    (this.#memberships ??= new Set()).add(membership);
  }

  leave(membership: Membership): void {
    this.#memberships?.delete(membership);
  }

  /** Sends what many channels send, and stays open: a piece of a stream, or a message. */
  sendShared(message: SharedMessage): boolean {
    return this.#socket !== undefined ? this.#sendMessage(message.data, false, message) : this.#sendHttp('send', message.data, message);
  }

  /** Tells the application of an error that belongs to this channel. */
  report(error: unknown): void {
    this.#settings.report(error, this.request);
  }

  // What the drivers tell (ChannelPort).

  runInContext<T>(fn: (this: T) => void, self: T): void {
    this.#context.runInAsyncScope(fn, self);
  }

  received(message: Message): void {
    this.#settings.counters.messagesIn++;
    if (this.#state === 'open') this.#inbox!.push(message);
  }

  pinged(data: Uint8Array): void {
    if (this.#onPing !== undefined) this.call(this.#onPing, data);
  }

  ponged(data: Uint8Array): void {
    if (this.#onPong !== undefined) this.call(this.#onPong, data);
  }

  outputDrained(): void {
    if (this.#onDrain !== undefined && this.#state !== 'closed') this.call(this.#onDrain);
  }

  bodyEnded(): void {
    this.#end('bodyEnd', HTTP_SERVER_CLOSE, true);
  }

  bodyFailed(): void {
    this.#end('bodyFail', HTTP_SERVER_CLOSE, false);
  }

  peerClosed(code: number | undefined, reason: string): void {
    const ending = webSocketEnding(code ?? 1005, reason, 'client');
    this.#end('peerClose', ending, true, () => this.#socket!.closeReply(code));
  }

  peerFailed(code: number, reason: string): void {
    this.#end('fail', webSocketEnding(code, reason, 'server'), false, () => this.#socket!.failFrame(code, reason));
  }

  aborted(by: ClosedBy): void {
    this.#end('abort', this.#socket === undefined ? httpEnding(by) : webSocketEnding(1006, '', by), false);
  }

  shutDown(): void {
    if (this.#state === 'pending') this.#answer(503, 'shutdown');
    else this.#close(1001, '', 'shutdown');
  }

  handlerFailed(status: number): void {
    if (this.#state === 'pending') this.#answer(status, 'server');
    else if (this.#socket !== undefined) this.#close(1011, '', 'server');
    else this.#end('abort', HTTP_SERVER_CLOSE, false);
  }

  // What the inbox asks (InboxConsumer).

  get canHandle(): boolean {
    return this.#onReceive !== undefined;
  }

  handle(message: Message): PromiseLike<void> | undefined {
    try {
      return this.#settled(this.#onReceive!(message));
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }

  onFull(): void {
    if (this.#state === 'open') this.#socket!.pauseReading();
  }

  onRoom(): void {
    if (this.#state === 'open' || this.#state === 'closing') this.#socket!.resumeReading();
  }

  // The wait of `onClose` for the messages before it.

  onTick(now: number): void {
    if (now >= this.#expiresAt) this.expire();
  }

  /** Drops the messages that are still queued and fires `onClose`. */
  expire(): void {
    this.#settings.counters.drops += this.#inbox?.expire() ?? 0;
  }

  get #outlet(): HttpOutlet | WebSocketOutlet {
    return this.#socket ?? this.#host.outlet;
  }

  #sendMessage(message: Message | undefined, isLast: boolean, shared?: SharedMessage): boolean {
    if (message === undefined) return isLast ? this.#close(1000, '', 'server') : this.isOpen;
    if (this.#state !== 'open' || !this.#hasRoom()) return false;
    this.#settings.counters.messagesOut++;
    if (!isLast) {
      this.#socket!.message(message, shared);
      return true;
    }
    return this.#end('sendLast', webSocketEnding(1000, '', 'server'), false, () => {
      this.#socket!.message(message);
      this.#socket!.closeFrame(1000, '');
    });
  }

  #sendHttp(event: 'send' | 'sendLast' | 'sendBody', data: Outgoing, shared?: SharedMessage): boolean {
    const step = stepOf(this.#state, event);
    if (step === undefined || !this.#hasRoom()) return false;
    const act = (): boolean | void => this.#actOnHttp(step, data, shared);
    if (event === 'sendLast') return this.#end(event, HTTP_SERVER_CLOSE, true, act);
    return this.#step(event, act);
  }

  #actOnHttp(step: ChannelStep, data: Outgoing, shared: SharedMessage | undefined): boolean | void {
    const outlet = this.#host.outlet;
    const isFirst = this.#state === 'pending';
    switch (step[1]) {
      case 'begin':
        return outlet.begin(data);
      case 'whole':
        return outlet.whole(data);
      case 'body':
        return outlet.body(bodyOf(data) as StreamedBody, isFirst ? (data as HttpResponse) : undefined);
      case 'chunk':
        return outlet.chunk(pieceOf(data), shared);
      case 'chunkLast':
        return outlet.chunkLast(pieceOf(data));
    }
  }

  #answer(status: number, by: ClosedBy): void {
    this.#end('sendLast', httpEnding(by), true, () => this.#host.outlet.error(status));
  }

  #close(code: number, reason: string, by: ClosedBy): boolean {
    if (this.#socket !== undefined) return this.#end('close', webSocketEnding(code, reason, by), false, () => this.#socket!.closeFrame(code, reason));
    const outlet = this.#host.outlet;
    return this.#end('close', httpEnding(by), true, this.#state === 'pending' ? () => outlet.whole(undefined) : undefined);
  }

  /** Judges what already waits, before a send: one message of any size goes out on a channel that is idle. */
  #hasRoom(): boolean {
    if (this.#outlet.bufferedAmount <= this.#settings.maxBufferedBytes) return true;
    this.#settings.counters.drops++;
    if (this.#settings.onOverflow === 'drop') return false;
    if (this.#socket !== undefined) this.#end('fail', webSocketEnding(1013, '', 'server'), false, () => this.#socket!.failFrame(1013, ''));
    else this.#end('abort', HTTP_SERVER_CLOSE, false);
    return false;
  }

  /** A step that does not end the channel. What `act` throws is thrown before anything has changed. */
  #step(event: ChannelEvent, act: () => void): boolean {
    const step = stepOf(this.#state, event);
    if (step === undefined) return false;
    act();
    if (this.#state !== 'closed') this.#state = step[0];
    if (!this.isOpen) this.#leaveGroups();
    return true;
  }

  /** A step after which nothing can be sent. `act` answers false where what it ended is not whole. */
  #end(event: ChannelEvent, ending: Ending, isClean: boolean, act: () => boolean | void = () => this.#act(event)): boolean {
    const step = stepOf(this.#state, event);
    if (step === undefined) return false;
    const isWhole = step[1] === undefined || act() !== false;
    this.#state = step[0];
    if (this.#ending === undefined) this.#noteEnding(ending);
    if (step[0] === 'closed') this.#finish(isClean && isWhole);
    return true;
  }

  /** The actions that need nothing but the outlet. */
  #act(event: ChannelEvent): boolean | void {
    const action = stepOf(this.#state, event)![1];
    if (action === 'last') return this.#host.outlet.last();
    if (action === 'cut') this.#host.outlet.cut();
  }

  /** The moment of the close: what asks from here on finds the channel closed and out of its groups. */
  #noteEnding(ending: Ending): void {
    this.#ending = ending;
    this.#settings.counters.channelsOpen--;
    if (this.#socket !== undefined) this.#settings.counters.webSocketsOpen--;
    this.#leaveGroups();
    // Last, because it runs what the application waits for: the request's signal.
    const isInOrder = this.#socket === undefined && (ending.by === 'server' || ending.by === 'shutdown');
    this.#host.channelClosed(!isInOrder);
  }

  #leaveGroups(): void {
    const memberships = this.#memberships;
    this.#memberships = undefined;
    if (memberships !== undefined) for (const each of memberships) each.channelClosed(this);
  }

  /** The channel is over; `onClose` fires behind the messages that are still to be handled. */
  #finish(isClean: boolean): void {
    this.#isClean = isClean;
    if (this.#inbox === undefined) return this.#finished();
    this.#expiresAt = this.#settings.ticker.after(LAST_MESSAGES_MS);
    this.#settings.unfinished.add(this);
    this.#settings.ticker.add(this);
    this.#inbox.close(() => {
      this.#settings.unfinished.delete(this);
      this.#settings.ticker.delete(this);
      this.#finished();
    });
  }

  #finished(): void {
    this.#isFinished = true;
    this.#fireClose();
  }

  #fireClose(): void {
    if (this.#onClose === undefined) return;
    const { status, code, reason, by } = this.#ending!;
    const detail: CloseDetail = { code, reason, by, clean: this.#isClean };
    queueMicrotask(() => {
      const fn = this.#onClose;
      this.#onClose = undefined;
      if (fn !== undefined) this.call(fn, status, detail);
    });
  }

  /** What follows a callback: a promise is passed on so that it never rejects, its error reported. */
  #settled(result: unknown): PromiseLike<void> | undefined {
    return isThenable(result) ? Promise.resolve(result).then(noop, (error: unknown) => this.report(error)) : undefined;
  }
}

const HTTP_SERVER_CLOSE: Ending = { status: 'server-close', code: undefined, reason: '', by: 'server' };

function httpEnding(by: ClosedBy): Ending {
  return { status: by === 'client' || by === 'network' ? 'client-close' : 'server-close', code: undefined, reason: '', by };
}

function webSocketEnding(code: number, reason: string, by: ClosedBy): Ending {
  return { status: closeStatusOf(code), code, reason, by };
}

/** The piece of a stream; later status and headers do not count. */
function pieceOf(data: Outgoing): Message {
  return (bodyOf(data) as Message | null | undefined) ?? '';
}

/** The codes an endpoint may send (RFC 6455 §7.4.1, §7.4.2 and the registry of IANA). */
function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

export function checkFunction<F>(fn: F, name: string): F {
  if (typeof fn !== 'function') throw new UsageError(`${name} takes a function, not ${typeof fn}`);
  return fn;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function noop(): void {}
