/**
 * The body of one request on its way from the parser to the handler. It asks for the next piece only when a reader waits for
 * it, so an unread body costs nothing and a slow reader slows the client down. It can be read once.
 */

import { BytePieces } from '../byte-pieces.js';
import { asBuffer, EMPTY, unpinned } from '../bytes.js';
import { type ProtocolError, UsageError } from '../errors.js';
import { httpError } from './errors.js';
import { type FieldLines, NO_FIELDS } from './headers.js';

/** Where the pieces come from: the driver pulls its parser, and calls `push`, `end` or `fail`, at once or later. */
export interface BodySource {
  pull(): void;
  /** The client sent what its reader may not be given. */
  noteError(error: ProtocolError): void;
}

interface Waiter {
  resolve(piece: Uint8Array | undefined): void;
  reject(error: unknown): void;
}

export class RequestBody implements ReadableBody {
  trailers: FieldLines = NO_FIELDS;
  readonly #source: BodySource;
  readonly #announcedBytes: number | undefined;
  readonly #maxStreamedBytes: number;
  /** What was received, and not given to anybody, as long as it is one piece: it stays where it came. */
  #first: Uint8Array | undefined;
  /** The same once there are more. */
  #pieces: BytePieces | undefined;
  #waiter: Waiter | undefined;
  /** How many bytes may be collected; `undefined` while the body is streamed. */
  #collectUpTo: number | undefined;
  #received = 0;
  #isTaken = false;
  #hasEnded = false;
  #error: unknown;

  /** @param announcedBytes its Content-Length, where it has one: a body too large is refused before it is received. */
  constructor(source: BodySource, announcedBytes: number | undefined, maxStreamedBytes: number) {
    this.#source = source;
    this.#announcedBytes = announcedBytes;
    this.#maxStreamedBytes = maxStreamedBytes;
  }

  /** Whether a reader waits for more: only then does the driver pull. */
  get isWanted(): boolean {
    return this.#waiter !== undefined;
  }

  /** Whether nobody has begun to read it. */
  get isUntouched(): boolean {
    return !this.#isTaken && this.#error === undefined;
  }

  /** Whether somebody is reading it, and has not given it up. */
  get isBeingRead(): boolean {
    return this.#isTaken && this.#error === undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    this.#take(this.#maxStreamedBytes);
    return {
      next: async () => {
        const value = await this.#next();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: () => {
        this.#giveUp();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /**
   * What `read` makes of all of the body, up to `maxBytes`; it is not to keep the view that it is given, but by `unpinned`. One promise, which settles
   * in the turn in which the body is complete.
   */
  collect<T>(maxBytes: number, read: (bytes: Uint8Array) => T): Promise<T> {
    const reading = new Reading(read);
    try {
      this.#take(maxBytes);
      this.#collectUpTo = maxBytes;
      if (this.#error !== undefined) throw this.#error;
      this.#waiter = reading;
      if (this.#hasEnded) this.#settle(this.#takeHeld());
      else this.#source.pull();
    } catch (error) {
      reading.reject(error);
    }
    return reading.promise;
  }

  /** A piece has come, a view of what was received. */
  push(view: Uint8Array): void {
    if (this.#error !== undefined) return;
    this.#received += view.length;
    if (this.#received > (this.#collectUpTo ?? this.#maxStreamedBytes)) return this.#refuseSize();
    if (this.#waiter !== undefined && this.#collectUpTo === undefined) return this.#settle(unpinned(view));
    this.#hold(view);
  }

  end(trailers: FieldLines): void {
    this.trailers = trailers;
    this.#hasEnded = true;
    this.#settle(this.#collectUpTo === undefined ? undefined : this.#takeHeld());
  }

  /** Nothing more will come: a reader, now or later, hears why. */
  fail(error: unknown): void {
    if (!this.#hasEnded && this.#error === undefined) this.#refuse(error);
  }

  /** Its reader wants no more, not even the piece that it waits for. */
  #giveUp(): void {
    this.#error ??= new UsageError('the body was given up by its reader');
    this.#dropHeld();
    this.#settle(undefined);
  }

  #refuse(error: unknown): void {
    this.#error = error;
    this.#dropHeld();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
  }

  #refuseSize(): void {
    const error = httpError('HTTP_BODY_TOO_LARGE');
    this.#refuse(error);
    this.#source.noteError(error);
  }

  #take(maxBytes: number): void {
    if (this.#isTaken) throw new UsageError('the body was read already; it can be read once');
    this.#isTaken = true;
    const isTooLarge = Math.max(this.#received, this.#announcedBytes ?? 0) > maxBytes;
    if (isTooLarge && this.#error === undefined) this.#refuseSize();
  }

  #next(): Promise<Uint8Array | undefined> {
    if (this.#collectUpTo === undefined && this.#holdsSome) return Promise.resolve(unpinned(this.#takeHeld()));
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#hasEnded) return Promise.resolve(undefined);
    if (this.#waiter !== undefined) return Promise.reject(new UsageError('a piece of the body is being waited for already; await it first'));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#source.pull();
    });
  }

  #settle(piece: Uint8Array | undefined): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(piece);
  }

  /** Most bodies come in one piece. */
  #hold(view: Uint8Array): void {
    if (this.#pieces !== undefined) return this.#pieces.push(asBuffer(view));
    const first = this.#first;
    this.#first = first === undefined ? view : undefined;
    if (first === undefined) return;
    this.#pieces = new BytePieces(this.#announcedBytes);
    this.#pieces.push(asBuffer(first));
    this.#pieces.push(asBuffer(view));
  }

  get #holdsSome(): boolean {
    return this.#first !== undefined || this.#pieces !== undefined;
  }

  #takeHeld(): Uint8Array {
    const held = this.#pieces?.takeTogether() ?? this.#first ?? EMPTY;
    this.#dropHeld();
    return held;
  }

  #dropHeld(): void {
    this.#first = undefined;
    this.#pieces = undefined;
  }
}

/** One promise of what a body is read as. An object, and no closures: every body that is collected needs one. */
class Reading<T> implements Waiter {
  readonly promise: Promise<T>;
  readonly #read: (bytes: Uint8Array) => T;
  #settle!: (value: T) => void;
  #fail!: (error: unknown) => void;

  constructor(read: (bytes: Uint8Array) => T) {
    this.#read = read;
    this.promise = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
  }

  resolve(bytes: Uint8Array): void {
    try {
      this.#settle(this.#read(bytes));
    } catch (error) {
      this.reject(error);
    }
  }

  /** What the application gave up waiting for must not end the process: it is the peer's doing. Who awaits it hears of it. */
  reject(error: unknown): void {
    this.promise.catch(() => {});
    this.#fail(error);
  }
}

/** What a request reads its body from. */
export interface ReadableBody extends AsyncIterable<Uint8Array> {
  readonly trailers: FieldLines;
  collect<T>(maxBytes: number, read: (bytes: Uint8Array) => T): Promise<T>;
}

/** The body of a request that has none; it can be read any number of times. */
export const NO_BODY: ReadableBody = {
  trailers: NO_FIELDS,
  collect(_maxBytes, read) {
    const reading = new Reading(read);
    reading.resolve(EMPTY);
    return reading.promise;
  },
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
