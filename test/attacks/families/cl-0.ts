/** CL.0: bodies on requests that are thought to have none. A server that answers without having skipped the body takes it for a request. */

import { type Attack, closed, type Family, served, SMUGGLED } from '../../support/attacks.js';

const length = SMUGGLED.length;
const request = (method: string, target: string, ...lines: string[]): string => [`${method} ${target} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n');
const sized = (method: string, target: string, ...lines: string[]): string => request(method, target, `Content-Length: ${length}`, ...lines) + SMUGGLED;
const chunks = (method: string, target: string): string => `${request(method, target, 'Transfer-Encoding: chunked')}${length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;

/** Methods that a server may think have no body. */
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE', 'PUT', 'PATCH', 'get', 'BREW'];
/** Answers that are often given without a look at the body. */
const STATUSES = [204, 205, 301, 303, 304, 400, 401, 403, 404, 405, 411, 412, 413, 415, 500, 503];

export const CL_0: Family = {
  name: 'CL.0',
  source: 'Kettle, Browser-Powered Desync Attacks (2022); RFC 9110 §9.3.1, RFC 9112 §6',
  attacks: [
    ...METHODS.map((method) => served(`a length in a ${method}`, sized(method, '/front'), `${method} /front ${length}`)),
    ...METHODS.map((method) => served(`chunks in a ${method}`, chunks(method, '/front'), `${method} /front ${length}`)),
    ...STATUSES.map((status) => served(`a length in a request answered with ${status}`, sized('POST', `/${status}`), `POST /${status} ${length}`)),
    ...[204, 304, 404].map((status) => served(`chunks in a request answered with ${status}`, chunks('POST', `/${status}`), `POST /${status} ${length}`)),
    served('a length in a HEAD answered with 404', sized('HEAD', '/404'), `HEAD /404 ${length}`),
    served('a length in OPTIONS of the server', sized('OPTIONS', '*'), `OPTIONS * ${length}`),
    served('a length in a request with an absolute target', sized('GET', 'http://a/front'), `GET http://a/front ${length}`),
    served('a length in a request answered in chunks', sized('GET', '/front?stream'), `GET /front?stream ${length}`),
    served('a length in a request answered late', sized('GET', '/slow'), `GET /slow ${length}`),
    served('a length named in Connection', sized('POST', '/front', 'Connection: Content-Length'), `POST /front ${length}`),
    served('a length named in Connection beside keep-alive', sized('POST', '/front', 'Connection: keep-alive, Content-Length'), `POST /front ${length}`),
    served('a length with Upgrade to something that is not spoken', sized('POST', '/front', 'Connection: Upgrade', 'Upgrade: h2c'), `POST /front ${length}`),
    served('a length with another method to override it', sized('POST', '/front', 'X-HTTP-Method-Override: HEAD'), `POST /front ${length}`),
    served('a length with a Range', sized('GET', '/front', 'Range: bytes=0-0'), `GET /front ${length}`),
    served('a length with a condition', sized('GET', '/304', 'If-None-Match: *'), `GET /304 ${length}`),
    served('two requests whose bodies are requests', sized('GET', '/one') + sized('HEAD', '/two'), `GET /one ${length}`, `HEAD /two ${length}`),
    closed('a length in a request that asks for the close', sized('POST', '/front', 'Connection: close'), `POST /front ${length}`),
    closed('a length in a request that asks for close and keep-alive', sized('POST', '/front', 'Connection: keep-alive, CLOSE'), `POST /front ${length}`),
    served('a length in HTTP/1.0 that keeps the connection', `POST /front HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: ${length}\r\n\r\n${SMUGGLED}`, `POST /front ${length}`),
    served('no length in a POST, behind which there is therefore a request', request('POST', '/front') + SMUGGLED, 'POST /front 0', 'GET /smuggled 0'),
    served('a length of nothing in a POST, behind which there is therefore a request', request('POST', '/front', 'Content-Length: 0') + SMUGGLED, 'POST /front 0', 'GET /smuggled 0'),
    closed('a length in HTTP/1.0', `POST /front HTTP/1.0\r\nContent-Length: ${length}\r\n\r\n${SMUGGLED}`, `POST /front ${length}`),
    discardedUnread('a length of more than is drained', `${request('POST', '/403', 'Content-Length: 100000')}${'x'.repeat(100_000 - length)}${SMUGGLED}`, 'POST /403 100000'),
  ],
};

/** A body so large that, where nobody reads it, the connection is closed rather than the body drained. */
function discardedUnread(name: string, bytes: string, ...seen: string[]): Attack {
  return { ...served(name, bytes, ...seen), behindUnread: 'discarded' };
}
