/**
 * Whom a request came from in the first place, as trusted proxies say in `Forwarded` (RFC 7239) or `X-Forwarded-For`. Each proxy adds, at
 * the end, whom it was asked by: so the list is believed from its end, as long as who added an entry is trusted.
 */

import type { Peer } from '../net/protocol.js';
import { isHost, isIPv4, isIPv6 } from './authority.js';
import { type FieldLines, listElements } from './headers.js';

/** Who sent a request. */
export interface Client extends Peer {
  /** The host that it asked a proxy for, where the proxy tells. */
  readonly host?: string | undefined;
}

/** One proxy's word: whom it was asked by, over what, and for which host. */
interface Hop {
  /** As sent: most hops are never looked at. */
  readonly node: string;
  readonly isSecure: boolean | undefined;
  readonly host: string | undefined;
}

/**
 * The client of a request that came over a connection from `peer`, which is trusted. Where both fields are there and name different
 * clients, or say different things of its scheme, one of them was not written by the proxy but sent by the client: neither is believed.
 */
export function forwardedPeer(fields: FieldLines, peer: Peer, trusts: (address: string) => boolean): Client {
  const standard = fields.get('forwarded');
  const common = fields.get('x-forwarded-for');
  const other = follow(commonHops(common, fields), peer, trusts);
  if (standard === undefined) return other;
  if (common === undefined) return follow(standardHops(standard), peer, trusts);
  const named = follow(standardHops(standard), { ...peer, isSecure: other.isSecure }, trusts);
  const isAgreed = named.remoteAddress === other.remoteAddress && (fields.get('x-forwarded-proto') === undefined || named.isSecure === other.isSecure);
  return isAgreed ? named : peer;
}

/** Goes back from hop to hop, to the first client that is no trusted proxy, or as far as is known. */
function follow(hops: readonly Hop[], peer: Peer, trusts: (address: string) => boolean): Client {
  let client: Client = peer;
  for (let at = hops.length - 1; at >= 0; at--) {
    const hop = hops[at]!;
    const node = parseNode(hop.node);
    const { remoteAddress, remotePort } = node ?? client;
    client = { remoteAddress, remotePort, isSecure: hop.isSecure ?? client.isSecure, host: validHost(hop.host) ?? client.host };
    if (node === undefined || !trusts(node.remoteAddress)) break;
  }
  return client;
}

/** `X-Forwarded-Proto` and `X-Forwarded-Host` have an entry for each of `X-Forwarded-For`, or that of the last proxy alone. */
function commonHops(addresses: string | undefined, fields: FieldLines): Hop[] {
  const schemes = listElements(fields.get('x-forwarded-proto') ?? '');
  const hosts = listElements(fields.get('x-forwarded-host') ?? '');
  const nodes = addresses === undefined ? [''] : listElements(addresses);
  const entryOf = (list: readonly string[], index: number): string | undefined => list[Math.max(0, list.length - nodes.length + index)];
  return nodes.map((node, index) => ({ node, isSecure: isSecureScheme(entryOf(schemes, index)), host: entryOf(hosts, index) }));
}

/** One pair, or none, and what ends it: a pair ends with `;`, a hop with a comma (RFC 7239 §4). */
const PAIR = /[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)=(?:"((?:[^"\\]|\\.)*)"|([^ \t;,"]+))[ \t]*)?(;|,|$)/y;

/** The hops of a `Forwarded`; none where it is malformed. */
function standardHops(text: string): Hop[] {
  const hops: Hop[] = [];
  let pairs = new Map<string, string>();
  let isEnd = false;
  PAIR.lastIndex = 0;
  while (!isEnd) {
    const match = PAIR.exec(text);
    if (match === null) return [];
    const [, name, quoted, token, separator] = match;
    if (name !== undefined) pairs.set(name.toLowerCase(), token ?? quoted!.replace(/\\(.)/g, '$1'));
    isEnd = separator === '';
    if (separator === ';') continue;
    if (pairs.size > 0) hops.push({ node: pairs.get('for') ?? '', isSecure: isSecureScheme(pairs.get('proto')), host: pairs.get('host') });
    pairs = new Map();
  }
  return hops;
}

function validHost(host: string | undefined): string | undefined {
  return host !== undefined && isHost(host) ? host : undefined;
}

function isSecureScheme(scheme: string | undefined): boolean | undefined {
  switch (scheme?.toLowerCase()) {
    case 'https':
    case 'wss':
      return true;
    case 'http':
    case 'ws':
      return false;
    default:
      return undefined;
  }
}

/** An address, perhaps with a port: IPv4, IPv6 in brackets, or in `X-Forwarded-For` without (RFC 7239 §6). `undefined` where it is none, or is not told. */
function parseNode(text: string): Pick<Peer, 'remoteAddress' | 'remotePort'> | undefined {
  const [, bracketed, plain, port = '0'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [undefined, undefined, text];
  const address = bracketed ?? plain!;
  const isAddress = bracketed === undefined ? isIPv4(address) || isIPv6(address) : isIPv6(address);
  return isAddress && Number(port) <= 65535 ? { remoteAddress: address, remotePort: Number(port) } : undefined;
}
