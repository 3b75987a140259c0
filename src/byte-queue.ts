/**
 * Bytes received and not yet consumed, always contiguous. An empty queue adopts what it is given without a copy; a queue
 * that holds a rest appends, doubling, so that input in tiny pieces costs linear time and no memory beyond its own size.
 * Invariant: bytes handed out are never written again, so views of them stay valid.
 */

import { asBuffer } from './bytes.js';

const NOTHING = Buffer.alloc(0);

export class ByteQueue {
  /** The memory that holds the bytes from `start` to `end`. Changes at every `push`. */
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  /** Whether `bytes` is our own memory, whose room behind `end` may be filled. */
  #growable = false;

  get length(): number {
    return this.end - this.start;
  }

  push(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.bytes = asBuffer(chunk);
      this.start = 0;
      this.end = chunk.byteLength;
      this.#growable = false;
      return;
    }
    const length = this.end - this.start;
    if (!this.#growable || this.end + chunk.byteLength > this.bytes.byteLength) {
      const room = Buffer.allocUnsafeSlow(Math.max(256, 2 * (length + chunk.byteLength)));
      room.set(this.bytes.subarray(this.start, this.end));
      this.bytes = room;
      this.start = 0;
      this.end = length;
      this.#growable = true;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.byteLength;
  }

  /** Where in `bytes` the first `byte` stands, from `from` on; -1 if it has not come. It looks at no room that is not filled. */
  indexOf(byte: number, from: number): number {
    const filled = this.end === this.bytes.byteLength ? this.bytes : this.bytes.subarray(0, this.end);
    return filled.indexOf(byte, from);
  }

  /** Drops `count` bytes from the front; an emptied queue lets go of its memory. */
  skip(count: number): void {
    this.start += count;
    if (this.start >= this.end) this.clear();
  }

  /** A view of the first bytes, at most `count`, which are consumed. */
  take(count: number): Buffer {
    const stop = Math.min(this.end, this.start + count);
    const isAll = this.start === 0 && stop === this.bytes.length;
    const view = isAll ? this.bytes : this.bytes.subarray(this.start, stop);
    this.skip(stop - this.start);
    return view;
  }

  clear(): void {
    this.bytes = NOTHING;
    this.start = 0;
    this.end = 0;
    this.#growable = false;
  }
}
