/**
 * A whole WebSocket, driver and channel, without a socket: a client sends its bytes in pieces, an application handles, sends and closes, time
 * passes, and the connection is lost, all by a script from a seed. What was seen of it is kept for the judge.
 */

import { asChannel, type Channel, type CloseDetail, type CloseStatus, type Message } from 'longwire';
import { AsyncChannel } from '#src/channel/channel.js';
import { CHANNEL_HOST, type ChannelHost, type RequestWithHost } from '#src/channel/outlet.js';
import { Counters } from '#src/counters.js';
import { Deadlines } from '#src/net/deadlines.js';
import { WebSocketProtocol } from '#src/websocket/protocol.js';
import { Relay } from '#src/websocket/relay.js';
import { TurnLimit } from '#src/websocket/turn-limit.js';
import { WorkLimit } from '#src/websocket/work-limit.js';
import { FakeClock } from '../../test/support/clock.js';
import { Random } from '../../test/support/random.js';
import type { Setup } from './conversation.js';
import { MemoryTransport } from './memory-transport.js';

/** Everything that could be seen. */
export interface Seen {
  readonly handled: readonly Message[];
  readonly closings: readonly (CloseDetail & { readonly status: CloseStatus })[];
  /** What the application sent and was told it is accepted. */
  readonly accepted: readonly Message[];
  readonly written: Buffer;
  readonly pings: readonly string[];
  /** The close codes with which something else than the client's bytes could have ended it. */
  readonly otherEnds: ReadonlySet<number>;
  /** Whether everything was read that the client sent, and nothing else could end it before. */
  readonly isUndisturbed: boolean;
  /** Whether the peer always took what was written. */
  readonly isTaken: boolean;
  /** What must never be. */
  readonly faults: readonly string[];
}

const LIMITS = { heartbeatIntervalMs: 0, softBufferBytes: 2_000, maxBufferedBytes: 20_000, maxQueuedMessages: 3, maxQueuedBytes: 4_000 };
const MESSAGE_TIMEOUT_MS = 5_000;
const UNTAKEN_MS = 30_000;
const PATIENCE_MS = 20_000;
const APPLICATION_ERROR = new Error('of the application');

export async function perform(seed: number, bytes: Uint8Array, setup: Setup): Promise<Seen> {
  const stage = new Stage(new Random(seed ^ 0xac7), setup);
  await stage.play(bytes);
  return stage.seen();
}

class Stage {
  readonly #random: Random;
  readonly #clock = new FakeClock();
  readonly #ticker: Deadlines;
  readonly #counters = new Counters();
  readonly #transport: MemoryTransport;
  readonly #channel: Channel;
  readonly #unfinished = new Set<{ expire(): void }>();
  readonly #handled: Message[] = [];
  readonly #accepted: Message[] = [];
  readonly #closings: (CloseDetail & { status: CloseStatus })[] = [];
  readonly #pings: string[] = [];
  readonly #faults: string[] = [];
  readonly #otherEnds = new Set<number>();
  /** What handlers wait for. */
  readonly #gates = new Set<() => void>();
  /** How eventful it is: something happens beside the client's bytes once in so many steps. */
  readonly #calm: number;
  readonly #isRateLimited: boolean;
  #canBeLost = false;
  #isSettled = false;
  #isTaken = true;
  #isHandling = false;
  #passedMs = 0;
  #errors = 0;

  constructor(random: Random, setup: Setup) {
    this.#random = random;
    this.#calm = random.pick([1e9, 1e9, 20, 4]);
    this.#isRateLimited = random.once(10);
    this.#ticker = new Deadlines(this.#clock, 250);
    this.#transport = new MemoryTransport(LIMITS.softBufferBytes, this.#ticker);
    this.#channel = this.#open(setup);
  }

