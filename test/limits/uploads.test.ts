/** A client that is still uploading receives its answer, each time and in whatever way it reads: no close resets it away (RFC 9112 §9.6). */

import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { Handler, ServerOptions } from 'longwire';
import { certificate } from '../support/certificate.js';
import { FakeClock } from '../support/clock.js';
import { turns } from '../support/deferred.js';
import { hasProgram } from '../support/programs.js';
import { RawClient } from '../support/raw-client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/signals.js';
import type { UploadPlan, UploadResult } from '../support/uploader.js';

const MIB = 1024 * 1024;
const UPLOADER = join(import.meta.dirname, '..', 'support', 'uploader.js');

interface Upload {
  readonly name: string;
  readonly head: string;
  readonly status: number;
  readonly runs: number;
}

const lengthHead = (path: string, fields = ''): string => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: SIZE\r\n${fields}\r\n`;
const chunkedHead = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`;

/** What comes behind each head, in turn. */
const SIZES_MIB = [1, 2, 3, 4, 10];

/** The first three are what clients meet most. */
const UPLOADS: readonly Upload[] = [
  { name: '400 to a head without Host', head: 'POST / HTTP/1.1\r\nContent-Length: SIZE\r\n\r\n', status: 400, runs: 100 },
  { name: '413 to a body that is announced too large', head: lengthHead('/collect'), status: 413, runs: 100 },
  { name: '431 to a head that does not end', head: 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ', status: 431, runs: 100 },
  { name: '400 to a chunk that does not end as it should', head: `${chunkedHead('/collect')}1\r\nab`, status: 400, runs: 10 },
  { name: '401 of a handler that reads nothing', head: lengthHead('/deny'), status: 401, runs: 10 },
  { name: '413 to chunks that become too many', head: `${chunkedHead('/collect')}fffffff\r\n`, status: 413, runs: 10 },
  { name: '413 to a streamed body that becomes too large', head: `${chunkedHead('/stream')}fffffff\r\n`, status: 413, runs: 10 },
  { name: '413 to a length beyond 2^53', head: lengthHead('/').replace('SIZE', '9'.repeat(20)), status: 413, runs: 10 },
  { name: '414 to a target that does not end', head: 'GET /', status: 414, runs: 10 },
  { name: '417 to an unknown expectation', head: lengthHead('/', 'Expect: the-unexpected\r\n'), status: 417, runs: 10 },
  { name: '501 to an unknown transfer coding', head: chunkedHead('/').replace('chunked', 'gzip, chunked'), status: 501, runs: 10 },
  { name: '505 to an unknown version', head: lengthHead('/').replace('HTTP/1.1', 'HTTP/3.0'), status: 505, runs: 10 },
];

const handler: Handler = async (request) => {
  if (request.path === '/deny') return { status: 401, body: 'not you' };
  if (request.path === '/collect') return request.text();
  let length = 0;
  for await (const piece of request.body) length += piece.length;
  return `${length}`;
};

const SMALL = { maxBodyBytes: 100_000, maxStreamedBodyBytes: 100_000 };

/** Linger deadlines stand still with the clock: whether an answer arrives must not hang on how busy the machine is. */
function start(t: TestContext, options: ServerOptions = SMALL): Promise<TestServer> {
  return startServer(t, handler, options, new FakeClock());
}

async function uploadInChild(t: TestContext, plan: UploadPlan): Promise<UploadResult[]> {
  const child = fork(UPLOADER, { execArgv: [] });
  t.after(() => child.kill('SIGKILL'));
  child.send(plan);
  const [results] = (await once(child, 'message')) as [UploadResult[]];
  return results;
}

for (const isSecure of [false, true]) {
  for (const sendsFirst of [false, true]) {
    const manner = `${sendsFirst ? 'sends all of it and then reads' : 'reads as it sends'}, over ${isSecure ? 'TLS' : 'TCP'}`;
    // The rare ones only in the way in which answers are lost most easily.
    for (const { name, head, status, runs } of UPLOADS.filter((each) => each.runs === 100 || (sendsFirst && !isSecure))) {
      test(`an uploading client gets its ${name} in ${runs} of ${runs} runs: one that ${manner}`, async (t) => {
        const tls = isSecure ? certificate(t) : undefined;
        if (isSecure && tls === undefined) return;
        const { server, port, errors } = await start(t, { ...SMALL, tls });
        const sizes = Array.from({ length: runs }, (_, i) => SIZES_MIB[i % SIZES_MIB.length]! * MIB);
        const results = await uploadInChild(t, { port, isSecure, head, sizes, sendsFirst });
        assert.deepEqual(results, sizes.map(() => ({ status, closes: true })));
        assert.equal(server.stats().connections.total, runs);
        await until(() => server.stats().connections.open === 0, 'the end of all connections');
        assert.deepEqual(errors, []);
      });
    }
  }
}

test('an uploading client gets its 408 where its body is not fast enough', async (t) => {
  const clock = new FakeClock();
  const { port } = await startServer(t, handler, { maxBodyBytes: 1e9, requestTimeoutMs: 5_000 }, clock);
  const client = await RawClient.open(t, port);
  await client.send(lengthHead('/collect').replace('SIZE', String(1e9)));
  const piece = Buffer.alloc(64 * 1024);
  for (let sent = 0; !client.hasEnded; sent += piece.length) {
    assert.ok(sent < 16 * MIB, 'no answer came');
    await client.send(piece);
    if (sent === MIB) clock.advance(6_000);
    await turns(1);
  }
  assert.ok(client.received.startsWith('HTTP/1.1 408 '));
  assert.equal(client.error, undefined);
});

for (const isSecure of [false, true]) {
  const scheme = isSecure ? 'https' : 'http';

  test(`node:${scheme} gets its 413 in 20 of 20 uploads of 10 MiB`, async (t) => {
    const tls = isSecure ? certificate(t) : undefined;
    if (isSecure && tls === undefined) return;
    const { port } = await start(t, { ...SMALL, tls });
    const body = Buffer.alloc(10 * MIB);
    for (let i = 0; i < 20; i++) {
      const options = { host: '127.0.0.1', port, method: 'POST', agent: false, headers: { 'Content-Length': body.length } } as const;
      const sending = isSecure ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
      sending.end(body);
      const isOver = once(sending, 'close');
      const [answer] = await once(sending, 'response');
      assert.equal(answer.statusCode, 413);
      assert.equal((await buffer(answer)).toString(), 'Content Too Large');
      await isOver;
    }
  });

  test(`curl gets its 413 in 10 of 10 uploads of 10 MiB over ${scheme}`, async (t) => {
    const tls = isSecure ? certificate(t) : undefined;
    if ((isSecure && tls === undefined) || !hasProgram(t, 'curl', ['--version'], 'curl')) return;
    const { port } = await start(t, { ...SMALL, tls });
    const url = `${scheme}://127.0.0.1:${port}/collect`;
    for (let i = 0; i < 10; i++) {
      const curl = spawn('curl', ['-sk', '-H', 'Expect:', '-w', ' %{http_code} %{exitcode}', '--data-binary', '@-', url], { stdio: ['pipe', 'pipe', 'inherit'] });
      t.after(() => curl.kill('SIGKILL'));
      curl.stdin.on('error', () => {});
      curl.stdin.end(Buffer.alloc(10 * MIB));
      assert.equal((await buffer(curl.stdout)).toString(), 'Content Too Large 413 0');
    }
  });
}

test('fetch gets its 413 in 20 of 20 uploads of 10 MiB', async (t) => {
  const { url } = await start(t);
  for (let i = 0; i < 20; i++) {
    const answer = await fetch(`${url}/collect`, { method: 'POST', body: Buffer.alloc(10 * MIB) });
    assert.deepEqual([answer.status, await answer.text()], [413, 'Content Too Large']);
  }
});

test('a client that goes on for ever behind its answer is read no further than 16 MiB, and is gone after 2 s', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(t, handler, SMALL, clock);
  const client = await RawClient.open(t, port);
  await client.send(lengthHead('/collect').replace('SIZE', String(1e12)));
  assert.ok((await client.readResponse()).head.startsWith('HTTP/1.1 413 '));
  const flood = Buffer.alloc(MIB);
  const sendOn = (error?: Error | null): void => void (error ?? client.socket.write(flood, sendOn));
  sendOn();
  await until(() => server.stats().bytes.in > 16 * MIB, '16 MiB');
  const open = server.stats().connections.open;
  clock.advance(3_000);
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  await client.closed();
  assert.equal(open, 1);
  assert.ok(server.stats().bytes.in < 17 * MIB, `${server.stats().bytes.in} bytes were read`);
});
