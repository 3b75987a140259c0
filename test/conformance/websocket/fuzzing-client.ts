/**
 * A WebSocket client that sends exactly the bytes it is told, valid or not, and holds every byte that comes to the protocol: what a
 * server must not send is a `Violation`.
 */

import { isUtf8 } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Writing } from './case.js';
import { ClientDeflate } from './deflate.js';
import { type DeflateOffer, offersText, parseAgreement } from './deflate-offer.js';
import { Incoming } from './incoming.js';

/** What the server did wrong. */
export class Violation extends Error {}

/** What a server sends. */
export type Received =
  | { readonly type: 'text' | 'binary' | 'pong' | 'ping'; readonly payload: Buffer }
  | { readonly type: 'close'; readonly code: number | undefined }
  | { readonly type: 'end' };

interface ServerFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

const HANDSHAKE_PATIENCE_MS = 20_000;
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const NOTHING = Buffer.alloc(0);

export class FuzzingClient {
  /** What compresses, if the server agreed on it. */
  deflate: ClientDeflate | undefined;
  readonly #socket: Socket;
  readonly #incoming: Incoming;
  readonly #patienceMs: number;
  /** The message that is coming: its first frame, and the payloads so far. */
  #first: ServerFrame | undefined;
  #fragments: Buffer[] = [];

  private constructor(socket: Socket, patienceMs: number) {
    this.#socket = socket;
    this.#incoming = new Incoming(socket);
    this.#patienceMs = patienceMs;
  }

