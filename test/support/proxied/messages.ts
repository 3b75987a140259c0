/** Requests and responses behind a proxy: kept connections, bodies, refusals, and never another request's answer. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { asChannel, type Handler } from 'longwire';
import { type Answer, ask, type Asked } from '../ask.js';
import { RawClient } from '../raw-client.js';
import { chunk, post, postChunked } from '../requests.js';
import { startServer } from '../server.js';
import { until } from '../signals.js';
import { keepAlive, type ProxiedCase, runMany } from './cases.js';

const KEPT: ProxiedCase = {
  name: 'keeps its connections to the server: 200 requests of 4 clients take no more than 8',
  async run(t, front, options) {
    const { server, port: upstreamPort } = await startServer(t, ({ path }) => path, options);
    const [port, agent] = [await front(upstreamPort), keepAlive(t, 4)];
    await runMany(200, 4, async (i) => assert.equal((await ask({ port, path: `/${i}`, agent })).body, `/${i}`));
    const { connections, requests } = server.stats();
    assert.equal(requests, 200);
    assert.ok(connections.total <= 8, `${connections.total} connections`);
  },
};

const UPLOADS = {
  'a Content-Length': { head: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 24\r\n\r\n', piece: (piece: string) => piece, end: '' },
  chunks: { head: postChunked('/'), piece: chunk, end: chunk('') },
};

const UPLOADED: readonly ProxiedCase[] = Object.entries(UPLOADS).map(([name, { head, piece, end }]) => ({
  name: `hands the handler the first piece of a body with ${name} before the client has sent the last`,
  async run(t, front, options) {
    let received = '';
    const { port } = await startServer(t, async ({ body }) => {
      for await (const bytes of body) received += Buffer.from(bytes).toString('latin1');
      return received;
    }, options);
    const client = await RawClient.open(t, await front(port));
    await client.send(head);
    for (let i = 0; i < 3; i++) {
      await client.send(piece(`piece ${i}.`));
      await until(() => received.endsWith(`${i}.`), `piece ${i}`);
    }
    await client.send(end);
    await client.readUntil('\r\n\r\n');
    await client.readUntil('piece 0.piece 1.piece 2.');
  },
}));

function sha1(data: string | Uint8Array): string {
  return createHash('sha1').update(data).digest('hex');
}

const POSTED: readonly ProxiedCase[] = [
  {
    name: 'takes bodies with a Content-Length and in chunks, small and large',
    async run(t, front, options) {
      const { port: upstreamPort } = await startServer(t, async (incoming) => `${incoming.header('content-length')} ${sha1(await incoming.bytes())}`, options);
      const [port, agent] = [await front(upstreamPort), keepAlive(t, 1)];
      for (const size of [0, 1, 20_000, 1_000_000]) {
        const body = 'x'.repeat(size);
        assert.equal((await ask({ port, agent, method: 'POST', headers: { 'Content-Length': String(size) }, body })).body, `${size} ${sha1(body)}`);
        const pieces = ['begin', body, 'end'];
        const { status, body: answer } = await ask({ port, agent, method: 'POST', body: pieces });
        assert.equal(status, 200);
        assert.equal(answer.split(' ')[1], sha1(pieces.join('')));
      }
    },
  },
  {
    name: 'brings the 413 of the server to a client that is still uploading, 20 of 20 times',
    async run(t, front, options) {
      const { server, port: upstreamPort } = await startServer(t, async (incoming) => incoming.text(), { ...options, maxBodyBytes: 1000 });
      const port = await front(upstreamPort);
      for (let i = 0; i < 20; i++) {
        const client = await RawClient.open(t, port);
        void client.send(`${i % 2 === 0 ? `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n` : `${postChunked('/')}dbba0\r\n`}${'x'.repeat(900_000)}`);
        assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 413 /, `upload ${i}`);
        client.reset();
      }
      assert.equal(server.stats().responses['4xx'], 20);
    },
  },
  {
    name: 'lets a client that waits for 100 have it, and then the answer to its body',
    async run(t, front, options) {
      const { port } = await startServer(t, async (incoming) => `got ${await incoming.text()}`, options);
      const client = await RawClient.open(t, await front(port));
      const whole = post('/', 'body', 'Expect: 100-continue\r\n');
      await client.send(whole.slice(0, -'body'.length));
      assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 100 /);
      await client.send('body');
      assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /);
      await client.readUntil('got body');
    },
  },
];

/** Requests of all kinds; each answer must be the one to its request, whatever stood before it on its connection. */
const KINDS: readonly { readonly ask: Omit<Asked, 'port'>; readonly status: number; readonly body: string }[] = [
  { ask: { path: '/text' }, status: 200, body: 'text' },
  { ask: { path: '/text', method: 'HEAD' }, status: 200, body: '' },
  { ask: { path: '/stream' }, status: 200, body: 'one two' },
  { ask: { path: '/stream', method: 'HEAD' }, status: 200, body: '' },
  { ask: { path: '/channel' }, status: 200, body: 'three four' },
  { ask: { path: '/204' }, status: 204, body: '' },
  { ask: { path: '/204', method: 'DELETE' }, status: 204, body: '' },
  { ask: { path: '/304' }, status: 304, body: '' },
  { ask: { path: '/304', method: 'HEAD' }, status: 304, body: '' },
  { ask: { path: '/404' }, status: 404, body: 'Not Found' },
  { ask: { path: '/fails' }, status: 500, body: 'Internal Server Error' },
  { ask: { path: '/echo', method: 'POST', body: 'x'.repeat(5000) }, status: 200, body: 'x'.repeat(5000) },
  { ask: { path: '/echo', method: 'PUT', body: ['chunked ', 'echo'] }, status: 200, body: 'chunked echo' },
  { ask: { path: '/unread', method: 'POST', body: 'y'.repeat(5000) }, status: 200, body: 'unread' },
  { ask: { path: '/unread', method: 'POST', body: ['never ', 'read'] }, status: 200, body: 'unread' },
  { ask: { path: '/echo', method: 'POST', body: 'z'.repeat(10_001) }, status: 413, body: 'Content Too Large' },
];

