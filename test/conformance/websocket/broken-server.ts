/** A small echo server that is right, or wrong in exactly one way: what the suite must find. */

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** The ways in which it can be wrong. */
export type Flaw =
  | `accepts ${'reserved bits' | 'reserved opcodes' | 'fragmented control frames' | 'long control frames' | 'continuations of nothing' | 'interleaved messages' | 'invalid UTF-8' | 'any close code' | 'invalid reasons' | 'a close body of one octet'}`
  | `answers ${'with a wrong accept' | 'no Pings' | 'Pings with nothing' | 'Pings in reverse' | 'Pings behind the message' | 'texts in binary' | 'with 65,535 octets at most' | 'a Close with another code' | 'what comes behind a Close'}`
  | `sends ${'masked frames' | 'lengths in too many octets' | 'RSV1 without agreement' | 'RSV1 on all fragments' | 'references to messages before' | 'a Ping behind its Close'}`
  | `ends ${'with the wrong code' | 'without a Close' | 'never' | 'only when the text is whole' | 'before it has answered' | 'where a character is cut'}`
  | `reads ${'one frame at a time' | 'only whole frames'}`
  | 'ignores server_no_context_takeover'
  | 'declines compression';

/** What a connection is failed with. */
class Failure extends Error {
  readonly code: number;

  constructor(code: number) {
    super();
    this.code = code;
  }
}

interface Frame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface BrokenServer {
  readonly url: URL;
  stop(): Promise<void>;
}

