/** What links over HTTP have in common: a GET for what is new, and a POST to the same address for what is sent. */

import type { Link } from './link.js';

/** Asks for what is behind the position. */
export function get(link: Link, accept: string): Promise<Response> {
  return ask(link, link.address, { headers: { Accept: accept }, cache: 'no-store', signal: link.signal });
}

/** Rejects with a `SendError` where the server refuses what is sent. */
export async function post(link: Link, body: string | Uint8Array): Promise<void> {
  const { contentType, sendTimeoutMs = 30_000 } = link.options;
  const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
  const response = await ask(link, link.target.url, { headers, method: 'POST', body: body as Uint8Array<ArrayBuffer>, signal: AbortSignal.timeout(sendTimeoutMs) });
  const { ok, status } = response;
  if (!ok) throw Object.assign(new Error(`refused with ${status}`), { status, body: await response.text() });
}

function ask({ options }: Link, address: string, init: RequestInit & { readonly headers: Record<string, string> }): Promise<Response> {
  return fetch(address, { ...init, credentials: options.credentials!, headers: { ...options.headers, ...init.headers } });
}
