/** Streamed bodies that do not end as they should: too short, too long, failing, no longer wanted, or faster than the client. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Body, UsageError } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { atRest, Gate, until, within } from '../support/signals.js';
import { transferred } from '../support/transferred.js';

async function* failing(): AsyncGenerator<string> {
  yield 'some';
  throw new Error('the source failed');
}

const failingStream = (): ReadableStream<Uint8Array> => {
  let isFirst = true;
  return new ReadableStream({
    pull(controller) {
      if (!isFirst) throw new Error('the source failed');
      isFirst = false;
      controller.enqueue(Buffer.from('some'));
    },
  });
};

interface BrokenCase {
  readonly name: string;
  readonly body: () => Body;
  readonly contentLength?: number;
  /** What the client has received of the body when the connection is over. */
  readonly received: string;
  readonly error: RegExp;
}

const BROKEN: readonly BrokenCase[] = [
  { name: 'is shorter than its Content-Length', contentLength: 9, body: () => ['four'], received: 'four', error: /5 bytes shorter/ },
  { name: 'is empty in spite of its Content-Length', contentLength: 1, body: () => [], received: '', error: /1 bytes shorter/ },
  { name: 'is longer than its Content-Length', contentLength: 6, body: () => ['four', 'more'], received: 'four', error: /longer than its Content-Length/ },
  { name: 'throws, with a Content-Length', contentLength: 9, body: failing, received: 'some', error: /the source failed/ },
  { name: 'throws, in chunks', body: failing, received: '4\r\nsome\r\n', error: /the source failed/ },
  { name: 'is a ReadableStream that errors', body: failingStream, received: '4\r\nsome\r\n', error: /the source failed/ },
  { name: 'yields what is no piece', body: () => ['some', 42 as unknown as string], received: '4\r\nsome\r\n', error: /pieces of a streamed body/ },
  { name: 'yields bytes whose memory was transferred', body: () => ['some', transferred()], received: '4\r\nsome\r\n', error: /memory of these bytes is gone/ },
];

for (const { name, body, contentLength, received, error } of BROKEN) {
  test(`aborts visibly a streamed body that ${name}`, async (t) => {
    const headers = contentLength === undefined ? {} : { 'Content-Length': contentLength };
    const { port, errors } = await startServer(t, ({ path }) => (path === '/next' ? 'next' : { headers, body: body() }));
    const client = await RawClient.open(t, port);
    await client.send(request() + request('/next'));
    const head = await client.readUntil('\r\n\r\n');
    assert.ok(head.startsWith('HTTP/1.1 200 OK\r\n'));
    assert.equal(await client.readToEnd(), received);
    assert.equal(errors.length, 1);
    assert.match(String(errors[0]), error);
  });
}

test('resets the connection where a body that is delimited by the close fails', async (t) => {
  // The reset comes alone: libuv shows one that comes together with data as an end.
  const isRead = new Gate();
  async function* failingLater(): AsyncGenerator<string> {
    yield 'some';
    await isRead.opened;
    throw new Error('the source failed');
  }
  const { port, errors } = await startServer(t, () => ({ body: failingLater() }));
  const client = await RawClient.open(t, port);
  await client.send(request('/', '', { version: '1.0' }));
  await client.readUntil('some');
  isRead.open();
  await client.closed();
  assert.equal(client.error?.code, 'ECONNRESET');
  assert.match(String(errors[0]), /the source failed/);
});

test('shows fetch an error, and not a shorter body, where a stream fails', async (t) => {
  const { url } = await startServer(t, () => ({ body: failing() }));
  const response = await fetch(url);
  await assert.rejects(response.text());
});

test('calls a body that is too long a UsageError', async (t) => {
  const { url, errors } = await startServer(t, () => ({ headers: { 'Content-Length': 1 }, body: ['too', 'long'] }));
  await assert.rejects(async () => (await fetch(url)).text());
  assert.ok(errors[0] instanceof UsageError);
});

const DEPARTURES = { FIN: (client: RawClient) => client.end(), RST: (client: RawClient) => client.reset() };

