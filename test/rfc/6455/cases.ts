/** What the cases of WebSocket are written with. */

import { asChannel, type Handler } from 'longwire';
import type { WsErrorCode } from '#src/websocket/errors.js';
import { clientFrame, opening } from '../../support/frames.js';
import type { Answer, AnsweredCase, WebSocketCase } from '../../support/rfc.js';

type Fields = Parameters<typeof opening>[0];

/** Frames behind each other, as latin1. */
export function frames(...all: readonly (Uint8Array | string)[]): string {
  return all.map((each) => (typeof each === 'string' ? each : Buffer.from(each).toString('latin1'))).join('');
}

/** A frame of a message that goes on, or with `fin` its last. */
export function fragment(opcode: number, payload: string | Uint8Array, fin = false): Buffer {
  return clientFrame({ opcode, payload, fin });
}

/** Bytes from hex. */
export function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

/** Bytes that are all different from their neighbours. */
export function pattern(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => i * 7));
}

/** Cases that break the same rule, by what does, such as «an unmasked text». */
export function failures(ends: WsErrorCode, bytesByWhat: Readonly<Record<string, Uint8Array | string>>): WebSocketCase[] {
  return Object.entries(bytesByWhat).map(([what, sent]) => ({ name: `fails ${what}`, bytes: frames(sent), received: [], ends }));
}

/** A handshake that opens a WebSocket. */
export function opens(what: string, fields: Fields, opened: Omit<Answer, 'status'> = {}, requestLine?: string): WebSocketCase {
  return { name: `opens with ${what}`, opening: opening(fields, requestLine), bytes: '', received: [], opened };
}

export const take: Handler = (request) => asChannel(request);

/** A handshake that is answered with an error, and the close. */
export function declines(what: string, fields: Fields, requestLine?: string, answer: Answer = { status: 400 }): AnsweredCase {
  return { name: `declines ${what}`, bytes: opening(fields, requestLine), handler: take, answered: [{ ...answer, fields: { connection: /close/, ...answer.fields } }], closes: true, served: 1 };
}
