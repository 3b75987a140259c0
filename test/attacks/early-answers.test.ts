/** An answer that comes ahead of the request's body: what is left of the body is skipped as a body or discarded, and never read as a request. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Handler, ServerOptions } from 'longwire';
import { readAnswers } from '../support/answer-text.js';
import { HONEST, SMUGGLED } from '../support/attacks.js';
import { FakeClock } from '../support/clock.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

const EXPECT = 'Expect: 100-continue\r\n';
const sized = (length: number | bigint, fields = '', target = '/front'): string => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n${fields}\r\n`;
const CHUNKED = 'POST /front HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

const forbid: Handler = () => ({ status: 403, body: 'no' });
const collect: Handler = async (request) => `${(await request.bytes()).length}`;
const firstPiece: Handler = async (request) => {
  for await (const piece of request.body) return `${piece.length}`;
  return 'none';
};

/** Answers as if a body that is too large to be collected were none of its business. */
const forgive: Handler = async (request) => {
  await request.bytes().catch(() => {});
  return { status: 201, body: 'forgiven' };
};

interface Early {
  readonly name: string;
  readonly head: string;
  /** What the client sends once it has its answer: of the body, or what it takes for the next request. */
  readonly rest: string;
  readonly handler: Handler;
  readonly status: number;
  readonly options?: ServerOptions;
}

/** The connection is closed: nothing that follows is read. */
const CLOSED: readonly Early[] = [
  { name: 'a body of more than is drained', head: sized(100_000), rest: SMUGGLED.repeat(100), handler: forbid, status: 403 },
  { name: 'a body of 2^32 + 5 bytes, which are 5 in 32 bits', head: `${sized(2n ** 32n + 5n)}12345`, rest: SMUGGLED, handler: forbid, status: 403 },
  { name: 'a body of 2^53 - 1 bytes', head: sized(2n ** 53n - 1n), rest: SMUGGLED, handler: forbid, status: 403 },
  { name: 'a body whose Content-Length is too large to be collected', head: sized(2n ** 32n + 5n), rest: `12345${SMUGGLED}`, handler: collect, status: 413 },
  { name: 'a body whose chunks become too large', head: `${CHUNKED}40\r\n${'x'.repeat(64)}\r\n`, rest: `0\r\n\r\n${SMUGGLED}`, handler: collect, status: 413, options: { maxBodyBytes: 63 } },
  { name: 'a chunk that is too large to be collected', head: `${CHUNKED}fffffff\r\n${'x'.repeat(64)}`, rest: SMUGGLED, handler: collect, status: 413, options: { maxBodyBytes: 63 } },
  { name: 'a body that was promised, and is not sent', head: sized(SMUGGLED.length, EXPECT), rest: SMUGGLED, handler: forbid, status: 403 },
  { name: 'a body that was promised, and is sent all the same', head: sized(SMUGGLED.length, EXPECT), rest: SMUGGLED + SMUGGLED, handler: forbid, status: 403 },
  { name: 'a body of one byte that was promised', head: sized(1, EXPECT), rest: `x${SMUGGLED}`, handler: forbid, status: 403 },
  { name: 'a chunked body that was promised', head: CHUNKED.replace('\r\n\r\n', `\r\n${EXPECT}\r\n`), rest: `0\r\n\r\n${SMUGGLED}`, handler: forbid, status: 403 },
  { name: 'a promised body of a GET', head: sized(SMUGGLED.length, EXPECT).replace('POST', 'GET'), rest: SMUGGLED, handler: forbid, status: 403 },
  { name: 'a promised body that is too large', head: sized(2n ** 40n, EXPECT), rest: SMUGGLED, handler: collect, status: 413 },
  { name: 'a promised body that is answered with 304', head: sized(SMUGGLED.length, EXPECT), rest: SMUGGLED, handler: () => ({ status: 304 }), status: 304 },
  { name: 'a body that is given up with more than is drained to come', head: `${sized(100_000)}first`, rest: SMUGGLED.repeat(100), handler: firstPiece, status: 200 },
  { name: 'a body in a request that asks for the close', head: sized(SMUGGLED.length, 'Connection: close\r\n'), rest: SMUGGLED + SMUGGLED, handler: forbid, status: 403 },
  { name: 'a handshake with a body', head: sized(SMUGGLED.length, 'Upgrade: websocket\r\nConnection: Upgrade\r\n').replace('POST', 'GET'), rest: SMUGGLED + SMUGGLED, handler: forbid, status: 403 },
];

