/** §3 Request Line: method, target in its four forms, and the URI they mean; §4 Status Line. */

import { refusals, type Rule } from '../../support/rfc.js';
import { request } from '../../support/requests.js';

/** A target so long that the whole request line has `bytes` bytes. */
function targetOfLine(bytes: number): string {
  return `/${'a'.repeat(bytes - 'GET / HTTP/1.1'.length)}`;
}

function line(text: string): string {
  return `${text}\r\nHost: a\r\n\r\n`;
}

function withHost(value: string, version = '1.1'): string {
  return `GET / HTTP/${version}\r\nHost: ${value}\r\n\r\n`;
}

export const REQUEST_LINE: readonly Rule[] = [
  {
    section: '3',
    level: 'MAY',
    rule: 'The parts of a request line may be told apart by any white space; this server takes one space only.',
    cases: [
      ...refusals('HTTP_BAD_REQUEST_LINE', {
        'two spaces behind the method': line('GET  / HTTP/1.1'),
        'two spaces ahead of the version': line('GET /  HTTP/1.1'),
        'a space behind the version': line('GET / HTTP/1.1 '),
        'a tab behind the method': line('GET\t/ HTTP/1.1'),
        'a tab ahead of the version': line('GET /\tHTTP/1.1'),
        'a vertical tab behind the method': line('GET\v/ HTTP/1.1'),
        'a form feed ahead of the version': line('GET /\fHTTP/1.1'),
        'a request line with a method alone': line('GET'),
        'a request line with a method and a space': line('GET '),
        'a request line without a version': line('GET /'),
        'a request line without a target': line('GET HTTP/1.1'),
      }),
      ...refusals('HTTP_BAD_METHOD', { 'a space ahead of the method': line(' GET / HTTP/1.1'), 'a tab ahead of the method': line('\tGET / HTTP/1.1') }),
      ...refusals('HTTP_BAD_VERSION', { 'a tab behind the version': line('GET / HTTP/1.1\t') }),
    ],
  },
  {
    section: '3',
    level: 'SHOULD',
    rule: 'An invalid request line is answered with 400 (or a redirect).',
    cases: [
      ...refusals('HTTP_BAD_METHOD', {
        'a method with a colon': line('GET: / HTTP/1.1'),
        'a method in quotes': line('"GET" / HTTP/1.1'),
        'a method with a byte over 127': line('G\xc9T / HTTP/1.1'),
        'a method with a NUL': line('GET\0 / HTTP/1.1'),
        'a method with a slash': line('GET/ / HTTP/1.1'),
        'a method with DEL': line('GET\x7f / HTTP/1.1'),
      }),
      ...refusals('HTTP_BAD_TARGET', {
        'a target with a NUL': line('GET /\0 HTTP/1.1'),
        'a target with DEL': line('GET /\x7f HTTP/1.1'),
        'a target with a control character': line('GET /\x01 HTTP/1.1'),
      }),
    ],
  },
  {
    section: '3',
    level: 'SHOULD NOT',
    rule: 'An invalid request line is not put right and then served.',
    cases: [
      ...refusals('HTTP_BAD_REQUEST_LINE', { 'a target with a space in it, rather than escape it': line('GET /a b HTTP/1.1') }),
      ...refusals('HTTP_BAD_TARGET', { 'a fragment, rather than cut it off': line('GET /a#b HTTP/1.1'), 'a target without a slash ahead, rather than add it': line('GET a HTTP/1.1') }),
      { name: 'leaves dots, doubled slashes, escapes and odd characters of a target as they were sent', bytes: line('GET //a/./../b/%2e%2E/%zz|{}\\^`"<>[]?x?y=%00 HTTP/1.1'), parsed: { target: '//a/./../b/%2e%2E/%zz|{}\\^`"<>[]?x?y=%00', handed: { path: '//a/./../b/%2e%2E/%zz|{}\\^`"<>[]', query: 'x?y=%00' } } },
    ],
  },
  {
    section: '3',
    level: 'SHOULD',
    rule: 'A method longer than any that is implemented is answered with 501.',
    because: 'every method that fits into a request line reaches the handler; a longer one makes the line too long, which is 414',
  },
  {
    section: '3',
    level: 'MUST',
    rule: 'A target that is longer than the server wants to parse is answered with 414.',
    cases: refusals('HTTP_LINE_TOO_LONG', {
      'a request line of 8,193 bytes': request(targetOfLine(8_193)),
      'a target of 20,000 bytes whose end has not come': `GET /${'a'.repeat(20_000)}`,
      'a target in absolute form of 9,000 bytes': request(`http://a/${'a'.repeat(9_000)}`),
      'a query of 9,000 bytes': request(`/?${'a'.repeat(9_000)}`),
    }),
  },
  {
    section: '3',
    level: 'SHOULD',
    rule: 'Request lines of at least 8,000 octets are taken.',
    cases: [
      { name: 'takes a request line of 8,000 bytes', bytes: request(targetOfLine(8_000)), parsed: { target: targetOfLine(8_000) } },
      { name: 'takes a request line of 8,192 bytes, its limit', bytes: request(targetOfLine(8_192)), parsed: { target: targetOfLine(8_192) } },
    ],
  },
  {
    section: '3.1',
    level: 'MUST',
    rule: 'A method is a token, and has a case.',
    cases: [
      { name: 'takes get and GET for two methods', bytes: request('/', '', { method: 'get' }) + request('/', '', { method: 'GET' }), parsed: [{ method: 'get' }, { method: 'GET' }] },
      { name: 'takes every character of a token in a method', bytes: request('/', '', { method: "!#$%&'*+-.^_`|~09azAZ" }), parsed: { method: "!#$%&'*+-.^_`|~09azAZ" } },
      { name: 'takes a method of one character', bytes: request('/', '', { method: 'X' }), parsed: { method: 'X' } },
      { name: 'takes a method that nobody knows, with a body', bytes: 'BREW /pot HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntea', parsed: { method: 'BREW', body: 'tea' } },
      { name: 'does not take head for HEAD: its answer has a body', bytes: request('/', '', { method: 'head' }), answered: [{ status: 200, body: 'hello' }] },
      { name: 'does not take connect for CONNECT: its target is a path', bytes: request('/', '', { method: 'connect' }), parsed: { method: 'connect', target: '/', keepsAlive: true } },
    ],
  },
  {
    section: '3.2',
    level: 'MUST',
    rule: 'A target has one of four forms, and no white space in it.',
    cases: [
      ...refusals('HTTP_BAD_REQUEST_LINE', { 'a space within a target': line('GET /a b HTTP/1.1'), 'two words behind the target': line('GET / a b HTTP/1.1') }),
      ...refusals('HTTP_BAD_TARGET', {
        'a tab within a target': line('GET /a\tb HTTP/1.1'),
        'a name alone': line('GET index.html HTTP/1.1'),
        'a query alone': line('GET ?a=b HTTP/1.1'),
        'a backslash ahead': line('GET \\ HTTP/1.1'),
        'a host and a port for a GET': line('GET a:80 HTTP/1.1'),
        'an escaped slash ahead': line('GET %2F HTTP/1.1'),
      }),
    ],
  },
  {
    section: '3.2',
    level: 'MUST',
    rule: 'A request of HTTP/1.1 without Host is answered with 400.',
    cases: [
      ...refusals('HTTP_BAD_HOST', {
        'a request of HTTP/1.1 without any field': 'GET / HTTP/1.1\r\n\r\n',
        'a request of HTTP/1.1 without Host': 'GET / HTTP/1.1\r\nX-Host: a\r\nHosts: a\r\nAccept: */*\r\n\r\n',
        'a request of HTTP/1.2 without Host': 'GET / HTTP/1.2\r\nAccept: */*\r\n\r\n',
        'a target in absolute form without Host': 'GET http://a/ HTTP/1.1\r\n\r\n',
        'a request with an asterisk without Host': 'OPTIONS * HTTP/1.1\r\n\r\n',
        'a CONNECT without Host': 'CONNECT a:80 HTTP/1.1\r\n\r\n',
        'a request whose Host comes as a trailer only': 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: a\r\n\r\n',
      }),
      { name: 'takes a request of HTTP/1.0 without Host', bytes: 'GET /a HTTP/1.0\r\n\r\n', parsed: { target: '/a', handed: { authority: '' } } },
    ],
  },
  {
    section: '3.2',
    level: 'MUST',
    rule: 'A request with more than one Host is answered with 400.',
    cases: refusals('HTTP_BAD_HOST', {
      'two Hosts that differ': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'two Hosts that are the same': 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
      'two Hosts in different case, with fields between them': 'GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nhOST: b\r\n\r\n',
      'two Hosts of which one is empty': 'GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n',
      'two Hosts in HTTP/1.0': 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
      'two Hosts beside a target in absolute form': 'GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    }),
  },
  {
    section: '3.2',
    level: 'MUST',
    rule: 'A request whose Host is invalid is answered with 400.',
    cases: [
      ...refusals('HTTP_BAD_HOST', {
        'a Host that is a list': withHost('a, b'),
        'a Host with a path': withHost('a/b'),
        'a Host that is a URI': withHost('http://a'),
        'a Host with a user': withHost('user@a'),
        'a Host with a query': withHost('a?b'),
        'a Host with a fragment': withHost('a#b'),
        'a Host with a space': withHost('a b'),
        'a Host with a tab': withHost('a\tb'),
        'a Host with a byte over 127': withHost('b\xfccher.example'),
        'a Host with a port that is no number': withHost('a:b'),
        'a Host with a signed port': withHost('a:-80'),
        'a Host with a port beyond 65535': withHost('a:65536'),
        'a Host with two ports': withHost('a:80:80'),
        'a Host with an escape that is none': withHost('a%zz'),
        'a Host with an IPv6 address without brackets': withHost('::1'),
        'a Host with an open bracket': withHost('[::1'),
        'a Host with an IPv6 address of too many groups': withHost('[1:2:3:4:5:6:7:8:9]'),
        'a Host with a zone': withHost('[fe80::1%eth0]'),
        'a Host with something between bracket and port': withHost('[::1]a:80'),
        'an invalid Host in HTTP/1.0': withHost('a/b', '1.0'),
        'an invalid Host beside a target in absolute form': 'GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n',
      }),
      ...['a', 'a.example', 'a.example:80', 'a:', 'a:0', 'a:65535', '127.0.0.1:80', '[::1]', '[::1]:80', '[1:2:3:4:5:6:7:8]', '[::ffff:127.0.0.1]:8080', '[v1.a:b]', 'a_b.example', 'xn--bcher-kva.example', '%61', "!$&'()*+;=~"].map((host) => ({
        name: `takes the Host ${host}`,
        bytes: withHost(host),
        parsed: { fields: ['Host', host], handed: { authority: host } },
      })),
      { name: 'takes an empty Host', bytes: 'GET / HTTP/1.1\r\nHost:\r\n\r\n', parsed: { fields: ['Host', ''], handed: { authority: '' } } },
      { name: 'takes an empty Host with white space', bytes: 'GET / HTTP/1.1\r\nHost: \t \r\n\r\n', parsed: { fields: ['Host', ''], handed: { authority: '' } } },
      { name: 'takes a Host in any case with white space around it', bytes: 'GET / HTTP/1.1\r\nhOsT:\t a.Example \t\r\n\r\n', parsed: { fields: ['hOsT', 'a.Example'], handed: { authority: 'a.Example', headers: { host: 'a.Example' } } } },
    ],
  },
  {
    section: '3.2.1',
    level: 'MUST',
    rule: 'The origin form is an absolute path, and perhaps a query.',
    cases: [
      { name: 'takes a path', bytes: request('/where/now'), parsed: { target: '/where/now', handed: { path: '/where/now', query: '' } } },
      { name: 'takes a path and a query', bytes: request('/where?q=now'), parsed: { target: '/where?q=now', handed: { path: '/where', query: 'q=now' } } },
      { name: 'takes a slash alone', bytes: request('/'), parsed: { target: '/', handed: { path: '/', query: '' } } },
      { name: 'takes an empty query', bytes: request('/?'), parsed: { target: '/?', handed: { path: '/', query: '' } } },
      { name: 'takes a path that begins with two slashes for a path, not for an authority', bytes: request('//b/c'), parsed: { target: '//b/c', handed: { path: '//b/c', authority: 'localhost' } } },
      { name: 'takes a path with a URI in it for a path', bytes: request('/http://b/c'), parsed: { target: '/http://b/c', handed: { path: '/http://b/c', authority: 'localhost' } } },
    ],
  },
  {
    section: '3.2.2',
    level: 'MUST',
    rule: 'A server accepts the absolute form.',
    cases: [
      { name: 'takes an http URI', bytes: request('http://www.example.org/pub/page?q'), parsed: { target: 'http://www.example.org/pub/page?q', handed: { path: '/pub/page', query: 'q' } } },
      { name: 'takes a scheme in any case', bytes: request('HtTp://a/b'), parsed: { target: 'HtTp://a/b', handed: { path: '/b', authority: 'a' } } },
      { name: 'takes a URI without a path for its root', bytes: request('http://a'), parsed: { target: 'http://a', handed: { path: '/', query: '', authority: 'a' } } },
      { name: 'takes a URI with a query and no path', bytes: request('http://a?b/c'), parsed: { target: 'http://a?b/c', handed: { path: '/', query: 'b/c', authority: 'a' } } },
      { name: 'takes a URI with every method', bytes: request('http://a/b', '', { method: 'OPTIONS' }), parsed: { method: 'OPTIONS', handed: { path: '/b' } } },
      { name: 'takes a URI in HTTP/1.0', bytes: 'GET http://a/b HTTP/1.0\r\n\r\n', parsed: { handed: { path: '/b', authority: 'a' } } },
      { name: 'answers as for the origin form', bytes: request('http://a/b') + request('/b'), handler: ({ path }) => path, answered: [{ status: 200, body: '/b' }, { status: 200, body: '/b' }] },
      ...refusals('HTTP_BAD_TARGET', {
        'a URI without an authority': request('http:///b'),
        'a URI with a user': request('http://user@a/b'),
        'a URI with a port and no host': request('http://:80/b'),
        'a URI with a port beyond 65535': request('http://a:65536/b'),
        'a URI with an authority that is none': request('http://a[b/c'),
        'a URI without slashes': request('http:a'),
        'a URI with one slash': request('http:/a'),
        'a URI with a fragment': request('http://a/b#c'),
        'a URI of another scheme': request('ftp://a/b'),
        'a URI whose scheme only begins like http': request('httpx://a/b'),
      }),
    ],
  },
  {
    section: '3.2.2',
    level: 'ought to',
    rule: 'The authority of an absolute form counts, and Host beside it does not.',
    cases: [
      { name: 'tells the authority of the target where Host differs', bytes: 'GET http://a:8080/b HTTP/1.1\r\nHost: c:9090\r\n\r\n', parsed: { fields: ['Host', 'c:9090'], handed: { authority: 'a:8080', path: '/b' } } },
      { name: 'tells the authority of the target where Host is empty', bytes: 'GET http://a/b HTTP/1.1\r\nHost:\r\n\r\n', parsed: { handed: { authority: 'a' } } },
      { name: 'tells the authority of a target without a path', bytes: 'GET http://[::1]:80?b HTTP/1.1\r\nHost: c\r\n\r\n', parsed: { handed: { authority: '[::1]:80' } } },
    ],
  },
  {
    section: '3.2.3',
    level: 'MUST',
    rule: 'The authority form, a host and a port, is that of CONNECT alone.',
    cases: [
      { name: 'takes a host and a port for CONNECT', bytes: request('www.example.org:80', '', { method: 'CONNECT' }), parsed: { method: 'CONNECT', target: 'www.example.org:80', handed: { authority: 'www.example.org:80', path: '', query: '' } } },
      { name: 'takes an IPv6 address and a port for CONNECT', bytes: request('[::1]:443', '', { method: 'CONNECT' }), parsed: { target: '[::1]:443', handed: { authority: '[::1]:443' } } },
      ...refusals('HTTP_BAD_TARGET', {
        'a CONNECT without a port': request('a', '', { method: 'CONNECT' }),
        'a CONNECT with an empty port': request('a:', '', { method: 'CONNECT' }),
        'a CONNECT without a host': request(':80', '', { method: 'CONNECT' }),
        'a CONNECT with a port beyond 65535': request('a:65536', '', { method: 'CONNECT' }),
        'a CONNECT with a user': request('user@a:80', '', { method: 'CONNECT' }),
        'a CONNECT with a path': request('/', '', { method: 'CONNECT' }),
        'a CONNECT with a URI': request('http://a:80/', '', { method: 'CONNECT' }),
        'a CONNECT with an asterisk': request('*', '', { method: 'CONNECT' }),
        'a host and a port for a POST': request('a:80', '', { method: 'POST' }),
        'a host and a port for OPTIONS': request('a:80', '', { method: 'OPTIONS' }),
      }),
    ],
  },
  {
    section: '3.2.4',
    level: 'MUST',
    rule: 'The asterisk form is that of OPTIONS alone.',
    cases: [
      { name: 'takes an asterisk for OPTIONS', bytes: request('*', '', { method: 'OPTIONS' }), parsed: { method: 'OPTIONS', target: '*', handed: { path: '*', query: '', authority: 'localhost' } } },
      ...refusals('HTTP_BAD_TARGET', {
        'an asterisk for a GET': request('*'),
        'an asterisk for options in lower case': request('*', '', { method: 'options' }),
        'an asterisk with a query': request('*?a', '', { method: 'OPTIONS' }),
        'an asterisk with a path': request('*/a', '', { method: 'OPTIONS' }),
      }),
    ],
  },
  {
    section: '3.3',
    level: 'ought to',
    rule: 'The target URI has the scheme of the connection, the authority of the target or else of Host, and path and query of the target.',
    cases: [
      { name: 'tells scheme, authority, path and query of an origin form', bytes: 'GET /pub/page?q HTTP/1.1\r\nHost: www.example.org:8080\r\n\r\n', parsed: { handed: { scheme: 'http', authority: 'www.example.org:8080', path: '/pub/page', query: 'q' } } },
      { name: 'tells no path and no query of an authority form', bytes: request('a:80', '', { method: 'CONNECT' }), parsed: { handed: { path: '', query: '', authority: 'a:80' } } },
      { name: 'tells an empty authority where HTTP/1.0 has no Host', bytes: 'GET / HTTP/1.0\r\n\r\n', parsed: { handed: { scheme: 'http', authority: '', path: '/' } } },
      { name: 'tells the authority of Host in HTTP/1.0', bytes: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', parsed: { handed: { authority: 'a' } } },
      { name: 'believes no scheme or host of a forwarding field', bytes: request('/', 'X-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nForwarded: host=b;proto=https\r\n'), parsed: { handed: { scheme: 'http', authority: 'localhost' } } },
    ],
  },
  {
    section: '3.3',
    level: 'ought to',
    rule: 'On a TLS connection the scheme is https.',
    heldBy: [{ file: 'server/tls.test.ts', name: 'serves https, and tells the handler so' }],
  },
  {
    section: '4',
    level: 'MUST',
    rule: 'A status line is the version, a status of three digits and a reason, and the space ahead of the reason is there even where the reason is not.',
    cases: [
      { name: 'writes a reason phrase behind a known status', bytes: request(), handler: () => ({ status: 404 }), answered: [{ status: 404, head: ['HTTP/1.1 404 Not Found', 'Content-Length: 0'] }] },
      { name: 'writes a space behind a status without a reason phrase', bytes: request(), handler: () => ({ status: 299 }), answered: [{ status: 299, head: ['HTTP/1.1 299 ', 'Content-Length: 0'] }] },
      { name: 'writes a space behind the largest status', bytes: request(), handler: () => ({ status: 599 }), answered: [{ status: 599, head: ['HTTP/1.1 599 ', 'Content-Length: 0'] }] },
    ],
  },
  {
    section: '4',
    level: 'MUST',
    rule: 'A status is three digits: what is none is never written.',
    heldBy: [{ file: 'http/response.test.ts', name: 'refuses every other status' }],
  },
];
