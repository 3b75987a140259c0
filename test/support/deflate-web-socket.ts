/** A client that compresses by itself, as it was agreed on: raw frames, whose payloads are made and read with zlib. */

import type { TestContext } from 'node:test';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { clientFrame, type ServerFrame } from './frames.js';
import { RawWebSocket } from './raw-web-socket.js';

// Its own, whoever watches those of the server.
const deflate = deflateRawSync;
const inflate = inflateRawSync;

const WINDOW_BYTES = 32 * 1024;
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** A message as it came. */
export interface ReadMessage {
  readonly frame: ServerFrame;
  readonly isCompressed: boolean;
  readonly data: Buffer;
}

export class DeflateWebSocket {
  readonly raw: RawWebSocket;
  /** What the server accepted. */
  readonly agreed: string;
  /** All text that the server may refer to, whatever was agreed on; and that we refer to. */
  #received = Buffer.alloc(0);
  #sent = Buffer.alloc(0);

  private constructor(raw: RawWebSocket) {
    this.raw = raw;
    this.agreed = /^sec-websocket-extensions: (.*)\r$/im.exec(raw.head)?.[1] ?? '';
  }

  static async open(t: TestContext, port: number, offer = 'permessage-deflate', path = '/'): Promise<DeflateWebSocket> {
    return new DeflateWebSocket(await RawWebSocket.open(t, port, path, offer === '' ? '' : `Sec-WebSocket-Extensions: ${offer}\r\n`));
  }

  /** The frame of a compressed message, to be sent in the order in which they are made; text is a text message. */
  frame(data: string | Uint8Array): Buffer {
    const dictionary = this.agreed.includes('client_no_context_takeover') || this.#sent.length === 0 ? {} : { dictionary: this.#sent };
    const bits = Number(/client_max_window_bits=(\d+)/.exec(this.agreed)?.[1] ?? 15);
    const payload = deflate(data, { windowBits: bits, ...dictionary, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL.length);
    // zlib makes a window of 9 bits where 8 are asked for, and so may refer to as much.
    this.#sent = Buffer.concat([this.#sent, Buffer.from(data as string)]).subarray(-(2 ** Math.max(9, bits)));
    return clientFrame({ opcode: typeof data === 'string' ? 1 : 2, rsv: 4, payload });
  }

  send(data: string | Uint8Array): Promise<void> {
    return this.raw.send(this.frame(data));
  }

  /** Takes the next frame, which must be a message. */
  async read(): Promise<ReadMessage> {
    const frame = await this.raw.readFrame();
    if (frame.opcode > 2) throw new Error(`a message was expected, and opcode ${frame.opcode} came`);
    const isCompressed = frame.rsv === 4;
    return { frame, isCompressed, data: isCompressed ? this.#inflate(frame.payload) : frame.payload };
  }

  /** Takes the next message as text. */
  async readText(): Promise<string> {
    return (await this.read()).data.toString();
  }

  #inflate(payload: Buffer): Buffer {
    const dictionary = this.agreed.includes('server_no_context_takeover') || this.#received.length === 0 ? {} : { dictionary: this.#received };
    const text = inflate(Buffer.concat([payload, TAIL]), { ...dictionary, finishFlush: constants.Z_SYNC_FLUSH });
    const bits = Number(/server_max_window_bits=(\d+)/.exec(this.agreed)?.[1] ?? 15);
    this.#received = Buffer.concat([this.#received, text]).subarray(-Math.min(WINDOW_BYTES, 2 ** bits));
    return text;
  }
}
