/**
 * The Channel: one object for a long poll, a streamed response, an event stream and a WebSocket. It decides, by its transition table, and
 * calls the application back, in the async context in which it was taken; what goes over the wire is the outlet's affair.
 * Invariants: a step that throws changes nothing; `onClose` fires once, last; no callback runs inside `send` or `close`.
 */

import { EMPTY } from '../bytes.js';
import { ProtocolError, UsageError } from '../errors.js';
import type { HttpRequest, Outgoing, ServerSentEvent } from '../http/contract.js';
import type { Ticking } from '../net/ticker.js';
import { actOnResponse, actOnSocket, type Cargo, type HttpAction, type SocketAction } from './actions.js';
import { Callbacks, checkFunction } from './callbacks.js';
import type { CloseDetail, ClosedBy, CloseStatus, Ending } from './close-status.js';
import type { Channel, ChannelHandlers, HandshakeError, Message, SendOptions } from './contract.js';
import { checkClose, HTTP_SERVER_CLOSE, httpEnding, MAX_CONTROL_BYTES, webSocketEnding } from './ending.js';
import { ENVELOPE_PROTOCOL } from './envelope.js';
import { Farewell } from './farewell.js';
import { Inbox, type InboxConsumer } from './inbox.js';
import type { Answer, ChannelHost, ChannelPort, ChannelSettings, EventStreamHead, Handshake, HttpOutlet, PackedMessage, WebSocketOutlet } from './outlet.js';
import { answerOf, bodyOf, checkBytes, envelopeOf, eventOf, isStreamed, messageOf } from './outgoing.js';
import type { SharedMessage } from './shared-message.js';
import { type ChannelAction, type ChannelEvent, type ChannelState, isOpenState, stepOf } from './states.js';

/** How long a full queue may wait for somebody to take its messages. */
const UNTAKEN_MS = 30_000;
const NO_CARGO: Cargo = {};

/** Who wants to know, at the moment a channel closes, that it is no member any more. */
export interface Membership {
  channelClosed(channel: AsyncChannel<unknown>): void;
}

/** The membership that gives a channel its ids. */
export interface Resumption {
  /** Where its client stands. */
  readonly position: string;
  /** Whether the application asked for it, and not only the client's kind. */
  readonly isAsked: boolean;
  /** Another one takes its place. */
  giveUp(): void;
}

export class AsyncChannel<Data> implements Channel<Data>, ChannelPort, InboxConsumer, Ticking {
  readonly request: HttpRequest;
  data!: Data;
  readonly #host: ChannelHost;
  readonly #settings: ChannelSettings;
  readonly #callbacks = new Callbacks<Data>(this);
  /** Once it is over. */
  #farewell: Farewell | undefined;
  #state: ChannelState = 'pending';
  #socket: WebSocketOutlet | undefined;
  #isEnveloped = false;
  #isEventStream = false;
  /** Of an event stream, until it is written. */
  #eventHead: EventStreamHead | undefined;
  #inbox: Inbox | undefined;
  #memberships: Set<Membership> | undefined;
  #ending: Ending | undefined;
  #untakenUntil = 0;
  /** Whether its opening has returned: nothing is handed over before. */
  #hasOpened = false;
  /** Whose ids its client is told: those of one group. */
  resumption: Resumption | undefined;
  /** Whether observers were told that it opened. */
  #isAnnounced = false;

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

  get isEventStream(): boolean {
    return this.#isEventStream;
  }

  get lastEventId(): string {
    const field = this.request.header('last-event-id');
    return field === undefined ? '' : Buffer.from(field, 'latin1').toString();
  }

  get protocol(): string {
    return this.#socket?.protocol ?? '';
  }

  get bufferedAmount(): number {
    return this.#outlet.bufferedAmount;
  }