interface Watched {
  readonly client: RawClient;
  readonly seen: string[];
}

/** A client of a server whose handler answers `/front` as the case says, and everything else with 200; `seen` are the targets it was called with. */
async function watch(t: TestContext, early: Pick<Early, 'handler' | 'options'>): Promise<Watched> {
  const seen: string[] = [];
  const { port } = await startServer(
    t,
    (request) => {
      seen.push(request.url);
      return request.url === '/front' ? early.handler(request) : 'served';
    },
    early.options,
  );
  return { client: await RawClient.open(t, port), seen };
}

for (const early of CLOSED) {
  test(`answers ${early.status} ahead of ${early.name}, and takes nothing behind it for a request`, async (t) => {
    const { client, seen } = await watch(t, early);
    await client.send(early.head);
    const text = await client.readToEnd();
    await client.send(early.rest);
    client.end();
    await client.closed();
    assert.equal(client.error, undefined);
    const [answer, ...more] = readAnswers(text, ['POST']);
    assert.equal(answer?.summary, String(early.status));
    assert.equal(answer.closes, true);
    assert.deepEqual(more, []);
    assert.deepEqual(seen, ['/front']);
  });
}

/** The rest of the body is skipped, and what follows it is the next request. */
const KEPT: readonly Early[] = [
  { name: 'a body that is a request', head: sized(SMUGGLED.length), rest: SMUGGLED, handler: forbid, status: 403 },
  { name: 'half of a body that is a request', head: sized(SMUGGLED.length) + SMUGGLED.slice(0, 20), rest: SMUGGLED.slice(20), handler: forbid, status: 403 },
  { name: 'a body of as much as is drained', head: sized(65_536), rest: SMUGGLED.repeat(2_000).slice(0, 65_536), handler: forbid, status: 403 },
  { name: 'chunks that are requests', head: CHUNKED, rest: `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`, handler: forbid, status: 403 },
  { name: 'the middle of a chunk', head: `${CHUNKED}${(3 + SMUGGLED.length).toString(16)}\r\nabc`, rest: `${SMUGGLED}\r\n0\r\n\r\n`, handler: forbid, status: 403 },
  { name: 'the last chunk', head: `${CHUNKED}3\r\nabc\r\n`, rest: '0\r\n\r\n', handler: forbid, status: 403 },
  { name: 'trailers', head: `${CHUNKED}3\r\nabc\r\n0\r\n`, rest: 'Content-Length: 9\r\n\r\n', handler: forbid, status: 403 },
  { name: 'a body that is given up behind its first piece', head: `${sized(5 + SMUGGLED.length)}first`, rest: SMUGGLED, handler: firstPiece, status: 200 },
  { name: 'a body that is too large, which the handler forgives', head: sized(SMUGGLED.length), rest: SMUGGLED, handler: forgive, status: 201, options: { maxBodyBytes: 10 } },
  { name: 'the rest of a chunk that is too large, which the handler forgives', head: `${CHUNKED}${(20 + SMUGGLED.length).toString(16)}\r\n${'x'.repeat(20)}`, rest: `${SMUGGLED}\r\n0\r\n\r\n`, handler: forgive, status: 201, options: { maxBodyBytes: 10 } },
  { name: 'a body, with 304', head: sized(SMUGGLED.length), rest: SMUGGLED, handler: () => ({ status: 304 }), status: 304 },
  { name: 'a body, with 204', head: sized(SMUGGLED.length), rest: SMUGGLED, handler: () => ({ status: 204 }), status: 204 },
  { name: 'a body, with 500', head: sized(SMUGGLED.length), rest: SMUGGLED, handler: () => ({ status: 500, body: 'x' }), status: 500 },
  { name: 'a body, with a redirect', head: sized(SMUGGLED.length), rest: SMUGGLED, handler: () => ({ status: 307, headers: { Location: '/' } }), status: 307 },
];

