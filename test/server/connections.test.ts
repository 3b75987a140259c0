/** One connection, many requests: what keeps it and what ends it, and pipelining in order. */

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RawClient } from '../support/raw-client.js';
import { chunk, post, postChunked, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';

interface KeepAliveCase {
  readonly name: string;
  readonly version?: string;
  readonly fields?: string;
  readonly answer?: string;
  /** The `Connection` of the response; with `close` in it the server must close. */
  readonly connection: string | undefined;
}

const KEEP_ALIVE: readonly KeepAliveCase[] = [
  { name: 'HTTP/1.1 keeps the connection without a word', connection: undefined },
  { name: 'HTTP/1.1 with Connection: keep-alive keeps it', fields: 'Connection: keep-alive\r\n', connection: undefined },
  { name: 'HTTP/1.1 with Connection: close ends it', fields: 'Connection: close\r\n', connection: 'close' },
  { name: 'Connection: Close in any case ends it', fields: 'connection: CLOSE\r\n', connection: 'close' },
  { name: 'close among other options ends it', fields: 'Connection: x-option, close\r\n', connection: 'close' },
  { name: 'close in a second Connection field ends it', fields: 'Connection: keep-alive\r\nConnection: close\r\n', connection: 'close' },
  { name: 'an option that only contains close does not end it', fields: 'Connection: closed\r\n', connection: undefined },
  { name: 'HTTP/1.0 ends the connection', version: '1.0', connection: 'close' },
  { name: 'HTTP/1.0 with Connection: keep-alive keeps it, and is told so', version: '1.0', fields: 'Connection: Keep-Alive\r\n', connection: 'keep-alive' },
  { name: 'HTTP/1.0 with close beside keep-alive ends it', version: '1.0', fields: 'Connection: keep-alive, close\r\n', connection: 'close' },
  { name: 'Connection: close of the application ends it', answer: 'close', connection: 'close' },
  { name: 'Connection: keep-alive of the application is left out', answer: 'keep-alive', connection: undefined },
];

for (const { name, version = '1.1', fields = '', answer, connection } of KEEP_ALIVE) {
  for (const kind of ['whole', 'streamed'] as const) {
    test(`${name}, behind a ${kind} body`, async (t) => {
      const headers = { 'Content-Length': 2, ...(answer === undefined ? {} : { Connection: answer }) };
      const { port } = await startServer(t, () => ({ headers, body: kind === 'whole' ? 'ok' : ['o', 'k'] }));
      const client = await RawClient.open(t, port);
      await client.send(request('/', fields, { version }));
      const { head, body } = await client.readResponse();
      assert.equal(body, 'ok');
      assert.equal(/^connection: (.*)\r$/im.exec(head)?.[1], connection);
      if (connection === 'close') {
        assert.equal(await client.readToEnd(), '');
      } else {
        await client.send(request('/', fields, { version }));
        assert.equal((await client.readResponse()).body, 'ok');
      }
    });
  }
}

test('answers nothing that comes behind a request with Connection: close', async (t) => {
  let calls = 0;
  const { port } = await startServer(t, () => `call ${++calls}`);
  const client = await RawClient.open(t, port);
  await client.send(request('/', 'Connection: close\r\n') + request('/second'));
  assert.ok((await client.readToEnd()).endsWith('call 1'));
  assert.equal(calls, 1);
});

test('ignores empty lines between requests', async (t) => {
  const { port } = await startServer(t, ({ path }) => path);
  const client = await RawClient.open(t, port);
  await client.send(`\r\n\r\n${request('/a')}\r\n${request('/b')}`);
  assert.equal((await client.readResponse()).body, '/a');
  assert.equal((await client.readResponse()).body, '/b');
});

for (const kind of ['slow', 'mixed'] as const) {
  test(`answers 16 pipelined requests in order, one at a time, with ${kind} handlers`, async (t) => {
    let running = 0;
    let mostRunning = 0;
    const { port } = await startServer(t, ({ path }) => {
      const number = Number(path.slice(1));
      if (kind === 'mixed' && number % 3 === 0) return path;
      mostRunning = Math.max(mostRunning, ++running);
      return delay((16 - number) % 5).then(() => {
        running--;
        return path;
      });
    });
    const client = await RawClient.open(t, port);
    const paths = Array.from({ length: 16 }, (_, i) => `/${i}`);
    await client.send(paths.map((path) => request(path)).join(''));
    for (const path of paths) assert.equal((await client.readResponse()).body, path);
    assert.equal(mostRunning, 1);
  });
}

test('answers pipelined requests of every kind in order: with bodies, HEAD, streams and errors', async (t) => {
  const { port, errors } = await startServer(t, async (incoming) => {
    switch (incoming.path) {
      case '/echo':
        return incoming.text();
      case '/stream':
        return { body: ['st', 'ream'] };
      case '/throw':
        throw new Error('thrown');
      default:
        return incoming.path;
    }
  });
  const client = await RawClient.open(t, port);
  await client.send(
    [
      request('/1'),
      post('/echo', 'hello'),
      postChunked('/echo') + chunk('in ') + chunk('chunks') + chunk(''),
      request('/head', '', { method: 'HEAD' }),
      request('/stream'),
      post('/ignores-its-body', 'unread'),
      request('/last'),
      request('/throw'),
      request('/never'),
    ].join(''),
  );
  for (const body of ['/1', 'hello', 'in chunks']) assert.equal((await client.readResponse()).body, body);
  assert.ok((await client.readUntil('\r\n\r\n')).includes('Content-Length: 5\r\n'));
  assert.ok((await client.readUntil('0\r\n\r\n')).endsWith('2\r\nst\r\n4\r\nream\r\n0\r\n\r\n'));
  assert.equal((await client.readResponse()).body, '/ignores-its-body');
  assert.equal((await client.readResponse()).body, '/last');
  const { head } = await client.readResponse();
  assert.ok(head.startsWith('HTTP/1.1 500 ') && head.includes('Connection: close\r\n'), head);
  assert.equal(await client.readToEnd(), '');
  assert.equal(errors.length, 1);
});

for (const isAsync of [false, true]) {
  test(`answers 64 requests of one read in one write, with ${isAsync ? 'asynchronous' : 'plain'} handlers`, async (t) => {
    const { port } = await startServer(t, isAsync ? async ({ path }) => path : ({ path }) => path);
    const client = await RawClient.open(t, port);
    const write = t.mock.method(Socket.prototype, 'write');
    const paths = Array.from({ length: 64 }, (_, i) => `/${i}`);
    await client.send(paths.map((path) => request(path)).join(''));
    for (const path of paths) assert.equal((await client.readResponse()).body, path);
    assert.equal(write.mock.calls.filter((call) => (call.this as Socket).localPort === port).length, 1);
  });
}

test('pauses a client that pipelines more than 64 KiB behind a plain handler, and then answers all of it', async (t) => {
  const isReleased = new Gate();
  const { port, server } = await startServer(t, async ({ path }) => {
    await isReleased.opened;
    return path;
  });
  const client = await RawClient.open(t, port);
  const padding = `X-Padding: ${'x'.repeat(4_000)}\r\n`;
  const count = 100;
  void client.send(Array.from({ length: count }, (_, i) => request(`/${i}`, padding)).join(''));
  await until(() => server.stats().pauses > 0, 'the pause');
  assert.ok(server.stats().bytes.in < 300_000, `${server.stats().bytes.in} bytes were read`);
  assert.equal(server.stats().requests, 1);
  isReleased.open();
  for (let i = 0; i < count; i++) assert.equal((await client.readResponse()).body, `/${i}`);
});

test('aborts a client that pipelines more than 64 KiB behind a stream, and tells the stream', async (t) => {
  const finished = new Gate();
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) {
        yield 'tick';
        await delay(1);
      }
    } finally {
      finished.open();
    }
  }
  const { port, server } = await startServer(t, () => ({ body: endless() }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readUntil('tick');
  void client.send('x'.repeat(200_000));
  await client.closed();
  await finished.opened;
  assert.equal(server.stats().errors['HTTP_PIPELINE_TOO_LONG'], 1);
});

