/**
 * Sends a streamed body piece by piece, waiting whenever the client is slower. It never asks for a piece that it could not
 * pass on, and tells its source when nobody wants the rest.
 */

import { checkBytes } from '../channel/outgoing.js';
import type { StreamedBody } from '../channel/outlet.js';
import { UsageError } from '../errors.js';

/** Where the pieces go. */
export interface PumpSink {
  /** Whether to wait for `resume` before the next piece. */
  readonly isCongested: boolean;
  /** Resolves in the next turn of the event loop. */
  nextTurn(): Promise<void>;
  /** Passes one piece on; may throw where it cannot be one. */
  piece(data: string | Uint8Array): void;
  /** The body has ended. */
  pumped(): void;
  /** The body, or a piece of it, failed. */
  pumpFailed(error: unknown): void;
}

/** How many pieces follow each other before the event loop turns: a source that never waits must not keep the process from everything else. */
const PIECES_A_TURN = 64;

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

export class BodyPump {
  readonly #body: StreamedBody;
  readonly #iterator: AnyIterator;
  readonly #sink: PumpSink;
  #isCancelled = false;
  #wake: (() => void) | undefined;

  constructor(body: StreamedBody, sink: PumpSink) {
    this.#body = body;
    this.#iterator = iteratorOf(body);
    this.#sink = sink;
  }

  /** Runs until the body ends, fails or is cancelled. Nothing is sent before the caller's turn is over. */
  async run(): Promise<void> {
    try {
      await undefined;
      for (let pieces = 1; !this.#isCancelled; pieces++) {
        const step = this.#iterator.next();
        const { done, value } = step instanceof Promise || 'then' in step ? await step : step;
        if (this.#isCancelled) return;
        if (done === true) return this.#sink.pumped();
        if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw new UsageError('the pieces of a streamed body are strings or Uint8Arrays');
        this.#sink.piece(typeof value === 'string' ? value : checkBytes(value));
        if (this.#sink.isCongested) await this.#awaitRoom();
        else if (pieces % PIECES_A_TURN === 0) await this.#sink.nextTurn();
      }
    } catch (error) {
      if (this.#isCancelled) return;
      this.cancel();
      this.#sink.pumpFailed(error);
    }
  }

  /** There is room again. */
  resume(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Nobody wants the rest: the source may let go of what it holds. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.resume();
    void release(this.#body, this.#iterator);
  }

  #awaitRoom(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** Lets a body go that is not sent, such as the one of a HEAD. Never throws. */
export function cancelBody(body: StreamedBody): void {
  try {
    void release(body, iteratorOf(body));
  } catch {
    // One that cannot even be read, such as a locked stream, holds nothing for us.
  }
}

function iteratorOf(body: StreamedBody): AnyIterator {
  if (body instanceof ReadableStream) return readerOf(body);
  if (Symbol.asyncIterator in body) return (body as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  return (body as Iterable<unknown>)[Symbol.iterator]();
}

/** Lets go at once, where the stream's own iterator first waits for the piece that it has asked for. */
function readerOf(stream: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/** What a source does when it is let go is its own affair: nobody waits for it, and its failing changes nothing. */
async function release(body: StreamedBody, iterator: AnyIterator): Promise<void> {
  try {
    if (isNodeStream(body)) destroyStream(body);
    else await iterator.return?.();
  } catch {
    // The response is over already, for a reason that was reported.
  }
}

interface NodeStream {
  on(event: 'error', fn: () => void): unknown;
  destroy(): unknown;
}

function isNodeStream(body: object): body is NodeStream {
  return 'destroy' in body && typeof body.destroy === 'function' && 'on' in body && typeof body.on === 'function';
}

/** The iterator of a stream of Node lets go of it only once it has begun, and only then hears its errors, which nobody else may. */
function destroyStream(stream: NodeStream): void {
  stream.on('error', () => {});
  stream.destroy();
}