  #open({ deflate, maxMessageBytes, maxFragments }: Setup): Channel {
    const counters = this.#counters;
    const settings = {
      ...LIMITS,
      counters,
      ticker: this.#ticker,
      onOverflow: 'close' as const,
      unfinished: this.#unfinished,
      report: (error: unknown) => (error === APPLICATION_ERROR ? this.#errors++ : this.#faults.push(`reported: ${String(error)}`)),
      observer: { channelOpened: () => {}, channelClosed: () => {} },
      maxMessageBytes,
      maxFragments,
      messageTimeoutMs: MESSAGE_TIMEOUT_MS,
      pingIntervalMs: 0,
      pongTimeoutMs: 1,
      closeTimeoutMs: 5_000,
      maxMessagesPerSecond: this.#isRateLimited ? 3 : Infinity,
      maxMessageBytesPerSecond: this.#isRateLimited ? 2_000 : Infinity,
      compression: {
        deflate: { threshold: this.#random.pick([0, 30, 1024]), level: 3, memLevel: 8, maxInflateRatio: Infinity },
        maxMessageBytes,
        work: new WorkLimit(2),
        turns: new TurnLimit(4, { now: () => performance.now(), nextTurn: setImmediate }),
        counters,
      },
      relay: new Relay(),
      onPeerError: () => {},
    };
    const host = {
      settings,
      channel: undefined,
      outlet: undefined as never,
      clientLeft: false,
      take: () => true,
      accepted: () => {},
      channelClosed: () => {},
      eventStream: () => undefined as never,
      handshake: () => ({
        isValid: true,
        accept: (port) => {
          const protocol = new WebSocketProtocol(this.#transport, port, '', settings, deflate);
          this.#transport.protocol = protocol;
          return protocol;
        },
      }),
    } satisfies ChannelHost;
    const request = { isWebSocketUpgrade: true, [CHANNEL_HOST]: host } as unknown as RequestWithHost;
    const isLateReceiver = this.#random.once(10);
    const channel = asChannel(request, {
      onPing: (_channel, data) => void this.#pings.push(Buffer.from(data).toString('hex')),
      onClose: (_channel, status, detail) => {
        if (this.#isHandling) this.#faults.push('onClose came while a message was being handled');
        this.#closings.push({ status, ...detail });
      },
      ...(isLateReceiver ? {} : { onReceive: (_channel, message) => this.#handle(message) }),
    });
    if (!(channel instanceof AsyncChannel)) throw new Error('this is no channel of the sources');
    if (isLateReceiver) this.#gates.add(() => channel.onReceive((message) => this.#handle(message)));
    return channel;
  }

  async play(bytes: Uint8Array): Promise<void> {
    const random = this.#random;
    const pieces = random.cut(bytes, random.pick([1, 20, 200, 5_000, 100_000].filter((longest) => bytes.length / longest < 200)));
    for (let next = 0; next < pieces.length; ) {
      if (this.#transport.isPaused) this.#letOn();
      else this.#transport.tell((protocol) => protocol.onData(pieces[next++]!));
      if (random.once(this.#calm)) this.#stir();
      if (random.once(3)) await turn();
      if (!this.#transport.isOpen) break;
    }
    // A client that stays may still answer a Close of ours, or be too slow to.
    if (random.once(2)) await this.#settle();
    await this.#end();
  }

  #stir(): void {
    const random = this.#random;
    const channel = this.#channel;
    switch (random.below(9)) {
      case 0:
      case 1:
      case 2:
        return this.#send(random.pick(['short', 'é'.repeat(40), 'again '.repeat(300), random.bytes(5_000), 'y'.repeat(17_000), random.bytes(20_000)]));
      case 3:
        channel.ping('ping');
        return;
      case 4:
        if (random.once(4)) this.#close(random.pick([1000, 1001, 3000, 4999]));
        return;
      case 5:
        this.#isTaken = false;
        if (this.#transport.isTaking) this.#transport.isTaking = false;
        else this.#transport.take();
        return;
      case 6:
        return this.#pass(random.below(3_000));
      case 7:
        if (random.once(4)) this.#shutDown();
        return;
      default:
        if (!random.once(6)) return;
        this.#canBeLost = true;
        this.#transport.gone(random.pick(['reset', 'aborted', 'timeout', 'finished']));
    }
  }

  #send(message: Message): void {
    const random = this.#random;
    const isLast = random.once(30);
    if (isLast) this.#otherEnds.add(1000);
    if (this.#channel.bufferedAmount > LIMITS.maxBufferedBytes) this.#otherEnds.add(1013);
    if (this.#channel.send(message, isLast, { compress: !random.once(5) })) this.#accepted.push(typeof message === 'string' ? message : Uint8Array.from(message));
  }

  #close(code: number): void {
    this.#otherEnds.add(code);
    this.#channel.close(code, this.#random.pick(['', 'enough']));
  }

  #shutDown(): void {
    this.#otherEnds.add(1001);
    this.#transport.tell((protocol) => protocol.onShutdown());
  }

  #pass(ms: number): void {
    this.#passedMs += ms + 500;
    if (this.#passedMs >= MESSAGE_TIMEOUT_MS) {
      this.#otherEnds.add(1008);
      // Or a Close of ours was not answered in time.
      this.#canBeLost = true;
    }
    if (this.#passedMs >= UNTAKEN_MS) this.#otherEnds.add(1003);
    this.#clock.advance(ms);
  }

  /** Something that a handler waits for comes. */
  #letOn(): void {
    const [gate] = this.#gates;
    if (gate === undefined) return;
    this.#gates.delete(gate);
    gate();
  }

  #handle(message: Message): unknown {
    if (this.#isHandling) this.#faults.push('a message was handed over while another was being handled');
    if (this.#closings.length > 0) this.#faults.push('a message was handed over behind onClose');
    this.#handled.push(message);
    const random = this.#random;
    if (random.once(this.#calm)) this.#stir();
    switch (random.below(8)) {
      case 0:
        throw APPLICATION_ERROR;
      case 1:
        return Promise.reject(APPLICATION_ERROR);
      case 2:
        return Promise.resolve();
      case 3:
      case 4:
        this.#isHandling = true;
        return new Promise<void>((resolve) =>
          this.#gates.add(() => {
            this.#isHandling = false;
            resolve();
          }),
        );
      default:
        return undefined;
    }
  }

  /** Lets everything happen that needs nobody else: until all is read, and a little longer, for threads take time that no turn tells of. */
  async #settle(): Promise<void> {
    this.#transport.take();
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let quiet = 0; quiet < 5; quiet++) {
      if (this.#gates.size > 0 || (this.#transport.isPaused && this.#transport.isOpen)) quiet = 0;
      this.#letOn();
      await turn();
      if (performance.now() > giveUpAt) return void this.#faults.push('reading never goes on');
    }
    this.#isSettled = true;
    if (this.#random.once(4)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async #end(): Promise<void> {
    if (this.#random.once(2)) this.#transport.tell((protocol) => protocol.onEnd());
    await turn();
    this.#transport.gone('finished');
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (this.#closings.length === 0 || this.#gates.size > 0) {
      if (performance.now() > giveUpAt) {
        this.#faults.push('onClose never came');
        break;
      }
      this.#letOn();
      await turn();
    }
    await turn();
    await turn();
  }

  seen(): Seen {
    const { webSocketsOpen, channelsOpen, compressing, contextBytes } = this.#counters;
    const left = { webSocketsOpen, channelsOpen, compressing, contextBytes, bufferedAmount: this.#channel.bufferedAmount - this.#transport.bufferedAmount };
    for (const [name, value] of Object.entries(left)) if (value !== 0) this.#faults.push(`${name} is ${value} behind the end`);
    if (this.#unfinished.size > 0) this.#faults.push('a closed channel is waited for');
    for (const error of this.#transport.faults) this.#faults.push(`thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (this.#isRateLimited) this.#otherEnds.add(1008);
    return {
      handled: this.#handled,
      closings: this.#closings,
      accepted: this.#accepted,
      written: Buffer.concat(this.#transport.written),
      pings: this.#pings,
      otherEnds: this.#otherEnds,
      isUndisturbed: this.#isSettled && this.#otherEnds.size === 0 && !this.#canBeLost,
      isTaken: this.#isTaken,
      faults: this.#faults,
    };
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