  send(data: Outgoing, closeAfterSend?: boolean, options?: SendOptions): boolean {
    if (options !== undefined && (typeof options !== 'object' || options === null)) throw new UsageError('the options of send are an object such as { compress: false }');
    if (this.#socket !== undefined) return this.#sendMessage(this.#isEnveloped ? envelopeOf(data) : messageOf(data), closeAfterSend ?? false, undefined, options?.compress === false);
    if (this.#isEventStream) return this.#sendEvent(eventOf(data), closeAfterSend ?? false);
    const answer = answerOf(data);
    if (isStreamed(bodyOf(answer))) return this.#sendHttp('sendBody', { data: answer });
    if (closeAfterSend ?? true) return this.#sendHttp('sendLast', { data: answer });
    return this.#mustBeWhole(answer) ? this.#sendHttp('sendLast', { data: answer, isHeadAlone: true }) : this.#sendHttp('send', { data: answer });
  }

  close(code = 1000, reason = ''): boolean {
    checkClose(code, reason);
    return this.#close(code, reason, 'server');
  }

  onReceive(fn: (message: Message) => unknown): void {
    checkFunction(fn, 'onReceive');
    this.#setReceive((_, message) => fn(message));
  }

  onPing(fn: (data: Uint8Array) => unknown): void {
    checkFunction(fn, 'onPing');
    this.#callbacks.ping = (_, data) => fn(data);
  }

  onPong(fn: (data: Uint8Array) => unknown): void {
    checkFunction(fn, 'onPong');
    this.#callbacks.pong = (_, data) => fn(data);
  }

  onDrain(fn: () => unknown): void {
    checkFunction(fn, 'onDrain');
    this.#callbacks.drain = () => fn();
  }

  onClose(fn: (status: CloseStatus, detail: CloseDetail) => unknown): void {
    checkFunction(fn, 'onClose');
    this.#setClose((_, status, detail) => fn(status, detail));
  }

  ping(data: string | Uint8Array = EMPTY): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (!(bytes instanceof Uint8Array)) throw new UsageError('a ping carries a string or a Uint8Array');
    checkBytes(bytes);
    if (bytes.length > MAX_CONTROL_BYTES) throw new UsageError('a ping carries at most 125 bytes (RFC 6455 §5.5)');
    if (this.#state !== 'open') return false;
    this.#socket!.ping(bytes);
    return true;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.whenDrained(resolve));
  }

  // How it is taken.

  /** Sets the handlers that are given; those that are not stay as they were. */
  setHandlers(handlers: ChannelHandlers<Data>): void {
    const { onReceive, onPing, onPong, onDrain, onClose } = handlers;
    if (onReceive) this.#setReceive(onReceive);
    if (onPing) this.#callbacks.ping = onPing;
    if (onPong) this.#callbacks.pong = onPong;
    if (onDrain) this.#callbacks.drain = onDrain;
    if (onClose) this.#setClose(onClose);
  }

  #setReceive(fn: NonNullable<ChannelHandlers<Data>['onReceive']>): void {
    this.#callbacks.receive = fn;
    if (this.#inbox !== undefined && this.#inbox.queuedMessages > 0) queueMicrotask(() => this.#runInbox());
  }

  #setClose(fn: NonNullable<ChannelHandlers<Data>['onClose']>): void {
    this.#callbacks.close = fn;
    this.#farewell?.fire();
  }

