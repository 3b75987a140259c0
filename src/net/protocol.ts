/**
 * The seam between a socket and what is spoken on it. A `Connection` is the `Transport`; a driver is the `Protocol`. One
 * socket has one connection and, at any moment, one protocol; an upgrade swaps it and replays the bytes left over.
 */

import type { Ticking } from './ticker.js';

/** Why a connection is gone. `finished`: both sides ended it in order. */
export type Departure = 'finished' | 'reset' | 'timeout' | 'shutdown' | 'aborted';

/** Who is at the other end, and whether it speaks TLS: what the socket says, or a proxy of ours. */
export interface Peer {
  /** Empty on a unix socket. */
  readonly remoteAddress: string;
  /** 0 where it is not known. */
  readonly remotePort: number;
  readonly isSecure: boolean;
}

/** What a protocol may do with its connection. After `end` or `destroy`, `write` writes nothing. */
export interface Transport extends Peer {
  /** Every byte written and not yet taken by the kernel. */
  readonly bufferedAmount: number;
  /** Whether `bufferedAmount` is above the soft mark: who produces should wait for `onDrain`. */
  readonly isCongested: boolean;

  /**
   * Queues output; what one read or one turn of the event loop produces leaves in one write. A string is latin1, one byte
   * a character. Bytes are borrowed until they are written.
   */
  write(data: string | Uint8Array): void;
  /** As `write`, for a head, latin1 and not empty, and bytes behind it that are copied at once. */
  writeCopied(head: string, bytes: Uint8Array): void;
  /** As `write`, for what other connections are sent in the same turn, too. */
  writeShared(data: string | Uint8Array): void;
  /** As `write`, for pieces that belong together: they are handed over together, however much they are. */
  writeAll(pieces: readonly (string | Uint8Array)[]): void;
  /** Stops reading. While paused, neither the peer's FIN nor its RST is seen. */
  pause(): void;
  resume(): void;
  /** Calls `fn` once everything written so far was taken by the kernel, or is lost with the connection. */
  whenDrained(fn: () => void): void;
  /**
   * Flushes, sends FIN, then reads and discards what still arrives for a while (RFC 9112 §9.6), then destroys; all of it
   * within `withinMs`, default unlimited while the peer keeps taking our output.
   */
  end(withinMs?: number): void;
  /** Destroys the socket at once, with a reset where it is `aborted`; what is not written is lost. */
  destroy(departure: Departure): void;
  /** Calls `fn` when the caller's turn is over, if the connection is still open then. */
  soon(fn: () => void): void;
  /** Resolves in the next turn of the event loop. */
  nextTurn(): Promise<void>;
  /** Makes `next` the protocol of this connection; `rest` is replayed to it when the caller's turn is over, and reading goes on. */
  upgrade(next: Protocol, rest: Uint8Array): void;
}

/** What a connection tells its protocol. None of these may throw. */
export interface Protocol extends Ticking {
  /** Bytes of output that it has not written yet, because they are still being prepared; none where it prepares nothing. */
  readonly preparedBytes?: number;
  onData(bytes: Uint8Array): void;
  /** The peer sent FIN: it will send nothing more, but may still read. */
  onEnd(): void;
  /** Output fell below the soft mark that it had passed. */
  onDrain(): void;
  /** The socket is gone; called once, last. Output still waiting is lost. */
  onGone(departure: Departure): void;
  /** The server is stopping: finish what may finish, then end. */
  onShutdown(): void;
}

/** Where functions run in the async context in which their server was made. */
export interface HomeScope {
  runInAsyncScope<T, A>(fn: (this: T, argument: A) => void, self: T, argument: A): void;
}
