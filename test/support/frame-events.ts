/** What the frame decoder finds in bytes, as plain text; and that it finds the same in whatever pieces they come. */

import assert from 'node:assert/strict';
import type { ServerOptions } from 'longwire';
import { ProtocolError } from '#src/errors.js';
import { parseClose } from '#src/websocket/close.js';
import { FrameDecoder, type FrameEvent } from '#src/websocket/decoder.js';
import type { MessageLimits } from '#src/websocket/message.js';
import { everyWay, latin1Bytes } from './pieces.js';

/** The limits that a server has when nobody sets others. */
const LIMITS: MessageLimits = { maxMessageBytes: 1024 * 1024, maxFragments: 0 };

/** Of bytes beyond these not every cut is tried: they are compared with what was found in them whole, many times over. */
const MANY_BYTES = 2_000;

/** Up to the first Close or error, which is then the last entry: the code of a broken rule. */
export function decodePieces(pieces: Iterable<Uint8Array>, limits: MessageLimits): string[] {
  const decoder = new FrameDecoder(limits);
  const found: string[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
        found.push(describeEvent(event));
        if (event.type === 'close') return found;
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    found.push(error.code);
  }
  return found;
}

/** What is found in frames, given as latin1 text: the same in every way they can arrive. */
export function framesOf(text: string, { maxMessageBytes = LIMITS.maxMessageBytes, maxFragments = LIMITS.maxFragments }: ServerOptions = {}): string[] {
  const limits = { maxMessageBytes, maxFragments };
  const bytes = latin1Bytes(text);
  const whole = decodePieces([Uint8Array.from(bytes)], limits);
  for (const { name, pieces } of everyWay(bytes, bytes.length > MANY_BYTES ? 20 : undefined)) assert.deepEqual(decodePieces(pieces, limits), whole, name);
  return whole;
}

/** A message as `text …` or `binary …`, the bytes in hex. */
export function describeMessage(data: string | Uint8Array): string {
  return typeof data === 'string' ? `text ${data}` : `binary ${Buffer.from(data).toString('hex')}`;
}

/** A Ping or Pong with what it carries, as latin1. */
export function describeControl(type: 'ping' | 'pong', payload: Uint8Array): string {
  return `${type} ${Buffer.from(payload).toString('latin1')}`;
}

/** Such as `close 1000 bye`, `close 1000` or `close`. */
export function describeClose({ code, reason = '' }: { readonly code?: number | undefined; readonly reason?: string }): string {
  return ['close', ...(code === undefined ? [] : [code]), ...(reason === '' ? [] : [reason])].join(' ');
}

function describeEvent(event: FrameEvent): string {
  switch (event.type) {
    case 'message':
      return describeMessage(event.data);
    case 'compressed':
      return `compressed ${Buffer.from(event.bytes).toString('hex')}`;
    case 'close':
      return describeClose(parseClose(event.payload));
    default:
      return describeControl(event.type, event.payload);
  }
}

const OPCODES: Readonly<Record<string, number>> = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** The bytes in which a server sends what is described so: one frame, unmasked, its length in the fewest bytes. */
export function serverFrame(described: string): Buffer {
  const [kind = ''] = described.split(' ', 1);
  const payload = payloadOf(kind, described.slice(kind.length + 1));
  const { length } = payload;
  const opcode = OPCODES[kind] ?? assert.fail(`«${kind}» is no frame`);
  const lengthBytes = length < 126 ? [length] : length < 0x10000 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...lengthBytes]), payload]);
}

function payloadOf(kind: string, rest: string): Buffer {
  if (kind === 'text') return Buffer.from(rest);
  if (kind === 'binary') return Buffer.from(rest, 'hex');
  if (kind !== 'close') return Buffer.from(rest, 'latin1');
  const [code = '', ...reason] = rest.split(' ');
  return code === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([Number(code) >> 8, Number(code) & 255]), Buffer.from(reason.join(' '))]);
}
