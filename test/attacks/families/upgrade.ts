/** Requests that ask for another protocol: what follows them is a request only if the connection goes on in HTTP/1.1, and never if it might not. */

import { type Attack, closed, type Family, type Refusal, refused, served, SMUGGLED } from '../../support/attacks.js';

const request = (method: string, target: string, ...lines: string[]): string => [`${method} ${target} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n');
const WEBSOCKET = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const length = SMUGGLED.length;
/** An upgrade to WebSocket that the handler does not take: a front end may believe in a tunnel, and what follows is discarded. */
const handshake = (name: string, target: string, ...lines: string[]): Attack => closed(name, request('GET', target, ...lines) + SMUGGLED, `GET ${target} 0`);
const tunnel = (name: string, target: string): Attack => closed(name, request('CONNECT', target) + SMUGGLED, `CONNECT ${target} 0`);
const badTunnel = (name: string, target: string, refusal: Refusal = '400 HTTP_BAD_TARGET'): Attack => refused(name, request('CONNECT', target) + SMUGGLED, refusal);
/** An upgrade that means nothing here (RFC 9110 §7.8): the request is one like any other, and what follows is the next. */
const ignored = (name: string, ...lines: string[]): Attack => served(name, request('GET', '/front', ...lines), 'GET /front 0');

export const UPGRADE: Family = {
  name: 'upgrades and tunnels',
  source: 'Egorov, websocket-smuggle (2019); Bishop Fox, h2c smuggling (2020); RFC 9110 §7.8, §9.3.6',
  attacks: [
    handshake('a handshake that is refused with 200', '/front', ...WEBSOCKET),
    handshake('a handshake that is refused with 403', '/403', ...WEBSOCKET),
    handshake('a handshake that is refused with 204', '/204', ...WEBSOCKET),
    handshake('a handshake that is refused with 304', '/304', ...WEBSOCKET),
    handshake('a handshake that is refused late', '/slow', ...WEBSOCKET),
    handshake('a handshake that is refused in chunks', '/front?stream', ...WEBSOCKET),
    handshake('a handshake of a version that is unknown', '/front', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 777', WEBSOCKET[3]!),
    handshake('a handshake without a key', '/front', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'),
    handshake('a handshake whose Connection does not name Upgrade', '/front', 'Upgrade: websocket', 'Connection: keep-alive'),
    handshake('a handshake without Connection', '/front', 'Upgrade: websocket'),
    handshake('a handshake in mixed case', '/front', 'uPGRADE: wEBsOCKET', 'cONNECTION: uPGRADE'),
    handshake('a handshake among other protocols', '/front', 'Upgrade: h2c, websocket', 'Connection: Upgrade'),
    handshake('a handshake in two lines', '/front', 'Upgrade: h2c', 'Upgrade: websocket', 'Connection: Upgrade'),
    handshake('a handshake that expects 100', '/front', ...WEBSOCKET, 'Expect: 100-continue'),
    closed('a handshake with a body', request('GET', '/front', ...WEBSOCKET, `Content-Length: ${length}`) + SMUGGLED, `GET /front ${length}`),
    closed('a handshake with a body and a request behind it', request('GET', '/front', ...WEBSOCKET, `Content-Length: ${length}`) + SMUGGLED + SMUGGLED, `GET /front ${length}`),
    closed('a handshake with a body in chunks', `${request('GET', '/front', ...WEBSOCKET, 'Transfer-Encoding: chunked')}${length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`, `GET /front ${length}`),
    closed('a handshake that is a POST', request('POST', '/front', ...WEBSOCKET, 'Content-Length: 0') + SMUGGLED, 'POST /front 0'),
    closed('a handshake that is a HEAD', request('HEAD', '/front', ...WEBSOCKET) + SMUGGLED, 'HEAD /front 0'),
    closed('a handshake behind an honest request', request('GET', '/first') + request('GET', '/front', ...WEBSOCKET) + SMUGGLED, 'GET /first 0', 'GET /front 0'),
    refused('a handshake with a space ahead of a colon', request('GET', '/front', 'Upgrade : websocket', 'Connection: Upgrade') + SMUGGLED, '400 HTTP_BAD_FIELD_NAME'),
    refused('a handshake without a Host', `GET /front HTTP/1.1\r\n${WEBSOCKET.join('\r\n')}\r\n\r\n${SMUGGLED}`, '400 HTTP_BAD_HOST'),
    refused('a handshake with a length and a coding', request('GET', '/front', ...WEBSOCKET, 'Content-Length: 4', 'Transfer-Encoding: chunked') + SMUGGLED, '400 HTTP_LENGTH_AND_ENCODING'),

    ignored('h2c', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    ignored('h2c without its settings', 'Connection: Upgrade', 'Upgrade: h2c'),
    ignored('h2', 'Connection: Upgrade', 'Upgrade: h2'),
    ignored('TLS/1.3', 'Connection: Upgrade', 'Upgrade: TLS/1.3'),
    ignored('websocket with something ahead of it', 'Connection: Upgrade', 'Upgrade: xwebsocket'),
    ignored('websocket with a space in it', 'Connection: Upgrade', 'Upgrade: web socket'),
    ignored('no protocol', 'Connection: Upgrade', 'Upgrade:'),
    ignored('Connection: Upgrade alone', 'Connection: Upgrade'),
    ignored('the key of a handshake alone', 'Connection: Upgrade', WEBSOCKET[3]!),
    closed('a handshake of HTTP/1.0', `GET /front HTTP/1.0\r\nHost: a\r\n${WEBSOCKET.join('\r\n')}\r\n\r\n${SMUGGLED}`, 'GET /front 0'),
    refused('h2c with the preface of HTTP/2 behind it', `${request('GET', '/front', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c')}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, '505 HTTP_UNSUPPORTED_VERSION', 'GET /front 0'),

    tunnel('a tunnel', 'a:443'),
    tunnel('a tunnel to an address', '127.0.0.1:80'),
    tunnel('a tunnel to an IPv6 address', '[::1]:80'),
    closed('a tunnel with a body', request('CONNECT', 'a:443', `Content-Length: ${length}`) + SMUGGLED, `CONNECT a:443 ${length}`),
    closed('a tunnel that asks to keep the connection', request('CONNECT', 'a:443', 'Connection: keep-alive', 'Proxy-Connection: keep-alive') + SMUGGLED, 'CONNECT a:443 0'),
    closed('a tunnel with the bytes of TLS behind it', `${request('CONNECT', 'a:443')}\x16\x03\x01\x02\x00\x01\x00`, 'CONNECT a:443 0'),
    badTunnel('a tunnel to a path', '/front'),
    badTunnel('a tunnel to a URL', 'http://a:80/'),
    badTunnel('a tunnel without a port', 'a'),
    badTunnel('a tunnel with an empty port', 'a:'),
    badTunnel('a tunnel without a host', ':443'),
    badTunnel('a tunnel with a user', 'evil@a:443'),
    badTunnel('a tunnel with a path behind its port', 'a:443/front'),
    badTunnel('a tunnel with a port that is too large', 'a:65536'),
    badTunnel('a tunnel with two ports', 'a:443:80'),
    badTunnel('a tunnel with a space in its target', 'a:443 b', '400 HTTP_BAD_REQUEST_LINE'),
    served('connect in lower case, which is another method', request('connect', '/front'), 'connect /front 0'),
  ],
};
