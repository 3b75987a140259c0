/**
 * The header of the PROXY protocol, versions 1 and 2 (the specification of HAProxy, sections 2.1 and 2.2): a proxy sends it ahead of
 * everything else, and names the client that it speaks for. Whom to believe is judged elsewhere.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { type ErrorSpec, ProtocolError } from '../errors.js';
import type { Peer } from './protocol.js';

export const PROXY_ERRORS = {
  PROXY_BAD_HEADER: { rfc: 'PROXY protocol §2', message: 'the header of the PROXY protocol is not as version 1 or 2 have it' },
  PROXY_HEADER_MISSING: { rfc: 'PROXY protocol §2', message: 'a connection begins with a header of the PROXY protocol' },
  PROXY_HEADER_TIMEOUT: { rfc: 'PROXY protocol §2', message: 'the header of the PROXY protocol was not complete in time' },
  PROXY_NOT_TRUSTED: { rfc: 'PROXY protocol §2', message: 'a connection comes from a proxy that is trusted' },
} as const satisfies Record<string, ErrorSpec>;

export type ProxyErrorCode = keyof typeof PROXY_ERRORS;

export function proxyError(code: ProxyErrorCode): ProtocolError {
  return new ProtocolError(code, PROXY_ERRORS[code]);
}

/** A header that was found: how long it is, and whom it names. */
export interface ProxyHeader {
  readonly length: number;
  /** `undefined` where the proxy speaks for itself, such as in a health check, or for a client without an IP address. */
  readonly peer: Peer | undefined;
}

/** What stands at the beginning of a connection: a header, none, or too little to tell. */
export type ProxyFinding = ProxyHeader | 'none' | 'incomplete';

const SIGNATURE_1 = Buffer.from('PROXY ', 'latin1');
const SIGNATURE_2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** A line of version 1, its CR LF included. */
const MAX_LINE_BYTES = 107;
/** What may follow the 16 fixed bytes of version 2: no proxy adds more than a few certificates' names. */
const MAX_VERSION_2_BYTES = 4096;
const PORT = /^(?:0|[1-9]\d{0,4})$/;

/** Looks for a header in the first bytes of a connection. Throws a `ProtocolError` where one begins and is wrong. */
export function findProxyHeader(bytes: Buffer): ProxyFinding {
  const isText = beginsLike(bytes, SIGNATURE_1);
  const isBinary = beginsLike(bytes, SIGNATURE_2);
  if (!isText && !isBinary) return 'none';
  if (bytes.length < (isText ? SIGNATURE_1 : SIGNATURE_2).length) return 'incomplete';
  return isText ? findVersion1(bytes) : findVersion2(bytes);
}

function beginsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.subarray(0, length).equals(signature.subarray(0, length));
}

function findVersion1(bytes: Buffer): ProxyFinding {
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf('\r\n');
  if (end === -1) {
    if (bytes.length >= MAX_LINE_BYTES) throw proxyError('PROXY_BAD_HEADER');
    return 'incomplete';
  }
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = bytes.toString('latin1', 0, end).split(' ');
  const length = end + 2;
  if (family === 'UNKNOWN') return { length, peer: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false;
  const isValid = isAddress(source) && isAddress(destination) && isPort(sourcePort) && isPort(destinationPort) && rest.length === 0;
  if (!isValid) throw proxyError('PROXY_BAD_HEADER');
  return { length, peer: { remoteAddress: source, remotePort: Number(sourcePort), isSecure: false } };
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65535;
}

/** Bytes of the addresses of each family, by the upper half of the byte that names it: none, IPv4, IPv6, unix. */
const ADDRESS_BYTES = [0, 12, 36, 216];
const IPV4 = 1;
const IPV6 = 2;
const STREAM = 1;
const MAX_TRANSPORT = 2;

function findVersion2(bytes: Buffer): ProxyFinding {
  if (bytes.length < 16) return 'incomplete';
  const [version, command] = [bytes[12]! >> 4, bytes[12]! & 0x0f];
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 0x0f];
  const length = 16 + bytes.readUInt16BE(14);
  const addressBytes = ADDRESS_BYTES[family];
  const isValid = version === 2 && command <= 1 && addressBytes !== undefined && transport <= MAX_TRANSPORT;
  if (!isValid || length > 16 + MAX_VERSION_2_BYTES) throw proxyError('PROXY_BAD_HEADER');
  if (bytes.length < length) return 'incomplete';
  // LOCAL: the proxy speaks for itself, and whatever follows is skipped.
  if (command === 0) return { length, peer: undefined };
  if (length - 16 < addressBytes) throw proxyError('PROXY_BAD_HEADER');
  const hasAddress = (family === IPV4 || family === IPV6) && transport === STREAM;
  if (!hasAddress) return { length, peer: undefined };
  const isSecure = findsTls(bytes.subarray(16 + addressBytes, length));
  return { length, peer: { ...readSource(bytes, family), isSecure } };
}

function readSource(bytes: Buffer, family: number): Pick<Peer, 'remoteAddress' | 'remotePort'> {
  if (family === IPV4) return { remoteAddress: bytes.subarray(16, 20).join('.'), remotePort: bytes.readUInt16BE(24) };
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(16 + 2 * index).toString(16));
  return { remoteAddress: shortIPv6(groups), remotePort: bytes.readUInt16BE(48) };
}

/** RFC 5952 §4.2: the longest run of at least two zero groups, the first of those that are equally long, as `::`. */
function shortIPv6(groups: readonly string[]): string {
  const text = groups.join(':');
  const runs = text.match(/(?<![^:])0(?::0)+(?![^:])/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = text.search(new RegExp(`(?<![^:])${longest}(?![^:])`));
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

const TLV_SSL = 0x20;
const CLIENT_SSL = 0x01;

/** Whether the extensions say that the client came to the proxy over TLS (section 2.2.5). */
function findsTls(extensions: Buffer): boolean {
  let isSecure = false;
  for (let at = 0; at < extensions.length; ) {
    const end = at + 3 <= extensions.length ? at + 3 + extensions.readUInt16BE(at + 1) : Infinity;
    if (end > extensions.length) throw proxyError('PROXY_BAD_HEADER');
    if (extensions[at] === TLV_SSL && end > at + 3) isSecure = (extensions[at + 3]! & CLIENT_SSL) !== 0;
    at = end;
  }
  return isSecure;
}
