/**
 * The answer to one request: from what a handler returns, or from what the channel of the request sends. It frames, writes and ends
 * the response, and tells the driver of the connection when it is over. It belongs to one exchange: once over, it writes nothing.
 */

import type { ClosedBy } from '../channel/close-status.js';
import type { Channel, ChannelHandlers, HandlerResult, Message } from '../channel/contract.js';
import type { ChannelHost, ChannelPort, ChannelSettings, Handshake, HttpOutlet, StreamedBody } from '../channel/outlet.js';
import { bodyOf, checkBody, isStreamed, keepBytes } from '../channel/outgoing.js';
import type { SharedMessage } from '../channel/shared-message.js';
import { ProtocolError, UsageError } from '../errors.js';
import type { Transport } from '../net/protocol.js';
import { BodyPump, cancelBody, type PumpSink } from './body-pump.js';
import type { HttpResponse, Outgoing } from './contract.js';
import type { RequestHead } from './events.js';
import { isBodiless, responseFraming } from './exchange.js';
import type { IncomingRequest } from './request.js';
import { checkStatus, encodeChunk, encodeFields, encodeHead, type ResponseFields, type ResponseFraming } from './response.js';
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

type Stage = 'waiting' | 'streaming' | 'over';

export class Responder implements HttpOutlet, ChannelHost, PumpSink {
  readonly request: IncomingRequest;
  channel: (Channel & ChannelPort) | undefined;
  readonly #head: RequestHead;
  readonly #owner: ExchangeOwner;
  #stage: Stage = 'waiting';
  #framing: ResponseFraming = { kind: 'none' };
  #keepsAlive = false;
  /** Bytes of a body of declared length that are still to be written. */
  #left = 0;
  #pump: BodyPump | undefined;
  #isAbandoned = false;

