/** §7 Routing: targets, misdirected requests, the order of responses, connection options and upgrades. */

import { asChannel } from 'longwire';
import type { Case, Rule } from '../../support/rfc.js';
import { post, postChunked, request } from '../../support/requests.js';

const HANDSHAKE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const HELLO = ['HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', 'Content-Length: 5'];

const servedAsUsual = (name: string, fields: string, method = 'GET'): Case => ({
  name: `serves in HTTP/1.1, as if nothing had been asked, ${name}`,
  bytes: request('/', fields, { method }),
  answered: [{ status: 200, head: HELLO, body: 'hello' }],
});

const refusedTarget = (method: string, target: string): Case => ({ name: `refuses ${method} ${target}`, bytes: request(target, '', { method }), refused: 'HTTP_BAD_TARGET' });

const misdirected = (method: string, target: string): Case => ({
  name: `answers 421 to ${method} ${target} over a connection without TLS, and closes`,
  bytes: request(target, '', { method }),
  answered: [{ status: 421, fields: { connection: 'close', 'content-length': '19' } }],
  closes: true,
  served: 0,
});

export const ROUTING: readonly Rule[] = [
  {
    section: '7.1',
    level: 'MUST NOT',
    rule: 'The form of a host with a port is only for CONNECT, the asterisk only for OPTIONS.',
    cases: [
      refusedTarget('GET', 'a:443'),
      refusedTarget('POST', 'a.example:80'),
      refusedTarget('OPTIONS', 'a:443'),
      ...['GET', 'HEAD', 'POST', 'TRACE', 'CONNECT', 'options'].map((method) => refusedTarget(method, '*')),
      refusedTarget('CONNECT', '/'),
      refusedTarget('CONNECT', 'http://a:443/'),
      { name: 'takes CONNECT with a host and a port', bytes: request('a.example:443', '', { method: 'CONNECT' }), parsed: { target: 'a.example:443', handed: { authority: 'a.example:443', path: '' } } },
      { name: 'takes OPTIONS with an asterisk', bytes: request('*', '', { method: 'OPTIONS' }), parsed: { target: '*', handed: { path: '*', query: '' } } },
    ],
  },
  {
    section: '7.1',
    level: 'ought to',
    rule: 'A target URI has no fragment: that is for the client alone.',
    cases: ['/#a', '/a?b#c', 'http://a/#b', '#'].map((target) => refusedTarget('GET', target)),
  },
  {
    section: '7.1',
    level: 'ought to',
    rule: 'A server puts the target URI together from what it received and from the connection.',
    cases: [
      { name: 'tells scheme and authority of a target in origin form by the connection and Host', bytes: 'GET /a?b HTTP/1.1\r\nHost: c:80\r\n\r\n', parsed: { handed: { scheme: 'http', authority: 'c:80', path: '/a', query: 'b' } } },
      { name: 'tells the authority of a target in absolute form by the target, whatever Host says', bytes: 'GET http://a:81/b HTTP/1.1\r\nHost: c\r\n\r\n', parsed: { handed: { authority: 'a:81', path: '/b', query: '' } } },
    ],
  },
  {
    section: '7.4',
    level: 'MUST',
    rule: 'An origin server rejects a request that does not meet the requirements of its scheme, such as one for an https resource over a connection that is not secured, unless a trusted gateway sends it.',
    cases: [
      ...['https://a/', 'HTTPS://a', 'https://a:80/b?c'].map((target) => misdirected('GET', target)),
      misdirected('HEAD', 'https://a/'),
      { name: 'discards the content of what it answers with 421', bytes: post('https://a/', 'hello'), answered: [{ status: 421, body: 'Misdirected Request' }], closes: true, served: 0 },
      { name: 'takes an http resource whose name or path resembles https', bytes: request('http://https://a') + request('/https://a'), handler: ({ authority }) => authority, answered: [{ status: 200, body: 'https:' }, { status: 200, body: 'localhost' }] },
      { name: 'takes CONNECT to a host that is called https', bytes: request('https:443', '', { method: 'CONNECT' }), parsed: { method: 'CONNECT', handed: { authority: 'https:443' } } },
    ],
  },
  {
    section: '7.4',
    level: 'MUST',
    rule: 'A trusted gateway may ask for an https resource over a connection that is not secured; so may who comes over TLS.',
    heldBy: [
      { file: 'server/forwarded.test.ts', name: 'serves a target of https to a trusted proxy without TLS, and answers 421 to all others (RFC 9110 §7.4)' },
      { file: 'server/tls.test.ts', name: 'serves a target in absolute form over TLS' },
    ],
  },
  {
    section: '7.4',
    level: 'ought to',
    rule: 'A server rejects a request for an authority that it does not serve.',
    because: 'the application\'s: the server does not know its names; `request.authority` tells what was asked for, and 421 is there to answer with',
  },
  {
    section: '7.5',
    level: 'ought to',
    rule: 'Responses belong to requests by the way of the version: in HTTP/1.1 by their order.',
    cases: [
      {
        name: 'answers pipelined requests in order, though the first takes longest',
        bytes: request('/3') + request('/2', '', { method: 'HEAD' }) + post('/1', 'hello') + request('/0'),
        handler: async ({ path }) => {
          for (let turns = Number(path.slice(1)); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
          return path;
        },
        answered: ['/3', '', '/1', '/0'].map((body) => ({ status: 200, body, fields: { 'content-length': '2' } })),
      },
      {
        name: 'answers a request before its body is complete, and the next one behind it',
        bytes: post('/', 'hello') + request('/'),
        handler: ({ method }) => method,
        answered: [
          { status: 200, body: 'POST' },
          { status: 200, body: 'GET' },
        ],
      },
    ],
  },
  {
    section: '7.6.1',
    level: 'MUST',
    rule: 'A sender names every field that is for this connection alone in Connection.',
    cases: [
      {
        name: 'sends the connection options that the application gives for fields of its own',
        bytes: request(),
        handler: () => ({ headers: { 'X-Hop': '1', Connection: 'X-Hop' }, body: new Uint8Array() }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'X-Hop: 1', 'Content-Length: 0', 'Connection: X-Hop'] }],
      },
      {
        name: 'sends them beside its own',
        bytes: request(),
        handler: () => ({ headers: { 'X-Hop': '1', Connection: ['close', 'X-Hop'] }, body: new Uint8Array() }),
        answered: [{ status: 200, head: ['HTTP/1.1 200 OK', 'X-Hop: 1', 'Content-Length: 0', 'Connection: close, X-Hop'] }],
        closes: true,
      },
    ],
  },
  {
    section: '7.6.1',
    level: 'ought to',
    rule: 'Connection options are case-insensitive, and those that nobody knows change nothing.',
    cases: [
      { name: 'takes close in any case and at any place of the list', bytes: request('/', 'Connection: x, CLOSE ,y\r\n'), parsed: { keepsAlive: false } },
      { name: 'takes an option that resembles close for another', bytes: request('/', 'Connection: closed, not-close, "close"\r\n'), parsed: { keepsAlive: true } },
      { name: 'answers Connection: close to Connection: close', bytes: request('/', 'Connection: Close\r\n'), answered: [{ status: 200, fields: { connection: 'close' } }], closes: true },
      { name: 'hands a field over that Connection names', bytes: request('/', 'Connection: X-Hop\r\nX-Hop: 1\r\n'), parsed: { keepsAlive: true, fields: ['Host', 'localhost', 'Connection', 'X-Hop', 'X-Hop', '1'] } },
    ],
  },
  {
    section: '7.6.1',
    level: 'MUST NOT',
    rule: 'A sender sends no connection option for a field that is for all recipients.',
    because: 'the application\'s: the options of the server itself are close, keep-alive and Upgrade; others are those that it gives',
  },
  {
    section: '7.6.2',
    level: 'MUST',
    rule: 'Who receives TRACE or OPTIONS with Max-Forwards: 0 answers as the final recipient.',
    because: 'an origin server is always the final recipient',
  },
  {
    section: '7.8',
    level: 'MAY',
    rule: 'A server may ignore Upgrade: it cannot be insisted on.',
    cases: [
      servedAsUsual('an Upgrade to h2c', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'),
      servedAsUsual('an Upgrade to TLS', 'Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n', 'OPTIONS'),
      servedAsUsual('an Upgrade to what only resembles websocket', 'Upgrade: websockets, web-socket\r\nConnection: Upgrade\r\n'),
      servedAsUsual('an empty Upgrade', 'Upgrade: \r\nConnection: Upgrade\r\n'),
      {
        name: 'reads the body of a request with an Upgrade to h2c, and serves the next',
        bytes: post('/', 'hello', 'Upgrade: h2c\r\nConnection: Upgrade\r\n') + request(),
        handler: async (incoming) => `${incoming.method} ${await incoming.text()}`,
        answered: [
          { status: 200, body: 'POST hello' },
          { status: 200, body: 'GET ' },
        ],
      },
      {
        name: 'answers an Upgrade to websocket, and closes, where no channel is taken',
        bytes: request('/', HANDSHAKE),
        answered: [{ status: 200, head: [...HELLO, 'Connection: close'], body: 'hello' }],
        closes: true,
      },
    ],
  },
  {
    section: '7.8',
    level: 'MUST',
    rule: 'A 101 names in Upgrade the protocol that the connection is switched to.',
    heldBy: [{ file: 'channel-server/websocket-handshake.test.ts', name: 'a valid handshake is answered with 101 and the proof of RFC 6455 §1.3' }],
  },
  {
    section: '7.8',
    level: 'MUST NOT',
    rule: 'A server switches to no protocol that the client did not name in Upgrade.',
    cases: [
      {
        name: 'takes a channel for one of HTTP where the client names another protocol',
        bytes: request('/', HANDSHAKE.replace('websocket', 'h2c')),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.send(channel.isWebSocket ? 'a WebSocket' : 'HTTP');
          return channel;
        },
        answered: [{ status: 200, body: 'HTTP' }],
      },
      {
        name: 'answers 500 to an application that would name another protocol in the 101',
        bytes: request('/', HANDSHAKE),
        handler: (incoming) => asChannel(incoming, { headers: { Upgrade: 'other' } }),
        answered: [{ status: 500 }],
        closes: true,
        reports: 1,
      },
    ],
  },
  {
    section: '7.8',
    level: 'MUST',
    rule: 'A 426 names in Upgrade the protocols that would do.',
    cases: [
      {
        name: 'answers a handshake of another version with 426, Upgrade and the version that would do',
        bytes: request('/', HANDSHAKE.replace('13', '8')),
        handler: (incoming) => asChannel(incoming),
        answered: [{ status: 426, fields: { upgrade: 'websocket', connection: 'close, Upgrade', 'sec-websocket-version': '13' } }],
        closes: true,
      },
      {
        name: 'sends the Upgrade that the application gives with its 426',
        bytes: request(),
        handler: () => ({ status: 426, headers: { Upgrade: 'websocket' } }),
        answered: [{ status: 426, head: ['HTTP/1.1 426 Upgrade Required', 'Upgrade: websocket', 'Content-Length: 0', 'Connection: Upgrade'] }],
      },
    ],
  },
  {
    section: '7.8',
    level: 'MUST',
    rule: 'A sender of Upgrade sends the connection option Upgrade.',
    cases: [
      {
        name: 'names Upgrade in Connection where the application advertises a protocol',
        bytes: request(),
        handler: () => ({ headers: { upgrade: 'websocket' }, body: 'hello' }),
        answered: [{ status: 200, fields: { upgrade: 'websocket', connection: 'Upgrade' } }],
      },
      {
        name: 'names it once where the application does so, too',
        bytes: request(),
        handler: () => ({ headers: { Upgrade: 'websocket', Connection: 'upgrade' }, body: 'hello' }),
        answered: [{ status: 200, fields: { upgrade: 'websocket', connection: 'Upgrade' } }],
      },
    ],
  },
  {
    section: '7.8',
    level: 'MUST',
    rule: 'A server ignores Upgrade in a request of HTTP/1.0.',
    cases: [
      { name: 'takes no handshake in HTTP/1.0 for one', bytes: request('/', HANDSHAKE, { version: '1.0' }), parsed: { isWebSocketUpgrade: false } },
      {
        name: 'answers a handshake in HTTP/1.0 with HTTP, also where the channel is taken',
        bytes: request('/', `${HANDSHAKE}Connection: keep-alive\r\n`, { version: '1.0' }),
        handler: (incoming) => {
          const channel = asChannel(incoming);
          channel.send('HTTP');
          return channel;
        },
        answered: [{ status: 200, fields: { connection: 'keep-alive', upgrade: null }, body: 'HTTP' }],
      },
    ],
  },
  {
    section: '7.8',
    level: 'MUST NOT',
    rule: 'A server switches only where the new protocol can honour what the request means: a WebSocket only for GET.',
    cases: ['POST', 'HEAD', 'OPTIONS', 'get'].map(
      (method): Case => ({
        name: `answers 400 to a handshake with ${method}`,
        bytes: request('/', HANDSHAKE, { method }),
        handler: (incoming) => asChannel(incoming),
        answered: [{ status: 400, fields: { connection: 'close', upgrade: null } }],
        closes: true,
      }),
    ),
  },
  {
    section: '7.8',
    level: 'ought to',
    rule: 'The new protocol begins behind the whole request.',
    cases: [
      {
        name: 'answers 400 to a handshake with content, and never reads frames in it',
        bytes: post('/', 'hello', HANDSHAKE).replace('POST', 'GET'),
        handler: (incoming) => asChannel(incoming),
        answered: [{ status: 400, fields: { connection: 'close', upgrade: null } }],
        closes: true,
      },
      {
        name: 'answers 400 to a handshake with chunks',
        bytes: `${postChunked('/', HANDSHAKE).replace('POST', 'GET')}0\r\n\r\n`,
        handler: (incoming) => asChannel(incoming),
        answered: [{ status: 400, fields: { connection: 'close', upgrade: null } }],
        closes: true,
      },
    ],
  },
  {
    section: '7.8',
    level: 'MUST',
    rule: 'A server that receives both Upgrade and the expectation of 100 sends 100 ahead of 101.',
    cases: [
      {
        name: 'sends neither to a handshake that expects 100 for its content, but 400',
        bytes: post('/', 'hello', `Expect: 100-continue\r\n${HANDSHAKE}`).replace('POST', 'GET'),
        handler: (incoming) => asChannel(incoming),
        answered: [{ status: 400, fields: { connection: 'close' } }],
        closes: true,
      },
    ],
  },
];