  /** Connects and makes the opening handshake; `patienceMs` is how long it will wait for each frame. */
  static async open(url: URL, patienceMs: number, offers?: readonly DeflateOffer[]): Promise<FuzzingClient> {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const socket = connect({ host, port: Number(url.port || 80), allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    const client = new FuzzingClient(socket, patienceMs);
    try {
      await client.#handshake(url, offers);
      return client;
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  /** Writes each piece of bytes by itself, so that the server can read it by itself. Stops where the server has answered with its end. */
  async send(pieces: readonly Buffer[], writing: Writing = 'at once'): Promise<void> {
    if (writing === 'frame by frame') return this.#writeEach(pieces);
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    if (writing === 'at once') return this.#writeEach([bytes]);
    const size = writing === 'octet by octet' ? 1 : writing.octets;
    await this.#writeEach(Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)));
  }

  /** The next message or control frame. */
  async next(patienceMs = this.#patienceMs): Promise<Received> {
    for (;;) {
      const frame = await this.#nextFrame(patienceMs);
      if (frame === undefined) {
        if (this.#first === undefined) return { type: 'end' };
        throw new Violation('the connection ended within a message');
      }
      if (frame.opcode >= 8) return controlFrame(frame);
      this.#judgeData(frame);
      this.#first ??= frame;
      this.#fragments.push(frame.payload);
      if (frame.fin) return this.#message();
    }
  }

  destroy(): void {
    this.#socket.destroy();
    this.deflate?.close();
    this.deflate = undefined;
  }

  async #handshake(url: URL, offers: readonly DeflateOffer[] | undefined): Promise<void> {
    const key = randomBytes(16).toString('base64');
    const extensions = offers === undefined ? '' : `Sec-WebSocket-Extensions: ${offersText(offers)}\r\n`;
    const fields = `Host: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${extensions}`;
    this.#socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${fields}\r\n`);
    const lines = (await this.#head()).split('\r\n');
    if (!lines[0]!.startsWith('HTTP/1.1 101 ')) throw new Violation(`the handshake was answered with ${lines[0]}`);
    const field = (name: string): string | undefined => lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
    if (field('upgrade')?.toLowerCase() !== 'websocket') throw new Violation('the handshake has no Upgrade: websocket');
    if (!/(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(field('connection') ?? '')) throw new Violation('the handshake has no Connection: Upgrade');
    const accept = createHash('sha1').update(key + ACCEPT_SUFFIX).digest('base64');
    if (field('sec-websocket-accept') !== accept) throw new Violation('Sec-WebSocket-Accept is wrong');
    if (field('sec-websocket-protocol') !== undefined) throw new Violation('a subprotocol was chosen that was not offered');
    const answer = field('sec-websocket-extensions');
    if (answer !== undefined) this.deflate = new ClientDeflate(agreementOf(answer, offers ?? []));
  }

  async #head(): Promise<string> {
    let head = '';
    while (!head.endsWith('\r\n\r\n')) {
      if (!(await this.#incoming.has(1, HANDSHAKE_PATIENCE_MS))) throw new Violation('the connection ended within the handshake');
      head += this.#incoming.take(1).toString('latin1');
    }
    return head;
  }

  async #writeEach(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      if (this.#incoming.hasEnded || !this.#socket.writable) return;
      await new Promise((resolve) => this.#socket.write(piece, resolve));
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** One frame; `undefined` where the server ends the connection in order. */
  async #nextFrame(patienceMs: number): Promise<ServerFrame | undefined> {
    if (!(await this.#incoming.has(2, patienceMs))) {
      if (this.#incoming.error !== undefined) throw new Violation(`the connection ended with ${this.#incoming.error.code}`);
      if (this.#incoming.length > 0) throw new Violation('the connection ended within a frame');
      return undefined;
    }
    const head = await this.#take(2);
    const [first, second] = [head[0]!, head[1]!];
    if (second >= 0x80) throw new Violation('a frame of the server is masked');
    const length = await this.#length(second);
    const frame = { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15 };
    if (frame.opcode >= 8 && (!frame.fin || length > 125)) throw new Violation('a control frame is fragmented, or too long');
    if (frame.opcode >= 8 && frame.rsv !== 0) throw new Violation('a control frame has a reserved bit');
    return { ...frame, payload: length === 0 ? NOTHING : await this.#take(length) };
  }

  async #length(short: number): Promise<number> {
    if (short < 126) return short;
    const length = short === 126 ? (await this.#take(2)).readUInt16BE(0) : Number((await this.#take(8)).readBigUInt64BE(0));
    if (length < (short === 126 ? 126 : 0x10000)) throw new Violation('a length does not use the fewest bytes');
    return length;
  }

  async #take(count: number): Promise<Buffer> {
    if (!(await this.#incoming.has(count, this.#patienceMs))) throw new Violation('the connection ended within a frame');
    return this.#incoming.take(count);
  }

  #judgeData({ opcode, rsv }: ServerFrame): void {
    const isWithin = this.#first !== undefined;
    if (opcode > 2) throw new Violation(`opcode ${opcode} is reserved`);
    if ((opcode === 0) !== isWithin) throw new Violation(isWithin ? 'a message began within another' : 'a continuation has no message');
    if (rsv !== 0 && (rsv !== 4 || this.deflate === undefined)) throw new Violation('a reserved bit was set');
    if (rsv !== 0 && isWithin) throw new Violation('RSV1 stands on a continuation');
  }

  async #message(): Promise<Received> {
    const { opcode, rsv } = this.#first!;
    const bytes = this.#fragments.length === 1 ? this.#fragments[0]! : Buffer.concat(this.#fragments);
    this.#first = undefined;
    this.#fragments = [];
    const payload = rsv === 0 ? bytes : await this.#inflated(bytes);
    if (opcode === 2) return { type: 'binary', payload };
    if (!isUtf8(payload)) throw new Violation('a text is not valid UTF-8');
    return { type: 'text', payload };
  }

  async #inflated(bytes: Buffer): Promise<Buffer> {
    try {
      return await this.deflate!.inflate(bytes);
    } catch {
      throw new Violation('a compressed message is corrupt, or refers back to what it must not');
    }
  }
}

function agreementOf(answer: string, offers: readonly DeflateOffer[]): ReturnType<typeof parseAgreement> {
  try {
    return parseAgreement(answer, offers);
  } catch (error) {
    throw new Violation((error as Error).message);
  }
}

function controlFrame({ opcode, payload }: ServerFrame): Received {
  if (opcode === 9) return { type: 'ping', payload };
  if (opcode === 10) return { type: 'pong', payload };
  if (opcode !== 8) throw new Violation(`opcode ${opcode} is reserved`);
  if (payload.length === 1 || !isUtf8(payload.subarray(2))) throw new Violation('the body of a Close is malformed');
  return { type: 'close', code: payload.length === 0 ? undefined : payload.readUInt16BE(0) };
}
