/** Who a request is for: the grammar of a host and a port (RFC 3986 §3.2.2 and §3.2.3, RFC 9110 §4.2 and §7.2). */

/** What nearly every `Host` looks like: no escapes, no IP literal, a port that cannot be too large. */
const PLAIN = /^[\w\-.]+(?::(?:\d{1,4}|[1-5]\d{4}))?$/;
/** An IP literal's content, or a registered name; then perhaps a port. */
const AUTHORITY = /^(?:\[([^\]]*)\]|((?:[\w\-.~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*))(?::(\d*))?$/;
const IP_FUTURE = /^v[0-9A-Fa-f]+\.[\w\-.~!$&'()*+,;=:]+$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Whether `text` may be the value of `Host`: a host, which may be empty, then perhaps a port from 0 to 65535, which may be empty too. */
export function isHost(text: string): boolean {
  if (PLAIN.test(text)) return true;
  const parts = AUTHORITY.exec(text);
  if (parts === null) return false;
  const [, literal, , port] = parts;
  if (literal !== undefined && !isIPv6(literal) && !IP_FUTURE.test(literal)) return false;
  return port === undefined || Number(port) <= 65535;
}

/** Whether `text` may stand behind `http://`: a host that is not empty, and no user (RFC 9110 §4.2.1 and §4.2.4). */
export function isHttpAuthority(text: string): boolean {
  return text !== '' && !text.startsWith(':') && isHost(text);
}

/** Whether `text` may be the target of CONNECT: a host and a port, both there (RFC 9112 §3.2.3). */
export function isAuthorityForm(text: string): boolean {
  return isHttpAuthority(text) && /:\d+$/.test(text);
}

export function isIPv4(text: string): boolean {
  return IPV4.test(text);
}

/** RFC 3986 §3.2.2: eight groups of up to four hex digits, `::` once for those that are zero, the last two perhaps as IPv4. */
export function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const endsInIPv4 = last !== undefined && isIPv4(last) && halves.at(-1) !== '';
  const count = groups.length + (endsInIPv4 ? 1 : 0);
  const plain = endsInIPv4 ? groups.slice(0, -1) : groups;
  return plain.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}
