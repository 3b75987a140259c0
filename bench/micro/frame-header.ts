/**
 * The header of a frame (RFC 6455 §5.2), decoded and encoded, in its three lengths. Masks and lengths are random, from a seed; each header
 * stands at another place in one large read, as headers do behind one another.
 */

import { decodeHeader, encodeHeader, newFrameHeader, OPCODE } from '#src/websocket/frame.js';
import { headerViolation } from '#src/websocket/rules.js';
import { clientFrame } from '../../test/support/frames.js';
import { Random } from '../../test/support/random.js';
import { type Comparison, loopAlone, over } from './measure.js';

const MANY = 1024;

/** How many bytes the length takes, and from where to where it reaches. */
const FORMS = [
  { title: 'up to 125 bytes', lengthBytes: 0, least: 0, most: 125 },
  { title: 'up to 64 KiB', lengthBytes: 2, least: 126, most: 0xffff },
  { title: 'beyond', lengthBytes: 8, least: 0x10000, most: 0xfffff },
] as const;

type Form = (typeof FORMS)[number];

export function frameHeaderComparisons(): Comparison[] {
  return [...FORMS.map(compareDecoding), ...FORMS.map(compareEncoding), compareFraming()];
}

function compareDecoding(form: Form): Comparison {
  const random = new Random(1);
  const headers = lengthsOf(form, random).map((length) => headerBytes(length, random));
  const read = Buffer.concat(headers);
  const places = headers.map((_, i) => i * headers[0]!.length);
  const header = newFrameHeader();
  const context = { allowedRsv: 0, isInMessage: false };
  return {
    title: `a header decoded, payload ${form.title}`,
    ways: [
      loopAlone(places),
      over('decodeHeader, into one that is used again', places, (at) => (decodeHeader(read, at, read.length, header) ? header.length : 0)),
      over('decodeHeader, then headerViolation', places, (at) => {
        decodeHeader(read, at, read.length, header);
        return headerViolation(header, context) === undefined ? header.length : 0;
      }),
      over("a new object, by Buffer's readers", places, (at) => readHeader(read, at).length),
    ],
  };
}

function lengthsOf({ least, most }: Form, random: Random): number[] {
  return Array.from({ length: MANY }, () => least + random.below(most - least + 1));
}

function headerBytes(length: number, random: Random): Buffer {
  return clientFrame({ opcode: OPCODE.text, announce: length, mask: random.bytes(4) });
}

/** The way of a first attempt. */
function readHeader(bytes: Buffer, at: number): { fin: boolean; opcode: number; length: number; mask: Uint8Array } {
  const short = bytes[at + 1]! & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const length = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  const maskAt = at + 2 + lengthBytes;
  return { fin: (bytes[at]! & 0x80) !== 0, opcode: bytes[at]! & 0xf, length, mask: bytes.subarray(maskAt, maskAt + 4) };
}

function compareEncoding(form: Form): Comparison {
  const lengths = lengthsOf(form, new Random(2));
  return {
    title: `a header encoded, payload ${form.title}`,
    ways: [
      loopAlone(lengths),
      over('encodeHeader, as text', lengths, (length) => encodeHeader(OPCODE.text, length).charCodeAt(1)),
      over('bytes of its own', lengths, (length) => writeHeader(Buffer.allocUnsafe(headerLength(length)), length)),
    ],
  };
}

/** Until the frame lies in the memory that the kernel takes it from: only then is all of it paid for. */
function compareFraming(): Comparison {
  const texts = Array.from({ length: MANY }, (_, i) => `message ${1000 + i}`.padEnd(64, '.'));
  const socket = Buffer.alloc(128);
  return {
    title: 'a text of 64 bytes framed, and copied once as a socket does',
    ways: [
      loopAlone(texts),
      over('header and text as one text', texts, (text) => socket.write(encodeHeader(OPCODE.text, text.length) + text, 'latin1')),
      over('header and text in bytes of their own', texts, (text) => {
        const frame = Buffer.allocUnsafe(2 + text.length);
        writeHeader(frame, text.length);
        frame.write(text, 2, 'latin1');
        return frame.copy(socket);
      }),
      over('header and text as two Buffers, joined', texts, (text) => Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]).copy(socket)),
    ],
  };
}

function headerLength(length: number): number {
  return length < 126 ? 2 : length < 0x10000 ? 4 : 10;
}

function writeHeader(bytes: Buffer, length: number): number {
  bytes[0] = 0x80 | OPCODE.text;
  bytes[1] = length < 126 ? length : length < 0x10000 ? 126 : 127;
  if (bytes[1] === 126) bytes.writeUInt16BE(length, 2);
  if (bytes[1] === 127) bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes[1];
}
