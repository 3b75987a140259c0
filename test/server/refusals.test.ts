/** Requests that cannot be served: the status owed, its reason phrase, Connection: close, and a close that loses no answer. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProtocolError } from 'longwire';
import { FakeClock } from '../support/clock.js';
import { RawClient } from '../support/raw-client.js';
import { post, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

interface Refusal {
  readonly name: string;
  readonly bytes: string;
  readonly statusLine: string;
  readonly code: string;
}

const bad = (name: string, bytes: string, code: string): Refusal => ({ name, bytes, statusLine: '400 Bad Request', code });
const tooLarge = (name: string, bytes: string, code: string): Refusal => ({ name, bytes, statusLine: '431 Request Header Fields Too Large', code });

const REFUSALS: readonly Refusal[] = [
  bad('a line that is no request', 'hello\r\n\r\n', 'HTTP_BAD_REQUEST_LINE'),
  bad('bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00', 'HTTP_TLS_ON_PLAIN_PORT'),
  bad('a request without Host', 'GET / HTTP/1.1\r\n\r\n', 'HTTP_BAD_HOST'),
  bad('two Hosts', request('/', 'Host: other\r\n'), 'HTTP_BAD_HOST'),
  bad('a target with a fragment', request('/#fragment'), 'HTTP_BAD_TARGET'),
  bad('a lone LF', 'GET / HTTP/1.1\nHost: localhost\n\n', 'HTTP_BARE_LF'),
  bad('white space before a colon', request('/', 'X-A : 1\r\n'), 'HTTP_BAD_FIELD_NAME'),
  bad('a folded field', request('/', 'X-A: 1\r\n 2\r\n'), 'HTTP_OBSOLETE_FOLDING'),
  bad('NUL in a value', request('/', 'X-A: \0\r\n'), 'HTTP_BAD_FIELD_VALUE'),
  bad('two lengths', request('/', 'Content-Length: 1\r\nContent-Length: 2\r\n'), 'HTTP_BAD_CONTENT_LENGTH'),
  bad('a length beside chunks', request('/', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), 'HTTP_LENGTH_AND_ENCODING'),
  bad('chunked that is not last', request('/', 'Transfer-Encoding: chunked, gzip\r\n'), 'HTTP_BAD_TRANSFER_ENCODING'),
  { name: 'a target that is too long', bytes: request(`/${'a'.repeat(9_000)}`), statusLine: '414 URI Too Long', code: 'HTTP_LINE_TOO_LONG' },
  { name: 'a target without end', bytes: `GET /${'a'.repeat(20_000)}`, statusLine: '414 URI Too Long', code: 'HTTP_LINE_TOO_LONG' },
  tooLarge('a field that is too long', request('/', `X-A: ${'a'.repeat(9_000)}\r\n`), 'HTTP_HEAD_TOO_LARGE'),
  tooLarge('fields that are too large together', request('/', `X-A: ${'a'.repeat(4_000)}\r\n`.repeat(5)), 'HTTP_HEAD_TOO_LARGE'),
  tooLarge('a head without end', `GET / HTTP/1.1\r\n${`X-A: ${'a'.repeat(1_000)}\r\n`.repeat(40)}`, 'HTTP_HEAD_TOO_LARGE'),
  tooLarge('more than 100 fields', request('/', 'X-A: 1\r\n'.repeat(100)), 'HTTP_TOO_MANY_FIELDS'),
  { name: 'a length beyond 2^53', bytes: request('/', 'Content-Length: 99999999999999999999\r\n'), statusLine: '413 Content Too Large', code: 'HTTP_BODY_TOO_LARGE' },
  { name: 'an unknown expectation', bytes: request('/', 'Expect: 200-maybe\r\n'), statusLine: '417 Expectation Failed', code: 'HTTP_UNKNOWN_EXPECTATION' },
  { name: 'an unknown transfer coding', bytes: request('/', 'Transfer-Encoding: gzip, chunked\r\n'), statusLine: '501 Not Implemented', code: 'HTTP_UNKNOWN_TRANSFER_ENCODING' },
  { name: 'HTTP/2.0', bytes: 'GET / HTTP/2.0\r\nHost: localhost\r\n\r\n', statusLine: '505 HTTP Version Not Supported', code: 'HTTP_UNSUPPORTED_VERSION' },
  { name: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', statusLine: '505 HTTP Version Not Supported', code: 'HTTP_UNSUPPORTED_VERSION' },
];

for (const { name, bytes, statusLine, code } of REFUSALS) {
  for (const isFirst of [true, false]) {
    test(`answers ${statusLine} to ${name}${isFirst ? '' : ', behind the answer to the request before it'}`, async (t) => {
      const reported: ProtocolError[] = [];
      const { port, server, errors } = await startServer(t, ({ path }) => (path === '/good' ? 'good' : assert.fail('the handler was called')), {
        onClientError: (error, client) => {
          assert.equal(client.remoteAddress, '127.0.0.1');
          reported.push(error);
        },
      });
      const client = await RawClient.open(t, port);
      await client.send((isFirst ? '' : request('/good')) + bytes);
      if (!isFirst) assert.equal((await client.readResponse()).body, 'good');
      const { head, body } = await client.readResponse();
      assert.ok(head.startsWith(`HTTP/1.1 ${statusLine}\r\n`), head);
      assert.match(head, /\r\nContent-Type: text\/plain; charset=utf-8\r\nDate: .* GMT\r\nContent-Length: \d+\r\nConnection: close\r\n\r\n$/);
      assert.equal(body, statusLine.slice(4));
      assert.equal(await client.readToEnd(), '');
      assert.deepEqual(reported.map((error) => error.code), [code]);
      assert.deepEqual(server.stats().errors, { [code]: 1 });
      assert.deepEqual(errors, []);
    });
  }
}

for (const [name, bytes, statusLine] of [
  ['an unknown expectation', request('/', 'Expect: 200-maybe\r\n', { method: 'HEAD' }), '417 Expectation Failed'],
  ['no Host', '\r\nHEAD / HTTP/1.1\r\n\r\n', '400 Bad Request'],
  ['a field line that is too long', `HEAD / HTTP/1.1\r\nX-A: ${'a'.repeat(9_000)}`, '431 Request Header Fields Too Large'],
] as const) {
  test(`answers ${statusLine} without content to a HEAD with ${name} (RFC 9110 §9.3.2)`, async (t) => {
    const { port } = await startServer(t, () => assert.fail('the handler was called'));
    const client = await RawClient.open(t, port);
    await client.send(bytes);
    const answer = await client.readToEnd();
    assert.ok(answer.startsWith(`HTTP/1.1 ${statusLine}\r\n`), answer);
    assert.match(answer, new RegExp(`\r\nContent-Length: ${statusLine.length - 4}\r\nConnection: close\r\n\r\n$`));
  });
}

test('lives on when onClientError throws, and reports what it threw', async (t) => {
  const { port, url, errors } = await startServer(t, () => 'fine', {
    onClientError: () => {
      throw new Error('thrown by onClientError');
    },
  });
  const client = await RawClient.open(t, port);
  await client.send('bad\r\n\r\n');
  assert.ok((await client.readToEnd()).startsWith('HTTP/1.1 400 '));
  assert.equal(await (await fetch(url)).text(), 'fine');
  assert.match(String(errors[0]), /thrown by onClientError/);
});

const BODY = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const SHOWN: Record<string, readonly [bytes: string, shown: string]> = {
  'a bad head': ['bad\r\n\r\n', 'bad\r\n\r\n'],
  'bytes of TLS': ['\x16\x03\x01\x00', '\x16\x03\x01\x00'],
  'a bad head behind a good request': [`${request('/good')}bad one\r\n\r\n`, 'bad one\r\n\r\n'],
  'a head of more than 256 bytes': [`GET ${'/a'.repeat(300)} b\r\n\r\n`, `GET ${'/a'.repeat(126)}`],
  'a bad chunk size': [`${BODY}2\r\nab\r\nxyz\r\n`, 'xyz\r\n'],
};

for (const [name, [bytes, shown]] of Object.entries(SHOWN)) {
  test(`shows onClientError the first bytes of ${name}, as a copy`, async (t) => {
    const seen: string[] = [];
    const { port } = await startServer(t, async (incoming) => `${incoming.path} ${await incoming.text()}`, {
      onClientError: (_, { firstBytes }) => {
        seen.push(Buffer.from(firstBytes).toString('latin1'));
        firstBytes.fill(0x41);
      },
    });
    const client = await RawClient.open(t, port);
    await client.send(bytes);
    assert.match(await client.readToEnd(), /HTTP\/1\.1 400 Bad Request\r\n(?:.+\r\n)+\r\nBad Request$/);
    assert.deepEqual(seen, [shown]);
  });
}

const NOT_SHOWN: Record<string, readonly [bytes: string, code: string]> = {
  'a request that is one too many': [request('/').repeat(3), 'HTTP_TOO_MANY_REQUESTS'],
  'a request that is misdirected': [request('https://a/') + request('/'), 'HTTP_MISDIRECTED'],
  'a body that is too large': [post('/', 'too large'), 'HTTP_BODY_TOO_LARGE'],
  'a body that is no JSON': [post('/json', '{') + request('/'), 'HTTP_BAD_JSON'],
};

for (const [name, [bytes, code]] of Object.entries(NOT_SHOWN)) {
  test(`shows onClientError no bytes of what comes behind the head of ${name}`, async (t) => {
    const seen: unknown[] = [];
    const { port } = await startServer(t, async (incoming) => (incoming.path === '/json' ? incoming.json() : incoming.text()), {
      maxRequestsPerSecond: 2,
      maxBodyBytes: 5,
      onClientError: (error, { firstBytes }) => seen.push([error.code, firstBytes.length]),
    }, new FakeClock());
    const client = await RawClient.open(t, port);
    await client.send(bytes);
    client.end();
    await client.readToEnd();
    assert.deepEqual(seen, [[code, 0]]);
  });
}

test('serves nothing that comes behind a request that was refused', async (t) => {
  const { port } = await startServer(t, () => assert.fail('the handler was called'));
  const client = await RawClient.open(t, port);
  await client.send(`bad\r\n\r\n${request('/good')}`);
  assert.equal((await client.readToEnd()).match(/HTTP\/1\.1 /g)?.length, 1);
});

interface LingerCase {
  readonly name: string;
  readonly head: string;
  readonly status: number;
}

const LENGTH = 800_000;
const UPLOADS: readonly LingerCase[] = [
  { name: 'that is refused for its head', head: `POST / HTTP/1.1\r\nContent-Length: ${LENGTH}\r\n\r\n`, status: 400 },
  { name: 'whose body is too large', head: post('/collect', '').replace('Length: 0', `Length: ${LENGTH}`), status: 413 },
  { name: 'whose body is too large, in chunks', head: `${request('/collect', 'Transfer-Encoding: chunked\r\n', { method: 'POST' })}${LENGTH.toString(16)}\r\n`, status: 413 },
  { name: 'that the handler answers without reading it', head: post('/ignore', '').replace('Length: 0', `Length: ${LENGTH}`), status: 200 },
];

for (const { name, head, status } of UPLOADS) {
  test(`lets a client that is still uploading read the answer to a request ${name}, 20 times`, async (t) => {
    const handler = async (incoming: { path: string; text(): Promise<string> }): Promise<string> => (incoming.path === '/ignore' ? 'ignored' : incoming.text());
    const { port, server } = await startServer(t, handler, { maxBodyBytes: 100_000 });
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.open(t, port);
      await client.send(head);
      const body = Buffer.alloc(16_000);
      for (let sent = 0; sent < LENGTH; sent += body.length) {
        await client.send(body);
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(client.error, undefined, `after ${sent} bytes`);
      }
      const answer = await client.readToEnd();
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer);
      assert.ok(answer.includes('\r\nConnection: close\r\n'), answer);
      assert.equal(client.error, undefined);
      client.end();
      await client.closed();
    }
    await until(() => server.stats().connections.open === 0, 'the end of all connections');
  });
}
