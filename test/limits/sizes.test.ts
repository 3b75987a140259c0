/** What has no end is refused at its limit, in pieces of any size, and what is read in tiny pieces costs work in proportion to its size. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Handler } from 'longwire';
import { HttpParser } from '#src/http/parser.js';
import { resolveOptions } from '#src/options.js';
import { RawClient } from '../support/raw-client.js';
import { chunk, postChunked, request } from '../support/requests.js';
import { startServer } from '../support/server.js';

const KIB = 1024;

interface Endless {
  readonly name: string;
  readonly opening: string;
  /** Repeated without end. */
  readonly endless: string;
  readonly status: number;
  readonly code: string;
  /** Bytes behind which the answer must have come. */
  readonly within: number;
}

const BODY = postChunked('/collect');
const ENDLESS: readonly Endless[] = [
  { name: 'a request line', opening: 'GET /', endless: 'x', status: 414, code: 'HTTP_LINE_TOO_LONG', within: 8 * KIB + 3 },
  { name: 'a method', opening: '', endless: 'M', status: 414, code: 'HTTP_LINE_TOO_LONG', within: 8 * KIB + 3 },
  { name: 'a field line', opening: 'GET / HTTP/1.1\r\nX: ', endless: 'x', status: 431, code: 'HTTP_HEAD_TOO_LARGE', within: 8 * KIB + 20 },
  { name: 'a head of lines', opening: 'GET / HTTP/1.1\r\n', endless: `X: ${'x'.repeat(200)}\r\n`, status: 431, code: 'HTTP_HEAD_TOO_LARGE', within: 16 * KIB + 300 },
  { name: 'a head of tiny lines', opening: 'GET / HTTP/1.1\r\n', endless: 'X:\r\n', status: 431, code: 'HTTP_TOO_MANY_FIELDS', within: 16 * KIB + 50 },
  { name: 'empty lines ahead of a request', opening: '', endless: '\r\n', status: 400, code: 'HTTP_BAD_REQUEST_LINE', within: 18 },
  { name: 'a chunk size', opening: BODY, endless: '0', status: 400, code: 'HTTP_BAD_CHUNK_SIZE', within: BODY.length + 2 * KIB },
  { name: 'the extension of a chunk', opening: `${BODY}5`, endless: ';x=y', status: 400, code: 'HTTP_BAD_CHUNK_EXTENSION', within: BODY.length + 2 * KIB },
  { name: 'chunks with extensions', opening: BODY, endless: `1;${'x'.repeat(500)}\r\nx\r\n`, status: 400, code: 'HTTP_BAD_CHUNK_EXTENSION', within: BODY.length + 17 * KIB },
  { name: 'a trailer line', opening: `${BODY}0\r\nX: `, endless: 'x', status: 431, code: 'HTTP_HEAD_TOO_LARGE', within: BODY.length + 9 * KIB },
  { name: 'trailers', opening: `${BODY}0\r\n`, endless: `X: ${'x'.repeat(300)}\r\n`, status: 431, code: 'HTTP_HEAD_TOO_LARGE', within: BODY.length + 17 * KIB },
  { name: 'tiny trailers', opening: `${BODY}0\r\n`, endless: 'X:\r\n', status: 431, code: 'HTTP_TOO_MANY_FIELDS', within: BODY.length + 500 },
  { name: 'chunks', opening: BODY, endless: chunk('x'.repeat(10_000)), status: 413, code: 'HTTP_BODY_TOO_LARGE', within: 1_100 * KIB },
];

const handler: Handler = async (incoming) => (incoming.path === '/collect' ? incoming.text() : assert.fail('no request was complete'));

for (const { name, opening, endless, status, code, within } of ENDLESS) {
  for (const pieceBytes of [7, 64 * KIB]) {
    test(`answers ${status} to ${name} without end, in pieces of ${pieceBytes} bytes`, async (t) => {
      const { server, port, errors } = await startServer(t, handler);
      const client = await RawClient.open(t, port);
      const bytes = opening + endless.repeat(Math.ceil((within + 64 * KIB) / endless.length));
      const step = within > 100 * KIB ? Math.max(pieceBytes, 4 * KIB) : pieceBytes;
      let sent = 0;
      for (; sent < within + step && !client.hasEnded; sent += step) {
        await client.send(bytes.slice(sent, sent + step));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const answer = await client.readToEnd();
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `) && answer.includes('\r\nConnection: close\r\n'), answer);
      assert.deepEqual(server.stats().errors, { [code]: 1 });
      assert.deepEqual(errors, []);
    });
  }
}

/** Counts the bytes that are searched and copied, and the room that is made, while `fn` runs. */
function workOf(t: TestContext, fn: () => void): number {
  let work = 0;
  const { indexOf, set } = Uint8Array.prototype;
  const bufferIndexOf = Buffer.prototype.indexOf;
  const allocate = Buffer.allocUnsafeSlow;
  const mocks = [
    t.mock.method(Buffer.prototype, 'indexOf', function (this: Buffer, value: number, from = 0): number {
      const found = bufferIndexOf.call(this, value, from);
      work += (found === -1 ? this.length : found + 1) - from;
      return found;
    }),
    t.mock.method(Uint8Array.prototype, 'indexOf', function (this: Uint8Array, value: number, from = 0): number {
      const found = indexOf.call(this, value, from);
      work += (found === -1 ? this.length : found + 1) - from;
      return found;
    }),
    t.mock.method(Uint8Array.prototype, 'set', function (this: Uint8Array, bytes: Uint8Array, at?: number): void {
      work += bytes.length;
      set.call(this, bytes, at);
    }),
    t.mock.method(Buffer, 'allocUnsafeSlow', (size: number): Buffer => {
      work += size;
      return allocate(size);
    }),
  ];
  fn();
  for (const mock of mocks) mock.mock.restore();
  return work;
}

/** Ample limits: what is judged is how the work grows, and not where it ends. */
const LIMITS = { ...resolveOptions({}), maxHeadBytes: 1024 * KIB, maxLineBytes: 1024 * KIB, maxHeaderCount: 100_000 };

const GROWING: Readonly<Record<string, (bytes: number) => string>> = {
  'a head of one long line': (bytes) => request('/', `X-Long: ${'x'.repeat(bytes)}\r\n`),
  'a head of many lines': (bytes) => request('/', 'X-Short: x\r\n'.repeat(bytes / 12)),
  'a long target': (bytes) => request(`/${'x'.repeat(bytes)}`),
  'a long trailer': (bytes) => `${postChunked('/')}0\r\nX-Long: ${'x'.repeat(bytes)}\r\n\r\n`,
};

for (const [name, make] of Object.entries(GROWING)) {
  test(`${name} that comes byte by byte costs at most ten times the work where it is eight times as long`, (t) => {
    const [short, long] = [4 * KIB, 32 * KIB].map((length) =>
      workOf(t, () => {
        const parser = new HttpParser(LIMITS);
        const types: string[] = [];
        for (const byte of Buffer.from(make(length), 'latin1')) {
          parser.push(Uint8Array.of(byte));
          for (let event = parser.next(); event !== undefined; event = parser.next()) {
            types.push(event.type);
            if (event.type === 'end') break;
          }
        }
        assert.deepEqual(types, ['head', 'end']);
      }),
    );
    assert.ok(short! > 4 * KIB, 'no work was counted');
    t.diagnostic(`${short} and ${long} bytes`);
    assert.ok(long! <= 10 * short!, `${long} bytes instead of ${short}`);
  });
}