  /** Answers the client's handshake; what is returned says why it was refused. */
  accept(handshake: Handshake): HandshakeError | undefined {
    if (!handshake.isValid) {
      this.send(handshake.response, true);
      return handshake.error;
    }
    if (stepOf(this.#state, 'accept') === undefined) return undefined;
    this.#socket = handshake.accept(this);
    this.#isEnveloped = this.#socket.protocol === ENVELOPE_PROTOCOL;
    this.#state = 'open';
    this.#settings.counters.webSocketsOpen++;
    this.#settings.counters.webSocketsTotal++;
    this.#host.accepted();
    this.announce();
    return undefined;
  }

  /** From here on it sends events, behind `head`. A `UsageError` where its response has begun as something else. */
  becomeEventStream(head: EventStreamHead): void {
    if (this.#isEventStream) return;
    if (this.#state === 'streaming' || this.#state === 'finishing') throw new UsageError('the response has begun already: call asEventStream before the first send');
    this.#isEventStream = true;
    this.#eventHead = head;
    if (this.isOpen) this.#settings.counters.eventStreamsOpen++;
  }

  /** Writes the head of an event stream, if it is not written yet. One that nothing can follow ends the channel. */
  beginEvents(): void {
    const head = this.#eventHead;
    if (head === undefined || this.#state !== 'pending') return;
    if (head.isWhole) this.#end('sendLast', HTTP_SERVER_CLOSE, true, { head });
    else this.#step('beginEvents', { head });
    this.#eventHead = undefined;
  }

  /** Tells observers that it opened, and lets them hear of its close; one that was closed from the start is not told of. */
  announce(): void {
    if (!this.isOpen) return;
    this.#isAnnounced = true;
    this.#settings.observer.channelOpened(this);
  }

  /** The request has its response, or has lost its client: the channel ends without touching either. */
  cameTooLate(by: ClosedBy): void {
    this.#state = 'closed';
    this.#noteEnding(httpEnding(by), by === 'server');
    this.#farewell = new Farewell(this.#settings, this, httpEnding(by), false, undefined);
  }

  /** The opening has returned: messages may be handed over. */
  opened(): void {
    this.#hasOpened = true;
    if (this.#inbox !== undefined) this.#callbacks.run(this.#inbox.release, this.#inbox);
  }

  /** Calls `fn` as this channel's callbacks are called: in its async context, its errors reported. */
  call<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
    this.#callbacks.call(fn, ...args);
  }

  // What groups use.

  /** Whether it waits for its answer: a long poll, or what is none of the others yet. */
  get isPending(): boolean {
    return this.#state === 'pending' && !this.#isEventStream;
  }

  /** Whether it is a WebSocket whose messages are envelopes. */
  get isEnveloped(): boolean {
    return this.#isEnveloped;
  }

  /** Whether so much waits for the peer that what can wait should. */
  get isCongested(): boolean {
    const { softBufferBytes, maxBufferedBytes } = this.#settings;
    return this.#outlet.bufferedAmount > Math.min(softBufferBytes, maxBufferedBytes);
  }

  /** Whether more waits for the peer than may. */
  get isOverfull(): boolean {
    return this.#outlet.bufferedAmount > this.#settings.maxBufferedBytes;
  }

  get limits(): Pick<ChannelSettings, 'softBufferBytes' | 'maxBufferedBytes' | 'onOverflow'> {
    return this.#settings;
  }

  /** Calls `fn` once everything sent before was taken by the kernel, or the channel is over. */
  whenDrained(fn: () => void): void {
    this.#outlet.whenDrained(fn);
  }

  /** Ends it because its peer takes too little. */
  tooSlow(): void {
    if (this.#socket !== undefined) this.peerFailed(1013, '');
    else this.#end('abort', HTTP_SERVER_CLOSE, false);
  }

  join(membership: Membership): void {
    (this.#memberships ??= new Set()).add(membership);
  }

  leave(membership: Membership): void {
    this.#memberships?.delete(membership);
  }

  /** Sends what many channels send, and stays open: a piece of a stream, or a message. */
  sendShared(message: SharedMessage, asIs = false): boolean {
    if (this.#socket !== undefined) return this.#sendMessage(message.data, false, message, asIs);
    if (this.#isEventStream) return this.#sendEvent(message.event, false, message);
    return this.#sendHttp('send', { data: message.data, shared: message });
  }

  /**
   * What a callback threw, or its promise rejected with, is reported; not what the client did to a body that it read, which a poll that
   * waits answers with the status owed.
   */
  callbackFailed(error: unknown): void {
    if (!(error instanceof ProtocolError)) this.report(error);
    else if (this.isPending && error.status !== undefined) this.handlerFailed(error.status);
  }

  /** Tells the application of an error that belongs to this channel. */
  report(error: unknown): void {
    this.#settings.report(error, this.request);
  }

  // What the drivers tell (ChannelPort).

  runInContext<T>(fn: (this: T) => void, self: T): void {
    this.#callbacks.run(fn, self);
  }

  received(message: Message | PackedMessage): void {
    this.#settings.counters.messagesIn++;
    if (this.#state === 'open') (this.#inbox ??= this.#newInbox()).push(message);
  }

  idled(): void {
    if (this.#state === 'open' && this.#inbox?.isIdle === true) this.#inbox = undefined;
  }

  pinged(data: Uint8Array): void {
    if (this.#state === 'open') this.#callbacks.call(this.#callbacks.ping, this, data);
  }

  ponged(data: Uint8Array): void {
    if (this.#state === 'open') this.#callbacks.call(this.#callbacks.pong, this, data);
  }

  outputDrained(): void {
    if (this.#state !== 'closed') this.#callbacks.call(this.#callbacks.drain, this);
  }

  bodyEnded(): void {
    this.#end('bodyEnd', HTTP_SERVER_CLOSE, true);
  }

  bodyFailed(): void {
    this.#end('bodyFail', HTTP_SERVER_CLOSE, false);
  }

  peerClosed(code: number | undefined, reason: string): void {
    this.#end('peerClose', webSocketEnding(code ?? 1005, reason, 'client'), true, { code });
  }

  peerFailed(code: number, reason: string): void {
    this.#end('fail', webSocketEnding(code, reason, 'server'), false, { code, reason });
  }

  aborted(by: ClosedBy): void {
    this.#end('abort', this.#socket === undefined ? httpEnding(by) : webSocketEnding(1006, '', by), false);
  }

  shutDown(): void {
    if (this.#state === 'pending') this.#end('sendLast', httpEnding('shutdown'), true, { status: 503 });
    else this.#close(1001, '', 'shutdown');
  }

  handlerFailed(status: number): void {
    if (this.#state === 'pending') this.#end('sendLast', HTTP_SERVER_CLOSE, true, { status });
    else if (this.#socket !== undefined) this.#close(1011, '', 'server');
    else this.#end('abort', HTTP_SERVER_CLOSE, false);
  }

  // What the farewell asks.

  get hears(): boolean {
    return this.#callbacks.close !== undefined;
  }

  tell(status: CloseStatus, detail: CloseDetail): void {
    this.#callbacks.call(this.#callbacks.close, this, status, detail);
  }

  // What the inbox asks (InboxConsumer).

  get canHandle(): boolean {
    return this.#callbacks.receive !== undefined;
  }

  handle(message: Message): PromiseLike<void> | undefined {
    return this.#callbacks.handle(message);
  }

  /** A paused socket tells nothing of its peer, so a queue that nobody takes from is not waited for without end. */
  onFull(): void {
    if (this.#state !== 'open') return;
    this.#socket!.pauseReading();
    if (this.canHandle) return;
    this.#untakenUntil = this.#settings.ticker.after(UNTAKEN_MS);
    this.#settings.ticker.add(this);
  }

  onRoom(): void {
    if (this.#state === 'open' || this.#state === 'closing') this.#socket!.resumeReading();
  }

  onDropped(count: number): void {
    this.#settings.counters.drops += count;
  }

  onTick(now: number): void {
    const isUntaken = this.#state === 'open' && !this.canHandle;
    if (isUntaken && now < this.#untakenUntil) return;
    this.#settings.ticker.delete(this);
    if (isUntaken) this.peerFailed(1003, 'nobody receives messages here');
  }

  #newInbox(): Inbox {
    const inbox = new Inbox(this.#settings, this);
    if (this.#hasOpened) inbox.release();
    return inbox;
  }

  /** Hands over what was held; not within the call that set who takes it. */
  #runInbox(): void {
    if (this.#inbox !== undefined) this.#callbacks.run(this.#inbox.run, this.#inbox);
  }

  get #outlet(): HttpOutlet | WebSocketOutlet {
    return this.#socket ?? this.#host.outlet;
  }

  /** The way of every message, and so short: the table says of an open channel only that it may send. */
  #sendMessage(message: Message | undefined, isLast: boolean, shared?: SharedMessage, asIs?: boolean): boolean {
    if (message === undefined) return isLast ? this.#close(1000, '', 'server') : this.isOpen;
    if (this.#state !== 'open' || !this.#hasRoom()) return false;
    this.#settings.counters.messagesOut++;
    if (isLast) return this.#end('sendLast', webSocketEnding(1000, '', 'server'), false, { data: message, asIs });
    this.#socket!.message(message, shared, asIs);
    return true;
  }

  /** The same for an event, behind the head, which the first of them writes where `init` sends it. */
  #sendEvent(event: ServerSentEvent | undefined, isLast: boolean, shared?: SharedMessage): boolean {
    if (event === undefined) return isLast ? this.#close(1000, '', 'server') : this.isOpen;
    if (this.#state === 'pending') this.beginEvents();
    if (this.#state !== 'emitting' || !this.#hasRoom()) return false;
    this.#settings.counters.messagesOut++;
    if (isLast) return this.#end('sendLast', HTTP_SERVER_CLOSE, true, { event });
    this.#host.outlet.event(event, shared);
    return true;
  }

  #sendHttp(event: 'send' | 'sendLast' | 'sendBody', cargo: Cargo): boolean {
    if (stepOf(this.#state, event) === undefined || !this.#hasRoom()) return false;
    return event === 'sendLast' ? this.#end(event, HTTP_SERVER_CLOSE, true, cargo) : this.#step(event, cargo);
  }

  #close(code: number, reason: string, by: ClosedBy): boolean {
    if (this.#socket === undefined) return this.#end('close', httpEnding(by), true);
    return this.#end('close', webSocketEnding(code, reason, by), false, { code, reason });
  }

  /** Whether the first send must be the last, because this response can have no body. */
  #mustBeWhole(data: Answer): boolean {
    return this.#state === 'pending' && this.#host.outlet.mustBeWhole(data);
  }

  /** Judges what already waits, before a send: one message of any size goes out on a channel that is idle. */
  #hasRoom(): boolean {
    if (this.#outlet.bufferedAmount <= this.#settings.maxBufferedBytes) return true;
    this.#settings.counters.drops++;
    if (this.#settings.onOverflow === 'close') this.tooSlow();
    return false;
  }

  /** A step that does not end the channel. What its action throws is thrown before anything has changed. */
  #step(event: ChannelEvent, cargo: Cargo): boolean {
    const step = stepOf(this.#state, event);
    if (step === undefined) return false;
    if (step[1] !== undefined) this.#act(step[1], cargo);
    if (this.#state !== 'closed') this.#state = step[0];
    if (!this.isOpen) this.#leaveGroups();
    return true;
  }

  /** A step after which nothing can be sent. */
  #end(event: ChannelEvent, ending: Ending, isClean: boolean, cargo: Cargo = NO_CARGO): boolean {
    const step = stepOf(this.#state, event);
    if (step === undefined) return false;
    const isWhole = step[1] === undefined || this.#act(step[1], cargo);
    this.#state = step[0];
    if (this.#ending === undefined) this.#noteEnding(ending, isClean && isWhole);
    if (step[0] === 'closed') this.#farewell = new Farewell(this.#settings, this, this.#ending!, isClean && isWhole, this.#inbox);
    return true;
  }

  /** Does what the table says; false where what it ended is not whole. */
  #act(action: ChannelAction, cargo: Cargo): boolean {
    if (this.#socket === undefined) return actOnResponse(action as HttpAction, this.#host.outlet, this.#state === 'pending', cargo);
    actOnSocket(action as SocketAction, this.#socket, cargo);
    return true;
  }

  /** The moment of the close: what asks from here on finds the channel closed and out of its groups. */
  #noteEnding(ending: Ending, isWhole: boolean): void {
    this.#ending = ending;
    this.#settings.counters.channelsOpen--;
    if (this.#socket !== undefined) this.#settings.counters.webSocketsOpen--;
    if (this.#isEventStream) this.#settings.counters.eventStreamsOpen--;
    this.#leaveGroups();
    // Last, because they run what the application waits for: the request's signal, and observers.
    const hasResponse = this.#socket === undefined && isWhole && (ending.by === 'server' || ending.by === 'shutdown');
    this.#host.channelClosed(!hasResponse);
    if (this.#isAnnounced) this.#settings.observer.channelClosed(this, ending, this.#state === 'closing' ? undefined : isWhole);
  }

  #leaveGroups(): void {
    const memberships = this.#memberships;
    this.#memberships = undefined;
    if (memberships !== undefined) for (const each of memberships) each.channelClosed(this);
  }
}
