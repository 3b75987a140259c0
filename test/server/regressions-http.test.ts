/** Cases of HTTP and of connections that were wrong once, each found by trying to break the server. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { asChannel, type Channel, type HttpRequest, type HttpResponse, type ServerOptions } from 'longwire';
import { BodyPump } from '#src/http/body-pump.js';
import { FakeClock } from '../support/clock.js';
import { binary, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';
import { Gate, within } from '../support/signals.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** So little that a socket which holds it emits no `drain`. */
const CHUNK_BYTES = 5_000;

/** Sends until the kernel takes no more because the client does not read. */
async function fillKernel(channel: Channel): Promise<void> {
  for (let fullTurns = 0; fullTurns < 50; fullTurns++) {
    while (channel.bufferedAmount === 0) {
      channel.send(new Uint8Array(CHUNK_BYTES), false);
      fullTurns = 0;
    }
    await turn();
  }
}

/** A stream that waits for a client which has stopped reading. */
async function stalledStream(t: TestContext, head: HttpResponse, options: ServerOptions, clock?: FakeClock) {
  let take: (channel: Channel) => void;
  const taken = new Promise<Channel>((resolve) => (take = resolve));
  const handler = (request: Parameters<typeof asChannel>[0]): Channel => {
    const channel = asChannel(request);
    channel.send(head, false);
    take(channel);
    return channel;
  };
  const { port } = await startServer(t, handler, options, clock);
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(GET);
  const channel = await taken;
  await fillKernel(channel);
  return { client, channel };
}

test('waits for a slow reader to take the last bytes before it counts the time for closing', async (t) => {
  const clock = new FakeClock();
  const { client, channel } = await stalledStream(t, { headers: { Connection: 'close' } }, {}, clock);
  channel.close();
  await turn();
  clock.advance(10_000);
  await turn();
  client.socket.resume();
  assert.match(await client.readToEnd(), /\r\n0\r\n\r\n$/);
});

test('resolves drained() that is called behind the end of the response, and goes on serving', async (t) => {
  const { client, channel } = await stalledStream(t, { headers: { Connection: 'close' } }, {});
  channel.close();
  await turn();
  const drained = channel.drained();
  await turn();
  client.socket.resume();
  await drained;
  assert.equal(channel.bufferedAmount, 0);
});

test('tells onDrain when the soft mark lies below what makes a socket emit drain', async (t) => {
  const { client, channel } = await stalledStream(t, {}, { softBufferBytes: 1_000 });
  let drains = 0;
  channel.onDrain(() => drains++);
  client.socket.resume();
  await channel.drained();
  await turn();
  assert.equal(drains, 1);
});

test('reads on behind a handshake whose handler took so long that reading was paused', async (t) => {
  const frame = binary(new Uint8Array(4096));
  let received = 0;
  let allCame: () => void;
  const all = new Promise<void>((resolve) => (allCame = resolve));
  let accept: () => void;
  const mayAccept = new Promise<void>((resolve) => (accept = resolve));
  const { server, port } = await startServer(t, async (request) => {
    await mayAccept;
    return asChannel(request, { onReceive: () => ++received === 100 && allCame() });
  });
  const client = await RawClient.open(t, port);
  await client.send(handshake());
  for (let i = 0; i < 100; i++) await client.send(frame);
  while (server.stats().pauses === 0) await turn();
  accept!();
  await all;
  assert.equal(received, 100);
});

test('stops at the deadline although a message is still being handled', async (t) => {
  let handling: () => void;
  const isHandling = new Promise<void>((resolve) => (handling = resolve));
  const closes: string[] = [];
  const { server, port } = await startServer(t, (request) =>
    asChannel(request, {
      onReceive: () => {
        handling();
        return new Promise(() => {});
      },
      onClose: (_channel, status) => closes.push(status),
    }),
  );
  const client = await RawClient.open(t, port);
  await client.send(Buffer.concat([Buffer.from(handshake()), text('endless')]));
  await isHandling;
  assert.deepEqual(await server.stop({ timeoutMs: 0 }), { closed: 0, destroyed: 1 });
  await turn();
  assert.equal(closes.length, 1);
});

test('gives a head its whole time when its first byte comes late on an idle connection', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(t, () => 'hello', {}, clock);
  const client = await RawClient.open(t, port);
  await client.send(GET);
  await client.readResponse();
  clock.advance(60_000);
  const before = server.stats().bytes.in;
  await client.send('GET / HT');
  while (server.stats().bytes.in === before) await turn();
  clock.advance(10_000);
  await client.send('TP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'hello');
});

test('does not grant time for a head again for every empty line ahead of it', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(t, () => 'hello', {}, clock);
  const client = await RawClient.open(t, port);
  for (let i = 0; i < 6; i++) {
    const before = server.stats().bytes.in;
    await client.send(i % 2 === 0 ? '\r' : '\n');
    while (server.stats().bytes.in === before) await turn();
    clock.advance(3_000);
  }
  assert.equal(await client.readToEnd(), '');
});

