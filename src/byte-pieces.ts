/**
 * Bytes that come in pieces and are wanted together. Most pieces are copied into room that grows with what has come, never with what was
 * announced, so that 65,537 tiny ones cost no more memory than one; large ones that fill their memory are kept as they came, and copied together once,
 * at the end.
 */

import { fillsItsMemory } from './bytes.js';

/** The smallest room. */
const FIRST_ROOM_BYTES = 1024;
/** A piece from here on is kept as it came, if it fills the memory that it lies in, or is the last: no room has to grow for it. */
const KEPT_FROM_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

export class BytePieces {
  /** Bytes that have come. */
  length = 0;
  /** How many there will be, once that is known: no more room is made than they need. */
  total: number;
  /** Where what is copied goes. Changes with `reserve`. */
  room: Buffer = NOTHING;
  /** How much of the room is filled. */
  filled = 0;
  /** Large pieces, and what was copied together between them. */
  #kept: Buffer[] = [];

  constructor(total = Infinity) {
    this.total = total;
  }

  /** Takes a piece, which nobody writes to any more. */
  push(piece: Buffer): void {
    if (this.keeps(piece, true)) return this.keep(piece);
    const at = this.reserve(piece.length);
    this.room.set(piece, at);
  }

  /** Whether a piece is to be kept as it came; else it is to be copied. @param isReadInPlace whether the first may be kept also where it is most of all. */
  keeps(piece: Buffer, isReadInPlace: boolean): boolean {
    if (piece.length < KEPT_FROM_BYTES) return false;
    const isLast = this.length + piece.length === this.total;
    if (!isLast && !fillsItsMemory(piece)) return false;
    // What brings most of it together goes where all of it will be, unless there are others to join.
    const isMost = 2 * (this.filled + piece.length) >= this.total;
    return this.#kept.length > 0 || !isMost || (isReadInPlace && this.filled === 0);
  }

  /** Keeps a piece, which nobody writes to any more. */
  keep(piece: Buffer): void {
    if (this.filled > 0) this.#kept.push(this.room.subarray(0, this.filled));
    this.room = NOTHING;
    this.filled = 0;
    this.#kept.push(piece);
    this.length += piece.length;
  }

  /** Makes room for `count` bytes, which the caller then writes; returns where. */
  reserve(count: number): number {
    const at = this.filled;
    if (at + count > this.room.length) this.#grow(at + count);
    this.filled = at + count;
    this.length += count;
    return at;
  }

  /** Room for what has come and as much again, but no more than will be needed. */
  #grow(needed: number): void {
    const total = this.total - (this.length - this.filled);
    const grown = Buffer.allocUnsafeSlow(Math.min(total, Math.max(FIRST_ROOM_BYTES, 2 * needed)));
    this.room.copy(grown, 0, 0, this.filled);
    this.room = grown;
  }

  /** All that has come, in pieces; then there is none. */
  take(): Buffer[] {
    const pieces = this.#kept;
    if (this.filled > 0) pieces.push(this.room.subarray(0, this.filled));
    this.#kept = [];
    this.room = NOTHING;
    this.filled = 0;
    this.length = 0;
    return pieces;
  }

  /** The same in one piece. */
  takeTogether(): Buffer {
    const length = this.length;
    const pieces = this.take();
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length);
  }
}
