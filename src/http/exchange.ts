/** What one exchange owes: how its response is framed, by the request's method and version and the response's status and body. */

import type { RequestHead } from './events.js';
import type { ResponseFraming } from './response.js';
import { forbidsBody } from './status.js';

/** What has to be known of the request. */
export type RequestForm = Pick<RequestHead, 'method' | 'isHttp10'>;

const NONE: ResponseFraming = { kind: 'none' };
const CHUNKED: ResponseFraming = { kind: 'chunked' };
const UNTIL_CLOSE: ResponseFraming = { kind: 'until-close' };

/**
 * How the response says where its body ends (RFC 9110 §8.6, RFC 9112 §6).
 *
 * @param length the body's bytes, `undefined` for one that is streamed.
 * @param declared the application's own Content-Length: counts for streamed bodies, 304, and HEAD without the body that GET has.
 */
export function responseFraming(request: RequestForm, status: number, length: number | undefined, declared: number | undefined): ResponseFraming {
  if (status === 204 || isTunnel(request, status)) return NONE;
  if (status === 205) return { kind: 'length', length: 0 };
  if (status === 304) return declared === undefined ? NONE : { kind: 'length', length: declared };
  if (request.method === 'HEAD') {
    // What GET would be sent with: where there is a body, its length, whatever was declared (RFC 9110 §8.6).
    const known = length === 0 ? (declared ?? 0) : (length ?? declared);
    return known === undefined ? NONE : { kind: 'length', length: known };
  }
  if (length !== undefined) return { kind: 'length', length };
  if (declared !== undefined) return { kind: 'length', length: declared };
  return request.isHttp10 ? UNTIL_CLOSE : CHUNKED;
}

/** Whether a response to this request never has a body, whatever the application gives (RFC 9112 §6.3). */
export function isBodiless(request: RequestForm, status: number): boolean {
  return request.method === 'HEAD' || forbidsBody(status) || isTunnel(request, status);
}

/** A 2xx to CONNECT would turn the connection into a tunnel (RFC 9110 §9.3.6), which this server does not build. */
function isTunnel(request: RequestForm, status: number): boolean {
  return request.method === 'CONNECT' && status < 300;
}
