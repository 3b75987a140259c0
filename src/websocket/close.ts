/** The body of a Close frame (RFC 6455 §5.5.1): a code of two bytes and a reason, or nothing. */

import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../bytes.js';
import { isCloseCode } from '../channel/close-status.js';
import { wsError } from './errors.js';

/** What a Close frame says. */
export interface CloseBody {
  /** `undefined` where the body is empty: 1005 to the application. */
  readonly code: number | undefined;
  readonly reason: string;
}

/** Reads the body of the peer's Close frame; a `ProtocolError` where it can be none. */
export function parseClose(payload: Uint8Array): CloseBody {
  if (payload.length === 0) return { code: undefined, reason: '' };
  if (payload.length === 1) throw wsError('WS_BAD_CLOSE_LENGTH');
  const code = payload[0]! * 256 + payload[1]!;
  if (!isCloseCode(code)) throw wsError('WS_BAD_CLOSE_CODE');
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) throw wsError('WS_INVALID_UTF8');
  return { code, reason: asBuffer(reason).toString('utf8') };
}

/** The body that carries a code and a reason. */
export function encodeClose(code: number, reason: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(2 + Buffer.byteLength(reason));
  bytes.writeUInt16BE(code, 0);
  bytes.write(reason, 2, 'utf8');
  return bytes;
}
