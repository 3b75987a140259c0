/** How a channel ended, and which endings the application may ask for. */

import { UsageError } from '../errors.js';
import { type ClosedBy, closeStatusOf, type Ending, isCloseCode } from './close-status.js';

/** A response that our side ended. */
export const HTTP_SERVER_CLOSE: Ending = { status: 'server-close', code: undefined, reason: '', by: 'server' };

/** The longest payload of a control frame (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125;

/** The end of a response, and of a poll that got none. */
export function httpEnding(by: ClosedBy): Ending {
  return { status: by === 'client' || by === 'network' ? 'client-close' : 'server-close', code: undefined, reason: '', by };
}

/** The end of a WebSocket. */
export function webSocketEnding(code: number, reason: string, by: ClosedBy): Ending {
  return { status: closeStatusOf(code), code, reason, by };
}

/** Throws a `UsageError` for a code or a reason that no Close frame of ours may carry (RFC 6455 §5.5, §7.4). */
export function checkClose(code: number, reason: string): void {
  if (!isCloseCode(code)) throw new UsageError('a close code is 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)');
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CONTROL_BYTES - 2) {
    throw new UsageError('a close reason is text of at most 123 bytes as UTF-8 (RFC 6455 §5.5)');
  }
}