test('takes no next pipelined request while the client does not read the last answer', async (t) => {
  const body = new Uint8Array(8_000_000);
  const { port, server } = await startServer(t, () => ({ body }));
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(request().repeat(5));
  await until(() => server.stats().bytes.buffered > 0, 'a response that waits');
  assert.equal(server.stats().requests, 1);
  let received = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (bytes) => (received += bytes.length));
  client.socket.resume();
  await until(() => received > 40_000_000, 'all five answers');
  assert.equal(server.stats().requests, 5);
});

test('serves other connections while one is slow', async (t) => {
  const { port, url } = await startServer(t, ({ path }) => (path === '/slow' ? new Promise<string>(() => {}) : path));
  const slow = await RawClient.open(t, port);
  await slow.send(request('/slow'));
  assert.equal(await (await fetch(`${url}/quick`)).text(), '/quick');
});

/** What the server's sockets are asked, in order: `prompt` stands for TCP_NODELAY. */
function watchSockets(t: TestContext, port: () => number): string[] {
  const asked: string[] = [];
  const { setNoDelay, write } = Socket.prototype;
  t.mock.method(Socket.prototype, 'setNoDelay', function (this: Socket, ...args: [boolean?]) {
    if (this.localPort === port()) asked.push('prompt');
    return setNoDelay.apply(this, args);
  });
  t.mock.method(Socket.prototype, 'write', function (this: Socket, ...args: Parameters<Socket['write']>) {
    if (this.localPort === port()) asked.push('write');
    return write.apply(this, args);
  });
  return asked;
}

test('short answers wait for no acknowledgement of those before: what comes behind a first write of one segment is sent promptly', async (t) => {
  let port = 0;
  const asked = watchSockets(t, () => port);
  ({ port } = await startServer(t, ({ path }) => (path === '/long' ? 'x'.repeat(2_000) : 'short')));
  const client = await RawClient.open(t, port);
  for (const expected of [['write'], ['write', 'prompt', 'write'], ['write', 'prompt', 'write', 'write']]) {
    await client.send(request());
    assert.match(await client.readUntil('short'), /^HTTP\/1.1 200 /);
    assert.deepEqual(asked, expected);
  }
  asked.length = 0;
  const other = await RawClient.open(t, port);
  await other.send(request('/long'));
  await other.readUntil('x'.repeat(2_000));
  assert.deepEqual(asked, ['prompt', 'write']);
});
