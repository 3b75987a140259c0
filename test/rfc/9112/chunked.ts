/** §7 Transfer Codings: the chunked coding, its extensions and trailers; §8 Incomplete Messages. */

import { refusals, type Rule } from '../../support/rfc.js';
import { chunk, postChunked, request } from '../../support/requests.js';

/** A chunked POST with this body as it is on the wire. */
function chunked(body: string): string {
  return postChunked('/') + body;
}

/** One chunk of `a` with this extension, and the last chunk. */
function withExtension(extension: string): string {
  return chunked(`1${extension}\r\na\r\n0\r\n\r\n`);
}

/** A body with one `a` in each of `count` chunks with this extension. */
function manyExtensions(count: number, extension: string): string {
  return chunked(`${`1${extension}\r\na\r\n`.repeat(count)}0\r\n\r\n`);
}

function withTrailers(lines: string): string {
  return chunked(`1\r\na\r\n0\r\n${lines}\r\n`);
}

export const CHUNKED: readonly Rule[] = [
  {
    section: '7.1',
    level: 'MUST',
    rule: 'A chunked body is chunks, each with its size in hex, then a chunk of size 0, trailers, and an empty line.',
    cases: [
      { name: 'takes one chunk', bytes: chunked('5\r\nhello\r\n0\r\n\r\n'), parsed: { body: 'hello', trailers: [] } },
      { name: 'takes several chunks for one body', bytes: chunked('1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n'), parsed: { body: 'hello' } },
      { name: 'takes no chunk but the last for an empty body', bytes: chunked('0\r\n\r\n'), parsed: { body: '' } },
      { name: 'takes a size in upper and lower case', bytes: chunked('a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n'), parsed: { body: '01234567890123456789' } },
      { name: 'takes a size of two digits', bytes: chunked('1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n'), parsed: { body: 'abcdefghijklmnopqrstuvwxyz' } },
      { name: 'takes zeros ahead of a size', bytes: chunked('0000000000005\r\nhello\r\n0000000000000\r\n\r\n'), parsed: { body: 'hello' } },
      { name: 'takes what looks like the last chunk within a chunk for content', bytes: chunked('5\r\n0\r\n\r\n\r\n0\r\n\r\n'), parsed: { body: '0\r\n\r\n' } },
      { name: 'takes what looks like a request within a chunk for content', bytes: chunked(`${chunk(request('/b'))}0\r\n\r\n`) + request('/c'), parsed: [{ body: request('/b') }, { target: '/c' }] },
      ...refusals('HTTP_BAD_CHUNK_SIZE', {
        'a chunk without a size': chunked('\r\na\r\n0\r\n\r\n'),
        'a size with a minus': chunked('-1\r\na\r\n0\r\n\r\n'),
        'a size with a plus': chunked('+1\r\na\r\n0\r\n\r\n'),
        'white space ahead of a size': chunked(' 1\r\na\r\n0\r\n\r\n'),
        'a tab ahead of a size': chunked('\t1\r\na\r\n0\r\n\r\n'),
        'a size that is no hex digit': chunked('g\r\na\r\n0\r\n\r\n'),
        'an extension without a size': chunked(';a=b\r\na\r\n0\r\n\r\n'),
        'a size in quotes': chunked('"1"\r\na\r\n0\r\n\r\n'),
        'an empty line between two chunks': chunked('1\r\na\r\n\r\n1\r\nb\r\n0\r\n\r\n'),
        'a size that is not of ASCII': chunked('\xb2\r\nab\r\n0\r\n\r\n'),
      }),
      ...refusals('HTTP_BAD_CHUNK_EXTENSION', {
        'a size with a prefix of hex': chunked('0x1\r\na\r\n0\r\n\r\n'),
        'a size with a fraction': chunked('1.0\r\na\r\n0\r\n\r\n'),
        'a size with an underscore': chunked('1_0\r\n0123456789abcdef\r\n0\r\n\r\n'),
        'a size with a space in it': chunked('1 0\r\n0123456789abcdef\r\n0\r\n\r\n'),
        'two sizes with a comma': chunked('1,1\r\na\r\n0\r\n\r\n'),
        'a size with h behind it': chunked('1h\r\na\r\n0\r\n\r\n'),
        'a NUL behind a size': chunked('1\0\r\na\r\n0\r\n\r\n'),
      }),
      ...refusals('HTTP_BAD_CHUNK_END', {
        'a chunk longer than its size': chunked('1\r\nab\r\n0\r\n\r\n'),
        'a chunk without CR LF behind it': chunked('1\r\na0\r\n\r\n'),
        'a chunk with LF alone behind it': chunked('1\r\na\n0\r\n\r\n'),
        'a chunk with LF CR behind it': chunked('1\r\na\n\r0\r\n\r\n'),
        'a chunk with a space ahead of its CR LF': chunked('1\r\na \r\n0\r\n\r\n'),
        'a chunk shorter than its size': chunked('3\r\na\r\n1\r\n0\r\n\r\n'),
      }),
    ],
  },
  {
    section: '7.1',
    level: 'MUST',
    rule: 'A chunk size may be a large number, and never overflows.',
    cases: [
      ...refusals('HTTP_BAD_CHUNK_SIZE', {
        'a size of 14 digits': chunked('10000000000001\r\na\r\n0\r\n\r\n'),
        'a size of 14 digits that are zero but one': chunked('00000000000001\r\na\r\n0\r\n\r\n'),
        'a size of 2^64 + 1, which would overflow to 1': chunked('10000000000000001\r\na\r\n0\r\n\r\n'),
        'a size of 2^32 times 2^32, which would overflow to 0': chunked('10000000000000000\r\n\r\n'),
        'a size of 400 digits': chunked(`${'f'.repeat(400)}\r\na\r\n0\r\n\r\n`),
        'a size of 2,000 digits without an end': chunked('0'.repeat(2_000)),
      }),
      {
        name: 'takes the largest size for what it says, and nothing within for a request',
        bytes: chunked(`fffffffffffff\r\n${request('/smuggled')}`),
        handler: async (incoming) => `${(await incoming.body[Symbol.asyncIterator]().next()).done}`,
        clientEnds: true,
        answered: [{ status: 200, body: 'false' }],
        closes: true,
        served: 1,
      },
    ],
  },
  {
    section: '7.1',
    level: 'MUST',
    rule: 'What is written in chunks can be read back: a size counts octets, and no chunk but the last is empty.',
    cases: [
      { name: 'writes each piece as a chunk, and none for an empty one', bytes: request(), handler: () => ({ body: ['', 'ab', '', new Uint8Array(0), new Uint8Array([99]), ''] }), answered: [{ status: 200, raw: '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n' }] },
      { name: 'writes the size of text in octets', bytes: request(), handler: () => ({ body: ['h\xe9', '\u20ac'] }), answered: [{ status: 200, raw: '3\r\nh\xc3\xa9\r\n3\r\n\xe2\x82\xac\r\n0\r\n\r\n' }] },
      { name: 'writes the size of a large piece in hex', bytes: request(), handler: () => ({ body: ['a'.repeat(70_000)] }), answered: [{ status: 200, raw: `11170\r\n${'a'.repeat(70_000)}\r\n0\r\n\r\n` }] },
      { name: 'writes the last chunk alone for a body without pieces', bytes: request(), handler: () => ({ body: [] }), answered: [{ status: 200, raw: '0\r\n\r\n' }] },
      { name: 'writes content that looks like the last chunk within a chunk', bytes: request(), handler: () => ({ body: ['0\r\n\r\n'] }), answered: [{ status: 200, body: '0\r\n\r\n' }] },
    ],
  },
  {
    section: '7.1',
    level: 'SHOULD',
    rule: 'Chunked has no parameters: one that is given is an error.',
    cases: refusals('HTTP_BAD_TRANSFER_ENCODING', {
      'chunked with a parameter': request('/', 'Transfer-Encoding: chunked;a=b\r\n') + chunk(''),
      'chunked with a parameter without a value': request('/', 'Transfer-Encoding: chunked;q\r\n') + chunk(''),
      'chunked with a parameter behind white space': request('/', 'Transfer-Encoding: chunked ; a=b\r\n') + chunk(''),
    }),
  },
  {
    section: '7.1.1',
    level: 'MUST',
    rule: 'Chunk extensions that are not known are ignored; none is known here.',
    cases: [
      { name: 'ignores an extension without a value', bytes: withExtension(';a'), parsed: { body: 'a' } },
      { name: 'ignores an extension with a value', bytes: withExtension(';a=b'), parsed: { body: 'a' } },
      { name: 'ignores several extensions', bytes: withExtension(';a=b;c;d=e'), parsed: { body: 'a' } },
      { name: 'ignores an extension with white space around its parts', bytes: withExtension(' ;\ta = b'), parsed: { body: 'a' } },
      { name: 'ignores a quoted value with everything that may be quoted', bytes: withExtension(';a="; =,\\"\\\\ \t\xe9"'), parsed: { body: 'a' } },
      { name: 'ignores an extension of the last chunk', bytes: chunked('1\r\na\r\n0;a=b\r\n\r\n'), parsed: { body: 'a' } },
      { name: 'ignores what looks like a size within an extension', bytes: withExtension(';a=ffff'), parsed: { body: 'a' } },
    ],
  },
  {
    section: '7.1.1',
    level: 'MUST',
    rule: 'A chunk extension is a list of names, each with perhaps a value: what is none does not hide a line end.',
    cases: [
      ...refusals('HTTP_BAD_CHUNK_EXTENSION', {
        'a semicolon alone': withExtension(';'),
        'an extension without a name': withExtension(';=b'),
        'an extension without the value it begins': withExtension(';a='),
        'text without a semicolon behind a size': withExtension(' a'),
        'white space behind a size': withExtension(' '),
        'a quoted value that does not end': withExtension(';a="b'),
        'something behind a quoted value': withExtension(';a="b"c'),
        'a CR within a quoted value': withExtension(';a="\r"'),
        'a NUL in an extension': withExtension(';a\0'),
        'a control character in a quoted value': withExtension(';a="\x01"'),
      }),
      ...refusals('HTTP_BARE_LF', { 'an LF within an extension': withExtension(';a\nb'), 'an LF within a quoted value': withExtension(';a="\n"') }),
      ...refusals('HTTP_BAD_CHUNK_EXTENSION', { 'a line end within a quoted value': withExtension(';a="\r\n"') }),
    ],
  },
  {
    section: '7.1.1',
    level: 'ought to',
    rule: 'The length of all extensions of a request is limited, and more is a 4xx.',
    cases: [
      { name: 'takes an extension of 1,024 bytes', bytes: withExtension(`;${'a'.repeat(1_023)}`), parsed: { body: 'a' } },
      { name: 'takes 16 KiB of extensions', bytes: manyExtensions(64, `;${'a'.repeat(255)}`), parsed: { body: 'a'.repeat(64) } },
      ...refusals('HTTP_BAD_CHUNK_EXTENSION', {
        'an extension of 1,025 bytes': withExtension(`;${'a'.repeat(1_024)}`),
        'an extension of 2,000 bytes without an end': chunked(`1;${'a'.repeat(2_000)}`),
        'more than 16 KiB of extensions in one body': manyExtensions(65, `;${'a'.repeat(255)}`),
        'an extension of 1,025 bytes behind the last chunk': chunked(`0;${'a'.repeat(1_024)}\r\n\r\n`),
      }),
    ],
  },
  {
    section: '7.1.2',
    level: 'MUST NOT',
    rule: 'Trailers are kept apart from the fields of the head.',
    cases: [
      { name: 'hands trailers over apart', bytes: withTrailers('X-Sum: 1\r\nX-Other: 2\r\n'), parsed: { body: 'a', fields: ['Host', 'localhost', 'Transfer-Encoding', 'chunked'], trailers: ['X-Sum', '1', 'X-Other', '2'] } },
      { name: 'leaves a field of the head as it is that a trailer names again', bytes: withTrailers('Host: b\r\n'), parsed: { fields: ['Host', 'localhost', 'Transfer-Encoding', 'chunked'], trailers: ['Host', 'b'], handed: { authority: 'localhost', headers: { host: 'localhost', 'transfer-encoding': 'chunked' } } } },
      { name: 'frames nothing by a Content-Length that is a trailer', bytes: withTrailers('Content-Length: 100\r\n') + request('/b'), parsed: [{ body: 'a' }, { target: '/b' }] },
      { name: 'frames nothing by a Transfer-Encoding that is a trailer', bytes: withTrailers('Transfer-Encoding: gzip\r\n') + request('/b'), parsed: [{ body: 'a' }, { target: '/b' }] },
      { name: 'keeps the connection whatever Connection says that is a trailer', bytes: withTrailers('Connection: close\r\n'), parsed: { body: 'a', keepsAlive: true } },
      { name: 'takes no expectation and no upgrade from a trailer', bytes: withTrailers('Expect: something\r\nUpgrade: websocket\r\n'), parsed: { expectsContinue: false, isWebSocketUpgrade: false } },
      { name: 'gives trailers without a prototype', bytes: withTrailers('__proto__: a\r\n'), parsed: { trailers: ['__proto__', 'a'] } },
    ],
  },
  {
    section: '7.1.2',
    level: 'MUST',
    rule: 'Trailers are field lines, and limited as those of a head.',
    cases: [
      { name: 'takes a trailer of 8,192 bytes', bytes: withTrailers(`X: ${'a'.repeat(8_189)}\r\n`), parsed: { trailers: ['X', 'a'.repeat(8_189)] } },
      ...refusals('HTTP_HEAD_TOO_LARGE', { 'a trailer of 8,193 bytes': withTrailers(`X: ${'a'.repeat(8_190)}\r\n`), 'more than 16 KiB of trailers': withTrailers(`X: ${'a'.repeat(6_000)}\r\n`.repeat(3)) }),
      ...refusals('HTTP_TOO_MANY_FIELDS', { 'more than 100 trailers': withTrailers('X: 1\r\n'.repeat(101)) }),
      ...refusals('HTTP_BAD_FIELD_NAME', { 'a trailer without a colon': withTrailers('X\r\n'), 'a request behind the last chunk without an empty line': chunked(`0\r\n${request('/b')}`) }),
    ],
  },
  {
    section: '7.1.3',
    level: 'MUST',
    rule: 'What is left of a chunked message is its content: sizes, extensions and line ends are gone.',
    cases: [
      { name: 'hands the content over without a trace of the coding', bytes: chunked('3;a=b\r\nabc\r\n2\r\n\r\n\r\n1;c\r\nd\r\n0;e="f"\r\nX-A: 1\r\n\r\n'), parsed: { body: 'abc\r\nd', trailers: ['X-A', '1'] } },
      { name: 'answers with what a handler read', bytes: chunked('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'), handler: async (incoming) => incoming.text(), answered: [{ status: 200, body: 'abcde' }] },
    ],
  },
  {
    section: '7.2',
    level: 'SHOULD',
    rule: 'The compression codings, and their old names, are those that the RFC defines; none is spoken here.',
    cases: refusals('HTTP_UNKNOWN_TRANSFER_ENCODING', {
      'compress ahead of chunked': request('/', 'Transfer-Encoding: compress, chunked\r\n') + chunk(''),
      'x-compress ahead of chunked': request('/', 'Transfer-Encoding: x-compress, chunked\r\n') + chunk(''),
      'x-gzip ahead of chunked': request('/', 'Transfer-Encoding: x-gzip, chunked\r\n') + chunk(''),
      'Deflate in another case ahead of chunked': request('/', 'Transfer-Encoding: Deflate, chunked\r\n') + chunk(''),
    }),
  },
  {
    section: '7.4',
    level: 'MAY',
    rule: 'TE tells which codings a client takes beside chunked, which it always takes.',
    cases: [
      { name: 'sends chunks to a client whose TE names other codings', bytes: request('/', 'TE: gzip, deflate;q=0.5\r\nConnection: TE\r\n'), handler: () => ({ body: ['ab', 'c'] }), answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked' }, body: 'abc' }] },
      { name: 'sends chunks to a client whose TE is empty', bytes: request('/', 'TE:\r\nConnection: TE\r\n'), handler: () => ({ body: ['ab', 'c'] }), answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked' }, body: 'abc' }] },
      { name: 'sends no trailers to a client that takes them', bytes: request('/', 'TE: trailers\r\nConnection: TE\r\n'), handler: () => ({ body: ['ab', 'c'] }), answered: [{ status: 200, fields: { trailer: null }, raw: '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n' }] },
      { name: 'sends no chunks to HTTP/1.0 whatever its TE says', bytes: request('/', 'TE: chunked, trailers\r\n', { version: '1.0' }), handler: () => ({ body: ['ab', 'c'] }), answered: [{ status: 200, fields: { 'transfer-encoding': null }, raw: 'abc' }], closes: true },
    ],
  },
];

const read = async (incoming: { text(): Promise<string> }): Promise<string> => incoming.text();

export const INCOMPLETE: readonly Rule[] = [
  {
    section: '8',
    level: 'MAY',
    rule: 'A request whose head is cut off may be answered with an error; this server only closes.',
    cases: [
      { name: 'answers nothing to FIN without a byte', bytes: '', clientEnds: true, answered: [], closes: true, served: 0 },
      { name: 'answers nothing to FIN within a request line', bytes: 'GET / HT', clientEnds: true, answered: [], closes: true, served: 0 },
      { name: 'answers nothing to FIN within a field', bytes: 'GET / HTTP/1.1\r\nHost: a\r\nX-A', clientEnds: true, answered: [], closes: true, served: 0 },
      { name: 'answers nothing to FIN ahead of the empty line', bytes: 'GET / HTTP/1.1\r\nHost: a\r\n', clientEnds: true, answered: [], closes: true, served: 0 },
      { name: 'answers nothing to FIN within the empty line', bytes: 'GET / HTTP/1.1\r\nHost: a\r\n\r', clientEnds: true, answered: [], closes: true, served: 0 },
      { name: 'answers what was complete ahead of what is cut off', bytes: `${request()}GET / HTTP/1.1\r\nHo`, clientEnds: true, answered: [{ status: 200, body: 'hello' }], closes: true, served: 1 },
    ],
  },
  {
    section: '8',
    level: 'MUST',
    rule: 'A body of known length is incomplete until so many octets came, a chunked one until its last chunk came.',
    cases: [
      { name: 'answers nothing to FIN ahead of a body', bytes: request('/', 'Content-Length: 5\r\n', { method: 'POST' }), handler: read, clientEnds: true, answered: [], closes: true, served: 1 },
      { name: 'answers nothing to FIN within a body of known length', bytes: `${request('/', 'Content-Length: 5\r\n', { method: 'POST' })}abcd`, handler: read, clientEnds: true, answered: [], closes: true, served: 1 },
      { name: 'answers nothing to FIN within a chunk', bytes: chunked('5\r\nabcd'), handler: read, clientEnds: true, answered: [], closes: true, served: 1 },
      { name: 'answers nothing to FIN behind a chunk', bytes: chunked('4\r\nabcd\r\n'), handler: read, clientEnds: true, answered: [], closes: true, served: 1 },
      { name: 'answers nothing to FIN ahead of the empty line behind the last chunk', bytes: chunked('4\r\nabcd\r\n0\r\n'), handler: read, clientEnds: true, answered: [], closes: true, served: 1 },
      { name: 'answers nothing to FIN within the trailers', bytes: chunked('4\r\nabcd\r\n0\r\nX-A: 1\r\n'), handler: read, clientEnds: true, answered: [], closes: true, served: 1 },
      { name: 'answers a body that is complete at FIN', bytes: chunked('4\r\nabcd\r\n0\r\n\r\n'), handler: read, clientEnds: true, answered: [{ status: 200, body: 'abcd' }], closes: true, served: 1 },
    ],
  },
  {
    section: '8',
    level: 'MAY',
    rule: 'A request that does not come to its end in time is answered with an error, and the close.',
    heldBy: [
      { file: 'server/timeouts.test.ts', name: 'answers 408 to a head that comes byte by byte, 15 s behind its first byte and not its last' },
      { file: 'server/timeouts.test.ts', name: 'answers 408 to a body that is slower than 1 KiB/s, 10 s behind its head' },
    ],
  },
  {
    section: '8',
    level: 'ought to',
    rule: 'A response that cannot be completed is seen to be incomplete.',
    cases: [
      { name: 'sends no last chunk where a streamed body fails', bytes: request(), handler: () => ({ body: failing() }), answered: [{ status: 200, fields: { 'transfer-encoding': 'chunked' }, raw: '2\r\nab\r\n', isCut: true }], closes: true, reports: 1 },
      { name: 'sends less than its Content-Length where a streamed body fails', bytes: request(), handler: () => ({ headers: { 'Content-Length': 5 }, body: failing() }), answered: [{ status: 200, fields: { 'content-length': '5' }, raw: 'ab', isCut: true }], closes: true, reports: 1 },
      { name: 'sends less than its Content-Length where a streamed body is too short', bytes: request(), handler: () => ({ headers: { 'Content-Length': 5 }, body: ['ab'] }), answered: [{ status: 200, fields: { 'content-length': '5' }, raw: 'ab', isCut: true }], closes: true, reports: 1 },
    ],
  },
  {
    section: '8',
    level: 'ought to',
    rule: 'A response that ends with the close is reset where it cannot be completed: its end would look like one.',
    heldBy: [{ file: 'server/response-streams.test.ts', name: 'resets the connection where a body that is delimited by the close fails' }],
  },
];

async function* failing(): AsyncGenerator<string> {
  yield 'ab';
  await Promise.resolve();
  throw new Error('the body failed');
}
