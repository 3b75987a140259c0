/**
 * The WebSocket driver: the protocol of a connection after its upgrade, and the outlet of its channel. It moves frames between the
 * decoder, the channel and the transport, answers pings at once, and keeps the deadlines of RFC 6455's connection: heartbeat,
 * close handshake, a message that does not come to its end.
 */

import { closedBy, type ClosedBy } from '../channel/close-status.js';
import type { Message } from '../channel/contract.js';
import type { ChannelPort, PackedMessage, WebSocketOutlet } from '../channel/outlet.js';
import { EMPTY_ENVELOPE, ENVELOPE_PROTOCOL } from '../channel/envelope.js';
import { COPY_UP_TO_BYTES, keepBytes } from '../channel/outgoing.js';
import type { SharedMessage } from '../channel/shared-message.js';
import { EMPTY, ownBytes } from '../bytes.js';
import type { Counters } from '../counters.js';
import { ProtocolError } from '../errors.js';
import type { Departure, Protocol, Transport } from '../net/protocol.js';
import type { Ticker } from '../net/ticker.js';
import { encodeClose, parseClose } from './close.js';
import { Compression, type CompressionSettings } from './compression.js';
import { type FrameEvent, FrameDecoder } from './decoder.js';
import { wsError } from './errors.js';
import type { DeflateParameters } from './extensions.js';
import { binaryHeader, encodeMessage } from './encoder.js';
import { encodeHeader, OPCODE, RSV1 } from './frame.js';
import { Inflow, type InflowLimits } from './inflow.js';
import type { MessageLimits } from './message.js';
import { Outbox } from './outbox.js';
import type { Relay } from './relay.js';

/** What all WebSockets of a server share. */
export interface WebSocketSettings extends MessageLimits, InflowLimits {
  readonly messageTimeoutMs: number;
  /** 0: no heartbeat. */
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  /** 0: clients of longwire.v1 are not shown that we live. */
  readonly heartbeatIntervalMs: number;
  readonly closeTimeoutMs: number;
  /** Waiting output above which only the last Ping is owed an answer. */
  readonly maxBufferedBytes: number;
  readonly counters: Counters;
  readonly ticker: Ticker;
  readonly softBufferBytes: number;
  /** How messages are compressed, where that was agreed on. */
  readonly compression: CompressionSettings | undefined;
  readonly relay: Relay;
  /** Tells the application's `onClientError`. Never throws. */
  onPeerError(error: ProtocolError, transport: Transport): void;
}

/** The longest that a stopping server waits for a peer's Close, whatever `closeTimeoutMs` is. */
const SHUTDOWN_MS = 5_000;
/** Heartbeats are spread, so that clients that came together do not answer together. */
const JITTER = 0.1;

export class WebSocketProtocol implements Protocol, WebSocketOutlet {
  readonly protocol: string;
  readonly #transport: Transport;
  readonly #port: ChannelPort;
  readonly #settings: WebSocketSettings;
  /** While there is something to decode. */
  #decoder: FrameDecoder | undefined;
  /** Both only where compression was agreed on. */
  readonly #compression: Compression | undefined;
  readonly #outbox: Outbox | undefined;
  /** Only where it is limited. */
  readonly #inflow: Inflow | undefined;
  #isPaused = false;
  /** The peer sent FIN while frames that came before it still wait to be decoded. */
  #hasInputEnded = false;
  /** Set once the peer's Close was handled or the connection failed: what still comes is not looked at. */
  #isOver = false;
  #hasSentClose = false;
  /** What the last Ping carried, if its answer waits until the peer takes our output. */
  #owedPong: Uint8Array | undefined;
  #hasSeenInput = true;
  #pingAt: number;
  #pongBy: number | undefined;
  /** When the next envelope that says nothing is due: a page hears of no Ping. */
  #lifeAt: number | undefined;
  #closeBy: number | undefined;
  #messageBy: number | undefined;
  #isDrainOwed = false;