const serveKind: Handler = async (incoming) => {
  const headers = { 'Content-Type': 'text/plain', 'X-Id': incoming.header('x-id')! };
  switch (incoming.path) {
    case '/text':
      return { headers, body: 'text' };
    case '/stream':
      return { headers, body: ['one ', 'two'].values() };
    case '/204':
      return { status: 204, headers };
    case '/304':
      return { status: 304, headers: { ...headers, ETag: '"x"' } };
    case '/echo':
      return { headers, body: await incoming.text() };
    case '/unread':
      return { headers, body: 'unread' };
    case '/fails':
      throw new Error('on purpose');
    case '/channel':
      return asChannel(incoming, {
        onOpen(channel) {
          channel.send({ headers, body: 'three ' }, false);
          setImmediate(() => channel.send('four'));
        },
      });
    default:
      return undefined;
  }
};

const MIXED: ProxiedCase = {
  name: 'gives each of 320 requests of all kinds its own answer over kept connections',
  async run(t, front, options) {
    const { server, port: upstreamPort, errors } = await startServer(t, serveKind, { ...options, maxBodyBytes: 10_000 });
    const [port, agent] = [await front(upstreamPort), keepAlive(t, 4)];
    await runMany(KINDS.length * 20, 4, async (i) => {
      // Another order in every round, so that each kind comes behind each other.
      const kind = KINDS[(i * (1 + 2 * Math.floor(i / KINDS.length))) % KINDS.length]!;
      const { status, headers, body }: Answer = await ask({ ...kind.ask, port, agent, headers: { 'X-Id': String(i) } });
      assert.deepEqual({ status, body }, { status: kind.status, body: kind.body }, `${kind.ask.method ?? 'GET'} ${kind.ask.path}`);
      if (status < 400) assert.equal(headers['x-id'], String(i));
    });
    assert.equal(server.stats().requests, KINDS.length * 20);
    assert.equal(errors.length, 20);
  },
};

export const MESSAGES: readonly ProxiedCase[] = [KEPT, ...UPLOADED, ...POSTED, MIXED];
