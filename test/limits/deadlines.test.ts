/** A client that sends one byte a second is given up in time, wherever in a request it is; what it sends so slowly buys it nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler, ServerOptions } from 'longwire';
import { post, postChunked, request } from '../support/requests.js';
import { until } from '../support/signals.js';
import { startTimed } from '../support/timed.js';

interface Drip {
  readonly name: string;
  /** Sent at once. */
  readonly opening: string;
  /** Then this, a byte a second, over and over. */
  readonly drip: string;
  readonly options?: ServerOptions;
  /** Seconds after which the client is given up, and not before. */
  readonly afterS: number;
  /** What it gets then; nothing but the close if left out. */
  readonly status?: 408;
}

const long = (path: string): string => post(path, '').replace('Length: 0', 'Length: 60000');
const LARGE_BODY = `${(500_000).toString(16)}\r\n${'x'.repeat(500_000)}\r\n`;

const DRIPS: readonly Drip[] = [
  { name: 'a head', opening: 'GET / HTTP/1.1\r\nX-Slow: ', drip: 'x', afterS: 15, status: 408 },
  { name: 'empty lines ahead of a first request', opening: '', drip: '\r\n', afterS: 15 },
  { name: 'a body with a length', opening: long('/collect'), drip: 'x', afterS: 10, status: 408 },
  { name: 'chunks of one byte', opening: postChunked('/collect'), drip: '1\r\nx\r\n', afterS: 10, status: 408 },
  { name: 'one large chunk', opening: `${postChunked('/collect')}fffff\r\n`, drip: 'x', afterS: 10, status: 408 },
  { name: 'the extension of a chunk', opening: `${postChunked('/collect')}5;`, drip: 'x', afterS: 10, status: 408 },
  { name: 'trailers', opening: `${postChunked('/collect')}1\r\nx\r\n0\r\nX-Slow: `, drip: 'x', afterS: 10, status: 408 },
  { name: 'a body that is streamed', opening: long('/stream'), drip: 'x', afterS: 10, status: 408 },
  { name: 'a body that is not read, and drained', opening: long('/ignore'), drip: 'x', afterS: 10 },
  { name: 'a body that may be as slow as it likes', opening: long('/collect'), drip: 'x', options: { minBodyBytesPerSecond: 0 }, afterS: 300, status: 408 },
  { name: 'trailers behind a body that was fast', opening: `${postChunked('/collect')}${LARGE_BODY}0\r\nX-Slow: `, drip: 'x', afterS: 300, status: 408 },
  { name: 'the extension of a chunk behind one that was fast', opening: `${postChunked('/collect')}${LARGE_BODY}5;`, drip: 'x', afterS: 300, status: 408 },
  { name: 'a head, where the deadline is another', opening: 'GET / HTTP/1.1\r\nX-Slow: ', drip: 'x', options: { headTimeoutMs: 40_000 }, afterS: 40, status: 408 },
  { name: 'a body, where the deadline is another', opening: long('/collect'), drip: 'x', options: { requestTimeoutMs: 5_000 }, afterS: 5, status: 408 },
];

const handler: Handler = async (incoming) => {
  if (incoming.path === '/ignore') return 'ignored';
  if (incoming.path === '/collect') return incoming.text();
  let length = 0;
  for await (const piece of incoming.body) length += piece.length;
  return `${length}`;
};

for (const { name, opening, drip, options, afterS, status } of DRIPS) {
  test(`gives a client up that sends ${name} a byte a second, ${afterS} s behind its beginning, with ${status ?? 'nothing but the close'}`, async (t) => {
    const { clock, client, server, deliver, errors } = await startTimed(t, handler, options);
    if (opening !== '') await deliver(opening);
    if (opening.includes('/ignore')) assert.equal((await client.readResponse()).body, 'ignored');
    for (let second = 0; second < afterS - 1; second++) {
      await deliver(drip[second % drip.length]!);
      clock.advance(1_000);
    }
    assert.deepEqual([client.hasEnded, client.received], [false, '']);
    clock.advance(2_000);
    const answer = await client.readToEnd();
    if (status === undefined) assert.equal(answer, '');
    else assert.ok(answer.startsWith(`HTTP/1.1 ${status} `) && answer.includes('\r\nConnection: close\r\n'), answer);
    clock.advance(3_000);
    await until(() => server.stats().connections.open === 0, 'the end of the connection');
    assert.deepEqual(errors, []);
  });
}

test('empty lines do not keep an idle connection longer than 65 s', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'x');
  await deliver(request());
  await client.readResponse();
  for (let i = 0; i < 6; i++) {
    clock.advance(10_000);
    await deliver('\r\n');
  }
  assert.equal(client.hasEnded, false);
  clock.advance(6_000);
  assert.equal(await client.readToEnd(), '');
});

test('serves a request whose every byte comes alone, if they all come in time', async (t) => {
  const { clock, client, deliver } = await startTimed(t, handler);
  for (const byte of `${postChunked('/collect')}5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n`) {
    await deliver(byte);
    clock.advance(100);
  }
  assert.equal((await client.readResponse()).body, 'hello');
});