test('counts no time for a pipelined request that waits behind a slow reader', async (t) => {
  const clock = new FakeClock();
  const body = new Uint8Array(8 * 1024 * 1024);
  const { port, server } = await startServer(t, (request) => (request.path === '/big' ? { body } : 'small'), {}, clock);
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(`GET /big HTTP/1.1\r\nHost: a\r\n\r\n${GET}`);
  while (server.stats().bytes.buffered === 0) await turn();
  clock.advance(20_000);
  client.socket.resume();
  assert.equal((await client.readResponse()).body.length, body.length);
  assert.equal((await client.readResponse()).body, 'small');
});

test('sends no 100 Continue into a response that has begun', async (t) => {
  const { port } = await startServer(t, (request) => ({ body: request.body }));
  const client = await RawClient.open(t, port);
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  await client.readUntil('\r\n\r\n');
  await client.send('hello');
  assert.equal(await client.readUntil('0\r\n\r\n'), '5\r\nhello\r\n0\r\n\r\n');
});

test('counts a body that is too slow once, however long its handler goes on', async (t) => {
  const clock = new FakeClock();
  const { port, server } = await startServer(
    t,
    async (request) => {
      await request.text().catch(() => {});
      return new Promise(() => {});
    },
    {},
    clock,
  );
  const client = await RawClient.open(t, port);
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1');
  while (server.stats().requests === 0) await turn();
  clock.advance(30_000);
  assert.deepEqual(server.stats().errors, { HTTP_BODY_TIMEOUT: 1 });
});

test('takes what follows a CONNECT for no request', async (t) => {
  const { port, server } = await startServer(t, () => ({ status: 200, body: 'hello' }));
  const client = await RawClient.open(t, port);
  await client.send(`CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n${GET}`);
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 200 OK\r\n(?:(?!HTTP).)*Connection: close\r\n\r\n$/s);
  assert.equal(server.stats().requests, 1);
});

