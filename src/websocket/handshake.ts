/** The server's half of the opening handshake (RFC 6455 §4.2): what a valid one is, and what answers it. */

import { createHash } from 'node:crypto';
import { TOKEN } from '../bytes.js';
import { UsageError } from '../errors.js';
import { listElements, listNames } from '../http/headers.js';
import { isExtensionList } from './extensions.js';

/** Appended to the client's key before it is hashed (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** The base64 of 16 bytes: 22 characters, the last of which carries four bits that are zero, and the padding. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** What the handshake has to know of the request. */
export interface HandshakeRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

export interface HandshakeRefusal {
  readonly status: 400 | 426;
  readonly reason: string;
}

/** The first rule the client's handshake breaks, if any (RFC 6455 §4.2.1); that it is an `Upgrade` to `websocket` in HTTP/1.1 is known. */
export function handshakeViolation(request: HandshakeRequest): HandshakeRefusal | undefined {
  if (request.method !== 'GET') return { status: 400, reason: 'a WebSocket handshake is a GET' }; // item 1
  if (!namesUpgrade(request.header('connection'))) return { status: 400, reason: 'Connection must name Upgrade' }; // item 4
  const version = request.header('sec-websocket-version');
  if (version !== '13') return { status: 426, reason: 'Sec-WebSocket-Version must be 13' }; // item 6, and §4.4
  if (!KEY.test(request.header('sec-websocket-key') ?? '')) return { status: 400, reason: 'Sec-WebSocket-Key must be the base64 of 16 bytes' }; // item 5
  const extensions = request.header('sec-websocket-extensions');
  if (extensions !== undefined && !isExtensionList(extensions)) return { status: 400, reason: 'Sec-WebSocket-Extensions must be a list of extensions' }; // §9.1
  const protocols = request.header('sec-websocket-protocol');
  if (protocols !== undefined && !isTokenList(listElements(protocols))) {
    return { status: 400, reason: 'Sec-WebSocket-Protocol must be a list of tokens' }; // item 8, and §4.1
  }
  return undefined;
}

/** What proves that the handshake was understood (RFC 6455 §4.2.2, item 5.4). */
export function acceptKey(key: string): string {
  return createHash('sha1').update(key + GUID).digest('base64');
}

/**
 * The subprotocol both sides speak: the first of `wanted` that was offered, or what the function chooses.
 * A `UsageError` where the function chooses one that was not offered, which the client would have to refuse.
 */
export function chooseProtocol(
  header: string | undefined,
  wanted: readonly string[] | ((offered: readonly string[]) => string | undefined) | undefined,
): string | undefined {
  if (header === undefined || wanted === undefined) return undefined;
  const offered = listElements(header);
  if (typeof wanted !== 'function') return wanted.find((name) => offered.includes(name));
  const chosen = wanted(offered);
  if (chosen !== undefined && !offered.includes(chosen)) throw new UsageError('protocols chose a subprotocol that the client did not offer');
  return chosen;
}

function isTokenList(elements: readonly string[]): boolean {
  return elements.length > 0 && elements.every((element) => TOKEN.test(element));
}

function namesUpgrade(connection: string | undefined): boolean {
  return connection !== undefined && listNames(connection).includes('upgrade');
}
