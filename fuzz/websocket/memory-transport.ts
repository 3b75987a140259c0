/** A connection without a socket, whose peer and whose kernel a script plays: it takes output when told to, and remembers all of it. */

import type { Departure, Protocol, Transport } from '#src/net/protocol.js';
import type { Ticker, Ticking } from '#src/net/ticker.js';

export class MemoryTransport implements Transport, Ticking {
  readonly remoteAddress = '192.0.2.1';
  readonly remotePort = 1;
  readonly isSecure = false;
  /** Everything written. */
  readonly written: Buffer[] = [];
  /** What the protocol threw: it never may. */
  readonly faults: unknown[] = [];
  bufferedAmount = 0;
  isPaused = false;
  /** Whether the peer takes what is written. */
  isTaking = true;
  protocol!: Protocol;
  readonly #softBufferBytes: number;
  readonly #ticker: Ticker;
  #phase: 'open' | 'ending' | 'gone' = 'open';
  #departure: Departure = 'finished';
  #isCongested = false;
  #isToldGone = false;
  #waiters: (() => void)[] = [];

  constructor(softBufferBytes: number, ticker: Ticker) {
    this.#softBufferBytes = softBufferBytes;
    this.#ticker = ticker;
    ticker.add(this);
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  get isCongested(): boolean {
    return this.#isCongested || this.#phase === 'gone';
  }

  write(data: string | Uint8Array): void {
    if (this.#phase !== 'open' || data.length === 0) return;
    this.written.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
    if (!this.isTaking) this.bufferedAmount += data.length;
    if (this.bufferedAmount > this.#softBufferBytes) this.#isCongested = true;
  }

  writeCopied(head: string, bytes: Uint8Array): void {
    this.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
  }

  writeShared(data: string | Uint8Array): void {
    this.write(data);
  }

  writeAll(pieces: readonly (string | Uint8Array)[]): void {
    for (const piece of pieces) this.write(piece);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  whenDrained(fn: () => void): void {
    if (this.bufferedAmount === 0) fn();
    else this.#waiters.push(fn);
  }

  end(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'ending';
    this.isPaused = false;
  }

  destroy(departure: Departure): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    this.#departure = departure;
    setImmediate(() => this.gone());
  }

  soon(fn: () => void): void {
    process.nextTick(() => {
      if (this.#phase === 'open') this.tell(fn);
    });
  }

  nextTurn(): Promise<void> {
    return new Promise(setImmediate);
  }

  upgrade(): void {
    throw new Error('a WebSocket is not upgraded');
  }

  onTick(now: number): void {
    this.tell((protocol) => protocol.onTick(now));
  }

  /** Calls the protocol as a connection does: while it is open, and where it throws the connection is destroyed. */
  tell(say: (protocol: Protocol) => void): void {
    if (this.#phase !== 'open') return;
    try {
      say(this.protocol);
    } catch (error) {
      this.faults.push(error);
      this.destroy('aborted');
    }
  }

  /** The peer takes all that waits, and what comes. */
  take(): void {
    this.isTaking = true;
    this.bufferedAmount = 0;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const each of waiters) each();
    if (!this.#isCongested) return;
    this.#isCongested = false;
    this.tell((protocol) => protocol.onDrain());
  }

  /** The socket is gone. */
  gone(departure: Departure = this.#departure): void {
    if (this.#isToldGone) return;
    this.#isToldGone = true;
    this.#phase = 'gone';
    this.#ticker.delete(this);
    for (const each of this.#waiters) each();
    try {
      this.protocol.onGone(departure);
    } catch (error) {
      this.faults.push(error);
    }
  }
}
