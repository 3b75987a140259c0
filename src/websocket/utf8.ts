/**
 * UTF-8 checked as it arrives (RFC 6455 §8.1): in pieces cut anywhere, and failed at the first byte that cannot be right. The work
 * is done by `isUtf8` of node:buffer; only the sequence that a cut leaves incomplete, at most three bytes, is looked at here.
 */

import { isUtf8 } from 'node:buffer';

export class Utf8Check {
  /** The bytes of a sequence that the last piece left incomplete, and how many they are. */
  readonly #tail = new Uint8Array(4);
  #tailLength = 0;

  /** Whether the text is right so far, with this piece; `piece` may be empty. */
  push(piece: Uint8Array): boolean {
    let start = 0;
    while (this.#tailLength > 0 && start < piece.length) {
      this.#tail[this.#tailLength++] = piece[start++]!;
      const needed = sequenceLength(this.#tail[0]!);
      if (this.#tailLength === needed) {
        if (!isUtf8(this.#tail.subarray(0, needed))) return false;
        this.#tailLength = 0;
      } else if (!isPrefix(this.#tail, 0, this.#tailLength)) {
        return false;
      }
    }
    const cut = incompleteFrom(piece, start);
    for (let i = cut; i < piece.length; i++) this.#tail[this.#tailLength++] = piece[i]!;
    if (cut < piece.length && !isPrefix(piece, cut, piece.length)) return false;
    return isUtf8(piece.subarray(start, cut));
  }

  /** Whether the text may end here; the check starts anew. */
  end(): boolean {
    const isComplete = this.#tailLength === 0;
    this.#tailLength = 0;
    return isComplete;
  }
}

/** How many bytes the sequence has that starts with this byte; 1 also for a byte that starts none. */
function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

/** Where the last sequence of `piece` starts, if the piece ends within it; else the piece's end. Looks back at most three bytes. */
function incompleteFrom(piece: Uint8Array, start: number): number {
  const end = piece.length;
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = piece[at]!;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return sequenceLength(byte) > end - at ? at : end;
  }
  return end;
}

/** Whether one to three bytes can begin a sequence (the table of RFC 3629 §4). */
function isPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  const lead = bytes[start]!;
  if (lead < 0xc2 || lead > 0xf4) return false;
  if (end - start === 1) return true;
  const second = bytes[start + 1]!;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return false;
  return end - start === 2 || (bytes[start + 2]! & 0xc0) === 0x80;
}
