/** Which requests are refused ahead of the handler though they are well-formed: one rule a line. */

import { SLASH } from '../bytes.js';
import type { HttpErrorCode } from './errors.js';
import type { IncomingRequest } from './request.js';
import type { RequestRates } from './request-rates.js';

const HTTPS_URI = /^https:\/\//i;

interface AdmissionSettings {
  readonly rates: RequestRates | undefined;
}

/**
 * The first rule that speaks against this request, if any.
 *
 * @param isSecured whether it came over TLS, or from a proxy that is trusted to say so.
 */
export function admissionViolation(request: IncomingRequest, isSecured: boolean, settings: AdmissionSettings): HttpErrorCode | undefined {
  if (isTooMany(request, settings)) return 'HTTP_TOO_MANY_REQUESTS'; // RFC 6585 §4
  if (!isSecured && isHttps(request.url)) return 'HTTP_MISDIRECTED'; // RFC 9110 §7.4
  return undefined;
}

/** Takes a token for the request. A unix socket has no address, and no limit. */
function isTooMany(request: IncomingRequest, { rates }: AdmissionSettings): boolean {
  return rates !== undefined && request.remoteAddress !== '' && !rates.take(request.remoteAddress);
}

function isHttps(target: string): boolean {
  return target.charCodeAt(0) !== SLASH && HTTPS_URI.test(target);
}
