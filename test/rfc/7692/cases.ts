/** What the cases of permessage-deflate are written with. */

import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';
import type { PerMessageDeflate } from 'longwire';
import type { WsErrorCode } from '#src/websocket/errors.js';
import { clientFrame, opening } from '../../support/frames.js';
import type { WebSocketCase } from '../../support/rfc.js';
import { frames } from '../6455/cases.js';

export const PLAIN = 'permessage-deflate';
export const NO_TAKEOVER = `${PLAIN}; server_no_context_takeover; client_no_context_takeover`;

/** A server that lets windows outlive their messages, where nothing else is said. */
const TAKEOVER: PerMessageDeflate = { contextTakeover: true, threshold: 0 };

/** An offer, by one field or several, and what it is answered with; `null` where it is declined. The WebSocket opens either way. */
export function answers(name: string, offer: string | readonly string[], answer: string | null, deflate: PerMessageDeflate = TAKEOVER): WebSocketCase {
  return {
    name,
    opening: opening({ 'Sec-WebSocket-Extensions': offer }),
    bytes: '',
    received: [],
    opened: { fields: { 'sec-websocket-extensions': answer } },
    options: { perMessageDeflate: deflate },
  };
}

/** A WebSocket that agreed on this offer. */
export function agreed(offer = PLAIN, deflate: PerMessageDeflate = TAKEOVER): Pick<WebSocketCase, 'opening' | 'options'> {
  return { opening: opening({ 'Sec-WebSocket-Extensions': offer }), options: { perMessageDeflate: deflate } };
}

/** As a client compresses with zlib (§7.2.1); `before` is the text it refers back to. */
export function deflated(text: string | Uint8Array, before = '', options: ZlibOptions = {}): Buffer {
  const context = before === '' ? {} : { dictionary: Buffer.from(before) };
  return deflateRawSync(text, { ...options, ...context, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** A frame that says that it is compressed, with this payload. */
export function compressed(payload: Uint8Array, opcode = 1, fin = true): Buffer {
  return clientFrame({ opcode, payload, fin, rsv: 4 });
}

/** Messages that are taken, by what they are. */
export function takes(what: string, sent: readonly Uint8Array[], received: readonly string[], on = agreed()): WebSocketCase {
  return { name: `takes ${what}`, ...on, bytes: frames(...sent), received };
}

/** What fails the connection behind messages that were taken. */
export function fails(what: string, sent: readonly Uint8Array[], ends: WsErrorCode, received: readonly string[] = [], on = agreed()): WebSocketCase {
  return { name: `fails ${what}`, ...on, bytes: frames(...sent), received, ends };
}
