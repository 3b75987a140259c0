/**
 * Input that grows, through the parser and the decoder alone. What is timed is the CPU time of this process; every input is made before, and is another one
 * than the last, so that nothing can be remembered of it.
 */

import { HttpParser } from '#src/http/parser.js';
import { FrameDecoder } from '#src/websocket/decoder.js';
import { encodeClientFrame } from '../web-socket-frames.js';

/** Time enough to stand out of the clock's steps and of garbage collection. */
const SLICE_MICROS = 60_000;
/** Input that is made at once, before it is read. */
const BATCH_BYTES = 512 * 1024;
const LIMITS = { maxLineBytes: 8 * 1024, maxHeadBytes: 1024 ** 2, maxHeaderCount: 1000 };
const MESSAGE_LIMITS = { maxMessageBytes: 1024 ** 2, maxFragments: 0 };
/** Each field line has so many bytes, CR LF included. */
const LINE_BYTES = 40;

/** No two heads are the same: nothing can be remembered of one. */
let serial = 0;

/** What grows: how its input is made, and what reads it. */
export interface CoreInput {
  make(size: number): Buffer;
  read(bytes: Buffer): void;
}

export const CORE_INPUTS = {
  /** So many header lines, at once. */
  headerLines: { make: head, read: (bytes) => parseOne(bytes, bytes.length, 'head') },
  /** A head of so many bytes, byte by byte. */
  headByteByByte: { make: (bytes) => head(Math.max(2, Math.round(bytes / LINE_BYTES))), read: (bytes) => parseOne(bytes, 1, 'head') },
  /** A body of so many chunks of one byte, at once. */
  chunks: { make: chunked, read: (bytes) => parseOne(bytes, bytes.length, 'end') },
  /** The same, byte by byte. */
  chunksByteByByte: { make: chunked, read: (bytes) => parseOne(bytes, 1, 'end') },
  /** A message in so many fragments of one byte, at once. */
  fragments: { make: fragmented, read: (bytes) => decodeOne(bytes, bytes.length) },
  /** A frame of so many bytes, byte by byte. */
  frameByteByByte: { make: (bytes) => encodeClientFrame('text', Buffer.alloc(bytes, 'x'), false), read: (bytes) => decodeOne(bytes, 1) },
} as const satisfies Record<string, CoreInput>;

/** Microseconds of CPU time that one unit of input costs at a size. */
export function microsPerUnit({ make, read }: CoreInput, size: number): number {
  const batch = Math.max(1, Math.floor(BATCH_BYTES / make(size).length));
  let [micros, runs] = [0, 0];
  while (micros < SLICE_MICROS) {
    const inputs = Array.from({ length: batch }, () => make(size));
    const before = process.cpuUsage();
    for (const bytes of inputs) read(bytes);
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
    runs += batch;
  }
  return micros / runs / size;
}

/** Reads one request in pieces of so many bytes, up to its head or its end. */
function parseOne(bytes: Buffer, step: number, last: 'head' | 'end'): void {
  const parser = new HttpParser(LIMITS);
  for (let at = 0; at < bytes.length; at += step) {
    parser.push(bytes.subarray(at, at + step));
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.type === last) return;
    }
  }
  throw new Error('the request did not become whole');
}

/** Reads one message in pieces of so many bytes. */
function decodeOne(bytes: Buffer, step: number): void {
  const decoder = new FrameDecoder(MESSAGE_LIMITS);
  for (let at = 0; at < bytes.length; at += step) {
    decoder.push(bytes.subarray(at, at + step));
    if (decoder.next()?.type === 'message') return;
  }
  throw new Error('the message did not become whole');
}

function head(lines: number): Buffer {
  const fields = Array.from({ length: lines - 1 }, (_, i) => `${`X-Field-${i}: ${++serial} `.padEnd(LINE_BYTES - 2, 'v')}\r\n`);
  return Buffer.from(`GET / HTTP/1.1\r\nHost: ${'localhost'.padEnd(LINE_BYTES - 8, '0')}\r\n${fields.join('')}\r\n`);
}

function chunked(chunks: number): Buffer {
  return Buffer.from(`POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(chunks)}0\r\n\r\n`);
}

/** Frames of one byte: the first is text, the last final. */
function fragmented(fragments: number): Buffer {
  const frames = Array.from({ length: fragments }, (_, i) => {
    const frame = encodeClientFrame('text', Buffer.from('x'), false);
    frame[0] = (i === fragments - 1 ? 0x80 : 0) | (i === 0 ? 1 : 0);
    return frame;
  });
  return Buffer.concat(frames);
}
