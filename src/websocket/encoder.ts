/**
 * Whole messages in one unfragmented frame each (RFC 6455 §5.6), in the form in which they go out at least cost: what is short as latin1 text
 * where it can be, everything else as bytes.
 */

import { COPY_TEXT_FROM_BYTES, joined } from '../bytes.js';
import { encodeHeader, OPCODE } from './frame.js';

/** The headers of what needs no more than two bytes for it. */
const shortHeaders = (opcode: number): readonly string[] => Array.from({ length: 126 }, (_, length) => encodeHeader(opcode, length));
const SHORT_TEXT_HEADERS = shortHeaders(OPCODE.text);
const SHORT_BINARY_HEADERS = shortHeaders(OPCODE.binary);

/** One message, whole. Its bytes are copied. Half a surrogate pair becomes U+FFFD. */
export function encodeMessage(data: string | Uint8Array): string | Uint8Array {
  if (typeof data !== 'string') return joined(binaryHeader(data.length), data);
  if (data.length >= COPY_TEXT_FROM_BYTES) return encodeLongText(data);
  const length = Buffer.byteLength(data);
  if (length === data.length) return (SHORT_TEXT_HEADERS[length] ?? encodeHeader(OPCODE.text, length)) + data;
  return frameOf(OPCODE.text, length, (payload) => payload.write(data, 'utf8'));
}

const encoder = new TextEncoder();

/**
 * Long text is mostly ASCII, and is encoded as if it were: to count its bytes first takes longer than to copy them. What does not fit then goes on
 * in a frame that does.
 */
function encodeLongText(data: string): Uint8Array {
  let [read, written] = [0, 0];
  const frame = frameOf(OPCODE.text, data.length, (payload) => ({ read, written } = encoder.encodeInto(data, payload)));
  if (read === data.length) return frame;
  const begun = frame.subarray(frame.length - data.length);
  return frameOf(OPCODE.text, Buffer.byteLength(data), (payload) => {
    payload.set(begun.subarray(0, written));
    encoder.encodeInto(data.slice(read), payload.subarray(written));
  });
}

/** The header of a whole message of `length` bytes. */
export function binaryHeader(length: number): string {
  return SHORT_BINARY_HEADERS[length] ?? encodeHeader(OPCODE.binary, length);
}

function frameOf(opcode: number, length: number, fill: (payload: Buffer) => unknown): Uint8Array {
  const header = encodeHeader(opcode, length);
  const frame = Buffer.allocUnsafe(header.length + length);
  frame.write(header, 0, 'latin1');
  fill(frame.subarray(header.length));
  return frame;
}
