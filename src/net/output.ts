/**
 * What a connection has yet to hand to its socket, in order, and in which portions it is handed over: neighbouring text goes as
 * one string, neighbouring small bytes as one copy, large bytes on their own.
 */

import { NOTHING_SHARED, type SharedText } from './shared-text.js';

/** From here on copying costs more than a second entry in the system call. */
const COPY_BELOW_BYTES = 32 * 1024;

type Piece = string | Uint8Array;

export class Output {
  /** Bytes that wait here. A string piece is latin1, one byte a character. */
  length = 0;
  /** What waits as long as it is nothing but text, which most output is: a rope that the socket flattens once. */
  #text = '';
  /** The same, where nothing of it is for this connection alone. */
  #shared: SharedText | undefined;
  /** What waits, from the first bytes among it on; without them there is no array. */
  #pieces: Piece[] | undefined;
  #next = 0;

  push(piece: Piece): void {
    this.length += piece.length;
    this.#shared = undefined;
    if (this.#pieces !== undefined) {
      this.#pieces.push(piece);
    } else if (typeof piece === 'string') {
      this.#text += piece;
    } else {
      this.#pieces = this.#text === '' ? [piece] : [this.#text, piece];
      this.#text = '';
    }
  }

  /** As `push`, for a piece that other connections are sent, too. */
  pushShared(piece: Piece): void {
    const shared = this.length === 0 ? NOTHING_SHARED : this.#shared;
    const joined = typeof piece === 'string' ? shared?.with(piece) : undefined;
    if (joined === undefined) return this.push(piece);
    this.#shared = joined;
    this.#text = joined.text;
    this.length = joined.text.length;
  }

  clear(): void {
    this.length = 0;
    this.#text = '';
    this.#shared = undefined;
    this.#pieces = undefined;
    this.#next = 0;
  }

  /** All of it, taken out of the queue, if it is nothing but text of at most `maxBytes`; else `undefined`, and `take` has it. */
  takeText(maxBytes: number): string | undefined {
    if (this.#pieces !== undefined || this.length > maxBytes) return undefined;
    const text = this.#text;
    this.#text = '';
    this.length = 0;
    return text;
  }

  /** The next bytes to write at once, at most `maxBytes`, taken out of the queue: one piece, or a few large ones that belong in one system call. */
  take(maxBytes: number): Piece[] {
    const pieces = (this.#pieces ??= [this.#text]);
    this.#text = '';
    this.#shared = undefined;
    if (this.#next === 0 && this.length <= maxBytes) {
      this.clear();
      return pieces.length === 1 ? pieces : merge(pieces);
    }
    const portion: Piece[] = [];
    let room = maxBytes;
    while (room > 0 && this.#next < pieces.length) {
      const piece = pieces[this.#next]!;
      if (piece.length <= room) {
        portion.push(piece);
        room -= piece.length;
        this.#next++;
      } else {
        portion.push(slice(piece, 0, room));
        pieces[this.#next] = slice(piece, room, piece.length);
        room = 0;
      }
    }
    this.length -= maxBytes - room;
    this.#letGo(pieces);
    return merge(portion);
  }

  /** Forgets what was taken, once it is at least half of what is held: a queue that never empties must not hold it all. */
  #letGo(pieces: Piece[]): void {
    if (2 * this.#next < pieces.length) return;
    this.#pieces = this.#next < pieces.length ? pieces.slice(this.#next) : undefined;
    this.#next = 0;
  }
}

function slice(piece: Piece, start: number, end: number): Piece {
  return typeof piece === 'string' ? piece.slice(start, end) : piece.subarray(start, end);
}

function merge(pieces: Piece[]): Piece[] {
  if (pieces.every((piece) => typeof piece === 'string')) return [pieces.join('')];
  const merged: Piece[] = [];
  let from = 0;
  let small = 0;
  for (let at = 0; at < pieces.length; at++) {
    const length = pieces[at]!.length;
    if (length < COPY_BELOW_BYTES) {
      small += length;
      continue;
    }
    if (small > 0) merged.push(copyTogether(pieces, from, at, small));
    merged.push(pieces[at]!);
    from = at + 1;
    small = 0;
  }
  if (small > 0) merged.push(copyTogether(pieces, from, pieces.length, small));
  return merged;
}

function copyTogether(pieces: Piece[], from: number, to: number, length: number): Piece {
  if (to - from === 1) return pieces[from]!;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (let i = from; i < to; i++) {
    const piece = pieces[i]!;
    if (typeof piece === 'string') bytes.write(piece, at, 'latin1');
    else bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