for (const early of KEPT) {
  test(`answers ${early.status} ahead of ${early.name}, and serves exactly what follows it`, async (t) => {
    const { client, seen } = await watch(t, early);
    await client.send(early.head);
    const first = await client.readUntil('\r\n\r\n');
    await client.send(early.rest + HONEST);
    const text = first + (await client.readUntil('served'));
    client.end();
    const answers = readAnswers(text + (await client.readToEnd()), ['POST', 'GET']);
    assert.deepEqual(answers.map(({ summary, closes }) => [summary, closes]), [[String(early.status), false], ['200', false]]);
    assert.deepEqual(seen, ['/front', '/honest']);
  });
}

test('discards what follows an answer whose chunked body turns out to be more than is drained', async (t) => {
  const { client, seen } = await watch(t, { handler: forbid });
  await client.send(CHUNKED);
  await client.readUntil('no');
  await client.send(`20000\r\n${'x'.repeat(0x20000)}\r\n0\r\n\r\n${SMUGGLED}`);
  assert.equal(await client.readToEnd(), '');
  assert.deepEqual(seen, ['/front']);
});

test('discards what follows an answer whose body turns out to be broken', async (t) => {
  const { client, seen } = await watch(t, { handler: forbid });
  await client.send(CHUNKED);
  await client.readUntil('no');
  await client.send(`5\r\nhello!\r\n0\r\n\r\n${SMUGGLED}`);
  assert.equal(await client.readToEnd(), '');
  assert.deepEqual(seen, ['/front']);
});

test('cuts an answer that is made of a body which turns out to be broken, and discards what follows', async (t) => {
  const { client, seen } = await watch(t, { handler: ({ body }) => ({ body }) });
  await client.send(`${CHUNKED}5\r\nhello\r\n`);
  await client.readUntil('5\r\nhello\r\n');
  await client.send(`5\r\nhello!\r\n0\r\n\r\n${SMUGGLED}`);
  assert.doesNotMatch(await client.readToEnd(), /\r\n\r\n|HTTP/);
  assert.deepEqual(seen, ['/front']);
});

test('takes for the body what a client sends in its place once it was asked to go on', async (t) => {
  const { client, seen } = await watch(t, { handler: collect });
  await client.send(sized(SMUGGLED.length, EXPECT));
  assert.equal(await client.readUntil('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
  await client.send(SMUGGLED + HONEST);
  assert.equal((await client.readResponse()).body, String(SMUGGLED.length));
  assert.equal((await client.readResponse()).body, 'served');
  assert.deepEqual(seen, ['/front', '/honest']);
});

test('discards what follows a body that came too late', async (t) => {
  const clock = new FakeClock();
  const seen: string[] = [];
  const { port, server } = await startServer(
    t,
    async (request) => {
      seen.push(request.url);
      return collect(request);
    },
    {},
    clock,
  );
  const client = await RawClient.open(t, port);
  await client.send(`${sized(SMUGGLED.length)}x`);
  await until(() => server.stats().requests === 1, 'the request');
  clock.advance(20_000);
  const text = await client.readToEnd();
  await client.send(SMUGGLED);
  client.end();
  await client.closed();
  assert.deepEqual(readAnswers(text, ['POST']).map(({ summary, closes }) => [summary, closes]), [['408', true]]);
  assert.deepEqual(seen, ['/front']);
});

test('serves nothing that was pipelined behind a head that came too late', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(t, () => assert.fail('the handler was called'), {}, clock);
  const client = await RawClient.open(t, port);
  await client.send('POST /front HTTP/1.1\r\nHost: a\r\nX: ');
  await until(() => server.stats().bytes.in > 0, 'the bytes');
  clock.advance(20_000);
  const text = await client.readToEnd();
  await client.send(`a\r\n\r\n${SMUGGLED}`);
  client.end();
  await client.closed();
  assert.deepEqual(readAnswers(text, ['POST']).map(({ summary, closes }) => [summary, closes]), [['408', true]]);
  assert.equal(server.stats().requests, 0);
});
