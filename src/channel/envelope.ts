/**
 * The text and bytes that clients which resume are told things in: an envelope of one message with its id, a place alone, a gap, and the answer
 * to a poll. docs/RESUME.md has them all.
 */

import type { Message } from './contract.js';

/** The subprotocol under which every message to a WebSocket is an envelope. */
export const ENVELOPE_PROTOCOL = 'longwire.v1';

/** It says nothing but that the server is there. */
export const EMPTY_ENVELOPE = '{}';

/** The first byte of a binary envelope. */
const BINARY_ENVELOPE = 1;
/** What the length of an id in one byte, and ASCII, can say. */
const SHORT_ASCII = /^[\x20-\x7e]{0,255}$/;

/** What goes into an envelope. */
export interface Letter {
  readonly id?: string | undefined;
  readonly event?: string | undefined;
  readonly data: Message;
}

/** An envelope for a WebSocket: binary for bytes, unless they have a name, for which only text has a place. */
export function encodeEnvelope(letter: Letter): Message {
  const { id = '', event, data } = letter;
  return typeof data === 'string' || event !== undefined || !SHORT_ASCII.test(id) ? encodeItem(letter) : encodeBinary(id, data);
}

/** The same as text, bytes in base64: one item in the answer to a poll. */
export function encodeItem({ id, event, data }: Letter): string {
  let text = '{';
  if (id !== undefined) text += `"id":${JSON.stringify(id)},`;
  if (event !== undefined) text += `"event":${JSON.stringify(event)},`;
  return typeof data === 'string' ? `${text}"data":${JSON.stringify(data)}}` : `${text}"base64":"${base64Of(data)}"}`;
}

/** A place and nothing else. */
export function encodePosition(id: string): string {
  return `{"id":${JSON.stringify(id)}}`;
}

/** Messages were lost; what follows goes on behind `id`. */
export function encodeGap(id: string): string {
  return `{"gap":true,"id":${JSON.stringify(id)}}`;
}

/** The answer to a poll: items, and the place behind them. */
export function encodeAnswer(items: readonly string[], next: string, hasGap: boolean): string {
  return `{${hasGap ? '"gap":true,' : ''}"messages":[${items.join(',')}],"next":${JSON.stringify(next)}}`;
}

function encodeBinary(id: string, data: Uint8Array): Uint8Array {
  const envelope = Buffer.allocUnsafe(2 + id.length + data.length);
  envelope[0] = BINARY_ENVELOPE;
  envelope[1] = id.length;
  envelope.write(id, 2, 'latin1');
  envelope.set(data, 2 + id.length);
  return envelope;
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
