/** What a client may take its time for, and what it may not: heads, bodies, idle connections, and output it does not take. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler, HttpRequest } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { chunk, post, postChunked, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';
import { startTimed } from '../support/timed.js';

const COLLECT: Handler = (incoming) => incoming.text();

async function assertTimeout(client: RawClient): Promise<void> {
  const { head, body } = await client.readResponse();
  assert.ok(head.startsWith('HTTP/1.1 408 Request Timeout\r\n') && head.includes('\r\nConnection: close\r\n'), head);
  assert.equal(body, 'Request Timeout');
  assert.equal(await client.readToEnd(), '');
}

test('closes a connection that never speaks after 15 s, without a word', async (t) => {
  const { clock, client, server } = await startTimed(t, () => 'x');
  clock.advance(14_900);
  assert.equal(server.stats().connections.open, 1);
  assert.equal(client.hasEnded, false);
  clock.advance(1_000);
  assert.equal(await client.readToEnd(), '');
});

test('closes an idle connection 65 s behind its last answer, without a word', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'x');
  await deliver(request());
  await client.readResponse();
  clock.advance(64_900);
  await deliver(request());
  await client.readResponse();
  clock.advance(64_900);
  await deliver(request());
  await client.readResponse();
  clock.advance(66_000);
  assert.equal(await client.readToEnd(), '');
});

const SLOW_HEADS = { 'the request line': 'GET / HT', 'its fields': 'GET / HTTP/1.1\r\nHost: localhost\r\n' };

for (const [where, bytes] of Object.entries(SLOW_HEADS)) {
  test(`answers 408 to a head that stops within ${where} for 15 s`, async (t) => {
    const { clock, client, deliver, server } = await startTimed(t, () => 'x');
    await deliver(bytes);
    clock.advance(14_900);
    assert.equal(client.hasEnded, false);
    clock.advance(1_000);
    await assertTimeout(client);
    assert.deepEqual(server.stats().errors, { HTTP_HEAD_TIMEOUT: 1 });
  });
}

test('answers 408 to a head that comes byte by byte, 15 s behind its first byte and not its last', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'x');
  for (const byte of 'GET / HTTP/1.1\r\n') {
    await deliver(byte);
    clock.advance(900);
  }
  clock.advance(2_000);
  await assertTimeout(client);
});

test('counts the head deadline of a first request from accept', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'x');
  clock.advance(10_000);
  await deliver('GET / HTTP/1.1\r\n');
  clock.advance(6_000);
  await assertTimeout(client);
});

test('counts the head deadline of a later request from its first byte, however long the connection was idle', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'x');
  await deliver(request());
  await client.readResponse();
  clock.advance(60_000);
  await deliver('GET / HTTP/1.1\r\n');
  clock.advance(14_000);
  await deliver('Host: localhost\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'x');
});

test('answers 408 to a head that is begun and not ended behind an answered request', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'x');
  await deliver(`${request()}GET /second`);
  await client.readResponse();
  clock.advance(16_000);
  await assertTimeout(client);
});

test('never times a handler out, nor the client that waits for it', async (t) => {
  const answer = new Gate<string>();
  const { clock, client, deliver } = await startTimed(t, () => answer.opened);
  await deliver(request());
  clock.advance(3_600_000);
  answer.open('late');
  assert.equal((await client.readResponse()).body, 'late');
});

test('does not count the time of a handler as that of the head pipelined behind it', async (t) => {
  const answer = new Gate<string>();
  const { clock, client, deliver } = await startTimed(t, ({ path }) => (path === '/slow' ? answer.opened : 'quick'));
  await deliver(`${request('/slow')}GET /qui`);
  clock.advance(60_000);
  answer.open('late');
  assert.equal((await client.readResponse()).body, 'late');
  await deliver('ck HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'quick');
});

test('gives a stream no time limit', async (t) => {
  const next = new Gate();
  async function* body(): AsyncGenerator<string> {
    yield 'first';
    await next.opened;
    yield 'last';
  }
  const { clock, client, deliver } = await startTimed(t, () => ({ body: body() }));
  await deliver(request());
  await client.readUntil('first');
  clock.advance(3_600_000);
  next.open();
  await client.readUntil('4\r\nlast\r\n0\r\n\r\n');
});

test('does not time out requests that wait behind an answer the client is slow to read', async (t) => {
  const body = new Uint8Array(8_000_000);
  const { clock, client, deliver, server } = await startTimed(t, ({ path }) => (path === '/large' ? { body } : 'small'), { sendTimeoutMs: 1_000_000 });
  client.socket.pause();
  await deliver(request('/large') + request('/small'));
  await until(() => server.stats().bytes.buffered > 0, 'a response that waits');
  clock.advance(60_000);
  client.socket.resume();
  await client.readUntil('\r\n\r\n');
  await client.readBytes(body.length);
  assert.equal((await client.readResponse()).body, 'small');
});

test('answers 408 to a body that is slower than 1 KiB/s, 10 s behind its head', async (t) => {
  const { clock, client, deliver, server, errors } = await startTimed(t, COLLECT);
  await deliver(`${postChunked('/')}${chunk('x')}`);
  clock.advance(9_000);
  assert.equal(client.received, '');
  clock.advance(2_000);
  await assertTimeout(client);
  assert.deepEqual(server.stats().errors, { HTTP_BODY_TIMEOUT: 1 });
  assert.deepEqual(errors, []);
});

test('answers 408 to a body that drips, though never for long', async (t) => {
  const { clock, client, deliver } = await startTimed(t, COLLECT);
  await deliver(postChunked('/'));
  for (let i = 0; i < 10; i++) {
    await deliver(chunk('drip'));
    clock.advance(1_000);
  }
  clock.advance(1_000);
  await assertTimeout(client);
});

test('lets a body take longer than 10 s that is faster than 1 KiB/s, and answers 408 after 300 s', async (t) => {
  const { clock, client, deliver } = await startTimed(t, async (incoming) => {
    for await (const piece of incoming.body) assert.ok(piece.length > 0);
    return 'whole';
  });
  await deliver(postChunked('/'));
  for (let second = 0; second < 295; second++) {
    await deliver(chunk('x'.repeat(1_200)));
    clock.advance(1_000);
  }
  assert.equal(client.received, '');
  await deliver(chunk('x'.repeat(20_000)));
  clock.advance(6_000);
  await assertTimeout(client);
});

test('does not hold the time in which the handler does not read against the body', async (t) => {
  const goOn = new Gate();
  const isReading = new Gate();
  const { clock, client, deliver } = await startTimed(t, async (incoming) => {
    await goOn.opened;
    const text = incoming.text();
    isReading.open();
    return text;
  });
  await deliver(post('/', 'half').replace('Length: 4', 'Length: 8'));
  clock.advance(900_000);
  goOn.open();
  await isReading.opened;
  clock.advance(5_000);
  await deliver('half');
  assert.equal((await client.readResponse()).body, 'halfhalf');
});

test('rejects the body of a slow client once, and counts it once, in a handler that goes on', async (t) => {
  const caught = new Gate<unknown>();
  const goOn = new Gate();
  const { clock, client, deliver, server } = await startTimed(t, async (incoming: HttpRequest) => {
    await incoming.text().catch((error: unknown) => caught.open(error));
    await goOn.opened;
    return { status: 202, body: 'in spite of it' };
  });
  await deliver(`${postChunked('/')}${chunk('x')}`);
  clock.advance(11_000);
  assert.equal((await caught.opened as { status: number }).status, 408);
  clock.advance(60_000);
  goOn.open();
  const { head, body } = await client.readResponse();
  assert.ok(head.startsWith('HTTP/1.1 202 ') && head.includes('\r\nConnection: close\r\n'), head);
  assert.equal(body, 'in spite of it');
  assert.deepEqual(server.stats().errors, { HTTP_BODY_TIMEOUT: 1 });
});

test('gives up on an unread body that does not come while it is drained', async (t) => {
  const { clock, client, deliver } = await startTimed(t, () => 'ignored');
  await deliver(post('/', 'half').replace('Length: 4', 'Length: 8'));
  assert.equal((await client.readResponse()).body, 'ignored');
  clock.advance(12_000);
  assert.equal(await client.readToEnd(), '');
});

test('destroys a connection whose client takes no output for sendTimeoutMs', async (t) => {
  const left = new Gate();
  const { clock, client, deliver, server } = await startTimed(t, ({ signal }) => {
    signal.addEventListener('abort', () => left.open());
    return { body: new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }) };
  });
  client.socket.pause();
  await deliver(request());
  await until(() => server.stats().bytes.buffered > 0, 'output that waits');
  clock.advance(29_000);
  assert.equal(server.stats().connections.open, 1);
  clock.advance(3_000);
  await left.opened;
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
});

test('destroys such a connection in real time, too', async (t) => {
  const { port, server } = await startServer(t, () => ({ body: new Uint8Array(16_000_000) }), { sendTimeoutMs: 100 });
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(request());
  await until(() => server.stats().requests === 1, 'the request');
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
});

test('destroys an ended connection whose client neither reads nor closes', async (t) => {
  const { clock, client, deliver, server } = await startTimed(t, () => ({ body: new Uint8Array(16_000_000) }));
  client.socket.pause();
  await deliver(request('/', 'Connection: close\r\n'));
  await until(() => server.stats().bytes.buffered > 0, 'output that waits');
  clock.advance(33_000);
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
});

test('lingers no longer than 2 s for a client that does not close', async (t) => {
  const { clock, client, deliver, server } = await startTimed(t, () => 'x');
  await deliver('bad\r\n\r\n');
  await client.readToEnd();
  clock.advance(1_500);
  assert.equal(server.stats().connections.open, 1);
  clock.advance(1_500);
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
});
