/**
 * What a connection has yet to hand to its socket, in order, and in which portions it is handed over: neighbouring text goes as
 * one string, neighbouring small bytes as one copy, large bytes on their own. What begins with bytes that are copied lies in the room of all connections as
 * long as nothing else is pushed.
 */

import { COPY_TEXT_FROM_BYTES, joined } from '../bytes.js';
import { type CommonRoom, FREE_ROOM_BYTES, freeRoom } from './common-room.js';
import { NOTHING_SHARED, type SharedText } from './shared-text.js';

/** From here on copying costs more than a second entry in the system call. */
const COPY_BELOW_BYTES = 32 * 1024;

/** Heads up to this are written character by character: the call of Node's own would take longer. */
const SHORT_HEAD_BYTES = 10;

type Piece = string | Uint8Array;

/** As much of a socket as is written to from the room. */
export interface Sink {
  /** Bytes that it was given, and that are not taken. */
  readonly writableLength: number;
  write(bytes: Uint8Array, whenTaken?: () => void): unknown;
}

export class Output {
  /** Bytes that wait here. A string piece is latin1, one byte a character. */
  length = 0;
  /** What waits as long as it is nothing but text and nowhere else, which most output is: a rope that the socket flattens once. */
  #text = '';
  /** The same, where nothing of it is for this connection alone. */
  #shared: SharedText | undefined;
  /** The room in which all that waits lies together, from `#start` on, where it began with bytes that were copied. */
  #room: CommonRoom | undefined;
  #start = 0;
  /** What waits, from the first bytes among it on; without them there is no array. */
  #pieces: Piece[] | undefined;
  #next = 0;

  push(piece: Piece): void {
    if (this.#room !== undefined) this.takeOutOfRoom();
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
    const together = typeof piece === 'string' ? shared?.with(piece) : undefined;
    if (together === undefined) return this.push(piece);
    this.#shared = together;
    this.#text = together.text;
    this.length = together.text.length;
  }

  /** As `push`, for a head, which is not empty, and, behind it, bytes that are copied now. Throws, and changes nothing, where these cannot be read. */
  pushCopied(head: string, bytes: Uint8Array): void {
    const count = head.length + bytes.length;
    const room = this.#roomFor(count);
    if (room === undefined) return this.push(joined(head, bytes));
    writeBehind(room, head, bytes);
    if (this.#room === undefined) this.#enter(room);
    room.filled += count;
    this.length += count;
  }

  /** Writes all of it, if it is nothing but bytes that were copied. @param takesAtOnce whether the sink says right behind a write what it took. */
  writeCopied(sink: Sink, takesAtOnce: boolean): boolean {
    const room = this.#room;
    if (room === undefined) return false;
    const copied = room.bytes.subarray(this.#start, this.#start + this.length);
    this.#room = undefined;
    this.length = 0;
    if (takesAtOnce) {
      sink.write(copied);
      // What it did not take, it still reads from there.
      if (sink.writableLength === 0) room.leave();
    } else {
      sink.write(copied, room.leave);
    }
    return true;
  }

  /** Has what was copied wait elsewhere: other pieces can follow it then, and it holds no room. */
  takeOutOfRoom(): void {
    const room = this.#room;
    if (room === undefined) return;
    const end = this.#start + this.length;
    if (this.length < COPY_TEXT_FROM_BYTES) this.#text = room.bytes.toString('latin1', this.#start, end);
    else this.#pieces = [Buffer.from(room.bytes.subarray(this.#start, end))];
    this.#room = undefined;
    room.leave();
  }

  clear(): void {
    this.#room?.leave();
    this.#room = undefined;
    this.length = 0;
    this.#text = '';
    this.#shared = undefined;
    this.#pieces = undefined;
    this.#next = 0;
  }

  /** All of it, taken out of the queue, if it is nothing but text of at most `maxBytes`; else `undefined`, and `take` has it. */
  takeText(maxBytes: number): string | undefined {
    if (this.#pieces !== undefined || this.#room !== undefined || this.length > maxBytes) return undefined;
    const text = this.#text;
    this.#text = '';
    this.length = 0;
    return text;
  }

  /** The next bytes to write at once, at most `maxBytes`, taken out of the queue: one piece, or a few large ones that belong in one system call. */
  take(maxBytes: number): Piece[] {
    this.takeOutOfRoom();
    const pieces = (this.#pieces ??= [this.#text]);
    this.#text = '';
    this.#shared = undefined;
    if (this.#next === 0 && this.length <= maxBytes) {
      this.clear();
      return pieces.length === 1 ? pieces : merge(pieces);
    }
    const portion: Piece[] = [];
    let left = maxBytes;
    while (left > 0 && this.#next < pieces.length) {
      const piece = pieces[this.#next]!;
      if (piece.length <= left) {
        portion.push(piece);
        left -= piece.length;
        this.#next++;
      } else {
        portion.push(slice(piece, 0, left));
        pieces[this.#next] = slice(piece, left, piece.length);
        left = 0;
      }
    }
    this.length -= maxBytes - left;
    this.#letGo(pieces);
    return merge(portion);
  }

  /** Where `count` bytes can lie behind all that waits; `undefined` where there is no such place. */
  #roomFor(count: number): CommonRoom | undefined {
    const room = this.#room;
    if (room !== undefined) return this.#start + this.length === room.filled && room.hasRoomFor(count) ? room : undefined;
    return this.length === 0 && count <= FREE_ROOM_BYTES ? freeRoom() : undefined;
  }

  #enter(room: CommonRoom): void {
    room.enter();
    this.#room = room;
    this.#start = room.filled;
    this.#shared = undefined;
  }

  /** Forgets what was taken, once it is at least half of what is held: a queue that never empties must not hold it all. */
  #letGo(pieces: Piece[]): void {
    if (2 * this.#next < pieces.length) return;
    this.#pieces = this.#next < pieces.length ? pieces.slice(this.#next) : undefined;
    this.#next = 0;
  }
}

/** Writes where the room is free; it is not taken by that. */
function writeBehind({ bytes: target, filled }: CommonRoom, head: string, bytes: Uint8Array): void {
  if (head.length > SHORT_HEAD_BYTES) target.write(head, filled, 'latin1');
  else for (let i = 0; i < head.length; i++) target[filled + i] = head.charCodeAt(i);
  target.set(bytes, filled + head.length);
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