  constructor(transport: Transport, port: ChannelPort, protocol: string, settings: WebSocketSettings, deflate?: DeflateParameters) {
    this.protocol = protocol;
    this.#transport = transport;
    this.#port = port;
    this.#settings = settings;
    if (deflate !== undefined) {
      this.#compression = new Compression(deflate, settings.compression!);
      this.#outbox = new Outbox((error) => this.#fault(error));
    }
    const { maxMessagesPerSecond, maxMessageBytesPerSecond } = settings;
    if (maxMessagesPerSecond < Infinity || maxMessageBytesPerSecond < Infinity) this.#inflow = new Inflow(settings);
    this.#pingAt = this.#nextPing();
    if (protocol === ENVELOPE_PROTOCOL && settings.heartbeatIntervalMs > 0) this.#lifeAt = this.#afterAbout(settings.heartbeatIntervalMs);
  }

  // What the connection tells (Protocol).

  onData(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#hasSeenInput = true;
    if (this.#inflow?.takeBytes(bytes.length, this.#settings.ticker.now) === false) return this.#failInContext(wsError('WS_TOO_FAST'));
    this.#decoder ??= new FrameDecoder(this.#settings, this.#compression === undefined ? 0 : RSV1, this.#settings.relay);
    this.#decoder.push(bytes);
    this.#port.runInContext<WebSocketProtocol>(this.#readFrames, this);
  }

  onEnd(): void {
    this.#hasInputEnded = true;
    if (!this.#isOver && !this.#isPaused) this.#lose('network');
  }

  onDrain(): void {
    if (this.#owedPong !== undefined) this.#answerPing(this.#owedPong);
    if (!this.#isDrainOwed) this.#port.outputDrained();
  }

  onGone(departure: Departure): void {
    this.#isOver = true;
    this.#compression?.release();
    this.#dropOutbox();
    this.#port.aborted(closedBy(departure));
  }

  onTick(now: number): void {
    if (this.#isOver) return;
    if (hasCome(this.#closeBy, now)) return this.#lose('timeout');
    if (this.#decoder?.isInMessage === false) this.#letGo();
    if (hasCome(this.#messageBy, now) && !this.#isPaused) return this.#failInContext(wsError('WS_MESSAGE_TIMEOUT'));
    if (this.#settings.pingIntervalMs > 0 && !this.#hasSentClose) this.#keepAlive(now);
    if (hasCome(this.#lifeAt, now)) this.#showLife();
  }

  onShutdown(): void {
    this.#port.shutDown();
    this.#closeBy = Math.min(this.#closeBy ?? Infinity, this.#settings.ticker.after(SHUTDOWN_MS));
  }

  /** As they were before they are compressed. */
  get preparedBytes(): number {
    return this.#outbox?.bufferedBytes ?? 0;
  }

  // What the channel asks (WebSocketOutlet).

  get bufferedAmount(): number {
    return this.#transport.bufferedAmount + this.preparedBytes;
  }

  whenDrained(fn: () => void): void {
    this.#whenWritten(() => this.#transport.whenDrained(fn));
  }

  message(data: Message, shared?: SharedMessage, asIs = false): void {
    const compression = this.#compression;
    if (compression === undefined) return this.#writeMessage(data, shared);
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    const isPlain = asIs || !compression.isWorthwhile(bytes);
    const outbox = this.#outbox!;
    if (isPlain && !outbox.isBusy) return this.#writeMessage(data, shared);
    const kept = typeof data === 'string' || shared !== undefined ? data : keepBytes(data);
    outbox.put(bytes, () => (isPlain ? this.#writeMessage(kept, shared) : this.#writeCompressed(kept, shared)));
    if (outbox.bufferedBytes > this.#settings.softBufferBytes) this.#oweDrain();
  }

  #writeMessage(data: Message, shared: SharedMessage | undefined): void {
    if (shared !== undefined) return this.#transport.writeShared(shared.form('frame', encodeMessage));
    if (typeof data !== 'string') return this.#writeBytes(data);
    const relayed = this.#settings.relay.frameOf(data);
    if (relayed !== undefined) this.#transport.writeAll(relayed);
    else this.#transport.write(encodeMessage(data));
  }

  #writeBytes(data: Uint8Array): void {
    const header = binaryHeader(data.length);
    if (data.length <= COPY_UP_TO_BYTES) this.#transport.writeCopied(header, data);
    else this.#transport.writeAll([header, data]);
  }

  #writeCompressed(data: Message, shared: SharedMessage | undefined): void | Promise<void> {
    const frame = this.#compression!.deflate(data, shared);
    if (frame instanceof Uint8Array) return this.#transport.write(frame);
    return frame.then((later) => {
      if (!this.#hasSentClose) this.#transport.write(later);
    });
  }

  closeFrame(code: number, reason: string): void {
    this.#whenWritten(() => this.#sendClose(encodeClose(code, reason)));
    this.#closeBy = this.#settings.ticker.after(this.#settings.closeTimeoutMs);
    this.resumeReading();
  }

  failFrame(code: number, reason: string): void {
    this.#isOver = true;
    this.#dropOutbox();
    this.#sendClose(encodeClose(code, reason));
    this.#hangUp();
  }

  closeReply(code: number | undefined): void {
    this.#dropOutbox();
    this.#sendClose(code === undefined ? EMPTY : encodeClose(code, ''));
  }

  ping(data: Uint8Array): void {
    this.#sendControl(OPCODE.ping, data);
  }

  pauseReading(): void {
    this.#isPaused = true;
    this.#inflow?.stop(this.#settings.ticker.now);
    this.#transport.pause();
  }

  /** Goes on with what was decoded only in part; while we had stopped, silence was not the peer's. */
  resumeReading(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#inflow?.resume(this.#settings.ticker.now);
    this.#hasSeenInput = true;
    this.#messageBy = undefined;
    this.#transport.soon(() => this.#readOn());
  }

  #readOn(): void {
    if (this.#isPaused || this.#isOver) return;
    this.#port.runInContext<WebSocketProtocol>(this.#readFrames, this);
    if (this.#isPaused || this.#isOver) return;
    if (this.#hasInputEnded) this.#lose('network');
    else this.#transport.resume();
  }

  #readFrames(): void {
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    try {
      while (!this.#isPaused && !this.#isOver) {
        const event = decoder.next();
        if (event === undefined) break;
        if (event.type === 'message' || event.type === 'compressed') this.#messageBy = undefined;
        if (this.#inflow !== undefined && event.type !== 'close' && !this.#inflow.takeMessage(this.#settings.ticker.now)) throw wsError('WS_TOO_FAST');
        this.#handle(event);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#fail(error);
    }
    if (!decoder.isInMessage) this.#messageBy = undefined;
    else this.#messageBy ??= this.#settings.ticker.after(this.#settings.messageTimeoutMs);
  }

  /** Between messages an idle connection keeps nothing of what they needed. */
  #letGo(): void {
    this.#decoder = undefined;
    this.#port.idled();
  }

  #handle(event: FrameEvent): void {
    switch (event.type) {
      case 'message':
        this.#port.received(event.data);
        return this.#settings.relay.letGo();
      case 'compressed':
        return this.#port.received(this.#packed(event.bytes, event.isText));
      case 'ping':
        this.#answerPing(event.payload);
        return this.#port.pinged(ownBytes(event.payload));
      case 'pong':
        return this.#port.ponged(ownBytes(event.payload));
      case 'close':
        return this.#peerClosed(event.payload);
    }
  }

  /** A compressed message is inflated when it is its turn: until then it takes no more memory than was sent. */
  #packed(bytes: Uint8Array, isText: boolean): PackedMessage {
    return {
      length: bytes.length,
      unpack: () => {
        try {
          const message = this.#compression!.inflate(bytes, isText);
          if (typeof message === 'string' || message instanceof Uint8Array) return message;
          return message.catch((error: unknown) => this.#failUnpacking(error));
        } catch (error) {
          return this.#failUnpacking(error);
        }
      },
    };
  }

  #failUnpacking(error: unknown): undefined {
    if (!(error instanceof ProtocolError)) this.#fault(error);
    else if (!this.#isOver) this.#fail(error);
    return undefined;
  }

  /** What went wrong here and not with the peer, such as memory that ran out: told to the application, and costs this connection only. */
  #fault(error: unknown): void {
    this.#isOver = true;
    this.#transport.soon(() => {
      throw error;
    });
  }

  /** Calls `fn` once what was sent until now is written, or lost. */
  #whenWritten(fn: () => void): void {
    if (this.#outbox === undefined) fn();
    else this.#outbox.whenWritten(fn);
  }

  /** What waits to be compressed is lost; a Close behind it is sent. */
  #dropOutbox(): void {
    this.#settings.counters.drops += this.#outbox?.clear() ?? 0;
  }

  /** What waits to be compressed counts for `onDrain` as what waits to be taken does. */
  #oweDrain(): void {
    if (this.#isDrainOwed) return;
    this.#isDrainOwed = true;
    this.#whenWritten(() => {
      this.#isDrainOwed = false;
      if (this.#isOver || this.#transport.isCongested) return;
      if (this.#outbox!.bufferedBytes > this.#settings.softBufferBytes) this.#oweDrain();
      else this.#port.outputDrained();
    });
  }

  /** A peer that sends Pings and takes no output is owed the answer to the last of them only (RFC 6455 §5.5.3): the others would pile up. */
  #answerPing(payload: Uint8Array): void {
    const isOwed = this.#transport.isCongested && this.#transport.bufferedAmount > this.#settings.maxBufferedBytes;
    this.#owedPong = isOwed ? keepBytes(payload) : undefined;
    if (!isOwed && !this.#hasSentClose) this.#sendControl(OPCODE.pong, payload);
  }

  #peerClosed(payload: Uint8Array): void {
    const { code, reason } = parseClose(payload);
    this.#isOver = true;
    this.#port.peerClosed(code, reason);
    this.#hangUp();
  }

  /** The peer broke a rule (RFC 6455 §7.1.7): it hears which, and is waited for no longer. */
  #fail(error: ProtocolError): void {
    this.#isOver = true;
    this.#settings.counters.countError(error.code);
    this.#settings.onPeerError(error, this.#transport);
    this.#port.peerFailed(error.closeCode ?? 1002, error.message);
    this.#hangUp();
  }

  #failInContext(error: ProtocolError): void {
    this.#port.runInContext<void>(() => this.#fail(error), undefined);
  }

  /** The peer is gone, or must be given up: no Close can be exchanged. */
  #lose(by: ClosedBy): void {
    this.#isOver = true;
    this.#port.aborted(by);
    this.#dropOutbox();
    if (by === 'timeout') this.#transport.destroy('timeout');
    else this.#transport.end(this.#settings.closeTimeoutMs);
  }

  /** Flushes and ends the connection, the server first (RFC 6455 §7.1.1). */
  #hangUp(): void {
    this.#isOver = true;
    this.#dropOutbox();
    this.#transport.end(this.#settings.closeTimeoutMs);
  }

  /** A ping when it is time; any byte that came since the last one is as good as its pong. */
  #keepAlive(now: number): void {
    if (this.#hasSeenInput || this.#isPaused) {
      this.#hasSeenInput = false;
      this.#pongBy = undefined;
      this.#pingAt = this.#nextPing();
    }
    // A Ping behind output that the peer is still taking cannot be answered yet; one that takes none is the transport's to judge.
    if (this.#pongBy !== undefined && this.#transport.bufferedAmount > 0) this.#pongBy = this.#settings.ticker.after(this.#settings.pongTimeoutMs);
    if (hasCome(this.#pongBy, now)) return this.#lose('timeout');
    if (now < this.#pingAt || this.#pongBy !== undefined) return;
    this.#sendControl(OPCODE.ping, EMPTY);
    this.#pongBy = this.#settings.ticker.after(this.#settings.pongTimeoutMs);
  }

  #nextPing(): number {
    return this.#afterAbout(this.#settings.pingIntervalMs);
  }

  #afterAbout(ms: number): number {
    return this.#settings.ticker.after(Math.round(ms * (1 - JITTER + 2 * JITTER * Math.random())));
  }

  /** Behind output that waits it would show nothing. */
  #showLife(): void {
    this.#lifeAt = this.#afterAbout(this.#settings.heartbeatIntervalMs);
    if (!this.#isOver && !this.#hasSentClose && this.bufferedAmount === 0) this.#writeMessage(EMPTY_ENVELOPE, undefined);
  }

  #sendClose(body: Uint8Array): void {
    if (this.#hasSentClose) return;
    this.#hasSentClose = true;
    this.#sendControl(OPCODE.close, body);
  }

  #sendControl(opcode: number, payload: Uint8Array): void {
    this.#transport.writeCopied(encodeHeader(opcode, payload.length), payload);
  }
}

/** Whether a moment has come that was waited for. */
function hasCome(at: number | undefined, now: number): boolean {
  return at !== undefined && now >= at;
}
