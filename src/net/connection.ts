/**
 * One accepted socket: from the moment of accept until it is destroyed it has one error listener, one protocol and one
 * output. What little comes is looked at a little later in its turn of the event loop, with what came to other connections. Output of one
 * read, and of one turn, leaves in one write; a peer that is slower than its server is seen by the protocol as congestion, one that takes
 * nothing at all is destroyed. It knows nothing of what is spoken.
 */

import type { Socket } from 'node:net';
import type { Counters } from '../counters.js';
import { keepFreedMemory } from './freed-memory.js';
import { Output } from './output.js';
import { pushPastStream } from './past-stream.js';
import type { Departure, Peer, Protocol, Transport } from './protocol.js';
import type { Ticker, Ticking } from './ticker.js';
import type { TurnQueue } from './turn-queue.js';

/**
 * How long a closed connection stays, and how much it still reads meanwhile, so that the peer can see our last bytes (RFC 9112 §9.6):
 * one that sends all it has before it reads gets its answer up to this size.
 */
const LINGER_MS = 2_000;
const LINGER_BYTES = 16 * 1024 * 1024;

/**
 * So much is handed to the socket at a time: system calls stay few. It doubles behind each portion that the kernel took at once, up to a MiB with its
 * framing, and begins anew where one was not.
 */
const PORTION_BYTES = 256 * 1024;
const LARGEST_PORTION_BYTES = 1_152 * 1024;
/** To a slow peer less, so that it can be seen to take something. */
const SLOW_PORTION_BYTES = 64 * 1024;

/**
 * A first write up to here fits in one segment, whatever the network, and leaves at once by itself: nothing is under way that it would have to wait
 * for (RFC 896).
 */
const ONE_SEGMENT_BYTES = 1200;

/** Input up to here waits for what else is read in its turn; more would only take up memory meanwhile. */
const SERVED_TOGETHER_BYTES = 4 * 1024;

/** From here on, what is read or written at a time is bulk data. */
const BULK_BYTES = 16 * 1024;

/** Somebody who waits until what was written up to byte `at` of the connection's output was taken. */
interface DrainWaiter {
  readonly at: number;
  readonly fn: () => void;
}

/** What all connections of a server share. */
export interface ConnectionSettings {
  readonly ticker: Ticker;
  /** Has connections look at what they received, once the reads of the turn are done, or many of them. */
  readonly arrivals: TurnQueue<Connection>;
  /** Has those that wrote outside of a read hand over their output, at the end of the turn. */
  readonly departures: TurnQueue<Connection>;
  readonly counters: Counters;
  readonly softBufferBytes: number;
  /** So much output is handed over at once, and not at the end of its turn. */
  readonly flushFromBytes: number;
  readonly sendTimeoutMs: number;
  /** A protocol threw, which none may: a fault of this library, told to the application, that costs this connection only. */
  reportFault(error: unknown): void;
  /** The connection is gone. */
  onGone(connection: Connection, departure: Departure): void;
}

type Phase = 'open' | 'ending' | 'lingering' | 'gone';

/** Stands for the output of every connection that has written nothing lately; nothing is pushed to it. */
const NO_OUTPUT = new Output();

const CONNECTION = Symbol('longwire.connection');
type OwnedSocket = Socket & { [CONNECTION]: Connection };

export class Connection implements Transport, Ticking {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly isSecure: boolean;
  /** Whether the socket is a bare TCP one: it knows resets, and takes at once what its kernel takes. */
  readonly #isBareTcp: boolean;
  readonly #socket: OwnedSocket;
  readonly #settings: ConnectionSettings;
  /** The one of all idle connections while nothing waits. */
  #output = NO_OUTPUT;
  #protocol: Protocol | undefined;
  #phase: Phase = 'open';
  #departure: Departure = 'finished';
  #isReading = false;
  #isFlushScheduled = false;
  /** Whether short writes leave at once, also where others are under way (TCP_NODELAY). */
  #isPrompt: boolean;
  #isCongested = false;
  #portionBytes = PORTION_BYTES;
  #hasAskedForDrain = false;
  #drainWaiters: DrainWaiter[] | undefined;
  /** Bytes handed to the socket so far, and how many of them it had passed on when we last looked. */
  #handedOver = 0;
  #takenBefore = 0;
  #stalledAt = 0;
  #endBy: number | undefined;
  #lingeredBytes = 0;
  /** Was read in this turn, and not yet looked at. */
  #arrived: Uint8Array | undefined;
  /** What an upgrade left over, until its new protocol was given it. */
  #rest: Uint8Array | undefined;

