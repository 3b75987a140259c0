/**
 * The HTTP driver: the protocol of a connection from accept until an upgrade. It pulls events from its parser only when they can
 * be taken, serves one request at a time and so answers in order, and keeps the deadlines of a request. Invariant: at most one
 * exchange is under way; what the client pipelined behind it waits, in bounds, in the parser.
 */

import { EMPTY } from '../bytes.js';
import { closedBy, type ClosedBy } from '../channel/close-status.js';
import type { ChannelHandlers, HandlerResult } from '../channel/contract.js';
import type { Handshake } from '../channel/outlet.js';
import { CHANNEL_HOST } from '../channel/outlet.js';
import { ProtocolError, UsageError } from '../errors.js';
import type { Departure, HomeScope, Protocol, Transport } from '../net/protocol.js';
import { isThenable } from '../thenable.js';
import { admissionViolation } from './admission.js';
import { httpError } from './errors.js';
import type { HttpEvent, RequestHead } from './events.js';
import { formerDriverOf } from './former-driver.js';
import { type Client, forwardedPeer } from './forwarded.js';
import { HttpParser } from './parser.js';
import { IncomingRequest, type RequestOwner } from './request.js';
import { type BodySource, RequestBody } from './request-body.js';
import { type AwaitedInput, RequestDeadlines } from './request-deadlines.js';
import { type ExchangeOwner, Responder } from './responder.js';
import { encodeFields } from './response.js';
import { writePlain } from './response-writer.js';
import type { HttpSettings, Upgrade } from './settings.js';

/** Stands for the request where what came is none, or not yet one, and is answered with an error. */
const NO_REQUEST = { method: '', isHttp10: false };
/** The same where it begins as a HEAD does: its answer has no content, whatever is wrong with the rest (RFC 9110 §9.3.2). */
const NO_HEAD_REQUEST = { method: 'HEAD', isHttp10: false };
const HEAD_METHOD = Buffer.from('HEAD ', 'latin1');

/** What says which protocol a connection is switched to, and how. */
const HANDSHAKE_FIELD = /^(?:upgrade|sec-websocket-(?:accept|extensions|protocol)):/im;

/** So much of what was not understood is shown to the application. */
const PEEKED_BYTES = 256;

/** The rest of a request body that nobody read is drained up to this, so that the connection can be kept. */
const DRAIN_BYTES = 64 * 1024;

export class HttpProtocol implements Protocol, ExchangeOwner, RequestOwner, BodySource {
  readonly transport: Transport;
  readonly settings: HttpSettings;
  hasInputEnded = false;
  /** Whether the peer is a proxy that we trust. */
  readonly #isProxied: boolean;
  /** The one of all idle connections while nothing has come. */
  #parser: HttpParser;
  readonly #deadlines: RequestDeadlines;
  /** Where its handlers run; made when first needed, and let go of between requests. */
  #scope: HomeScope | undefined;
  #exchange: Responder | undefined;
  /** The body that is under way, until its end was parsed. */
  #body: RequestBody | undefined;
  #keepsAlive = true;
  #expectsContinue = false;
  #isUpgradeRequest = false;
  /** Whether the rest of the body is being discarded, and how much of it was. */
  #isDraining = false;
  #drainedBytes = 0;
  #isAdvancing = false;
  #isBroken = false;
  /** Set once the connection was ended or handed over. */
  #isOver = false;

  constructor(transport: Transport, settings: HttpSettings) {
    this.transport = transport;
    this.settings = settings;
    this.#isProxied = settings.trusts?.(transport.remoteAddress) === true;
    this.#parser = settings.idleParser;
    this.#deadlines = new RequestDeadlines(settings, settings.ticker);
  }

  // What the connection tells (Protocol).

  onData(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#parser === this.settings.idleParser) this.#parser = new HttpParser(this.settings);
    this.#parser.push(bytes);
    this.#advance();
  }