  constructor(head: RequestHead, request: IncomingRequest, owner: ExchangeOwner) {
    this.request = request;
    this.#head = head;
    this.#owner = owner;
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** Whether the head of the response is written. */
  get hasBegun(): boolean {
    return this.#stage !== 'waiting';
  }

  /** Whether a client that sends FIN is leaving, rather than waiting for its answer: it has a stream or a channel. */
  get isStream(): boolean {
    return this.channel !== undefined || this.#stage === 'streaming';
  }

  // What the handler returned or threw.

  settle(result: HandlerResult): void {
    if (this.channel !== undefined) {
      if (result !== undefined && result !== null && result !== this.channel) {
        this.#report(new UsageError('a handler that took the channel must return it, or nothing'));
      }
      return;
    }
    if (this.isOver) return letGo(result);
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
    if (this.channel !== undefined) return this.channel.handlerFailed();
    if (this.isOver) return;
    if (this.#stage === 'streaming') return this.cut();
    if (isPeers && error.status === undefined) return this.#end(false, false);
    this.error(isPeers ? error.status! : 500);
  }

  #respond(result: HandlerResult): void {
    if (typeof result === 'string') return this.#writeWhole(200, encodeFields(undefined), result);
    if (result === undefined || result === null) return this.#writePlain(404, this.#owner.mayKeepAlive(false));
    if (typeof result !== 'object' || 'isWebSocket' in result || result instanceof Uint8Array || isStreamed(result)) {
      throw new UsageError('a handler returns a response such as { status, headers, body }, a string, the channel of its request, or nothing');
    }
    const response: HttpResponse = result;
    const body = checkBody(response.body);
    if (isStreamed(body)) this.body(body, response);
    else this.#writeWhole(checkStatus(response.status), encodeFields(response.headers), body);
  }

  // What the channel does (HttpOutlet).

  get bufferedAmount(): number {
    return this.#owner.transport.bufferedAmount;
  }

  whenDrained(fn: () => void): void {
    this.#owner.transport.whenDrained(fn);
  }

  mustBeWhole(data: Outgoing): boolean {
    return isBodiless(this.#head, checkStatus(responseOf(data).status));
  }

  begin(data: Outgoing): void {
    const response = responseOf(data);
    const body = (bodyOf(data) as Message | null | undefined) ?? '';
    const isText = typeof response.body === 'string';
    this.#beginStream(checkStatus(response.status), encodeFields(response.headers), isText, lengthOf(body));
    this.piece(body);
  }

  whole(data: Outgoing | undefined): void {
    if (data === undefined) return this.#writeWhole(204, encodeFields(undefined), undefined);
    const response = responseOf(data);
    this.#writeWhole(checkStatus(response.status), encodeFields(response.headers), bodyOf(data) as Message | null | undefined);
  }

  body(body: StreamedBody, response: HttpResponse | undefined): void {
    if (response !== undefined) {
      const status = checkStatus(response.status);
      const fields = encodeFields(response.headers);
      if (isBodiless(this.#head, status)) {
        cancelBody(body);
        return this.#endBodiless(status, fields);
      }
      this.#beginStream(status, fields, false, 0);
    }
    this.#pump = new BodyPump(body, this);
    void this.#pump.run();
  }

  chunk(data: Message, shared?: SharedMessage): void {
    if (shared !== undefined && this.#framing.kind === 'chunked' && data.length > 0) this.#owner.transport.write(shared.form('chunk', encodeChunk));
    else this.piece(data);
  }

  chunkLast(data: Message): void {
    this.piece(data);
    this.last();
  }

  last(): void {
    if (this.#framing.kind === 'length' && this.#left > 0) {
      this.#report(new UsageError(`the body is ${this.#left} bytes shorter than its Content-Length`));
      return this.cut();
    }
    if (this.#framing.kind === 'chunked') this.#owner.transport.write('0\r\n\r\n');
    this.#end(true, this.#keepsAlive);
  }

  error(status: number): void {
    this.#writePlain(status, false);
  }

  cut(): void {
    if (this.isOver) return;
    this.#pump?.cancel();
    const wasStreaming = this.#stage === 'streaming';
    this.#stage = 'over';
    this.#owner.exchangeCut(wasStreaming && this.#framing.kind === 'until-close');
  }

  // What the pump of a streamed body does (PumpSink).

  get isCongested(): boolean {
    return this.#owner.transport.isCongested;
  }

  piece(data: Message): void {
    if (data.length === 0) return;
    if (this.#framing.kind === 'length') this.#spend(lengthOf(data));
    const { transport } = this.#owner;
    if (this.#framing.kind !== 'chunked') return transport.write(typeof data === 'string' ? Buffer.from(data) : keepBytes(data));
    if (typeof data === 'string' || keepBytes(data) !== data) return transport.write(encodeChunk(data));
    transport.write(`${data.length.toString(16)}\r\n`);
    transport.write(data);
    transport.write('\r\n');
  }

  pumped(): void {
    this.#pump = undefined;
    if (this.channel !== undefined) this.channel.bodyEnded();
    else this.last();
  }

  pumpFailed(error: unknown): void {
    this.#pump = undefined;
    this.#report(error);
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
    this.channel = channel;
    return !this.isOver;
  }

  channelClosed(hasClientLeft: boolean): void {
    if (hasClientLeft) this.request.clientLeft();
  }

  handshake(handlers: Pick<ChannelHandlers, 'protocols' | 'headers'>): Handshake {
    return this.#owner.handshake(handlers, this);
  }

  /** Writes the head of a 101 and hands the connection over: this exchange writes nothing any more. */
  switchProtocols(lines: string, fields: ResponseFields): void {
    this.#stage = 'over';
    this.#owner.transport.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines}${fields.lines}\r\n`);
  }

  // What the connection tells.

  /** Output that had passed the soft mark was taken. */
  drained(): void {
    this.#pump?.resume();
    this.channel?.outputDrained();
  }

  /** The client is gone, or is given up. */
  abandon(by: ClosedBy): void {
    if (this.isOver) return;
    this.#isAbandoned = true;
    this.request.clientLeft();
    if (this.channel !== undefined) this.channel.aborted(by);
    else if (this.#stage === 'streaming') this.cut();
    this.#pump?.cancel();
    this.#stage = 'over';
  }

  /** The server is stopping: what only waits is ended; a handler or a body under way may finish. */
  shutDown(): void {
    this.#keepsAlive = false;
    this.channel?.shutDown();
  }

  #writePlain(status: number, keepsAlive: boolean): void {
    const fields = encodeFields({ 'Content-Type': 'text/plain; charset=utf-8' });
    const text = reasonPhrase(status);
    this.#writeHead(status, fields, responseFraming(this.#head, status, text.length, undefined), true, keepsAlive);
    if (!isBodiless(this.#head, status)) this.#owner.transport.write(text);
    this.#end(true, keepsAlive);
  }

  #writeWhole(status: number, fields: ResponseFields, body: Message | null | undefined): void {
    const { transport } = this.#owner;
    const length = body === undefined || body === null ? 0 : lengthOf(body);
    const framing = responseFraming(this.#head, status, length, fields.contentLength);
    const keepsAlive = this.#owner.mayKeepAlive(false) && !fields.closes;
    const head = this.#encodeHead(status, fields, framing, typeof body === 'string', keepsAlive);
    if (length === 0 || isBodiless(this.#head, status)) {
      transport.write(head);
    } else if (typeof body === 'string') {
      if (length === body.length) transport.write(head + body);
      else this.#writeBoth(head, Buffer.from(body));
    } else {
      this.#writeBoth(head, keepBytes(body!));
    }
    this.#end(true, keepsAlive);
  }

  #writeBoth(head: string, body: Uint8Array): void {
    this.#owner.transport.write(head);
    this.#owner.transport.write(body);
  }

  #beginStream(status: number, fields: ResponseFields, isText: boolean, firstLength: number): void {
    const framing = responseFraming(this.#head, status, undefined, fields.contentLength);
    if (framing.kind === 'length' && firstLength > framing.length) throw tooLong();
    const keepsAlive = this.#owner.mayKeepAlive(true) && !fields.closes && framing.kind !== 'until-close';
    this.#writeHead(status, fields, framing, isText, keepsAlive);
    this.#stage = 'streaming';
    this.#framing = framing;
    this.#keepsAlive = keepsAlive;
    this.#left = framing.kind === 'length' ? framing.length : 0;
  }

  #endBodiless(status: number, fields: ResponseFields): void {
    const keepsAlive = this.#owner.mayKeepAlive(false) && !fields.closes;
    this.#writeHead(status, fields, responseFraming(this.#head, status, undefined, fields.contentLength), false, keepsAlive);
    this.#stage = 'streaming';
    this.#keepsAlive = keepsAlive;
    // The channel, if there is one, hears of the end as of any streamed body's.
    queueMicrotask(() => {
      if (!this.isOver) this.pumped();
    });
  }

  #writeHead(status: number, fields: ResponseFields, framing: ResponseFraming, isText: boolean, keepsAlive: boolean): void {
    this.#owner.transport.write(this.#encodeHead(status, fields, framing, isText, keepsAlive));
  }

  #encodeHead(status: number, fields: ResponseFields, framing: ResponseFraming, isText: boolean, keepsAlive: boolean): string {
    const { settings } = this.#owner;
    settings.counters.responses[Math.floor(status / 100)]!++;
    return encodeHead({
      status,
      fields,
      framing,
      isText,
      isHttp10: this.#head.isHttp10,
      keepsAlive,
      dateLine: settings.date.line(settings.ticker.wallNow),
      serverLine: settings.serverLine,
    });
  }

  /** Takes bytes from the declared length; a body that is too long is the application's fault. */
  #spend(length: number): void {
    if (length > this.#left) throw tooLong();
    this.#left -= length;
  }

  #end(isWritten: boolean, keepsAlive: boolean): void {
    this.#stage = 'over';
    if (isWritten) this.#owner.exchangeEnded(keepsAlive);
    else this.#owner.exchangeCut(false);
  }

  #report(error: unknown): void {
    this.#owner.settings.channels.report(error, this.request);
  }
}

function tooLong(): UsageError {
  return new UsageError('the body is longer than its Content-Length');
}

/** What is sent, as a response. */
function responseOf(data: Outgoing): HttpResponse {
  return typeof data === 'string' || data instanceof Uint8Array ? { body: data } : data;
}

/** Tells the source of a streamed body that nobody will read it. */
function letGo(result: HandlerResult): void {
  const body = typeof result === 'object' && result !== null && 'body' in result ? result.body : undefined;
  if (isStreamed(body)) cancelBody(body);
}

function lengthOf(data: Message): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}

