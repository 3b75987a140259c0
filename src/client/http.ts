/** What links over HTTP have in common: a GET for what is new, and a POST to the same address for what is sent. */

import type { ConnectOptions } from './contract.js';
import { MAX_WAIT_MS } from './timer.js';

/** What a link knows of where it leads. */
export interface Endpoint {
  readonly target: { readonly url: string };
  /** The address with the place to go on from. */
  readonly address: string;
  readonly options: ConnectOptions;
  /** Aborted when nothing more is wanted of it. */
  readonly signal: AbortSignal;
}

/** Asks for what is behind the position. */
export function get(from: Endpoint, accept: string): Promise<Response> {
  return ask(from, from.address, { headers: { Accept: accept }, cache: 'no-store', signal: from.signal });
}

/** Rejects with a `SendError` where the server refuses what is sent. */
export async function post(to: Endpoint, body: string | Uint8Array): Promise<void> {
  const { contentType, sendTimeoutMs = 30_000 } = to.options;
  const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
  const signal = sendTimeoutMs > MAX_WAIT_MS ? null : AbortSignal.timeout(sendTimeoutMs);
  const response = await ask(to, to.target.url, { headers, method: 'POST', body: body as Uint8Array<ArrayBuffer>, signal });
  const { ok, status } = response;
  if (!ok) throw Object.assign(new Error(`refused with ${status}`), { status, body: await response.text() });
}

function ask({ options }: Endpoint, address: string, init: RequestInit & { readonly headers: Record<string, string> }): Promise<Response> {
  return fetch(address, { ...init, credentials: options.credentials!, headers: { ...options.headers, ...init.headers } });
}
