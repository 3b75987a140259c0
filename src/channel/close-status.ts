/** How a channel ended: http-kit's keywords beside the close codes of RFC 6455 §7.4.1, and which of these a Close frame may carry. */

import type { Departure } from '../net/protocol.js';

const STATUS_BY_CODE = {
  1000: 'normal',
  1001: 'going-away',
  1002: 'protocol-error',
  1003: 'unsupported',
  1005: 'no-status-received',
  1006: 'abnormal',
  1007: 'invalid-payload-data',
  1008: 'policy-violation',
  1009: 'message-too-big',
  1010: 'mandatory-extension',
  1011: 'internal-server-error',
  1012: 'service-restart',
  1013: 'try-again-later',
  1014: 'bad-gateway',
  1015: 'tls-handshake',
} as const satisfies Record<number, string>;

/**
 * Why a channel closed. `server-close` and `client-close` belong to HTTP; the others are the names of WebSocket close codes,
 * `unknown` those that have none (3000-4999 among them: see `CloseDetail.code`).
 */
export type CloseStatus = 'server-close' | 'client-close' | (typeof STATUS_BY_CODE)[keyof typeof STATUS_BY_CODE] | 'unknown';

/** Who ended a channel: our application, the client in order, a connection lost, a deadline, or `server.stop`. */
export type ClosedBy = 'server' | 'client' | 'network' | 'timeout' | 'shutdown';

/** What `onClose` is told beside the status. */
export interface CloseDetail {
  /** The WebSocket close code; `undefined` on HTTP. */
  readonly code: number | undefined;
  /** The reason given with a WebSocket close; empty where none was. */
  readonly reason: string;
  readonly by: ClosedBy;
  /** Whether both sides finished in order: the response was written whole, or Close frames went both ways. */
  readonly clean: boolean;
}

/** What is known of an end at the moment it comes; whether it was clean shows later. */
export interface Ending extends Omit<CloseDetail, 'clean'> {
  readonly status: CloseStatus;
}

/** The keyword of a WebSocket close code. */
export function closeStatusOf(code: number): CloseStatus {
  return (STATUS_BY_CODE as Record<number, CloseStatus>)[code] ?? 'unknown';
}

/**
 * Whether a Close frame may carry a code, whoever sends it (RFC 6455 §7.4 and the registry of IANA): 1004, 1005, 1006 and 1015
 * never stand there, 1016-2999 are not assigned.
 */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** Who ended a channel whose connection is gone: without a word from the client, the network did. */
export function closedBy(departure: Departure): ClosedBy {
  if (departure === 'timeout' || departure === 'shutdown') return departure;
  return departure === 'aborted' ? 'server' : 'network';
}
