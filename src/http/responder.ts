/**
 * The answer to one request: from what a handler returns, or from what the channel of the request sends. It tells the driver of
 * the connection when the response is over. It belongs to one exchange: once over, it writes nothing.
 */

import type { ClosedBy } from '../channel/close-status.js';
import type { Channel, ChannelHandlers, HandlerResult, Message } from '../channel/contract.js';
import type { Answer, ChannelHost, ChannelPort, ChannelSettings, EventStreamHead, Handshake, HttpOutlet, StreamedBody } from '../channel/outlet.js';
import { bodyOf, checkBody, isResponse, isStreamed } from '../channel/outgoing.js';
import type { SharedMessage } from '../channel/shared-message.js';
import { ProtocolError, UsageError } from '../errors.js';
import type { Transport } from '../net/protocol.js';
import { BodyPump, cancelBody, type PumpSink } from './body-pump.js';
import { BodyWriter } from './body-writer.js';
import type { HeaderFields, HttpResponse, ServerSentEvent } from './contract.js';
import { eventStreamFields } from './event-stream.js';
import type { RequestHead } from './events.js';
import { isBodiless } from './exchange.js';
import { Heartbeat } from './heartbeat.js';
import type { IncomingRequest, RequestOwner } from './request.js';
import { checkStatus, encodeFields, type ResponseFields } from './response.js';
import { lengthOf, writePlain, writeSwitch, writeWhole } from './response-writer.js';
import type { HttpSettings } from './settings.js';
import { reasonPhrase } from './status.js';

/** The driver of the connection, as one exchange sees it. */
export interface ExchangeOwner {
  readonly transport: Transport;
  readonly settings: HttpSettings;
  /** Whether the client has sent FIN: what takes a channel now finds it gone. */
  readonly hasInputEnded: boolean;
  /** Whether the connection could serve another request behind this response; a streamed one may still see the request's body read. */
  mayKeepAlive(isStreamed: boolean): boolean;
  /** The response is written whole. */
  exchangeEnded(keepsAlive: boolean): void;
  /** The response ended in a way that must be seen to be no end. */
  exchangeCut(isDelimitedByClose: boolean): void;
  /** Judges a WebSocket handshake. */
  handshake(handlers: Pick<ChannelHandlers, 'protocols' | 'headers'>, responder: Responder): Handshake;
}

