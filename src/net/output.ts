/**
 * What a connection has yet to hand to its socket, in order, and in which portions it is handed over: neighbouring text goes as
 * one string, neighbouring small bytes as one copy, large bytes on their own.
 */

import { LATIN1_UP_TO_BYTES, latin1Of } from '../bytes.js';
import { type CommonRoom, enterRoom, FREE_ROOM_BYTES } from './common-room.js';
import { NOTHING_SHARED, type SharedText } from './shared-text.js';

/** From here on copying costs more than a second entry in the system call. */
const COPY_BELOW_BYTES = 32 * 1024;

/** The header of a frame is no longer. */
const SHORT_HEAD_BYTES = 10;

type Piece = string | Uint8Array;

export class Output {
  /** Bytes that wait here. A string piece is latin1, one byte a character. */
  length = 0;
  /** What waits as long as it is nothing but text, which most output is: a rope that the socket flattens once. */
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
    const joined = typeof piece === 'string' ? shared?.with(piece) : undefined;
    if (joined === undefined) return this.push(piece);
    this.#shared = joined;
    this.#text = joined.text;
    this.length = joined.text.length;
  }

  /** As `push`, for a head, which is not empty, and, behind it, bytes that are copied now. */
  pushCopied(head: string, bytes: Uint8Array): void {
    const count = head.length + bytes.length;
    const room = this.#roomFor(count);
    if (room === undefined) return this.push(bytes.length <= LATIN1_UP_TO_BYTES ? head + latin1Of(bytes) : inOnePiece(head, bytes));
    writeBehind(room.bytes, room.filled, head, bytes);
    room.filled += count;
    this.length += count;
  }

  /** The room in which all that waits was copied, if it was: `takeCopied` has it. */
  get copiedTo(): CommonRoom | undefined {
    return this.#room;
  }

  /** All of what was copied, taken out of the queue. It stays as it is until its room is left. */
  takeCopied(): Uint8Array {
    const copied = this.#room!.bytes.subarray(this.#start, this.#start + this.length);
    this.#room = undefined;
    this.length = 0;
    return copied;
  }

  /** Has what was copied wait as text: other pieces can follow it, and it holds no room. */
  takeOutOfRoom(): void {
    const room = this.#room;
    if (room === undefined) return;
    this.#room = undefined;
    this.#text = room.bytes.toString('latin1', this.#start, this.#start + this.length);
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

  /** Where `count` bytes can lie behind all that waits; `undefined` where there is no such place. */
  #roomFor(count: number): CommonRoom | undefined {
    const room = this.#room;
    if (room !== undefined) return this.#start + this.length === room.filled && room.hasRoomFor(count) ? room : undefined;
    if (this.length > 0 || count > FREE_ROOM_BYTES) return undefined;
    this.#room = enterRoom();
    this.#start = this.#room.filled;
    this.#shared = undefined;
    return this.#room;
  }

  /** Forgets what was taken, once it is at least half of what is held: a queue that never empties must not hold it all. */
  #letGo(pieces: Piece[]): void {
    if (2 * this.#next < pieces.length) return;
    this.#pieces = this.#next < pieces.length ? pieces.slice(this.#next) : undefined;
    this.#next = 0;
  }
}

/** Short heads are written here: the call of Node's own would take longer. */
function writeBehind(target: Buffer, at: number, head: string, bytes: Uint8Array): void {
  if (head.length > SHORT_HEAD_BYTES) target.write(head, at, 'latin1');
  else for (let i = 0; i < head.length; i++) target[at + i] = head.charCodeAt(i);
  target.set(bytes, at + head.length);
}

function inOnePiece(head: string, bytes: Uint8Array): Uint8Array {
  const piece = Buffer.allocUnsafe(head.length + bytes.length);
  writeBehind(piece, 0, head, bytes);
  return piece;
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
