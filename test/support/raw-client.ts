/** A client that sends exactly the bytes it is told, for what polite clients never do. */

import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { PATIENCE_MS } from './patience.js';

export class RawClient {
  readonly socket: Socket;
  /** Memory that doubles; what was received and not yet taken lies between `#start` and `#end`. */
  #memory = Buffer.alloc(1024);
  #start = 0;
  #end = 0;
  /** Whether the server has sent FIN. */
  hasEnded = false;
  /** The error the socket ended with, such as ECONNRESET. */
  error: (Error & { code?: string }) | undefined;
  #hasClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('end', () => (this.hasEnded = true));
    socket.on('error', (error) => (this.error = error));
    socket.on('close', () => (this.#hasClosed = true));
  }

  /** Connects; the socket is destroyed when the test is over. */
  static async open(t: TestContext, where: number | NetConnectOpts): Promise<RawClient> {
    const options: NetConnectOpts = typeof where === 'number' ? { host: '127.0.0.1', port: where } : where;
    const socket = connect({ allowHalfOpen: true, noDelay: true, ...options } as NetConnectOpts);
    await once(socket, 'connect');
    t.after(() => socket.destroy());
    return new RawClient(socket);
  }

  /** Sends; a string is latin1. Resolves when the kernel has taken it. */
  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, () => resolve()));
  }

  /** Sends FIN. */
  end(): void {
    this.socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  get received(): string {
    return this.#received.toString('latin1');
  }

  /** Takes everything up to and with `mark`, as latin1. */
  async readUntil(mark: string): Promise<string> {
    await this.#wait(() => this.#received.includes(mark, 0, 'latin1'), `«${mark}»`);
    return this.#take(this.#received.indexOf(mark, 0, 'latin1') + Buffer.byteLength(mark, 'latin1')).toString('latin1');
  }

  /** Takes exactly `count` bytes. */
  async readBytes(count: number): Promise<Buffer> {
    await this.#wait(() => this.#received.length >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** Takes one response with a Content-Length (or none): its head and its body. */
  async readResponse(): Promise<{ head: string; body: string }> {
    const head = await this.readUntil('\r\n\r\n');
    const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
    return { head, body: (await this.readBytes(length)).toString('latin1') };
  }

  /** Everything until the server has closed its side (FIN or RST), as latin1. */
  async readToEnd(): Promise<string> {
    await this.#wait(() => this.hasEnded || this.#hasClosed, 'the end');
    return this.#take(this.#received.length).toString('latin1');
  }

  /** Waits until the socket is closed. */
  async closed(): Promise<void> {
    await this.#wait(() => this.#hasClosed, 'the close');
  }

  get #received(): Buffer {
    return this.#memory.subarray(this.#start, this.#end);
  }

  #receive(bytes: Buffer): void {
    if (this.#end + bytes.length > this.#memory.length) {
      const grown = Buffer.alloc(2 * (this.#received.length + bytes.length));
      this.#end = this.#received.copy(grown);
      this.#start = 0;
      this.#memory = grown;
    }
    this.#end += bytes.copy(this.#memory, this.#end);
  }

  /** What was taken is never written again. */
  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#start += taken.length;
    return taken;
  }

  async #wait(isDone: () => boolean, what: string): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (!isDone()) {
      const isOver = this.#hasClosed || performance.now() > until;
      if (isOver) throw new Error(`${what} did not come; received so far: ${JSON.stringify(this.received.slice(0, 500))}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
