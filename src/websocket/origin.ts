/**
 * Which pages may open a WebSocket (RFC 6455 §10.2). Browsers let any page try, and send the cookies along; they say in `Origin` whose page
 * it is. Who sends no `Origin` is no browser, and could send any.
 */

import { UsageError } from '../errors.js';
import type { HttpRequest } from '../http/contract.js';
import { isThenable } from '../thenable.js';

/**
 * The origins that may, such as `https://example.org`; `'*'` for all of them; or a function, which is asked for clients without an
 * `Origin`, too. It must answer at once; a page of no origin that can be told, such as one in a sandbox, has `null`, as text.
 */
export type AllowedOrigins = '*' | readonly string[] | ((origin: string | undefined, request: HttpRequest) => boolean);

/**
 * Whether the handshake may go on. Where nothing was said, a request with cookies must come from a page of one of `hosts`, its own.
 *
 * @throws UsageError where a function answers with a promise; what the function throws is thrown as it is.
 */
export function isOriginAllowed(request: HttpRequest, hosts: readonly (string | undefined)[], allowed: AllowedOrigins | undefined): boolean {
  const origin = request.header('origin');
  if (typeof allowed === 'function') return ask(allowed, origin, request);
  if (origin === undefined || allowed === '*') return true;
  if (allowed !== undefined) return allowed.some((each) => serialize(each) === serialize(origin));
  return request.header('cookie') === undefined || hosts.some((host) => host !== undefined && isSameHost(origin, host));
}

/** What an origin may look like in a list: a scheme, a host, perhaps a port, and nothing behind (RFC 6454 §6.2). */
const LISTED = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
/** The pieces of what was meant for one. */
const MEANT = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]+)/i;

/** Whether a list may name it. `null` may not be listed: in a sandbox, any page has it. */
export function isOrigin(text: string): boolean {
  return LISTED.test(text);
}

/** What to write instead of a text that is no origin. */
export function originMeantBy(text: string): string {
  if (text === '*') return "write '*' without a list";
  const [, scheme = 'https', host = ''] = text === 'null' ? [] : (MEANT.exec(text) ?? []);
  const meant = `${scheme}://${host}`;
  return isOrigin(meant) ? `write '${meant}'` : "write scheme, host and perhaps a port, such as 'https://example.org:8443', or give a function";
}

function ask(allows: Exclude<AllowedOrigins, string | readonly string[]>, origin: string | undefined, request: HttpRequest): boolean {
  const answer: unknown = allows(origin, request);
  if (!isThenable(answer)) return answer === true;
  // It is not waited for, and if it rejects that is no news.
  Promise.resolve(answer).catch(() => {});
  throw new UsageError("allowedOrigins must answer true or false, not a promise: allow '*', and refuse in the handler what needs time");
}

/** As browsers write it: in lower case, and without the port that is its scheme's own (RFC 6454 §6.2). */
function serialize(origin: string): string {
  return origin.toLowerCase().replace(/^(http:.*):80$|^(https:.*):443$/, '$1$2');
}

const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/(.+)$/i;
const DEFAULT_PORT = /:(?:80|443)?$/;

/** The scheme is not compared: TLS often ends before us. So either default port is as good as none. */
function isSameHost(origin: string, host: string): boolean {
  const ofOrigin = AUTHORITY.exec(origin)?.[1];
  return host !== '' && ofOrigin !== undefined && withoutDefaultPort(ofOrigin) === withoutDefaultPort(host);
}

function withoutDefaultPort(authority: string): string {
  return authority.toLowerCase().replace(DEFAULT_PORT, '');
}
