/**
 * Which pages may use a server of the demo: its own, and those of the other servers on the same machine, which have another port. So a page
 * whose server is gone goes on at the next.
 */

import type { HttpRequest, HttpResponse } from 'longwire';

/** Whether a page of another machine asks. Browsers let any page send requests anywhere, and say only where it came from. */
export function isForeign(request: HttpRequest): boolean {
  const origin = request.header('origin');
  return origin !== undefined && (hostnameOf(origin) ?? '') !== hostnameOf(`http://${request.authority}`);
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** What lets a page of another port read the answer. */
export function corsOf(request: HttpRequest): Record<string, string> {
  const origin = request.header('origin');
  return origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' };
}

/** The answer to a browser that asks whether a page of another port may send JSON. */
export function preflight(request: HttpRequest): HttpResponse {
  return { status: 204, headers: { ...corsOf(request), 'Access-Control-Allow-Methods': 'GET, POST', 'Access-Control-Allow-Headers': 'Content-Type', 'Access-Control-Max-Age': 600 } };
}
