/** As much of RFC 6455 §5.2 as a load needs: masked frames for servers, and the lengths and payloads of theirs. */

const FIN = 0x80;
const RSV1 = 0x40;
const OPCODES = { text: 1, binary: 2 } as const;
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** A whole message in one masked frame. */
export function encodeClientFrame(type: keyof typeof OPCODES, payload: Buffer, isDeflated: boolean): Buffer {
  const first = FIN | (isDeflated ? RSV1 : 0) | OPCODES[type];
  return Buffer.concat([encodeLength(first, payload.length), MASK, payload.map((byte, i) => byte ^ MASK[i % 4]!)]);
}

function encodeLength(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, 0x80 | length]);
  if (length < 65_536) return Buffer.from([first, 0x80 | 126, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** The length of the frame of a server that begins here, header included; `undefined` while more must come. */
export function frameLength(bytes: Buffer): number | undefined {
  const header = headerLength(bytes);
  if (header === undefined) return undefined;
  const length = header + payloadLength(bytes, header);
  return bytes.length < length ? undefined : length;
}

/** What a frame that is whole and not masked carries. */
export function framePayload(bytes: Buffer): { payload: Buffer; isDeflated: boolean } {
  const header = headerLength(bytes)!;
  return { payload: bytes.subarray(header, header + payloadLength(bytes, header)), isDeflated: (bytes[0]! & RSV1) !== 0 };
}

function headerLength(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  return bytes.length < header ? undefined : header;
}

function payloadLength(bytes: Buffer, header: number): number {
  if (header === 2) return bytes[1]! & 0x7f;
  return header === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
}