export async function startBrokenServer(flaw?: Flaw): Promise<BrokenServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const peer = new Peer(socket, flaw);
    socket.on('data', (bytes) => peer.read(bytes));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { url: new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`), stop };
}

class Peer {
  readonly #socket: Socket;
  readonly #flaw: Flaw | undefined;
  #input: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #compresses = false;
  #isClosed = false;
  /** The message that is coming: its first frame, and the payloads so far. */
  #first: Frame | undefined;
  #parts: Buffer[] = [];
  #sentBefore: Buffer = Buffer.alloc(0);
  /** What goes out behind what was read, as one. */
  #output: Buffer[] = [];
  /** Pongs that a flaw holds back. */
  #pongs: Buffer[] = [];

  constructor(socket: Socket, flaw: Flaw | undefined) {
    this.#socket = socket;
    this.#flaw = flaw;
  }

  read(bytes: Buffer): void {
    this.#input = Buffer.concat([this.#input, bytes]);
    if (!this.#isOpen && !this.#shakeHands()) return;
    try {
      for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) {
        if (this.#isClosed && this.#flaw !== 'answers what comes behind a Close') break;
        this.#handle(frame);
        if (this.#flaw === 'reads one frame at a time') this.#input = Buffer.alloc(0);
      }
      if (this.#flaw === 'reads only whole frames') this.#input = Buffer.alloc(0);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#fail(error.code);
    }
    if (this.#flaw === 'answers Pings in reverse') for (const payload of this.#pongs.splice(0).reverse()) this.#write(10, payload);
    this.#flush();
  }

  #shakeHands(): boolean {
    const end = this.#input.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#input.toString('latin1', 0, end);
    this.#input = this.#input.subarray(end + 4);
    const key = /^Sec-WebSocket-Key: (.*)$/m.exec(head)![1]!.trim();
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    this.#compresses = head.includes('permessage-deflate') && this.#flaw !== 'declines compression';
    const takeover = this.#flaw === 'ignores server_no_context_takeover' ? '' : '; server_no_context_takeover';
    const extensions = this.#compresses ? `Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover${takeover}\r\n` : '';
    const shown = this.#flaw === 'answers with a wrong accept' ? key : accept;
    this.#socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${shown}\r\n${extensions}\r\n`);
    return (this.#isOpen = true);
  }

  #takeFrame(): Frame | undefined {
    const input = this.#input;
    if (input.length < 2) return undefined;
    const short = input[1]! & 0x7f;
    const maskAt = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (input.length < maskAt + 4) return undefined;
    const length = short < 126 ? short : short === 126 ? input.readUInt16BE(2) : Number(input.readBigUInt64BE(2));
    const start = maskAt + 4;
    if (input.length < start + length) return undefined;
    const payload = Buffer.from(input.subarray(start, start + length));
    for (let i = 0; i < length; i++) payload[i]! ^= input[maskAt + (i & 3)]!;
    this.#input = input.subarray(start + length);
    return { fin: input[0]! >= 0x80, rsv: (input[0]! >> 4) & 7, opcode: input[0]! & 15, payload };
  }

  #handle(frame: Frame): void {
    const { opcode, fin, rsv, payload } = frame;
    this.#refuse(rsv !== 0 && !(this.#compresses && rsv === 4 && (opcode === 1 || opcode === 2)), 1002, 'accepts reserved bits');
    this.#refuse((opcode > 2 && opcode < 8) || opcode > 10, 1002, 'accepts reserved opcodes');
    if (opcode < 8) return this.#handleData(frame);
    this.#refuse(!fin, 1002, 'accepts fragmented control frames');
    this.#refuse(payload.length > 125, 1002, 'accepts long control frames');
    if (opcode === 8) return this.#answerClose(payload);
    if (opcode === 9) this.#answerPing(payload);
  }

  #handleData(frame: Frame): void {
    const { opcode, fin, payload } = frame;
    const isWithin = this.#first !== undefined;
    this.#refuse(opcode === 0 && !isWithin, 1002, 'accepts continuations of nothing');
    this.#refuse(opcode !== 0 && isWithin, 1002, 'accepts interleaved messages');
    this.#first ??= frame;
    this.#parts.push(payload);
    if (fin) this.#echo();
    else if (this.#first.opcode === 1 && !this.#compresses && this.#flaw !== 'ends only when the text is whole') this.#checkBeginning();
  }

  /** Fails at the first octet that cannot be right. */
  #checkBeginning(): void {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(this.#parts), { stream: this.#flaw !== 'ends where a character is cut' });
    } catch {
      throw new Failure(1007);
    }
  }

  #echo(): void {
    const { opcode } = this.#first!;
    const whole = Buffer.concat(this.#parts);
    this.#first = undefined;
    this.#parts = [];
    const payload = this.#compresses ? inflateRawSync(Buffer.concat([whole, Buffer.of(0, 0, 0xff, 0xff)]), { finishFlush: constants.Z_SYNC_FLUSH }) : whole;
    this.#refuse(opcode === 1 && !isUtf8(payload), 1007, 'accepts invalid UTF-8');
    const answer = this.#flaw === 'answers with 65,535 octets at most' ? payload.subarray(0, 65_535) : payload;
    const type = this.#flaw === 'answers texts in binary' ? 2 : opcode;
    if (this.#compresses) this.#writeCompressed(type, answer);
    else this.#write(type, answer, this.#flaw === 'sends RSV1 without agreement' ? 4 : 0);
    for (const each of this.#pongs.splice(0)) this.#write(10, each);
  }

  #writeCompressed(opcode: number, payload: Buffer): void {
    const dictionary = this.#flaw === 'sends references to messages before' && this.#sentBefore.length > 0 ? { dictionary: this.#sentBefore } : {};
    const compressed = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary }).subarray(0, -4);
    this.#sentBefore = payload;
    const half = compressed.length >> 1;
    this.#write(opcode, compressed.subarray(0, half), 4, false);
    this.#write(0, compressed.subarray(half), this.#flaw === 'sends RSV1 on all fragments' ? 4 : 0);
  }

  #answerPing(payload: Buffer): void {
    if (this.#flaw === 'answers no Pings') return;
    const isHeld = this.#flaw === 'answers Pings in reverse' || (this.#flaw === 'answers Pings behind the message' && this.#first !== undefined);
    if (isHeld) this.#pongs.push(payload);
    else this.#write(10, this.#flaw === 'answers Pings with nothing' ? Buffer.alloc(0) : payload);
  }

  #answerClose(payload: Buffer): void {
    this.#refuse(payload.length === 1, 1002, 'accepts a close body of one octet');
    const code = payload.length < 2 ? 1000 : payload.readUInt16BE(0);
    const isValid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011].includes(code) || (code >= 3000 && code < 5000);
    this.#refuse(!isValid, 1002, 'accepts any close code');
    this.#refuse(!isUtf8(payload.subarray(2)), 1007, 'accepts invalid reasons');
    this.#close(this.#flaw === 'answers a Close with another code' ? 1011 : code);
  }

  /** Whoever has the flaw accepts what must be refused. */
  #refuse(isWrong: boolean, code: number, flaw: Flaw): void {
    if (isWrong && this.#flaw !== flaw) throw new Failure(code);
  }

  #fail(code: number): void {
    this.#isClosed = true;
    if (this.#flaw === 'ends before it has answered') this.#output = [];
    if (this.#flaw === 'ends without a Close') this.#socket.end();
    else this.#close(this.#flaw === 'ends with the wrong code' ? 1011 : code);
  }

  #close(code: number): void {
    this.#isClosed = true;
    this.#write(8, Buffer.of(code >> 8, code & 0xff));
    if (this.#flaw === 'sends a Ping behind its Close') this.#write(9, Buffer.alloc(0));
    const mustWait = this.#flaw === 'ends never' || this.#flaw === 'answers what comes behind a Close';
    if (mustWait) return;
    this.#flush();
    this.#socket.end();
  }

  #flush(): void {
    if (this.#output.length > 0) this.#socket.write(Buffer.concat(this.#output.splice(0)));
  }

  #write(opcode: number, payload: Buffer, rsv = 0, fin = true): void {
    const long = this.#flaw === 'sends lengths in too many octets';
    const lengthBytes = payload.length < 126 && !long ? 0 : payload.length < 0x10000 ? 2 : 8;
    const head = Buffer.alloc(2 + lengthBytes);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = lengthBytes === 0 ? payload.length : lengthBytes === 2 ? 126 : 127;
    if (lengthBytes === 2) head.writeUInt16BE(payload.length, 2);
    if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(payload.length), 2);
    if (this.#flaw === 'sends masked frames') head[1]! |= 0x80;
    this.#output.push(head, this.#flaw === 'sends masked frames' ? Buffer.concat([Buffer.alloc(4), payload]) : payload);
  }
}