  onEnd(): void {
    if (this.#isOver) return;
    this.hasInputEnded = true;
    if (this.#body !== undefined) this.#takeRestOfBody();
    if (this.#exchange?.isStream === true || this.#isBroken) this.#leave('client');
    else this.#advance();
  }

  onDrain(): void {
    this.#exchange?.drained();
    this.#advance();
  }

  onGone(departure: Departure): void {
    this.#leave(closedBy(departure));
  }

  onTick(now: number): void {
    if (this.#exchange !== undefined) this.#tickExchange(this.#exchange, now);
    else if (!this.#parser.isInMessage) this.#letGo();
    switch (this.#isOver || this.#isBroken ? 'nothing' : this.#deadlines.overdue(now)) {
      case 'request':
        return this.#end();
      case 'head':
        return this.#refuse(httpError('HTTP_HEAD_TIMEOUT'));
      case 'body':
        return this.#refuse(httpError('HTTP_BODY_TIMEOUT'));
      case 'reader':
        return this.#giveUpUnread();
    }
  }

  /** A channel may have been taken since input came. */
  #tickExchange(exchange: Responder, now: number): void {
    this.#deadlines.wait(this.#awaited());
    exchange.onTick(now);
  }

  /** Between requests an idle connection keeps nothing of what they needed. */
  #letGo(): void {
    this.#parser = this.settings.idleParser;
    this.#scope = undefined;
  }

  onShutdown(): void {
    if (this.#exchange === undefined) this.#end();
    else this.#exchange.shutDown();
  }

  // What the exchange asks (ExchangeOwner).

  mayKeepAlive(isStreamed: boolean): boolean {
    if (!this.#keepsAlive || this.#isUpgradeRequest || this.#isBroken || this.settings.isStopping) return false;
    if (this.hasInputEnded && this.#parser.bufferedBytes === 0) return false;
    if (this.#body === undefined || this.#canDrain()) return true;
    return isStreamed && this.#body.isBeingRead && !this.#expectsContinue;
  }

  exchangeEnded(keepsAlive: boolean): void {
    this.#exchange = undefined;
    if (!keepsAlive || this.#isBroken) return this.#end();
    if (this.#body !== undefined) this.#drainBody(this.#body);
    if (!this.#isAdvancing) this.transport.soon(() => this.#advance());
  }

  exchangeCut(isDelimitedByClose: boolean): void {
    this.#exchange = undefined;
    if (isDelimitedByClose || this.transport.isCongested) {
      this.#isOver = true;
      this.transport.destroy('aborted');
    } else {
      this.#end();
    }
  }

  handshake(handlers: Pick<ChannelHandlers, 'protocols' | 'headers'>, responder: Responder): Handshake {
    const fields = encodeFields(handlers.headers);
    if (HANDSHAKE_FIELD.test(fields.lines)) throw new UsageError('Upgrade and the Sec-WebSocket fields of a handshake are the server\'s: leave them out');
    const upgrade = this.#judgeUpgrade(responder.request, handlers.protocols);
    if ('reason' in upgrade) {
      const { status, reason } = upgrade;
      const versions = status === 426 ? { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' } : {};
      const headers = { ...versions, 'Content-Type': 'text/plain; charset=utf-8' };
      return { isValid: false, error: upgrade, response: { status, headers, body: `${reason}\n` } };
    }
    return {
      isValid: true,
      accept: (port) => {
        const next = upgrade.open(this.transport, port);
        responder.switchProtocols(upgrade.lines, fields);
        this.#exchange = undefined;
        this.#isOver = true;
        this.transport.upgrade(next, this.#parser.takeRest());
        responder.handOver(formerDriverOf(this.settings));
        return next;
      },
    };
  }

  #judgeUpgrade(request: IncomingRequest, protocols: ChannelHandlers['protocols']): Upgrade {
    if (this.settings.isStopping) return { status: 503, reason: 'the server is stopping' };
    if (this.#body !== undefined) return { status: 400, reason: 'a WebSocket handshake has no body' };
    return this.settings.upgrade(request, protocols);
  }

  // What the request and the reader of its body ask (RequestOwner, BodySource).

  clientOf(head: RequestHead): Client {
    return this.#isProxied ? forwardedPeer(head.fields, this.transport, this.settings.trusts!) : this.transport;
  }

  noteError(error: ProtocolError): void {
    this.#note(error, EMPTY);
  }

  /** Counts what the client did wrong, and tells the application; `bytes` are those that nothing could be made of. */
  #note(error: ProtocolError, bytes: Uint8Array): void {
    this.settings.counters.countError(error.code);
    this.settings.onPeerError(error, this.transport, bytes, this.#exchange?.request);
  }

  pull(): void {
    // Behind the head of the final response there is no 100 any more (RFC 9110 §10.1.1).
    if (this.#expectsContinue && this.#exchange?.isWaiting === true) {
      this.#expectsContinue = false;
      if (this.#parser.bufferedBytes === 0) this.#writeContinue();
    }
    this.#advance();
  }

  #writeContinue(): void {
    this.settings.counters.responses[1]!++;
    this.transport.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  /** Takes events as long as somebody can take them. */
  #advance(): void {
    if (this.#isAdvancing || this.#isOver) return;
    this.#isAdvancing = true;
    try {
      while (!this.#isOver && this.#takeNext());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(error);
    } finally {
      this.#isAdvancing = false;
    }
    if (this.#isOver) return;
    if (this.hasInputEnded && this.#exchange === undefined && !this.transport.isCongested) return this.#end();
    this.#deadlines.wait(this.#awaited());
    this.#boundInput();
  }

  #takeNext(): boolean {
    if (this.#isBroken) return false;
    if (this.#body !== undefined) {
      if (!this.#body.isWanted && !this.#isDraining) return false;
    } else if (this.#exchange !== undefined || this.transport.isCongested) {
      return false;
    }
    const event = this.#parser.next();
    if (event === undefined) return false;
    this.#take(event);
    return true;
  }

  #take(event: HttpEvent): void {
    switch (event.type) {
      case 'head':
        return this.#begin(event);
      case 'data':
        return this.#takeBytes(event.bytes);
      case 'end':
        this.#body?.end(event.trailers);
        this.#body = undefined;
        this.#isDraining = false;
    }
  }

  #takeBytes(bytes: Uint8Array): void {
    this.#deadlines.bodyReceived(bytes.length);
    if (!this.#isDraining) return this.#body!.push(bytes);
    this.#drainedBytes += bytes.length;
    if (this.#drainedBytes > DRAIN_BYTES) this.#end();
  }

  #begin(head: RequestHead): void {
    const { settings } = this;
    settings.counters.requests++;
    this.#deadlines.requestBegan();
    // What follows a 2xx to CONNECT belongs to the tunnel that the client believes in (RFC 9110 §9.3.6), and is no request.
    this.#keepsAlive = head.keepsAlive && head.method !== 'CONNECT';
    this.#isUpgradeRequest = head.isWebSocketUpgrade;
    if (head.framing.kind === 'none') this.#parser.next();
    else this.#beginBody(head);
    const request = new IncomingRequest(head, this.#body, this);
    const exchange = new Responder(head, request, this);
    request[CHANNEL_HOST] = exchange;
    this.#exchange = exchange;
    this.#inScope(this.#admit, exchange);
  }

  /** Whoever answered a request, or wrote what was drained, must not lend its async context to the handler of the next; nor must another connection. */
  #inScope<A>(fn: (this: HttpProtocol, argument: A) => void, argument: A): void {
    this.#scope ??= this.settings.home.makeScope();
    this.#scope.runInAsyncScope(fn, this, argument);
  }

  #admit(exchange: Responder): void {
    const { observer } = this.settings;
    if (observer.hearsRequests) observer.requested(exchange.request, this.#answer, this, exchange);
    else this.#answer(exchange);
  }

  #answer(exchange: Responder): void {
    const violation = admissionViolation(exchange.request, this.#isProxied || this.transport.isSecure, this.settings);
    if (violation === undefined) return this.#serve(exchange);
    const error = httpError(violation);
    this.noteError(error);
    exchange.refuse(error);
  }

  #beginBody(head: RequestHead): void {
    this.#body = new RequestBody(this, head.framing.kind === 'length' ? head.framing.length : undefined, this.settings.maxStreamedBodyBytes);
    this.#expectsContinue = head.expectsContinue;
    this.#drainedBytes = 0;
  }

  #serve(exchange: Responder): void {
    let result: HandlerResult | Promise<HandlerResult>;
    let isPromise: boolean;
    try {
      result = this.settings.handler(exchange.request);
      isPromise = isThenable(result);
    } catch (error) {
      return exchange.fail(error);
    }
    if (!isPromise) return exchange.settle(result as HandlerResult);
    // What only looks like a promise may throw where a promise rejects.
    Promise.resolve(result).then(
      (settled) => this.#settleLater(exchange, settled),
      (error: unknown) => this.#failLater(exchange, error),
    );
  }

  /** What a promise of the handler brings; the next pipelined request is taken in the same turn. */
  #settleLater(exchange: Responder, result: HandlerResult): void {
    const wasAdvancing = this.#isAdvancing;
    this.#isAdvancing = true;
    exchange.settle(result);
    this.#isAdvancing = wasAdvancing;
    this.#advance();
  }

  #failLater(exchange: Responder, error: unknown): void {
    const wasAdvancing = this.#isAdvancing;
    this.#isAdvancing = true;
    exchange.fail(error);
    this.#isAdvancing = wasAdvancing;
    this.#advance();
  }

  /** Whether the rest of the body is small enough to be discarded for the sake of the connection; a client that waits for 100 will not send it. */
  #canDrain(): boolean {
    return !this.#expectsContinue && (this.#parser.remainingBodyBytes ?? 0) <= DRAIN_BYTES;
  }

  #drainBody(body: RequestBody): void {
    if (!this.#canDrain()) return this.#end();
    this.#isDraining = true;
    body.fail(httpError('HTTP_RESPONSE_SENT'));
  }

  /** The client sent FIN: the body is either in the parser already, or will never be complete. */
  #takeRestOfBody(): void {
    try {
      while (this.#body !== undefined) {
        const event = this.#parser.next();
        if (event === undefined) break;
        this.#take(event);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(error);
    }
    if (this.#body === undefined) return;
    this.#isBroken = true;
    this.#body.fail(httpError('HTTP_CLIENT_LEFT'));
  }

  /** Input that nobody takes is bounded: by pausing, or, where the peer's leaving must be seen, by giving the connection up. */
  #boundInput(): void {
    if (!this.#isFull) return this.transport.resume();
    if (this.#body === undefined && this.#exchange?.isStream === true) return this.#giveUpUnread();
    this.transport.pause();
  }

  get #isFull(): boolean {
    return this.#parser.bufferedBytes > this.settings.maxPipelinedBytes;
  }

  /** What waits for nothing but a client that cannot be seen must not wait without end. */
  #giveUpUnread(): void {
    this.noteError(httpError('HTTP_PIPELINE_TOO_LONG'));
    this.#leave('server');
    this.transport.destroy('aborted');
  }

  /** A request that is no request, or not one that can be served: the status owed, and the end of the connection. */
  #refuse(error: ProtocolError): void {
    this.#isBroken = true;
    if (this.#exchange === undefined) return this.#inScope(this.#refuseHead, error);
    this.#note(error, this.#parser.peek(PEEKED_BYTES));
    // The handler's own answer stands, if it has one; a reader of the body hears what was wrong with it.
    if (this.#body !== undefined) this.#body.fail(error);
  }

  #refuseHead(error: ProtocolError): void {
    this.#note(error, this.#parser.peek(PEEKED_BYTES));
    if (!this.#isDraining && error.status !== undefined) {
      const isHead = HEAD_METHOD.equals(this.#parser.peek(HEAD_METHOD.length));
      writePlain(this, isHead ? NO_HEAD_REQUEST : NO_REQUEST, error.status, false);
    }
    this.#end();
  }

  /** Ends the connection in order: what is written goes out, what still comes is discarded. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body?.fail(httpError('HTTP_RESPONSE_SENT'));
    this.transport.end();
  }

  /** The client is gone, or given up: whoever works for it hears of it. */
  #leave(by: ClosedBy): void {
    this.#body?.fail(httpError('HTTP_CLIENT_LEFT'));
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.abandon(by);
    this.#end();
  }

  /** Whether a channel has the request, and so much waits that nobody reads: behind the pause nobody would ever see its client leave. */
  get #isOutOfSight(): boolean {
    return this.#exchange?.isStream === true && this.#isFull && (this.#body === undefined || this.#body.isUntouched);
  }

  #awaited(): AwaitedInput {
    if (this.#isOutOfSight) return 'reader';
    if (this.#body !== undefined) return this.#body.isWanted || this.#isDraining ? 'body' : 'nothing';
    // What waits behind output that the client is slow to take waits for us.
    if (this.#exchange !== undefined || this.transport.isCongested) return 'nothing';
    return this.#parser.bufferedBytes > 0 ? 'head' : 'request';
  }
}