const NO_FIELDS = encodeFields(undefined);
const RETRY_AFTER = encodeFields({ 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': 1 });
const NO_RESPONSE: HttpResponse = {};

/** `whole` and `cut`: the response is over. `told`: so are the observers. */
type Stage = 'waiting' | 'streaming' | 'whole' | 'cut' | 'told';

export class Responder implements HttpOutlet, ChannelHost, PumpSink {
  readonly request: IncomingRequest;
  channel: (Channel & ChannelPort) | undefined;
  readonly #head: RequestHead;
  #owner: ExchangeOwner;
  /** Once a head was written. */
  #status: number | undefined;
  /** Only of a response whose body comes in pieces. */
  #writer: BodyWriter | undefined;
  #stage: Stage = 'waiting';
  #keepsAlive = false;
  #isAbandoned = false;
  #isShuttingDown = false;
  #pump: BodyPump | undefined;
  /** Only of an event stream. */
  #heartbeat: Heartbeat | undefined;

  constructor(head: RequestHead, request: IncomingRequest, owner: ExchangeOwner) {
    this.request = request;
    this.#head = head;
    this.#owner = owner;
  }

  /** Whether nothing of the response was written. */
  get isWaiting(): boolean {
    return this.#stage === 'waiting';
  }

  /** Whether a client that sends FIN is leaving, rather than waiting for its answer: it has a stream or a channel. */
  get isStream(): boolean {
    return this.channel !== undefined || this.#stage === 'streaming';
  }

  // What the handler returned or threw.

  settle(result: HandlerResult): void {
    if (this.channel !== undefined) {
      if (this.#isShuttingDown) this.channel.shutDown();
      if (result !== undefined && result !== null && result !== this.channel) {
        this.#report(new UsageError('a handler that took the channel must return it, or nothing'));
        letGo(result);
      }
      return;
    }
    if (this.#isOver) return letGo(result);
    try {
      this.#respond(result);
    } catch (error) {
      letGo(result);
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    const isPeers = error instanceof ProtocolError;
    if (!isPeers) this.#report(error);
    const status = isPeers ? error.status : 500;
    if (this.channel !== undefined) return this.channel.handlerFailed(status ?? 500);
    if (this.#isOver) return;
    if (this.#stage === 'streaming' || status === undefined) return this.cut();
    this.error(status);
  }

  #respond(result: HandlerResult): void {
    if (typeof result === 'string') return this.#whole(this.#statusOf(NO_RESPONSE), NO_FIELDS, result);
    if (result === undefined || result === null) return this.#plain(this.#isConnect ? 501 : 404, this.#owner.mayKeepAlive(false));
    if (!isResponse(result)) {
      throw new UsageError('a handler returns a response such as { status, headers, body }, a string, the channel of its request, or nothing');
    }
    const body = checkBody(result.body);
    if (isStreamed(body)) this.body(body, result);
    else this.#whole(this.#statusOf(result), encodeFields(result.headers), body);
  }

  // What the channel does (HttpOutlet).

  get bufferedAmount(): number {
    return this.#owner.transport.bufferedAmount;
  }

  whenDrained(fn: () => void): void {
    this.#owner.transport.whenDrained(fn);
  }

  mustBeWhole(data: Answer): boolean {
    return isBodiless(this.#head, this.#statusOf(responseOf(data)));
  }

  begin(data: Answer): void {
    const response = responseOf(data);
    const first = (bodyOf(data) as Message | null | undefined) ?? '';
    this.#begin(this.#statusOf(response), encodeFields(response.headers), typeof response.body === 'string', lengthOf(first));
    this.piece(first);
  }

  whole(data: Answer | undefined): void {
    if (data === undefined) return this.#whole(204, NO_FIELDS, undefined);
    const response = responseOf(data);
    this.#whole(this.#statusOf(response), encodeFields(response.headers), bodyOf(data) as Message | null | undefined);
  }

  headAlone(data: Answer): void {
    const response = responseOf(data);
    this.#begin(this.#statusOf(response), encodeFields(response.headers), typeof response.body === 'string', 0);
    this.#end(this.#keepsAlive);
  }

  body(body: StreamedBody, response: HttpResponse | undefined): void {
    if (response === undefined) return this.#startPump(new BodyPump(body, this));
    const status = this.#statusOf(response);
    const fields = encodeFields(response.headers);
    // A body that cannot be iterated, such as a locked stream, throws here: before the head is written.
    const isSent = !isBodiless(this.#head, status);
    const pump = new BodyPump(isSent ? body : [], this);
    this.#begin(status, fields, false, 0);
    if (!isSent) cancelBody(body);
    this.#startPump(pump);
  }

  chunk(data: Message, shared?: SharedMessage): void {
    this.#writer!.piece(data, shared);
  }

  event(event: ServerSentEvent, shared?: SharedMessage): void {
    this.#writer!.event(event, shared);
    this.#heartbeat?.wasHeard();
  }

  chunkLast(data: Message): boolean {
    this.#writer!.piece(data);
    return this.last();
  }

  last(): boolean {
    try {
      this.#writer!.end();
    } catch (error) {
      this.#report(error);
      this.cut();
      return false;
    }
    this.#end(this.#keepsAlive);
    return true;
  }

  error(status: number): void {
    this.#plain(status, false);
  }

  /** Refuses a request that its handler is not asked about. Who sent too many may go on, and soon send more. */
  refuse({ status = 400 }: ProtocolError): void {
    if (status === 429) this.#whole(429, RETRY_AFTER, reasonPhrase(429));
    else this.error(status);
  }

  cut(): void {
    if (this.#isOver) return;
    this.#pump?.cancel();
    this.#stage = 'cut';
    this.#owner.exchangeCut(this.#writer?.isDelimitedByClose === true);
    if (this.channel === undefined) this.#tell();
  }

  // What the pump of a streamed body does (PumpSink).

  get isCongested(): boolean {
    return this.#owner.transport.isCongested;
  }

  nextTurn(): Promise<void> {
    return this.#owner.transport.nextTurn();
  }

  piece(data: Message): void {
    this.#writer!.piece(data);
  }

  pumped(): void {
    this.#pump = undefined;
    if (this.channel !== undefined) this.channel.bodyEnded();
    else this.last();
  }

  /** What the client did, seen through a body that is made of its own, is no error of the application. */
  pumpFailed(error: unknown): void {
    this.#pump = undefined;
    if (!(error instanceof ProtocolError)) this.#report(error);
    if (this.channel !== undefined) this.channel.bodyFailed();
    else this.cut();
  }

  // What the request offers to who takes its channel (ChannelHost).

  get settings(): ChannelSettings {
    return this.#owner.settings.channels;
  }

  get clientLeft(): boolean {
    return this.#isAbandoned || this.#owner.hasInputEnded;
  }

  get outlet(): HttpOutlet {
    return this;
  }

  take(channel: Channel & ChannelPort): boolean {
    // The stream of a handler's response stays the handler's.
    if (this.#stage !== 'streaming') this.channel = channel;
    return this.#stage === 'waiting';
  }

  accepted(): void {
    this.#tell();
  }

  channelClosed(hasClientLeft: boolean): void {
    if (hasClientLeft) this.request.clientLeft();
    this.#tell();
  }

  handshake(handlers: Pick<ChannelHandlers, 'protocols' | 'headers'>): Handshake {
    return this.#owner.handshake(handlers, this);
  }

  eventStream(headers: HeaderFields | undefined): EventStreamHead {
    const fields = eventStreamFields(headers);
    const status = this.#statusOf(NO_RESPONSE);
    const isWhole = isBodiless(this.#head, status);
    return { isWhole, write: () => this.#beginEvents(status, fields, isWhole) };
  }

  /** Writes the head of a 101 and hands the connection over: this exchange writes nothing any more. */
  switchProtocols(lines: string, fields: ResponseFields): void {
    this.#stage = 'whole';
    this.#status = 101;
    writeSwitch(this.#owner, lines, fields);
  }

  /** The connection speaks HTTP no more: `owner` stands in for its driver from here on. */
  handOver(owner: ExchangeOwner & RequestOwner): void {
    this.#owner = owner;
    this.request.handOver(owner);
  }

  // What the connection tells.

  /** Output that had passed the soft mark was taken. */
  drained(): void {
    this.#pump?.resume();
    this.channel?.outputDrained();
  }

  /** Breaks the silence of an event stream. Where output waits, the client has not even taken that. */
  onTick(now: number): void {
    if (this.#heartbeat?.isDue(now) !== true) return;
    if (this.bufferedAmount === 0) this.#writer!.comment();
    this.#heartbeat.wasHeard();
  }

  /** The client is gone, or is given up. */
  abandon(by: ClosedBy): void {
    if (this.#isOver) return;
    this.#isAbandoned = true;
    if (this.channel !== undefined) this.channel.aborted(by);
    else this.cut();
    this.request.clientLeft();
  }

  /** The server is stopping: what only waits is ended; a handler or a body under way may finish. */
  shutDown(): void {
    this.#isShuttingDown = true;
    this.#keepsAlive = false;
    this.channel?.shutDown();
  }

  get #isConnect(): boolean {
    return this.#head.method === 'CONNECT';
  }

  /** A 2xx that nobody asked for would promise a tunnel (RFC 9110 §9.3.6), which is not built here: CONNECT is not implemented (§15.6.2). */
  #statusOf({ status }: HttpResponse): number {
    return status === undefined && this.#isConnect ? 501 : checkStatus(status);
  }

  get #isOver(): boolean {
    return this.#stage !== 'waiting' && this.#stage !== 'streaming';
  }

  #begin(status: number, fields: ResponseFields, isText: boolean, firstLength: number): void {
    const keepsAlive = this.#owner.mayKeepAlive(true) && !fields.closes;
    this.#writer = new BodyWriter(this.#owner, this.#head, { status, fields, isText, firstLength, keepsAlive });
    this.#status = status;
    this.#stage = 'streaming';
    this.#keepsAlive = keepsAlive && !this.#writer.isDelimitedByClose;
  }

  #beginEvents(status: number, fields: ResponseFields, isWhole: boolean): void {
    this.#begin(status, fields, false, 0);
    const { heartbeatIntervalMs, ticker } = this.#owner.settings;
    if (isWhole) this.#end(this.#keepsAlive);
    else if (heartbeatIntervalMs > 0) this.#heartbeat = new Heartbeat(heartbeatIntervalMs, ticker);
  }

  #startPump(pump: BodyPump): void {
    this.#pump = pump;
    void pump.run();
  }

  #whole(status: number, fields: ResponseFields, body: Message | null | undefined): void {
    const keepsAlive = this.#owner.mayKeepAlive(false) && !fields.closes;
    writeWhole(this.#owner, this.#head, status, fields, body, keepsAlive);
    this.#status = status;
    this.#end(keepsAlive);
  }

  #plain(status: number, keepsAlive: boolean): void {
    writePlain(this.#owner, this.#head, status, keepsAlive);
    this.#status = status;
    this.#end(keepsAlive);
  }

  #end(keepsAlive: boolean): void {
    this.#stage = 'whole';
    this.#owner.exchangeEnded(keepsAlive);
    if (this.channel === undefined) this.#tell();
  }

  /** Tells observers once that the response is over. Where a channel has sent it, only when that knows it is closed: they may call it. */
  #tell(): void {
    if (this.#stage !== 'whole' && this.#stage !== 'cut') return;
    const isComplete = this.#stage === 'whole';
    this.#stage = 'told';
    this.#owner.settings.observer.responded(this.request, this.#status, isComplete);
  }

  #report(error: unknown): void {
    this.#owner.settings.channels.report(error, this.request);
  }
}

/** What a handler returned and nobody will read may hold a file open. */
function letGo(result: HandlerResult): void {
  try {
    const body = typeof result === 'object' && result !== null && 'body' in result ? result.body : undefined;
    if (isStreamed(body)) cancelBody(body);
  } catch {
    // A response whose body cannot even be asked for holds nothing for us.
  }
}

/** What is sent, as a response. */
function responseOf(data: Answer): HttpResponse {
  return typeof data === 'string' || data instanceof Uint8Array ? { body: data } : data;
}
