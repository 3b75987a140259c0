/**
 * The long text that is being handled, and its bytes as they came. Who sends on what he was given, as a chat does, has these sent: nothing is
 * encoded, and nothing copied. Whether a text is the same is judged by the text alone, not by who sends it, or when.
 */

import { encodeHeader, OPCODE } from './frame.js';

/** Bytes that wait for a slow peer may hold on to so many times their own memory. */
const MOST_MEMORY = 3;

export class Relay {
  #text: string | undefined;
  #bytes: readonly Uint8Array[] = [];

  /** A text was decoded from `bytes`, views that nobody writes to any more: it is about to be handled. */
  hold(text: string, bytes: readonly Uint8Array[]): void {
    if (memoryOf(bytes) > MOST_MEMORY * lengthOf(bytes)) return;
    this.#text = text;
    this.#bytes = bytes;
  }

  /** It was handled. */
  letGo(): void {
    if (this.#text === undefined) return;
    this.#text = undefined;
    this.#bytes = [];
  }

  /** The message of `text`, in pieces, if that is the text being handled. */
  frameOf(text: string): (string | Uint8Array)[] | undefined {
    if (this.#text !== text) return undefined;
    return [encodeHeader(OPCODE.text, lengthOf(this.#bytes)), ...this.#bytes];
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** What the pieces keep from being collected. */
function memoryOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
