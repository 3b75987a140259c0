/**
 * Sends a streamed body piece by piece, waiting whenever the client is slower. It never asks for a piece that it could not
 * pass on, and tells its source when nobody wants the rest. Pieces that are there at once leave together, as long as the client is quick.
 */

import type { StreamedBody } from '../channel/outlet.js';
import { UsageError } from '../errors.js';

/** Where the pieces go. */
export interface PumpSink {
  /** Whether to wait for `resume` before the next piece. */
  readonly isCongested: boolean;
  /** So many bytes may wait for others, unless the client was slow. */
  readonly gatherUpToBytes: number;
  /** What is passed on waits until `uncork`, which comes within the same turn. */
  cork(): void;
  uncork(): void;
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
type Step = IteratorResult<unknown>;

export class BodyPump {
  readonly #body: StreamedBody;
  readonly #iterator: AnyIterator;
  readonly #sink: PumpSink;
  #isCancelled = false;
  /** Pieces passed on in this turn. */
  #pieces = 0;
  #wasSlow = false;
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
      while (!this.#isCancelled) {
        const step = this.#passOnReady();
        if (step !== undefined) {
          const { done, value } = isLater(step) ? await step : step;
          if (this.#isCancelled) return;
          if (done === true) return this.#sink.pumped();
          this.#passOn(value);
        }
        if (this.#sink.isCongested) await this.#awaitRoom();
        else if (this.#pieces >= PIECES_A_TURN) await this.#nextTurn();
      }
    } catch (error) {
      if (this.#isCancelled) return;
      this.cancel();
      this.#sink.pumpFailed(error);
    }
  }

  /** Passes on what is there at once, as much as may leave together. Returns the first step that is another: one to be waited for, or the end. */
  #passOnReady(): Step | PromiseLike<Step> | undefined {
    const sink = this.#sink;
    const gatherUpToBytes = this.#wasSlow ? 0 : sink.gatherUpToBytes;
    let gathered = 0;
    sink.cork();
    try {
      do {
        const step = this.#iterator.next();
        if (isLater(step) || step.done === true) return step;
        gathered += this.#passOn(step.value);
      } while (gathered < gatherUpToBytes && this.#pieces < PIECES_A_TURN && !sink.isCongested && !this.#isCancelled);
      return undefined;
    } finally {
      sink.uncork();
    }
  }

  /** Passes one piece on; returns its length. */
  #passOn(value: unknown): number {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw new UsageError('the pieces of a streamed body are strings or Uint8Arrays');
    this.#sink.piece(value);
    this.#pieces++;
    return value.length;
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

  async #nextTurn(): Promise<void> {
    await this.#sink.nextTurn();
    this.#pieces = 0;
  }

  #awaitRoom(): Promise<void> {
    this.#wasSlow = true;
    this.#pieces = 0;
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

function isLater(step: Step | PromiseLike<Step>): step is PromiseLike<Step> {
  return step instanceof Promise || 'then' in step;
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
