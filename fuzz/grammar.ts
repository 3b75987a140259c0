/**
 * What requests are made of, as data. A part has its usual spellings and its odd ones: legal but rare, or wrong in a way that some
 * server has fallen for. `{name}` in a spelling stands for another part; braces that are meant stand alone.
 */

export interface Part {
  readonly usual: readonly string[];
  readonly odd: readonly string[];
}

const X = 'x';

export const GRAMMAR = {
  input: {
    usual: ['{request}', '{request}{request}', '{request}{request}{request}'],
    odd: ['{request}{empty}', '{request}GET /cut HTTP/1.1\r\nHos', '{head}{end}{request}', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x00\xa5\x01'],
  },
  request: {
    usual: [
      '{head}{end}',
      '{head}{end}',
      '{head}{length}{end}hello',
      '{head}Content-Length{colon}11{eol}{fields}{end}hello world',
      '{head}{chunked}{end}{chunks}',
      '{head}{chunked}{fields}{end}{chunks}',
      '{head10}{end}',
      '{head10}{length}{end}hello',
      '{connect}{end}',
      '{head}{upgrade}{end}',
    ],
    odd: [
      '{empty}{head}{end}',
      '{head}{length}{length}{end}hello',
      '{head}{length}{chunked}{end}{chunks}',
      '{head}{chunked}{length}{end}{chunks}',
      '{head}{chunked}{chunked}{end}{chunks}',
      '{head10}{chunked}{end}{chunks}',
      '{head}{end}hello',
      '{head}Content-Length: 3{eol}{end}hello',
      '{head}Content-Length: 7{eol}{end}hello',
      '{head}{many}{end}',
      '{method}{sp}{target}{eol}{host}{end}',
      '{method}{sp}{target}{sp}{version}{eol}{fields}{end}',
    ],
  },
  head: {
    usual: [
      '{method}{sp}{target}{sp}{version}{eol}{host}{fields}', '{method}{sp}{target}{sp}{version}{eol}{fields}{host}{fields}',
      'OPTIONS{sp}*{sp}{version}{eol}{host}{fields}',
    ],
    odd: [
      '{method}{sp}{target}{sp}{version}{eol}{fields}', '{method}{sp}{target}{sp}{version}{eol}{host}{host}{fields}', '{method}{sp}{target}{sp}{version}{eol} {host}',
      '{sp}{method}{sp}{target}{sp}{version}{eol}{host}',
    ],
  },
  head10: {
    usual: [
      '{method}{sp}{target}{sp}HTTP/1.0{eol}{fields}', '{method}{sp}{target}{sp}HTTP/1.0{eol}Connection{colon}keep-alive{eol}{fields}',
      '{method}{sp}{target}{sp}HTTP/1.0{eol}{host}{connection}',
    ],
    odd: ['{method}{sp}{target}{sp}HTTP/1.0{eol}Connection{colon}keep-alive, close{eol}{fields}', '{method}{sp}{target}{sp}HTTP/1.0{eol}{expect}'],
  },
  connect: {
    usual: ['CONNECT{sp}{authority}{sp}{version}{eol}{host}{fields}'],
    odd: ['CONNECT{sp}{target}{sp}{version}{eol}{host}', 'CONNECT{sp}{authority}{sp}HTTP/1.0{eol}{length}', 'CONNECT{sp}{authority}{sp}{version}{eol}{host}{length}'],
  },
  method: {
    usual: ['GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'M-SEARCH', 'REPORT', 'SEARCH'],
    odd: [
      'get', 'Get', 'GETS', 'G', 'BREW', "!#$%&'*+-.^_`|~09", 'PRI', 'SOURCE', 'DESCRIBE', 'PLAY', 'QUERY', 'GE T', 'G(T', 'G\x80T', 'G\0T', '', 'BASELINE-CONTROL',
      'HTTP/1.1', 'CONNECT',
    ],
  },
  target: {
    usual: ['/', '/a', '/a/b?c=d&e', '/?', '//', "/-._~!$&'()*+,;=:@%20", 'http://a.example/', 'http://a.example:8080/x?y', 'https://[::1]/', 'HTTP://A'],
    odd: [
      '*', '/*', '*x', 'a', 'a/b', '?', '', '/a#f', '/#', '/a?b#c', 'http://a#f', '/\x80\xff', '/\t', '/\x0c', '/\0', '/\x7f', '/"<>\\^`{|}', '/%', '/%zz', '/[',
      '/?"<>\\^`{|}[]', 'http:', 'http:/', 'http://', 'http:///a', 'http:a', 'http://:80/', 'http://a:b@c/', 'http://a@b/', 'http://a@b@c/',
      'http://a:99999/', 'http://a:/', 'http://a_b/', 'http://[::1', 'http://[g]/', 'http://[v1.a]/', 'http://a"b/', 'http://a\\b/', 'http://a?b', 'http://?a',
      'http://a%/', 'ftp://a/', 'ws://a/', 'urn:a', 'a.b://c/', 'h2://a', 'a:80', '[::1]:80', '/a b', '/ HTTP/1.1', '/\xa0', `/${'a'.repeat(7900)}`,
      `/${'a'.repeat(8300)}`,
    ],
  },
  authority: {
    usual: ['a.example:443', '[::1]:443', '10.0.0.1:80', 'a:0'],
    odd: [
      'a', 'a:', ':443', '/', '*', 'http://a/', 'a:65535', 'a:65536', 'a:99999999', '[::1]', '[::g]:1', 'a@b:1', 'a:b', 'a/b:1', 'a?b:1', 'a:1/', 'a:1?', 'a:1#',
      'a%41:1', 'a%:1', 'a_b:1', '\x80:1', "!$&'()*+,;=:1", '[v1.a]:1', '1.2.3.4.5:6',
    ],
  },
  version: {
    usual: ['HTTP/1.1'],
    odd: [
      'HTTP/1.0', 'HTTP/1.2', 'HTTP/1.9', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/2', 'HTTP/1.10', 'HTTP/01.1', 'HTTP/1,1', 'HTTP/1.', 'http/1.1', 'HTTP/1.1 ',
      'HTTP/1.1x', 'HTTP 1.1', 'HTTP/', 'RTSP/1.0', 'RTSP/1.1', 'ICE/1.0', '',
    ],
  },
  sp: { usual: [' '], odd: ['  ', '\t', ' \t', '\x0b', '\r', '', '+', '\xa0', '     '] },
  eol: { usual: ['\r\n'], odd: ['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '\t\r\n', '\0\r\n', '\r\n ', '\r\n\t', '\r \n', '\x0b\r\n', '\x85', ''] },
  end: { usual: ['\r\n'], odd: ['\n', '\r', '\r\r\n', '\n\n', ' \r\n', '\r\n\r\n', '\r\0\n', ''] },
  empty: { usual: ['\r\n'], odd: ['\n', '\r', '\r\n\r\n', '\r\r\n', '\n\n', ' \r\n', '\t', '\0', '\r\n'.repeat(8), '\r\n'.repeat(9)] },
  colon: { usual: [': ', ':', ':  ', ':\t'], odd: [' : ', ' :', '\t:', ':\r\n ', '', '::', '=', ';', ' ', ':\0', ':\x0b'] },
  host: {
    usual: ['Host{colon}a.example{eol}', 'Host{colon}a{eol}', 'host{colon}a:8080{eol}', 'HOST{colon}[::1]{eol}', 'Host{colon}{eol}'],
    odd: [
      'Host{colon}a b{eol}', 'Host{colon}a,b{eol}', 'Host{colon}a, b{eol}', 'Host{colon}a/b{eol}', 'Host{colon}u@a{eol}', 'Host{colon}a:{eol}', 'Host{colon}a:b{eol}',
      'Host{colon}a:65536{eol}', 'Host{colon}a:-1{eol}', 'Host{colon}a:80:80{eol}', 'Host{colon}[::1{eol}', 'Host{colon}::1{eol}', 'Host{colon}[]{eol}',
      'Host{colon}[1:2:3]{eol}', 'Host{colon}[v1.x]{eol}', 'Host{colon}%41{eol}', 'Host{colon}%4{eol}', 'Host{colon}a\x80{eol}', 'Host{colon}"a"{eol}',
      'Host{colon}http://a{eol}', 'Host{colon}a#{eol}', 'Host{colon}a?{eol}', "Host{colon}-._~!$&'()*+,;={eol}", 'Host{colon}*{eol}', 'Host{colon}a{|}{eol}',
      'Hos{colon}a{eol}', 'Host\x00{colon}a{eol}',
    ],
  },
  length: {
    usual: ['Content-Length{colon}5{eol}', 'content-length{colon}5{eol}', 'CONTENT-LENGTH{colon}005{eol}', 'Content-Length{colon}5 {eol}'],
    odd: [
      '+5', '-5', '5.0', '5e0', '0x5', '5, 5', '5,5', '5 5', '5;', '"5"', '', ',5', '5,', '\t5', '5\t', '5\x0b', '\x0c5', '_5', '5_', '0', '00', '1', '6',
      '9007199254740991', '9007199254740992', '18446744073709551615', '18446744073709551616', '18446744073709551621', '99999999999999999999999', '5\r\n\t', 'five',
      '\xb5', '5\0',
    ].map((value) => `Content-Length{colon}${value}{eol}`),
  },
  chunked: {
    usual: [
      'Transfer-Encoding{colon}chunked{eol}', 'transfer-encoding{colon}chunked{eol}', 'Transfer-Encoding{colon}Chunked{eol}', 'TRANSFER-ENCODING{colon}CHUNKED {eol}',
    ],
    odd: [
      'gzip, chunked', 'gzip,chunked', 'chunked, gzip', 'chunked, chunked', 'chunked,chunked', 'identity', 'identity, chunked', 'chunked, identity', 'gzip', '',
      'xchunked', 'chunkedx', 'chunked;q=1', 'chunked; a="b"', 'gzip;a="b,chunked"', 'a="b, chunked"', '"chunked"', ',chunked', 'chunked,', ', chunked', 'chunked, ',
      'chunked ,', 'chunked\t', 'chunked\t\t', ' \tchunked', 'chun ked', 'chunked chunked', 'x chunked', '\x0bchunked', 'chunked\x0b', 'chunked\x00', 'c\xadhunked',
      'cow', 'gzip\tchunked', 'gzip ,\tchunked', 'a, b, chunked', '(chunked)',
    ].map((value) => `Transfer-Encoding{colon}${value}{eol}`).concat('Transfer_Encoding{colon}chunked{eol}', 'Transfer-Encoding {colon}chunked{eol}',
    'Transfer-Encoding{colon}gzip{eol}Transfer-Encoding{colon}chunked{eol}', 'Transfer-Encoding{colon}chunked{eol}Transfer-Encoding{colon}gzip{eol}',
    'Transfer-Encoding{colon}{eol}Transfer-Encoding{colon}chunked{eol}', 'Transfer-Encoding{colon}chunked{eol}Transfer-Encoding{colon}{eol}'),
  },
  chunks: {
    usual: ['{chunk}{last}', '{chunk}{chunk}{last}', '{last}', '{chunk}{chunk}{chunk}{last}'],
    odd: [`1;${'e'.repeat(1000)}\r\nx\r\n`.repeat(17), '{chunk}', '{chunk}{last}{last}', '{chunk}{last}hello', '{chunk}{end}', 'hello', '{eol}{chunk}{last}'],
  },
  chunk: {
    usual: [
      '5{ext}{eol}hello{eol}', '1{ext}{eol}a{eol}', '0005{ext}{eol}hello{eol}', 'A{ext}{eol}0123456789{eol}', 'a{ext}{eol}0\r\n\r\nGET /{eol}',
      '0b{ext}{eol}hello world{eol}',
    ],
    odd: [
      '5{ext}{eol}hello', '4{ext}{eol}hello{eol}', '6{ext}{eol}hello{eol}', '0x5{ext}{eol}hello{eol}', '+5{eol}hello{eol}', '-5{eol}hello{eol}', ' 5{eol}hello{eol}',
      '5 {eol}hello{eol}', '5\t{eol}hello{eol}', '5_{eol}hello{eol}', '5.{eol}hello{eol}', '5h{eol}hello{eol}', '\xb5{eol}hello{eol}',
      '5{eol}hello{eol}{eol}', '{ext}{eol}hello{eol}', 'ffffffffffffffff{eol}hello{eol}', '10000000000000005{eol}hello{eol}', '00000000000005{eol}hello{eol}',
      '000000000000005{eol}hello{eol}', '0000000000000000005{eol}hello{eol}', '1fffffffffffff{eol}hello{eol}', 'fffffffffffff{eol}hello{eol}',
      '5{ext}{eol}\r\n0\r\n{eol}',
    ],
  },
  ext: {
    usual: ['', '', '', ';a', ';a=b', ';a="b"', ';a;b=c', ';a="b\\"c;d"'],
    odd: [
      ';', '; a', ' ;a', ' ; a = b', ';a =b', ';a= b', '\t;a', ';a;', ';;a', ';a=', ';a=;b', ';=b', ';a="', ';a="b', ';a="b"c', ';a="b" ', ';a="\x80"', ';a="\t"',
      ';a="\x7f"', ';a="\\\x80"', ';a="\\\0"', ';a="\r\n"', ';a="\n"', ';a=\x80', ';\x80', ';a\0', ';a\n', ';a\r', ';a/b', ';a=b/c', ';a=b=c', ';"a"', ' ', '  ', ';a b',
      ';a=b c', ';\ta', ';a\t', ';a ', ';a=b ', ';a="b"=c', ';a=b"c"', ';a=""', ';a="";b',
      `;${'e'.repeat(1020)}`, `;${'e'.repeat(1024)}`, `;a="${'e'.repeat(1100)}"`,
    ],
  },
  last: {
    usual: ['0{eol}{end}', '0{ext}{eol}{end}', '000{eol}{end}', '0{eol}{trailer}{end}', '0{eol}{trailer}{trailer}{end}'],
    odd: [
      `0\r\n${'A:\r\n'.repeat(101)}{end}`, `0\r\nA:${'a'.repeat(8200)}{eol}{end}`, `0\r\n${`A:${'a'.repeat(8000)}\r\n`.repeat(3)}{end}`, '0{eol}', '0{end}{end}{end}',
      '0', '0 {eol}{end}', '0{eol}{field}{field}{end}', '0{eol}{length}{end}', '0{eol}{chunked}{end}', '0{eol}{host}{connection}{end}', '0{eol}:x{eol}{end}',
      '0{eol} x: y{eol}{end}', '0{eol}x{eol}{end}', '00000000000000{eol}{end}', '0{eol}{expect}{end}',
    ],
  },
  trailer: { usual: ['X-Sum{colon}1{eol}', 'Y{colon}{value}{eol}', 'Z{colon}{eol}'], odd: ['{field}'] },
  fields: { usual: ['', '', '{field}', '{field}{field}', '{field}{field}{field}'], odd: ['{field}{field}{field}{field}{field}{field}{field}{field}'] },
  field: {
    usual: [
      'X{colon}{value}{eol}', 'Accept{colon}{value}{eol}', '{name}{colon}{value}{eol}', '{connection}', 'Cookie{colon}a=b{eol}', 'Content-Type{colon}text/plain{eol}',
    ],
    odd: [
      '{name}{colon}{value}{eol}', '{expect}', '{upgrade}', ' {value}{eol}', '\t{value}{eol}', ':{value}{eol}', '{name}{eol}', '{name} {colon}{value}{eol}', '{trap}',
      '{trap}', '{eol}',
    ],
  },
  /** Names that look like those that frame a message, and are not. */
  trap: {
    usual: [
      'Content_Length{colon}5{eol}', 'Content-Length-X{colon}5{eol}', 'XContent-Length{colon}5{eol}', 'Content-Lengt{colon}5{eol}', 'Content-Length\0{colon}5{eol}',
      'Content-Length\x80{colon}5{eol}', 'Transfer-Encodin{colon}chunked{eol}', 'Transfer-Encoding-X{colon}chunked{eol}', 'Transfer\xadEncoding{colon}chunked{eol}',
      'Proxy-Connection{colon}close{eol}', 'Proxy-Connection{colon}keep-alive{eol}', 'Connectio{colon}close{eol}', 'Connection-X{colon}close{eol}',
      'Keep-Alive{colon}timeout=5{eol}', 'TE{colon}trailers{eol}', 'Trailer{colon}X-Sum{eol}', 'X-HTTP-Method-Override{colon}PUT{eol}', '__proto__{colon}x{eol}',
      'Hosting{colon}b{eol}', 'Content-Encoding{colon}gzip{eol}',
    ],
    odd: [
      '"Content-Length"{colon}5{eol}', 'Content Length{colon}5{eol}', '\x0bContent-Length{colon}5{eol}', 'X{colon}y\rContent-Length: 5{eol}',
      'X{colon}y\nContent-Length: 5{eol}', 'X{colon}y\0Content-Length: 5{eol}',
    ],
  },
  name: { usual: [X, 'X-Some-Field', "!#$%&'*+-.^_`|~09", 'aB'], odd: ['', 'x y', 'x/y', 'x(y)', '"x"', 'x\x80', 'x\0', 'x\t', 'x@', '{', 'x\x7f', '\xff', 'x,y', 'x;y',
  'x=y', 'x?', '[x]', 'x\\'] },
  value: {
    usual: ['y', '', ' ', 'a b  c', 'y \t', 'text/html;q=0.5, */*', '"quoted \\" "', '\x80\xff', 'a\tb', ':', '!"#$%&'],
    odd: ['y\0', '\0', 'y\x7f', 'y\x01', 'y\x0b', '\x1f', 'y\rz', 'y\nz', 'y\r', 'y\r\n z', 'y\x1b', '\xa0', '\x85', 'y'.repeat(300)],
  },
  connection: {
    usual: ['keep-alive', 'Keep-Alive', 'close', 'x', ''].map((value) => `Connection{colon}${value}{eol}`),
    odd: [
      'CLOSE', 'close, x', 'x, close', 'x,close', 'keep-alive, close', 'close, keep-alive', 'close,', ',close', ' ,\tclose', 'closed', 'xclose', 'x close', 'close x',
      'close;x', '"close"', 'close\t', 'keep-alive\tclose', 'upgrade', 'upgrade, close', 'keep-alivex', 'clos', 'close\x80', '\x80close', 'x\xff,close', 'te, close ',
      '\tclose',
    ].map((value) => `Connection{colon}${value}{eol}`).concat('Connection{colon}close{eol}Connection{colon}keep-alive{eol}',
    'Connection{colon}keep-alive{eol}Connection{colon}close{eol}'),
  },
  expect: {
    usual: ['Expect{colon}100-continue{eol}', 'expect{colon}100-Continue{eol}'],
    odd: [
      '100-continu', 'x', '', '100-continue, x', 'x, 100-continue', '100-continue;a=b', '100-continue, 100-continue', '"100-continue"', '200-ok', '100-continue x',
      'x 100-continue', ',100-continue',
      'x100-continue'].map((value) => `Expect{colon}${value}{eol}`).concat('Expect{colon}100-continue{eol}Expect{colon}100-continue{eol}',
      'Expect{colon}x{eol}Expect{colon}100-continue{eol}'),
  },
  upgrade: {
    usual: [
      'Upgrade{colon}websocket{eol}Connection{colon}Upgrade{eol}Sec-WebSocket-Key{colon}dGhlIHNhbXBsZSBub25jZQ=={eol}Sec-WebSocket-Version{colon}13{eol}',
      'Upgrade{colon}h2c{eol}Connection{colon}Upgrade, HTTP2-Settings{eol}', 'Upgrade{colon}TLS/1.2{eol}',
    ],
    odd: [
      'Upgrade{colon}websocket{eol}', 'Upgrade{colon}h2c, websocket{eol}Connection{colon}upgrade{eol}', 'Connection{colon}Upgrade{eol}', 'Upgrade{colon}{eol}',
      'Upgrade{colon}x{eol}Connection{colon}x, upgrade{eol}', 'Upgrade{colon}WebSocket/13{eol}Connection{colon}upgrade{eol}',
    ],
  },
  /** Close to the limits, or beyond them. */
  many: {
    usual: [
      'A:\r\n'.repeat(98), 'A:\r\n'.repeat(99), 'A:\r\n'.repeat(101), `A:${'a'.repeat(8000)}{eol}`, `A:${'a'.repeat(8190)}{eol}`, `A:${'a'.repeat(8191)}{eol}`,
      `A:${'a'.repeat(8100)}\r\nB:${'b'.repeat(8000)}{eol}`, `A:${'a'.repeat(8100)}\r\nB:${'b'.repeat(8100)}\r\nC:${'c'.repeat(300)}{eol}`,
    ],
    odd: [`A:${'a'.repeat(166)}\r\n`.repeat(97), 'A:\r\n'.repeat(500), `A:${'a'.repeat(20000)}{eol}`],
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof GRAMMAR;
