/**
 * One connection of a load. It sends prepared bytes and, of what returns, counts only the bytes: what an answer has to look like is checked
 * once, on the first. All lanes read into one buffer, since none keeps what it read.
 */

import { connect, type Socket } from 'node:net';
import type { Traffic } from '../traffic.js';

const HOST = '127.0.0.1';
const buffer = Buffer.allocUnsafe(262_144);

export class Lane {
  readonly #socket: Socket;
  /** Called with what came. */
  #received: (bytes: Buffer) => void;
  readonly #failed: (error: Error) => void;

  private constructor(port: number, failed: (error: Error) => void, connected: () => void) {
    this.#received = () => failed(new Error('the server speaks first'));
    this.#failed = failed;
    this.#socket = connect({ port, host: HOST, noDelay: true, onread: { buffer, callback: (count) => this.#read(count) } }, connected);
    this.#socket.on('error', failed);
    this.#socket.on('close', () => failed(new Error('the server closed a connection')));
  }

  /** Connects; `failed` is called with everything that goes wrong from then on. */
  static open(port: number, failed: (error: Error) => void): Promise<Lane> {
    return new Promise((resolve) => {
      const lane: Lane = new Lane(port, failed, () => resolve(lane));
    });
  }

  /** From now on `received` gets the number of bytes that came. */
  count(received: (count: number) => void): void {
    this.#received = (bytes) => received(bytes.length);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Goes through what the connection begins with, such as the handshake. */
  async begin({ opening }: Traffic): Promise<void> {
    for (const { bytes, answerLength, status } of opening) {
      const answer = await this.ask(bytes, answerLength);
      if (status !== undefined && !answer.toString('latin1').startsWith(`HTTP/1.1 ${status} `)) throw new Error(`the answer is no ${status}`);
    }
  }

  /** Sends a request, or waits for an answer that another asks for, and checks it; resolves to its length. */
  async check(traffic: Traffic, isAsking = true): Promise<number> {
    const answer = await this.ask(isAsking ? traffic.request : Buffer.alloc(0), (bytes) => traffic.answerLength(bytes));
    traffic.checkAnswer(answer);
    return answer.length;
  }

  /** Ends the connection, as a client that leaves; resolves when it is gone. */
  close(): Promise<void> {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
    return new Promise((resolve) => void this.#socket.on('close', () => resolve()));
  }

  /** Sends bytes; resolves to the answer, which is all that comes. */
  ask(bytes: Buffer, answerLength: (bytes: Buffer) => number | undefined): Promise<Buffer> {
    return new Promise((resolve) => {
      let answer = Buffer.alloc(0);
      this.#received = (more) => {
        answer = Buffer.concat([answer, more]);
        const length = answerLength(answer);
        if (length === undefined) return;
        if (answer.length > length) this.#failed(new Error('more came than the answer'));
        resolve(answer);
      };
      if (bytes.length > 0) this.#socket.write(bytes);
    });
  }

  #read(count: number): boolean {
    this.#received(buffer.subarray(0, count));
    return true;
  }
}

/** Opens so many lanes, a hundred at a time. */
export async function openLanes(port: number, count: number, prepare: (lane: Lane, index: number) => Promise<void>): Promise<Lane[]> {
  const lanes: Lane[] = [];
  while (lanes.length < count) {
    const batch = Array.from({ length: Math.min(100, count - lanes.length) }, async (_, i) => {
      const index = lanes.length + i;
      const lane = await Lane.open(port, fail);
      await prepare(lane, index);
      return lane;
    });
    lanes.push(...(await Promise.all(batch)));
  }
  return lanes;
}

/** Ends the load: what it counted would be worth nothing. */
export function fail(error: Error): never {
  console.error(error.message);
  process.exit(1);
}
