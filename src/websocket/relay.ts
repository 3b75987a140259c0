/**
 * The long text that is being handled, and its bytes as they came. Who sends on what he was given, as a chat does, has these sent: nothing is
 * encoded, and little copied. Whether a text is the same is judged by the text alone, not by who sends it, or when.
 */

import { unpinned } from '../bytes.js';
import { encodeHeader, OPCODE } from './frame.js';

export class Relay {
  #text: string | undefined;
  #bytes: readonly Uint8Array[] = [];

  /** A text was decoded from `bytes`, views that nobody writes to any more: it is about to be handled. */
  hold(text: string, bytes: readonly Uint8Array[]): void {
    this.#text = text;
    this.#bytes = bytes;
  }

  /** It was handled. */
  letGo(): void {
    if (this.#text === undefined) return;
    this.#text = undefined;
    this.#bytes = [];
  }

  /**
   * The message of `text`, in pieces, if that is the text being handled. Pieces that share their memory with what came behind them are copied: the
   * application may transfer that to a worker, and what waits for a slow peer must not keep much more than itself.
   */
  frameOf(text: string): (string | Uint8Array)[] | undefined {
    if (this.#text !== text) return undefined;
    const length = this.#bytes.reduce((sum, piece) => sum + piece.length, 0);
    return [encodeHeader(OPCODE.text, length), ...this.#bytes.map(unpinned)];
  }
}
