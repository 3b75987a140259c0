/** The queue of responses: as many answers as requests, each for its own, whatever the application does with its responses. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, type Channel, type Handler, type HandlerResult, type HttpRequest } from 'longwire';
import { readAnswers } from '../support/answer-text.js';
import { HONEST, SMUGGLED } from '../support/attacks.js';
import { Random } from '../support/random.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';
import { Gate } from '../support/signals.js';

/** What an application may do with a response; `body` says whose it is. Every one of them is complete. */
const WAYS: Readonly<Record<string, (request: HttpRequest, headers: Record<string, string>, body: string) => HandlerResult | Promise<HandlerResult>>> = {
  whole: (_request, headers, body) => ({ headers, body }),
  late: async (_request, headers, body) => {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    return { headers, body };
  },
  bytes: (_request, headers, body) => ({ headers, body: Buffer.from(body) }),
  nothing: (_request, headers) => ({ headers }),
  stream: (_request, headers, body) => ({ headers, body: [body, '', body] }),
  declared: (_request, headers, body) => ({ headers: { ...headers, 'Content-Length': String(2 * body.length) }, body: [body, body] }),
  wrongLength: (_request, headers, body) => ({ headers: { ...headers, 'Content-Length': '1' }, body }),
  noContent: (_request, headers, body) => ({ status: 204, headers, body }),
  resetContent: (_request, headers, body) => ({ status: 205, headers, body: [body] }),
  notModified: (_request, headers, body) => ({ status: 304, headers: { ...headers, 'Content-Length': '99' }, body }),
  notModifiedStream: (_request, headers, body) => ({ status: 304, headers, body: [body] }),
  fakeResponse: (_request, headers) => ({ headers, body: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' }),
  fakeChunks: (_request, headers) => ({ headers, body: ['0\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'] }),
  poll: (request, headers, body) => asChannel(request, { onOpen: (channel) => void channel.send({ headers, body }) }),
  channelStream: (request, headers, body) => asChannel(request, { onOpen: (channel) => void (channel.send({ headers, body }, false) && channel.send(body, false) && channel.close()) }),
  channelLate: (request, headers, body) => asChannel(request, { onOpen: (channel) => void setImmediate(() => channel.send({ headers, body })) }),
};

interface Step {
  readonly method: string;
  readonly way: string;
  readonly text: string;
}

function makeStep(random: Random, i: number): Step {
  const method = random.pick(['GET', 'GET', 'HEAD', 'POST', 'OPTIONS']);
  const way = random.pick(Object.keys(WAYS));
  const head = `${method} /${way}?${i} HTTP/1.1\r\nHost: a\r\n`;
  const body = random.pick([SMUGGLED, 'HTTP/1.1 200 OK\r\n\r\n', '0\r\n\r\n', '']);
  if (method !== 'POST') return { method, way, text: `${head}\r\n` };
  if (random.once(2)) return { method, way, text: `${head}Content-Length: ${body.length}\r\n\r\n${body}` };
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return { method, way, text: `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\nHost: evil\r\n\r\n` };
}

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

test(`answers 30 pipelined requests of every kind one by one, each its own, with ${SEEDS.length} seeds`, async (t) => {
  const { port, server, errors } = await startServer(t, async (request) => {
    if (request.method === 'POST' && Number(request.query) % 2 === 0) await request.text();
    return WAYS[request.path.slice(1)]!(request, { 'X-For': request.url }, `for ${request.url}`);
  });
  for (const seed of SEEDS) {
    const random = new Random(seed);
    const steps = Array.from({ length: 30 }, (_, i) => makeStep(random, i));
    const client = await RawClient.open(t, port);
    const requests = Buffer.from(steps.map(({ text }) => text).join('') + HONEST.replace('/honest', '/whole?honest'));
    for (const piece of random.cut(requests, seed % 2 === 0 ? requests.length : 40)) void client.send(piece);
    const text = await client.readUntil('for /whole?honest');
    client.end();
    const answers = readAnswers(text + (await client.readToEnd()), [...steps.map(({ method }) => method), 'GET']);
    const expected = [...steps.map(({ way }, i) => `/${way}?${i}`), '/whole?honest'];
    assert.deepEqual(answers.map(({ summary }) => summary.slice(4)), expected, `seed ${seed}`);
  }
  const { requests, responses } = server.stats();
  assert.equal(requests, SEEDS.length * 31);
  assert.deepEqual([responses['2xx'] + responses['3xx'], responses['4xx'] + responses['5xx']], [requests, 0]);
  assert.deepEqual(errors, []);
});

interface Broken {
  readonly name: string;
  readonly handler: Handler;
  /** What is received: all of it. */
  readonly received: RegExp;
}

const BROKEN: readonly Broken[] = [
  { name: 'a stream that is shorter than its Content-Length', handler: () => ({ headers: { 'Content-Length': '9' }, body: ['abc'] }), received: /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabc$/ },
  { name: 'a stream that is longer than its Content-Length', handler: () => ({ headers: { 'Content-Length': '3' }, body: ['abc', 'HTTP/1.1 200 OK\r\n\r\n'] }), received: /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabc$/ },
  { name: 'a stream that throws', handler: () => ({ body: throwing() }), received: /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n3\r\nabc\r\n$/ },
];

function* throwing(): Generator<string> {
  yield 'abc';
  throw new Error('broken');
}

for (const { name, handler, received } of BROKEN) {
  test(`ends the connection behind ${name}, so that no answer is taken for its rest`, async (t) => {
    const seen: string[] = [];
    const { port, errors } = await startServer(t, (request) => {
      seen.push(request.url);
      return handler(request);
    });
    const client = await RawClient.open(t, port);
    await client.send(`GET /front HTTP/1.1\r\nHost: a\r\n\r\n${HONEST}`);
    assert.match(await client.readToEnd(), received);
    assert.deepEqual(seen, ['/front']);
    assert.equal(errors.length, 1);
  });
}

/** A server whose `/front` takes a channel that the test keeps, and whose other answers wait for `next`. */
async function withKept(t: TestContext): Promise<{ client: RawClient; channel: Promise<Channel>; next: Gate }> {
  const taken = new Gate<Channel>();
  const next = new Gate();
  const { port } = await startServer(t, async (request) => {
    if (request.path === '/front') return asChannel(request, { onOpen: (channel) => taken.open(channel) });
    await next.opened;
    return 'honest';
  });
  return { client: await RawClient.open(t, port), channel: taken.opened, next };
}

test('writes nothing of a channel that is closed into the answer to the next request', async (t) => {
  const { client, channel: taken, next } = await withKept(t);
  await client.send(`GET /front HTTP/1.1\r\nHost: a\r\n\r\n${HONEST}`);
  const channel = await taken;
  assert.equal(channel.send('first'), true);
  assert.equal((await client.readResponse()).body, 'first');
  assert.equal(channel.send('HTTP/1.1 200 OK\r\n\r\n'), false);
  assert.equal(channel.send({ status: 500, body: 'late' }, false), false);
  assert.equal(channel.close(), false);
  next.open();
  assert.equal((await client.readResponse()).body, 'honest');
  client.end();
  assert.equal(await client.readToEnd(), '');
});

test('holds a request back until the stream ahead of it has ended, and then serves it', async (t) => {
  const { client, channel: taken, next } = await withKept(t);
  next.open();
  await client.send(`GET /front HTTP/1.1\r\nHost: a\r\n\r\n${HONEST}`);
  const channel = await taken;
  channel.send('a', false);
  await client.readUntil('1\r\na\r\n');
  channel.send('b', false);
  assert.equal(await client.readUntil('b\r\n'), '1\r\nb\r\n');
  channel.close();
  assert.equal(await client.readUntil('\r\n\r\n'), '0\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'honest');
});

test('answers an error behind a slow request only once that is answered', async (t) => {
  const gate = new Gate();
  const { port } = await startServer(t, async () => {
    await gate.opened;
    return 'slow';
  });
  const client = await RawClient.open(t, port);
  await client.send(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /front HTTP/1.1\r\nHost : a\r\n\r\n${SMUGGLED}`);
  gate.open();
  const answers = readAnswers(await client.readToEnd(), ['GET']);
  assert.deepEqual(answers.map(({ summary, body, closes }) => [summary, body, closes]), [['200', 'slow', false], ['400', 'Bad Request', true]]);
});
