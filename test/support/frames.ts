/** Frames as a client sends them, and as a server's arrive. Written for the tests alone: nothing of the server is used. */

export interface FrameParts {
  readonly fin?: boolean;
  readonly rsv?: number;
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** `null` sends the frame unmasked. */
  readonly mask?: Uint8Array | null;
  /** Forces the length into 0 (within the second byte), 2 or 8 bytes. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** Announces another length than the payload's. */
  readonly announce?: number;
}

const DEFAULT_MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** The bytes of one frame of a client. */
export function clientFrame(parts: FrameParts): Buffer {
  const payload = Buffer.from(parts.payload ?? '');
  const length = parts.announce ?? payload.length;
  const lengthBytes = parts.lengthBytes ?? (length < 126 ? 0 : length < 0x10000 ? 2 : 8);
  const mask = parts.mask === undefined ? DEFAULT_MASK : parts.mask;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = ((parts.fin ?? true) ? 0x80 : 0) | ((parts.rsv ?? 0) << 4) | parts.opcode;
  head[1] = (mask === null ? 0 : 0x80) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (mask === null) return Buffer.concat([head, payload]);
  const frame = Buffer.concat([head, mask, payload]);
  for (let i = frame.length - payload.length, j = 0; i < frame.length; i++, j++) frame[i]! ^= mask[j & 3]!;
  return frame;
}

export const text = (payload: string): Buffer => clientFrame({ opcode: 1, payload });
export const binary = (payload: Uint8Array): Buffer => clientFrame({ opcode: 2, payload });
export const ping = (payload: string | Uint8Array = ''): Buffer => clientFrame({ opcode: 9, payload });
export const pong = (payload: string | Uint8Array = ''): Buffer => clientFrame({ opcode: 10, payload });

/** A Close frame; without a code its body is empty. */
export function close(code?: number, reason = ''): Buffer {
  if (code === undefined) return clientFrame({ opcode: 8 });
  const body = Buffer.alloc(2 + Buffer.byteLength(reason));
  body.writeUInt16BE(code, 0);
  body.write(reason, 2);
  return clientFrame({ opcode: 8, payload: body });
}

export interface ServerFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The frames in bytes of a server, and what is left behind the last whole one. */
export function parseServerFrames(bytes: Buffer): { frames: ServerFrame[]; rest: Buffer } {
  const frames: ServerFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const short = bytes[at + 1]!;
    if (short >= 0x80) throw new Error('a server must not mask');
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (bytes.length - at < 2 + lengthBytes) break;
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const start = at + 2 + lengthBytes;
    if (bytes.length < start + length) break;
    frames.push({ fin: bytes[at]! >= 0x80, rsv: (bytes[at]! >> 4) & 7, opcode: bytes[at]! & 15, payload: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** A valid handshake; `fields` are further lines, each with its CR LF. */
export function handshake(path = '/', fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}\r\n`;
}

const OPENING: Readonly<Record<string, string>> = {
  Host: 'localhost',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** A valid handshake with other values for some of its fields, or more fields: `undefined` leaves one out, a list is a line for each. */
export function opening(fields: Readonly<Record<string, string | readonly string[] | undefined>> = {}, requestLine = 'GET / HTTP/1.1'): string {
  const lines = Object.entries({ ...OPENING, ...fields }).flatMap(([name, value]) => [value ?? []].flat().map((each) => `${name}: ${each}\r\n`));
  return `${requestLine}\r\n${lines.join('')}\r\n`;
}
