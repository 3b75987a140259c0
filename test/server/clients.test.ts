/** Clients that others wrote: the fetch of Node, node:http with keep-alive, curl, and autocannon with pipelining. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import type { Handler } from 'longwire';
import { hasProgram } from '../support/programs.js';
import { startServer } from '../support/server.js';

/** Echoes bodies, streams, and answers every status. */
const handler: Handler = async (incoming) => {
  switch (incoming.path) {
    case '/echo':
      return { body: await incoming.bytes() };
    case '/duplex':
      return { body: incoming.body };
    case '/stream':
      return { body: ['one ', 'two ', 'three'] };
    case '/status':
      return { status: Number(incoming.query), headers: { Location: '/echo' } };
    default:
      return `${incoming.method} ${incoming.url}`;
  }
};

test('serves fetch: many at once, bodies both ways, every kind of status', async (t) => {
  const { url, errors } = await startServer(t, handler);
  const body = 'grün'.repeat(50_000);
  const echoes = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await fetch(`${url}/echo`, { method: 'PUT', body: `${i}${body}` })).text()));
  assert.ok(echoes.every((echo, i) => echo === `${i}${body}`));
  assert.equal(await (await fetch(`${url}/stream`)).text(), 'one two three');
  assert.equal((await fetch(`${url}/x`, { method: 'HEAD' })).headers.get('content-length'), '7');
  for (const status of [200, 204, 205, 302, 304, 404, 503]) assert.equal((await fetch(`${url}/status?${status}`, { redirect: 'manual' })).status, status);
  assert.deepEqual(errors, []);
});

test('keeps one connection for node:http with a keep-alive agent, through every kind of response', async (t) => {
  const { port, server } = await startServer(t, handler);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = (method: string, path: string, body = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port, agent, method, path }, (response) => resolve(text(response)))
        .on('error', reject)
        .end(body);
    });
  for (let i = 0; i < 10; i++) {
    assert.equal(await ask('GET', `/${i}`), `GET /${i}`);
    assert.equal(await ask('POST', '/echo', `body ${i}`), `body ${i}`);
    assert.equal(await ask('HEAD', '/'), '');
    assert.equal(await ask('GET', '/stream'), 'one two three');
    assert.equal(await ask('GET', '/status?204'), '');
    assert.equal(await ask('GET', '/status?304'), '');
    assert.equal(await ask('PUT', '/ignored', 'unread'), 'PUT /ignored');
  }
  assert.deepEqual(server.stats().connections, { open: 1, total: 1, refused: 0 });
  assert.equal(server.stats().requests, 70);
});

const run = promisify(execFile);
const LARGE = 'x'.repeat(3_000);

const CURLS: Readonly<Record<string, readonly [args: readonly string[], output: string]>> = {
  'a GET': [['/a?b=c'], 'GET /a?b=c'],
  'a GET of HTTP/1.0': [['--http1.0', '/a'], 'GET /a'],
  'a stream': [['/stream'], 'one two three'],
  'a stream over HTTP/1.0': [['--http1.0', '/stream'], 'one two three'],
  'a POST that expects 100 Continue': [['-H', 'Expect: 100-continue', '-d', LARGE, '/echo'], LARGE],
  'a chunked POST': [['-H', 'Transfer-Encoding: chunked', '-d', LARGE, '/echo'], LARGE],
  'a POST that is echoed as it comes': [['-H', 'Transfer-Encoding: chunked', '-d', LARGE, '/duplex'], LARGE],
  'an empty POST': [['-X', 'POST', '/echo'], ''],
  'two requests on one connection': [['/1', '/2'], 'GET /1GET /2'],
};

for (const [name, [args, output]] of Object.entries(CURLS)) {
  test(`serves curl: ${name}`, async (t) => {
    if (!hasProgram(t, 'curl', ['--version'], 'curl')) return;
    const { url, server, errors } = await startServer(t, handler);
    const full = args.map((arg) => (arg.startsWith('/') ? url + arg : arg));
    const { stdout } = await run('curl', ['--silent', '--show-error', '--fail', '--max-time', '20', '--noproxy', '*', ...full]);
    assert.equal(stdout, output);
    assert.equal(server.stats().connections.total, 1);
    assert.deepEqual(errors, []);
  });
}

for (const [name, path, connections, pipelining] of [
  ['one request at a time', '/', 10, 1],
  ['16 pipelined', '/', 5, 16],
  ['8 pipelined streams', '/stream', 5, 8],
] as const) {
  test(`serves autocannon ${name}, without an error`, async (t) => {
    const { url, server, errors } = await startServer(t, handler);
    const result = await autocannon({ url: url + path, connections, pipelining, amount: 2_000, timeout: 20 });
    assert.deepEqual(
      { errors: result.errors, timeouts: result.timeouts, mismatches: result.mismatches, non2xx: result.non2xx },
      { errors: 0, timeouts: 0, mismatches: 0, non2xx: 0 },
    );
    // It leaves with the answers to its last pipelined requests uncounted.
    assert.ok(result['2xx'] > 2_000 - connections * pipelining, String(result['2xx']));
    assert.deepEqual([errors, server.stats().responses['5xx']], [[], 0]);
  });
}
