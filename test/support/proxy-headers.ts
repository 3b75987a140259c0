/** Headers of the PROXY protocol, as a proxy sends them. */

export const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

export const TCP4 = 'PROXY TCP4 192.0.2.1 203.0.113.1 4000 80\r\n';
export const TCP6 = 'PROXY TCP6 2001:db8::1 2001:db8::2 4000 80\r\n';

/** A header of version 2, as latin1: `what` is version and command, `family` family and transport. */
export function version2(what: number, family: number, content: string): string {
  return SIGNATURE + String.fromCharCode(what, family, content.length >> 8, content.length & 0xff) + content;
}

/** IPv4 192.0.2.1 from port 4000 to 203.0.113.1, port 80. */
export const ADDRESSES_4 = '\xc0\x00\x02\x01\xcb\x00\x71\x01\x0f\xa0\x00\x50';
/** IPv6 from port 4000, both addresses the same. */
export function addresses6(groups: readonly number[]): string {
  const address = groups.map((group) => String.fromCharCode(group >> 8, group & 0xff)).join('');
  return `${address}${address}\x0f\xa0\x00\x50`;
}

/** An extension. */
export function tlv(type: number, value: string): string {
  return String.fromCharCode(type, value.length >> 8, value.length & 0xff) + value;
}
