/** The grammar of a host and a port, told apart from the server's own rules so that it can judge them. */

import { isIPv6 } from 'node:net';

/** RFC 3986 §3.2.2 and §3.2.3: a host, which may be empty, then perhaps a port up to 65535. */
export function isAuthority(text: string): boolean {
  const [, host, port = ''] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65535) return false;
  if (host.startsWith('[')) return (isIPv6(host.slice(1, -1)) && !host.includes('%')) || /^\[v[0-9a-f]+\.[\w\-.~!$&'()*+,;=:]+\]$/i.test(host);
  return /^(?:[\w\-.~!$&'()*+,;=]|%[0-9a-f]{2})*$/i.test(host);
}
