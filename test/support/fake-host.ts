/** A host of channels without a socket: it writes down what the channel makes its outlet do. */

import { Counters } from '#src/counters.js';
import { AsyncChannel } from '#src/channel/channel.js';
import type { Channel, ChannelHandlers, HandshakeError, Message } from '#src/channel/contract.js';
import type { Answer, ChannelHost, ChannelPort, ChannelSettings, EventStreamHead, Handshake, HttpOutlet, RequestWithHost, StreamedBody, WebSocketOutlet } from '#src/channel/outlet.js';
import { CHANNEL_HOST } from '#src/channel/outlet.js';
import { SharedMessage } from '#src/channel/shared-message.js';
import type { HeaderFields, HttpRequest, HttpResponse, ServerSentEvent } from '#src/http/contract.js';
import { Deadlines } from '#src/net/deadlines.js';
import { FakeClock } from './clock.js';

export interface FakeHostOptions {
  readonly isUpgrade?: boolean;
  readonly isHead?: boolean;
  /** The subprotocol of its WebSocket. */
  readonly protocol?: string;
  readonly lastEventId?: string;
  /** What a handshake is refused with. */
  readonly refusal?: HandshakeError;
  readonly softBufferBytes?: number;
  readonly maxBufferedBytes?: number;
  readonly onOverflow?: 'close' | 'drop';
  readonly maxQueuedMessages?: number;
  readonly clientLeft?: boolean;
}

export class FakeHost implements ChannelHost, HttpOutlet, WebSocketOutlet {
  /** What was asked of the outlet, in order, such as `chunk a`. */
  readonly calls: string[] = [];
  /** What the application was told of errors. */
  readonly errors: unknown[] = [];
  readonly clock = new FakeClock();
  readonly settings: ChannelSettings;
  readonly request: HttpRequest;
  readonly protocol: string;
  channel: AsyncChannel<unknown> | undefined;
  clientLeft: boolean;
  bufferedAmount = 0;
  /** Thrown by the next call of the outlet. */
  throwNext: Error | undefined;
  /** Called behind everything that is sent. */
  onWrite: (() => void) | undefined;
  /** Called when the channel has closed, as the application hears of it by the request's signal. */
  onChannelClosed: (() => void) | undefined;
  /** Messages that were not to be compressed. */
  readonly sentAsIs: Message[] = [];
  /** The encodings that messages for many needed. */
  readonly encoded: Message[] = [];
  readonly #options: FakeHostOptions;
  readonly #drainWaiters: (() => void)[] = [];

  constructor(options: FakeHostOptions = {}) {
    this.#options = options;
    this.protocol = options.protocol ?? 'chat';
    this.clientLeft = options.clientLeft ?? false;
    this.settings = {
      softBufferBytes: options.softBufferBytes ?? 100,
      maxBufferedBytes: options.maxBufferedBytes ?? 1000,
      onOverflow: options.onOverflow ?? 'close',
      maxQueuedMessages: options.maxQueuedMessages ?? 64,
      maxQueuedBytes: 1024 * 1024,
      counters: new Counters(),
      ticker: new Deadlines(this.clock, 100),
      unfinished: new Set(),
      report: (error) => this.errors.push(error),
      observer: { channelOpened: () => {}, channelClosed: () => {} },
    };
    const header = (name: string): string | undefined => (name === 'last-event-id' ? options.lastEventId : undefined);
    this.request = { isWebSocketUpgrade: options.isUpgrade ?? false, header, [CHANNEL_HOST]: this } as unknown as RequestWithHost;
  }

  get outlet(): HttpOutlet {
    return this;
  }

  /** What the peer and the driver do. */
  get port(): ChannelPort {
    return this.channel!;
  }

  /** Takes what was asked of the outlet so far. */
  takeCalls(): string[] {
    return this.calls.splice(0);
  }

  /** Lets everything that waits be taken. */
  drain(): void {
    this.bufferedAmount = 0;
    for (const each of this.#drainWaiters.splice(0)) each();
  }

  take(channel: Channel & ChannelPort): boolean {
    this.channel = channel as AsyncChannel<unknown>;
    return true;
  }

  accepted(): void {}

  channelClosed(hasClientLeft: boolean): void {
    this.calls.push(hasClientLeft ? 'closed, client left' : 'closed');
    this.onChannelClosed?.();
  }

  eventStream(headers: HeaderFields | undefined): EventStreamHead {
    return { isWhole: this.#options.isHead ?? false, write: () => this.#note('events', headers === undefined ? undefined : JSON.stringify(headers)) };
  }

  handshake(_handlers: Pick<ChannelHandlers, 'protocols' | 'headers'>): Handshake {
    const { refusal } = this.#options;
    if (refusal !== undefined) return { isValid: false, error: refusal, response: { status: refusal.status, body: refusal.reason } };
    return {
      isValid: true,
      accept: () => {
        this.#note('accept');
        return this;
      },
    };
  }

  // HttpOutlet

  whenDrained(fn: () => void): void {
    if (this.bufferedAmount === 0) fn();
    else this.#drainWaiters.push(fn);
  }

  mustBeWhole(data: Answer): boolean {
    return typeof data === 'object' && 'status' in data && data.status === 204;
  }

  begin(data: Answer): void {
    this.#note('begin', data);
  }

  whole(data: Answer | undefined): void {
    this.#note('whole', data);
  }

  body(_body: StreamedBody, response: HttpResponse | undefined): void {
    this.#note(response === undefined ? 'body' : 'body with head');
  }

  chunk(data: Message, shared?: SharedMessage): void {
    if (shared !== undefined) shared.form('chunk', (message) => this.#encode(message));
    this.#note('chunk', data);
  }

  event(event: ServerSentEvent, shared?: SharedMessage): void {
    if (shared !== undefined) shared.form('event', (message) => this.#encode(message));
    this.#note('event', event);
  }

  headAlone(data: Answer): void {
    this.#note('headAlone', data);
  }

  chunkLast(data: Message): boolean {
    this.#note('chunkLast', data);
    return true;
  }

  last(): boolean {
    this.#note('last');
    return true;
  }

  error(status: number): void {
    this.#note('error', String(status));
  }

  cut(): void {
    this.#note('cut');
  }

  // WebSocketOutlet

  message(data: Message, shared?: SharedMessage, asIs = false): void {
    if (asIs) this.sentAsIs.push(data);
    if (shared !== undefined) shared.form('frame', (message) => this.#encode(message));
    this.#note('message', data);
  }

  closeFrame(code: number, reason: string): void {
    this.#note('closeFrame', `${code} ${reason}`);
  }

  failFrame(code: number, reason: string): void {
    this.#note('failFrame', `${code} ${reason}`);
  }

  closeReply(code: number | undefined): void {
    this.#note('closeReply', String(code));
  }

  ping(data: Uint8Array): void {
    this.#note('ping', Buffer.from(data).toString());
  }

  pauseReading(): void {
    this.#note('pauseReading');
  }

  resumeReading(): void {
    this.#note('resumeReading');
  }

  #encode(message: Message): Message {
    this.encoded.push(message);
    return message;
  }

  #note(name: string, data?: Answer | ServerSentEvent): void {
    const error = this.throwNext;
    this.throwNext = undefined;
    if (error !== undefined) throw error;
    const text = data === undefined || typeof data === 'string' ? data : data instanceof Uint8Array ? Buffer.from(data).toString() : JSON.stringify(data);
    this.calls.push(`${name} ${text ?? ''}`.trimEnd());
    this.onWrite?.();
  }
}
