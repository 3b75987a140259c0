/** The bytes of one socket, taken in the sizes that are asked for, with a limit to how long they are waited for. */

import type { Socket } from 'node:net';

/** Nothing came in time. */
export class Silence extends Error {}

export class Incoming {
  #chunks: Buffer[] = [];
  #length = 0;
  #hasEnded = false;
  #error: (Error & { code?: string }) | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    socket.on('data', (bytes) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
      this.#wake?.();
    });
    socket.on('end', () => this.#end(undefined));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(undefined));
  }

  /** Bytes that came and were not taken. */
  get length(): number {
    return this.#length;
  }

  /** Whether nothing will come any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What the connection ended with if not in order, such as ECONNRESET. */
  get error(): (Error & { code?: string }) | undefined {
    return this.#error;
  }

  /** Waits until `count` bytes are there, or the end is; says whether they are. */
  async has(count: number, patienceMs: number): Promise<boolean> {
    const giveUpAt = performance.now() + patienceMs;
    while (this.#length < count && !this.#hasEnded) {
      const left = giveUpAt - performance.now();
      if (left <= 0) throw new Silence(`nothing came for ${patienceMs / 1000} s`);
      await this.#event(left);
    }
    return this.#length >= count;
  }

  /** Takes bytes that are there. */
  take(count: number): Buffer {
    if (this.#chunks.length > 1 && this.#chunks[0]!.length < count) this.#chunks = [Buffer.concat(this.#chunks)];
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    const taken = first.subarray(0, count);
    if (taken.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.#length -= count;
    return taken;
  }

  /** Waits until something comes, or for `ms`. */
  #event(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(error: (Error & { code?: string }) | undefined): void {
    this.#hasEnded = true;
    this.#error ??= error;
    this.#wake?.();
  }
}