test('writes nothing of a response whose body cannot be read', async (t) => {
  const locked = new ReadableStream<Uint8Array>();
  locked.getReader();
  const { port } = await startServer(t, (request) => {
    const channel = asChannel(request);
    assert.throws(() => channel.send({ body: locked }));
    channel.send('instead');
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  assert.equal((await client.readResponse()).body, 'instead');
});

test('goes on with a body that is being iterated when it is asked for as text, too', async (t) => {
  let begun: () => void;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const { port } = await startServer(t, async (request) => {
    const pieces: string[] = [];
    for await (const piece of request.body) {
      pieces.push(Buffer.from(piece).toString());
      if (pieces.length === 1) await assert.rejects(request.text(), { name: 'UsageError' });
      begun();
    }
    return pieces.join('');
  });
  const client = await RawClient.open(t, port);
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
  await hasBegun;
  await client.send('def');
  assert.equal((await client.readResponse()).body, 'abcdef');
});

test('lets go of a file whose content is not sent, and survives its errors', async (t) => {
  const streams: ReadStream[] = [];
  const cases = {
    'in answer to HEAD': { status: 200 },
    'with a status that has no body': { status: 304 },
    'with a status that is none': { status: 1 },
    'behind a channel that was taken': { status: 200 },
  };
  const { port } = await startServer(t, (request) => {
    const what = decodeURIComponent(request.path.slice(1)) as keyof typeof cases;
    if (what.startsWith('behind')) asChannel(request).send('sent');
    const body = createReadStream(request.query === 'missing' ? `${import.meta.filename}.none` : import.meta.filename);
    streams.push(body);
    return { ...cases[what], body };
  });
  for (const what of Object.keys(cases)) {
    for (const query of ['there', 'missing']) {
      const client = await RawClient.open(t, port);
      await client.send(`${what.includes('HEAD') ? 'HEAD' : 'GET'} /${encodeURIComponent(what)}?${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.readUntil('\r\n\r\n');
      const stream = streams.at(-1)!;
      if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
      assert.equal(stream.destroyed, true, what);
    }
  }
});

test('lets go of a file that a handler opened for a client that has left', async (t) => {
  let stream: ReadStream | undefined;
  let answered: () => void;
  const hasAnswered = new Promise<void>((resolve) => (answered = resolve));
  const { server, port } = await startServer(t, async (request) => {
    await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()));
    stream = createReadStream(`${import.meta.filename}.none`);
    stream.once('close', answered);
    return { body: stream };
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  while (server.stats().requests === 0) await turn();
  client.reset();
  await hasAnswered;
  assert.equal(stream!.destroyed, true);
});

test('answers 500 where a handler returns what throws when it is looked at', async (t) => {
  const results: Record<string, object> = {
    '/getter': Object.defineProperty({}, 'then', { get: () => assert.fail('looked at') }),
    '/then': { then: () => assert.fail('called') },
  };
  const { port } = await startServer(t, (request) => (request.path in results ? (results[request.path] as HttpResponse) : Promise.resolve('first')));
  for (const path of Object.keys(results)) {
    const client = await RawClient.open(t, port);
    await client.send(`${GET}GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal((await client.readResponse()).body, 'first');
    assert.match((await client.readResponse()).head, /^HTTP\/1\.1 500 /);
  }
});

test('answers 500 and warns where a handler throws what has no text', async (t) => {
  const { port } = await startServer(t, () => Promise.reject(Object.create(null)), { onError: undefined });
  const warned = once(process, 'warning');
  const client = await RawClient.open(t, port);
  await client.send(GET);
  assert.match((await client.readResponse()).head, /^HTTP\/1\.1 500 /);
  assert.match(String((await warned)[0]), /not an Error was thrown/);
});

for (const tlsHandshakeTimeoutMs of [Infinity, 2 ** 31]) {
  test(`accepts TLS with ${tlsHandshakeTimeoutMs} ms for the handshake, more than a timer can hold, and does not warn`, async (t) => {
    const warnings: unknown[] = [];
    const listen = (warning: unknown): unknown => warnings.push(warning);
    process.on('warning', listen);
    t.after(() => process.off('warning', listen));
    const { port } = await startServer(t, () => 'hello', { tls: {}, tlsHandshakeTimeoutMs });
    const client = await RawClient.open(t, port);
    await client.send(GET);
    assert.match(await client.readToEnd(), /^(?!HTTP)/);
    assert.deepEqual(warnings, []);
  });
}

test('gives a free place to the next client while refused ones are still being closed', async (t) => {
  for (const limit of [{ maxConnections: 1 }, { maxConnectionsPerAddress: 1 }]) {
    const { server, port } = await startServer(t, () => 'hello', limit);
    const first = await RawClient.open(t, port);
    await first.send(GET);
    await first.readResponse();
    const refused = await RawClient.open(t, port);
    assert.match((await refused.readResponse()).head, /^HTTP\/1\.1 503 /);
    first.reset();
    while (server.stats().connections.open > 1) await turn();
    const next = await RawClient.open(t, port);
    await next.send(GET);
    assert.equal((await next.readResponse()).body, 'hello');
  }
});

test('cancels a ReadableStream that has nothing to send at the moment its client leaves', async (t) => {
  let cancelled: () => void;
  const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
  const { port } = await startServer(t, () => ({
    body: new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      cancel: () => cancelled(),
    }),
  }));
  const client = await RawClient.open(t, port);
  await client.send(GET);
  await client.readUntil('first');
  client.reset();
  await isCancelled;
});

test('warns when onError and onClientError are asynchronous and fail', async (t) => {
  const onError = (): Promise<void> => Promise.reject(new Error('log is full'));
  const onClientError = (): Promise<void> => Promise.reject(new Error('list is full'));
  const handler = (): never => assert.fail('broken');
  for (const request of [GET, 'GET\r\n\r\n']) {
    const { port } = await startServer(t, handler, { onError, onClientError });
    const warned = once(process, 'warning');
    const client = await RawClient.open(t, port);
    await client.send(request);
    assert.match((await client.readResponse()).head, /^HTTP\/1\.1 (?:500|400) /);
    assert.match(String((await warned)[0]), /log is full/);
  }
});

/** Resets a client and calls `handler` when that was read: its socket is destroyed then, and the `close` comes later in the same turn. */
async function afterReset(t: TestContext, handler: (request: HttpRequest) => HttpResponse | Channel): Promise<void> {
  const called = new Gate();
  const { port, server } = await startServer(t, async (request) => {
    called.open();
    while (server.stats().errors['ECONNRESET'] === undefined) await turn();
    return handler(request);
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  await called.opened;
  client.reset();
}

test('asks a body that never waits for nothing more when it begins between the reset of its client and the close of the socket', async (t) => {
  let yielded = 0;
  const letGo = new Gate();
  function* busy(): Generator<string> {
    try {
      while (yielded++ < 20_000) yield 'x'.repeat(1_000);
    } finally {
      letGo.open();
    }
  }
  await afterReset(t, () => ({ body: busy() }));
  await within(letGo.opened, 'the end of the body');
  assert.ok(yielded < 1_000, `${yielded} pieces were taken`);
});

test('does not call output drained that goes to a socket which was reset and is about to close', async (t) => {
  let rounds = 0;
  const finished = new Gate();
  const stream = async (channel: Channel): Promise<void> => {
    while (rounds < 20_000 && channel.send('x'.repeat(100_000), false)) {
      rounds++;
      await channel.drained();
    }
    finished.open();
  };
  await afterReset(t, (request) => {
    const channel = asChannel(request);
    void stream(channel);
    return channel;
  });
  await within(finished.opened, 'the end of the stream');
  assert.ok(rounds < 10, `${rounds} pieces were sent into nothing`);
});

test('lets the event loop turn while a body that never waits goes to a client that takes everything', async () => {
  let yielded = 0;
  function* busy(): Generator<string> {
    while (yielded++ < 20_000) yield 'x';
  }
  const ignore = (): void => {};
  const pump = new BodyPump(busy(), { isCongested: false, nextTurn: turn, piece: ignore, pumped: ignore, pumpFailed: ignore });
  void pump.run();
  await turn();
  pump.cancel();
  assert.ok(yielded < 1_000, `${yielded} pieces were taken in one turn`);
});