  /** @param proxied whom a proxy says that it speaks for. */
  constructor(socket: Socket, hasTls: boolean, settings: ConnectionSettings, proxied?: Peer) {
    this.remoteAddress = proxied?.remoteAddress ?? socket.remoteAddress ?? '';
    this.remotePort = proxied?.remotePort ?? socket.remotePort ?? 0;
    this.isSecure = hasTls || proxied?.isSecure === true;
    this.#isPrompt = hasTls;
    this.#isBareTcp = !hasTls && socket.remoteAddress !== undefined;
    this.#socket = own(socket, this);
    this.#settings = settings;
  }

  /** Gives the connection its first protocol; from here on bytes are read. */
  start(protocol: Protocol): void {
    this.#protocol = protocol;
    const socket = this.#socket;
    socket.on('data', onSocketData);
    socket.push = onSocketPush;
    socket.on('end', onSocketEnd);
    socket.on('drain', onSocketDrain);
    // Whoever read a header from it ahead of us paused it.
    if (socket.isPaused()) socket.resume();
  }

  get bufferedAmount(): number {
    return this.#output.length + this.#socket.writableLength;
  }

  /** Every byte of output that is not taken by the kernel, with what its protocol still prepares. */
  get waitingBytes(): number {
    return this.bufferedAmount + (this.#protocol?.preparedBytes ?? 0);
  }

  get isCongested(): boolean {
    return this.#isCongested || this.#isLost;
  }

  write(data: string | Uint8Array): void {
    if (data.length === 0 || !this.#takesOutput()) return;
    this.#output.push(data);
    this.#wrote();
  }

  writeCopied(head: string, bytes: Uint8Array): void {
    if (!this.#takesOutput()) return;
    this.#output.pushCopied(head, bytes);
    this.#wrote();
  }

  writeShared(data: string | Uint8Array): void {
    if (data.length === 0 || !this.#takesOutput()) return;
    this.#output.pushShared(data);
    this.#wrote();
  }

  writeAll(pieces: readonly (string | Uint8Array)[]): void {
    if (!this.#takesOutput()) return;
    for (const piece of pieces) this.#output.push(piece);
    this.#wrote();
  }

  pause(): void {
    if (this.#phase !== 'open' || this.#socket.isPaused()) return;
    this.#settings.counters.pauses++;
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  whenDrained(fn: () => void): void {
    if (this.#protocol === undefined || (this.bufferedAmount === 0 && !this.#isLost)) return fn();
    (this.#drainWaiters ??= []).push({ at: this.#handedOver + this.#output.length, fn });
    if (!this.#isReading) this.#scheduleFlush();
  }

  end(withinMs = Infinity): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'ending';
    if (withinMs < Infinity) this.#endBy = this.#settings.ticker.after(withinMs);
    this.resume();
    if (!this.#isReading) this.#scheduleFlush();
  }

  destroy(departure: Departure): void {
    if (this.#phase === 'gone') return;
    const canReset = this.#isBareTcp && this.#phase !== 'lingering';
    this.#phase = 'gone';
    this.#departure = departure;
    this.#output.clear();
    // Only a reset tells the peer of a response that is delimited by the close that it is not whole. Behind a FIN there is none.
    if (departure === 'aborted' && canReset) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  upgrade(next: Protocol, rest: Uint8Array): void {
    this.#protocol = next;
    this.#rest = rest;
    process.nextTick(() => this.#replayRest());
  }

  soon(fn: () => void): void {
    process.nextTick(() => {
      if (this.#phase === 'open') this.#tell(fn);
    });
  }

  nextTurn(): Promise<void> {
    return new Promise(setImmediate);
  }

  /** Tells the protocol that the server is stopping. */
  shutDown(): void {
    this.serve();
    if (this.#phase === 'open') this.#tell((protocol) => protocol.onShutdown());
  }

  /** Looks at what was received in this turn. */
  serve(): void {
    const bytes = this.#arrived;
    this.#arrived = undefined;
    if (bytes !== undefined) this.#take(bytes);
  }

  /** Hands over what waits. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#isLost) return;
    if (this.#output.length > 0) this.#handOver();
    if (this.#drainWaiters !== undefined) this.#settleDrainWaiters();
    if (this.#phase === 'ending' && this.#output.length === 0) this.#sendFin();
  }

  onTick(now: number): void {
    if (this.#output.length === 0) this.#output = NO_OUTPUT;
    if (this.#judgeStall(now)) return this.destroy('timeout');
    if (this.#endBy !== undefined && now >= this.#endBy) return this.destroy('finished');
    if (this.#phase === 'open') this.#tellTick(now);
  }

  // Called by the socket's listeners.

  received(bytes: Uint8Array): void {
    this.serve();
    if (bytes.length > SERVED_TOGETHER_BYTES) return this.#takeMuch(bytes);
    this.#arrived = bytes;
    this.#settings.arrivals.add(this);
  }

  peerEnded(): void {
    this.serve();
    if (this.#rest !== undefined) this.#replayRest();
    if (this.#phase === 'open') this.#tell((protocol) => protocol.onEnd());
  }

  drained(): void {
    this.flush();
    if (!this.#isCongested) return;
    if (this.bufferedAmount > this.#settings.softBufferBytes) return this.#askForDrain();
    this.#isCongested = false;
    if (this.#phase === 'open') this.#tell((protocol) => protocol.onDrain());
  }

  /** Our FIN is out, behind everything that was written: now the peer has a little time to read it and to close its side. */
  finished(): void {
    this.#endBy = Math.min(this.#endBy ?? Infinity, this.#settings.ticker.after(LINGER_MS));
    this.drained();
  }

  failed(error: Error & { code?: string }): void {
    // Messages that came ahead of the error are handed over still; no request is begun any more, since it cannot be answered.
    this.serve();
    this.#settings.counters.countError(error.code ?? 'SOCKET_ERROR');
    if (this.#phase !== 'gone') this.#departure = 'reset';
  }

  closed(): void {
    this.#phase = 'gone';
    this.#output.clear();
    for (const each of this.#drainWaiters ?? []) each.fn();
    this.#drainWaiters = undefined;
    const protocol = this.#protocol;
    this.#protocol = undefined;
    try {
      protocol?.onGone(this.#departure);
    } catch (error) {
      this.#settings.reportFault(error);
    }
    this.#settings.onGone(this, this.#departure);
  }

  /**
   * Whether the socket is destroyed, by us or by an error. Its `close` comes in a later turn of the event loop: until then it takes nothing,
   * and whoever has more to send must wait, not go round within this turn.
   */
  get #isLost(): boolean {
    return this.#phase === 'gone' || this.#socket.destroyed;
  }

  /** The rest comes first, then what the socket holds: it may have been paused for the protocol before. */
  #replayRest(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest === undefined || this.#phase !== 'open') return;
    this.resume();
    if (rest.length > 0) this.#feed(rest);
  }

  #take(bytes: Uint8Array): void {
    this.#settings.counters.bytesIn += bytes.length;
    if (this.#rest !== undefined) this.#replayRest();
    if (this.#phase === 'open') this.#feed(bytes);
    else this.#discard(bytes.length);
  }

  #takeMuch(bytes: Uint8Array): void {
    if (bytes.length >= BULK_BYTES) keepFreedMemory();
    this.#take(bytes);
  }

  #feed(bytes: Uint8Array): void {
    this.#isReading = true;
    try {
      this.#protocol!.onData(bytes);
    } catch (error) {
      this.#fault(error);
    }
    this.#isReading = false;
    this.flush();
  }

  #tell(say: (protocol: Protocol) => void): void {
    try {
      say(this.#protocol!);
    } catch (error) {
      this.#fault(error);
    }
  }

  /** As `#tell` does, without a closure: thousands of idle connections tick all the time, and would keep V8 from ever finding its heap at rest. */
  #tellTick(now: number): void {
    try {
      this.#protocol?.onTick(now);
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.#settings.reportFault(error);
    this.destroy('aborted');
  }

  /** Whether anything may still be written, to an output of its own then. */
  #takesOutput(): boolean {
    if (this.#phase !== 'open') return false;
    if (this.#output === NO_OUTPUT) this.#output = new Output();
    return true;
  }

  /** Something was put out: it goes at the end of its read or its turn, or at once where it is much. */
  #wrote(): void {
    if (this.#output.length >= this.#settings.flushFromBytes) this.#flushMuch();
    else if (!this.#isReading) this.#scheduleFlush();
  }

  /** What is much goes out at once; what the kernel does not take of it is congestion. */
  #flushMuch(): void {
    this.flush();
    if (this.#isCongested || this.bufferedAmount <= this.#settings.softBufferBytes) return;
    this.#isCongested = true;
    this.#portionBytes = PORTION_BYTES;
    this.#askForDrain();
  }

  /** Hands output to the socket as long as it takes it. */
  #handOver(): void {
    const socket = this.#socket;
    const output = this.#output;
    if (output.length >= BULK_BYTES) keepFreedMemory();
    // Behind what the socket has not taken it would hold a room each time.
    if (socket.writableLength > 0) output.takeOutOfRoom();
    if (!this.#isPrompt && (this.#handedOver > 0 || output.length > ONE_SEGMENT_BYTES)) this.#becomePrompt();
    // A write that the kernel took at once leaves `writableNeedDrain` set until the next tick: only with bytes waiting does it mean a slow peer.
    while (output.length > 0 && !(socket.writableLength > 0 && socket.writableNeedDrain)) {
      const length = output.length;
      const portionBytes = this.#isCongested ? SLOW_PORTION_BYTES : this.#portionBytes;
      const text = output.takeText(portionBytes);
      if (text !== undefined) socket.write(text, 'latin1');
      else if (!output.writeCopied(socket, this.#isBareTcp)) writePieces(socket, output.take(portionBytes));
      this.#handedOver += length - output.length;
      this.#settings.counters.bytesOut += length - output.length;
      if (length > portionBytes) this.#judgePortion();
    }
  }

  /** Behind a whole portion. */
  #judgePortion(): void {
    if (!this.#isCongested && this.#socket.writableLength === 0) this.#portionBytes = Math.min(2 * this.#portionBytes, LARGEST_PORTION_BYTES);
  }

  /** Only now: who answers one request with a little text needs no such system call. */
  #becomePrompt(): void {
    this.#isPrompt = true;
    this.#socket.setNoDelay(true);
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#settings.departures.add(this);
  }

  /** Tells the waiters before whom nothing waits any more, and asks to be called again for the others. */
  #settleDrainWaiters(): void {
    const taken = this.#handedOver - this.#socket.writableLength;
    const waiters = this.#drainWaiters ?? [];
    const left = waiters.filter((each) => each.at > taken);
    this.#drainWaiters = left.length > 0 ? left : undefined;
    if (left.length > 0) this.#askForDrain();
    for (const each of waiters) if (each.at <= taken) each.fn();
  }

  /** Where the socket holds too little to emit `drain`, an empty write asks for it; behind our FIN, `finish` tells. */
  #askForDrain(): void {
    const socket = this.#socket;
    if (this.#hasAskedForDrain || this.#phase === 'lingering' || this.#output.length > 0 || socket.writableNeedDrain) return;
    this.#hasAskedForDrain = true;
    socket.write('', (error) => {
      this.#hasAskedForDrain = false;
      if (!error) this.drained();
    });
  }

  #sendFin(): void {
    this.#phase = 'lingering';
    this.#socket.on('finish', onSocketFinish);
    this.#socket.end();
  }

  /** Beyond the limit it only stops reading: to close would be to reset, and a peer that is busy sending would lose our answer to that. */
  #discard(count: number): void {
    this.#lingeredBytes += count;
    if (this.#lingeredBytes > LINGER_BYTES) this.#socket.pause();
  }

  /** Whether output, our FIN included, has waited for `sendTimeoutMs` while the kernel took none of it. */
  #judgeStall(now: number): boolean {
    const isWaiting = this.bufferedAmount > 0 || (this.#phase === 'lingering' && !this.#socket.writableFinished);
    const taken = this.#handedOver - this.#socket.writableLength;
    if (isWaiting && taken === this.#takenBefore && this.#stalledAt > 0) return now >= this.#stalledAt;
    this.#takenBefore = taken;
    this.#stalledAt = isWaiting ? this.#settings.ticker.after(this.#settings.sendTimeoutMs) : 0;
    return false;
  }
}

/** Writes pieces that belong in one system call. */
function writePieces(socket: Socket, pieces: readonly (string | Uint8Array)[]): void {
  if (pieces.length > 1) socket.cork();
  for (const piece of pieces) socket.write(piece, 'latin1');
  if (pieces.length > 1) socket.uncork();
}

/** One set of listeners for all sockets: a closure for each event of each connection would cost more memory than the connection. */
function own(socket: Socket, connection: Connection): OwnedSocket {
  const owned = socket as OwnedSocket;
  owned[CONNECTION] = connection;
  owned.on('error', onSocketError);
  owned.on('close', onSocketClose);
  return owned;
}

function onSocketData(this: OwnedSocket, bytes: Buffer): void {
  this[CONNECTION].received(bytes);
}

const onSocketPush = pushPastStream(onSocketData);

function onSocketEnd(this: OwnedSocket): void {
  this[CONNECTION].peerEnded();
}

function onSocketDrain(this: OwnedSocket): void {
  this[CONNECTION].drained();
}

function onSocketFinish(this: OwnedSocket): void {
  this[CONNECTION].finished();
}

function onSocketError(this: OwnedSocket, error: Error): void {
  this[CONNECTION].failed(error);
}

function onSocketClose(this: OwnedSocket): void {
  this[CONNECTION].closed();
}
