/** One request by node:http, which is strict about what it is answered. */

import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Asked {
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An array is sent in chunks. */
  readonly body?: string | Uint8Array | readonly string[];
  readonly agent?: Agent;
  /** Whom the request comes from. */
  readonly localAddress?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks, and resolves with the whole answer; without `agent` on a connection of its own. */
export function ask({ body, headers = {}, agent, ...rest }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', headers: { ...headers }, agent: agent ?? false, ...rest }, (response) => {
      buffer(response).then((bytes) => resolve({ status: response.statusCode!, headers: response.headers, body: bytes.toString() }), reject);
    });
    outgoing.on('error', reject);
    if (Array.isArray(body)) for (const piece of body) outgoing.write(piece);
    outgoing.end(typeof body === 'string' || body instanceof Uint8Array ? body : undefined);
  });
}
