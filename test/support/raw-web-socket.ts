/** A WebSocket client that sends exactly the frames it is told, valid or not. */

import type { TestContext } from 'node:test';
import { handshake, parseServerFrames, type ServerFrame } from './frames.js';
import { RawClient } from './raw-client.js';

export class RawWebSocket {
  readonly client: RawClient;
  /** The server's answer to the handshake. */
  readonly head: string;

  private constructor(client: RawClient, head: string) {
    this.client = client;
    this.head = head;
  }

  /** Opens a WebSocket; `fields` are further header lines, each with its CR LF. */
  static async open(t: TestContext, port: number, path = '/', fields = ''): Promise<RawWebSocket> {
    return this.over(await RawClient.open(t, port), path, fields);
  }

  /** The same over a connection that is open. */
  static async over(client: RawClient, path = '/', fields = ''): Promise<RawWebSocket> {
    await client.send(handshake(path, fields));
    const head = await client.readUntil('\r\n\r\n');
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket was opened: ${head}`);
    return new RawWebSocket(client, head);
  }

  send(frames: Uint8Array): Promise<void> {
    return this.client.send(frames);
  }

  /** Takes the next frame of the server. */
  async readFrame(): Promise<ServerFrame> {
    const first = await this.client.readBytes(2);
    const short = first[1]!;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const extended = await this.client.readBytes(lengthBytes);
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? extended.readUInt16BE(0) : Number(extended.readBigUInt64BE(0));
    const payload = await this.client.readBytes(length);
    const { frames } = parseServerFrames(Buffer.concat([first, extended, payload]));
    return frames[0]!;
  }

  /** Takes the server's Close frame, which must be the next: its code (`undefined` without one) and reason. */
  async readClose(): Promise<{ code: number | undefined; reason: string }> {
    const frame = await this.readFrame();
    if (frame.opcode !== 8) throw new Error(`a Close was expected, and opcode ${frame.opcode} came`);
    if (frame.payload.length === 0) return { code: undefined, reason: '' };
    return { code: frame.payload.readUInt16BE(0), reason: frame.payload.subarray(2).toString('utf8') };
  }
}
