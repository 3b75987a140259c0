/**
 * Which pages may open a WebSocket (RFC 6455 §10.2). Browsers let any page try, and send the cookies along; they say in `Origin` whose page
 * it is. Who sends no `Origin` is no browser, and could send any.
 */

import type { HttpRequest } from '../http/contract.js';

/**
 * The origins that may, such as `https://example.org`; `'*'` for all of them; or a function, which is asked for clients without an
 * `Origin`, too.
 */
export type AllowedOrigins = '*' | readonly string[] | ((origin: string | undefined, request: HttpRequest) => boolean);

/** Whether the handshake may go on. Where nothing was said, a request with cookies must come from a page of one of `hosts`, its own. */
export function isOriginAllowed(request: HttpRequest, hosts: readonly (string | undefined)[], allowed: AllowedOrigins | undefined): boolean {
  const origin = request.header('origin');
  if (typeof allowed === 'function') return allowed(origin, request) === true;
  if (origin === undefined || allowed === '*') return true;
  if (allowed !== undefined) return allowed.some((each) => each.toLowerCase() === origin.toLowerCase());
  return request.header('cookie') === undefined || hosts.some((host) => host !== undefined && isSameHost(origin, host));
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(.+)$/i;
const HOST_AND_PORT = /^(.*?)(?::(\d*))?$/;

/** The scheme is not compared: TLS often ends before us. */
function isSameHost(origin: string, host: string): boolean {
  const ofOrigin = ORIGIN.exec(origin)?.[1];
  return ofOrigin !== undefined && normalize(ofOrigin) === normalize(host);
}

/** Lower case, and without a port that is a default one. */
function normalize(authority: string): string {
  const [, host = '', port = ''] = HOST_AND_PORT.exec(authority.toLowerCase()) ?? [];
  return port === '' || port === '80' || port === '443' ? host : `${host}:${port}`;
}