for (const [how, depart] of Object.entries(DEPARTURES)) {
  test(`runs the finally of a generator when the client leaves with ${how}`, async (t) => {
    const finished = new Gate();
    async function* ticking(): AsyncGenerator<string> {
      try {
        for (;;) {
          yield 'tick';
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      } finally {
        finished.open();
      }
    }
    const { port, errors } = await startServer(t, () => ({ body: ticking() }));
    const client = await RawClient.open(t, port);
    await client.send(request());
    await client.readUntil('tick');
    depart(client);
    await within(finished.opened, 'the end of the generator');
    assert.deepEqual(errors, []);
  });

  test(`cancels a ReadableStream that has nothing to say when the client leaves with ${how}`, async (t) => {
    const cancelled = new Gate();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      pull: () => new Promise(() => {}),
      cancel: () => cancelled.open(),
    });
    const { port, errors } = await startServer(t, () => ({ body }));
    const client = await RawClient.open(t, port);
    await client.send(request());
    await client.readUntil('first');
    depart(client);
    await within(cancelled.opened, 'the cancel');
    assert.deepEqual(errors, []);
  });

  test(`cancels a ReadableStream in the middle of backpressure when the client leaves with ${how}`, async (t) => {
    const cancelled = new Gate();
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulls++;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel: () => cancelled.open(),
    });
    const { port } = await startServer(t, () => ({ body }));
    const client = await RawClient.open(t, port);
    client.socket.pause();
    await client.send(request());
    await until(() => pulls > 3, 'the stream');
    await atRest(() => pulls);
    depart(client);
    await within(cancelled.opened, 'the cancel');
  });
}

test('lets go of a streamed body that a handler returns after the client has left', async (t) => {
  const called = new Gate();
  const cancelled = new Gate();
  const { port, errors } = await startServer(t, async ({ signal }) => {
    const left = new Promise((resolve) => signal.addEventListener('abort', resolve));
    called.open();
    await left;
    return { body: new ReadableStream<Uint8Array>({ cancel: () => cancelled.open() }) };
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await called.opened;
  client.reset();
  await within(cancelled.opened, 'the cancel');
  assert.deepEqual(errors, []);
});

test('pulls ahead of a client that does not read only as much as its buffers take', async (t) => {
  let yielded = 0;
  function* endless(): Generator<Uint8Array> {
    for (; yielded < 4_000; yielded++) yield new Uint8Array(65_536);
  }
  const { port, server } = await startServer(t, () => ({ body: endless() }));
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(request());
  await until(() => yielded > 0, 'the first piece');
  const before = await atRest(() => yielded);
  assert.ok(before < 400, `${before} pieces of 64 KiB were taken`);
  assert.ok(server.stats().bytes.buffered < 1_000_000, `${server.stats().bytes.buffered} bytes wait`);
  let received = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (bytes) => {
    received += bytes.length;
    if (received > before * 65_536 + 10_000_000) client.socket.destroy();
  });
  client.socket.resume();
  await until(() => yielded > before, 'more pieces');
});

test('sends a small response whole to a client that reads it late', async (t) => {
  const { port } = await startServer(t, () => ({ body: ['x'.repeat(50_000), 'y'] }));
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(request());
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.socket.resume();
  const all = await client.readUntil('0\r\n\r\n');
  assert.ok(all.endsWith('1\r\ny\r\n0\r\n\r\n'));
});

test('borrows large bytes and copies small ones: what a handler changes behind a small piece is not seen', async (t) => {
  const small = Buffer.alloc(4_096, 'a');
  const large = Buffer.alloc(65_536, 'b');
  function* changing(): Generator<Uint8Array> {
    yield small;
    small.fill('x');
    yield large;
  }
  const { url } = await startServer(t, () => ({ body: changing() }));
  assert.equal(await (await fetch(url)).text(), 'a'.repeat(4_096) + 'b'.repeat(65_536));
});

test('sends 32 MiB from a generator byte for byte to a client that reads slowly', async (t) => {
  function* counted(): Generator<Uint8Array> {
    for (let i = 0; i < 512; i++) yield Buffer.alloc(65_536, i % 251);
  }
  const { port } = await startServer(t, () => ({ headers: { 'Content-Length': 512 * 65_536 }, body: counted() }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readUntil('\r\n\r\n');
  for (let i = 0; i < 512; i++) {
    const piece = await client.readBytes(65_536);
    assert.ok(piece.every((byte) => byte === i % 251), `piece ${i}`);
    if (i % 64 === 0) {
      client.socket.pause();
      await new Promise((resolve) => setImmediate(resolve));
      client.socket.resume();
    }
  }
});
