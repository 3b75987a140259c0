/** The header of a frame (RFC 6455 §5.2), both ways. The reader decodes a whole header or nothing, and has no opinion about it. */

export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** The first reserved bit of `FrameHeader.rsv`: the message is compressed (RFC 7692 §6). */
export const RSV1 = 0x4;
/** The same above an opcode, for `encodeHeader`. */
export const COMPRESSED = RSV1 << 4;

/** One header; an object that is filled anew for every frame. */
export interface FrameHeader {
  fin: boolean;
  /** The three reserved bits, RSV1 the highest: 0 to 7. */
  rsv: number;
  opcode: number;
  masked: boolean;
  /** The bytes that hold the payload's length: 0 within the second byte, 2 or 8 behind it. */
  lengthBytes: 0 | 2 | 8;
  /** The payload's length; above 2^53, which no limit lets pass, it is rounded down. */
  length: number;
  /** Where the payload starts, from the start of the frame. */
  headerBytes: number;
  /** The masking key as it stands on the wire. */
  readonly mask: Uint8Array;
}

/** A header to be filled. */
export function newFrameHeader(): FrameHeader {
  return { fin: false, rsv: 0, opcode: 0, masked: false, lengthBytes: 0, length: 0, headerBytes: 0, mask: new Uint8Array(4) };
}

/** Whether a frame is a Close, a Ping or a Pong (RFC 6455 §5.5), or has an opcode reserved for others of their kind. */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8;
}

/** Fills `header` from the bytes between `start` and `end`; false while they do not hold all of it. */
export function decodeHeader(bytes: Uint8Array, start: number, end: number, header: FrameHeader): boolean {
  if (end - start < 2) return false;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  const masked = second >= 0x80;
  const short = second & 0x7f;
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
  const headerBytes = 2 + lengthBytes + (masked ? 4 : 0);
  if (end - start < headerBytes) return false;
  header.fin = first >= 0x80;
  header.rsv = (first >> 4) & 0x7;
  header.opcode = first & 0xf;
  header.masked = masked;
  header.lengthBytes = lengthBytes;
  header.length = lengthBytes === 0 ? short : readLength(bytes, start + 2, lengthBytes);
  header.headerBytes = headerBytes;
  if (masked) for (let i = 0; i < 4; i++) header.mask[i] = bytes[start + headerBytes - 4 + i]!;
  return true;
}

/** Stops where a number could no longer hold the next byte: rounded up, the longest length would look as if its sign bit were set. */
function readLength(bytes: Uint8Array, at: number, count: number): number {
  let length = 0;
  for (let i = 0; i < count; i++) {
    if (length >= 2 ** 45) return length * 256 ** (count - i);
    length = length * 256 + bytes[at + i]!;
  }
  return length;
}

/** The header of an unmasked frame, as a server sends it, as latin1 text. `opcode` may carry the bits above it but FIN, which is set. */
export function encodeHeader(opcode: number, length: number): string {
  const first = 0x80 | opcode;
  if (length < 126) return String.fromCharCode(first, length);
  if (length < 0x10000) return String.fromCharCode(first, 126, length >> 8, length & 0xff);
  const high = Math.floor(length / 0x100000000);
  return String.fromCharCode(
    first, 127,
    (high >> 24) & 0xff, (high >> 16) & 0xff, (high >> 8) & 0xff, high & 0xff,
    (length >>> 24) & 0xff, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff,
  );
}
