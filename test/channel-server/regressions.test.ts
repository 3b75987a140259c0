/** What once went wrong between a channel and its server, each as a client or an application saw it. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { test } from 'node:test';
import { asChannel, type Channel, type CloseDetail, type CloseStatus, MemoryChannelStore, UsageError } from 'longwire';
import { FakeClock } from '../support/clock.js';
import { until } from '../support/deferred.js';
import { binary, clientFrame, close, handshake, ping, pong, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

test('answers as if nothing was sent after a send whose stream is locked has thrown', async (t) => {
  const locked = new ReadableStream<Uint8Array>();
  locked.getReader();
  const { port } = await startServer(t, (request) => {
    const channel = asChannel(request);
    assert.throws(() => channel.send({ body: locked }));
    channel.send('after');
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  const { head, body } = await client.readResponse();
  assert.match(head, /^Content-Length: 5\r$/m);
  assert.equal(body, 'after');
});

test('serves everybody as before when the application gives away memory of messages and bodies that hold nothing', async (t) => {
  const giveAway = (bytes: Uint8Array): number => structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] }).length;
  const { port } = await startServer(t, async (request) => {
    if (!request.isWebSocketUpgrade) return `${giveAway(await request.bytes())} bytes`;
    return asChannel(request, {
      onReceive: (channel, message) => channel.send(`${giveAway(message as Uint8Array)} bytes`),
      onPing: (_, data) => void giveAway(data),
      onPong: (_, data) => void giveAway(data),
    });
  });
  const nothing = new Uint8Array(0);
  const fragmented = [clientFrame({ opcode: 2, fin: false, payload: nothing }), clientFrame({ opcode: 0, payload: nothing })];
  for (let round = 0; round < 2; round++) {
    const bodies = await RawClient.open(t, port);
    for (const fields of ['', 'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n']) {
      await bodies.send(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${fields.startsWith('T') ? '0\r\n\r\n' : ''}`);
      assert.equal((await bodies.readResponse()).body, '0 bytes');
    }
    for (const frames of [[binary(nothing)], fragmented]) {
      const socket = await RawWebSocket.open(t, port);
      await socket.send(Buffer.concat([ping(), pong(), ...frames]));
      assert.deepEqual([(await socket.readFrame()).opcode, (await socket.readFrame()).payload.toString()], [10, '0 bytes']);
    }
  }
});

test('hands over in order what came behind a handshake that was judged late, more than is held behind a request', async (t) => {
  const COUNT = 400;
  const received: string[] = [];
  const { server, port } = await startServer(t, async (request) => {
    await until(() => server.stats().pauses > 0, 'a pause');
    return asChannel(request, {
      onReceive: (channel, message) => {
        if (received.push(String(message)) === COUNT) channel.send('all');
      },
    });
  });
  const messages = Array.from({ length: COUNT }, (_, i) => `${i}`.padEnd(1000, '.'));
  const client = await RawClient.open(t, port);
  void client.send(Buffer.concat([Buffer.from(handshake()), ...messages.map(text)]));
  await client.readUntil('all');
  assert.deepEqual(received, messages);
});

test('hands over every message, then the Close behind them, to a slow receiver whose client has sent FIN', async (t) => {
  const COUNT = 200;
  let received = 0;
  const endings: [CloseStatus, CloseDetail][] = [];
  const { port } = await startServer(t, (request) =>
    asChannel(request, {
      onReceive: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        received++;
      },
      onClose: (_, ...ending) => endings.push(ending),
    }),
  );
  const socket = await RawWebSocket.open(t, port);
  await socket.send(Buffer.concat([...Array.from({ length: COUNT }, () => text('x')), close(1000, 'done')]));
  socket.client.end();
  await until(() => endings.length > 0, 'the end');
  assert.deepEqual(endings, [['normal', { code: 1000, reason: 'done', by: 'client', clean: true }]]);
  assert.equal(received, COUNT);
});

test('holds no more than the outbound cap for a client that sends Pings and reads nothing, then answers the last of them', async (t) => {
  const maxBufferedBytes = 128 * 1024;
  const { server, port } = await startServer(t, (request) => asChannel(request), { maxBufferedBytes });
  const socket = await RawWebSocket.open(t, port);
  socket.client.socket.pause();
  const bytesBefore = server.stats().bytes.in;
  const pings = Buffer.concat(Array.from({ length: 100_000 }, () => ping('x'.repeat(120))));
  await socket.send(pings);
  await socket.send(ping('the last one'));
  await until(() => server.stats().bytes.in === bytesBefore + pings.length + ping('the last one').length, 'all Pings');
  const { buffered } = server.stats().bytes;
  assert.ok(buffered > 0 && buffered < 2 * maxBufferedBytes, `${buffered} bytes are held`);
  socket.client.socket.resume();
  await socket.client.readUntil('the last one');
});

test('keeps a WebSocket whose client needs longer than a heartbeat for one message, and gives it up when nothing follows it', async (t) => {
  const clock = new FakeClock();
  const endings: [CloseStatus, CloseDetail][] = [];
  const { server, port } = await startServer(
    t,
    (request) =>
      asChannel(request, {
        onOpen: (channel) => channel.send(new Uint8Array(16 * 1024 * 1024)),
        onClose: (_, ...ending) => endings.push(ending),
      }),
    { sendTimeoutMs: Infinity },
    clock,
  );
  const socket = await RawWebSocket.open(t, port);
  socket.client.socket.pause();
  clock.advance(120_000);
  assert.equal(server.stats().webSockets.open, 1);
  socket.client.socket.resume();
  await until(() => server.stats().bytes.buffered === 0, 'the client to have taken all');
  clock.advance(60_000);
  await until(() => endings.length > 0, 'the end');
  assert.deepEqual(endings, [['abnormal', { code: 1006, reason: '', by: 'timeout', clean: false }]]);
});

test('answers an upgrade with what init sent, and counts no WebSocket', async (t) => {
  const { server, port } = await startServer(t, (request) => asChannel(request, { init: (channel) => void channel.send('no room') }));
  const client = await RawClient.open(t, port);
  await client.send(handshake());
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 200 OK\r\n[^]*no room$/);
  assert.deepEqual(server.stats().webSockets, { open: 0, total: 0 });
});

test('gives a closed channel to who takes one while the body that the handler returned is being streamed', async (t) => {
  const accepted: boolean[] = [];
  const { port } = await startServer(t, (request) => ({
    body: (async function* () {
      yield 'one ';
      accepted.push(asChannel(request).send('second response'));
      yield 'two';
    })(),
  }));
  const response = await fetch(`http://127.0.0.1:${port}`);
  assert.equal(await response.text(), 'one two');
  assert.deepEqual(accepted, [false]);
});

test('answers 413 where a handler that took the channel lets a body that is too large through', async (t) => {
  const { port, errors } = await startServer(
    t,
    async (request) => {
      const channel = asChannel(request);
      channel.send(await request.text());
      return channel;
    },
    { maxBodyBytes: 3 },
  );
  const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'four' });
  assert.equal(response.status, 413);
  assert.deepEqual(errors, []);
});

test('goes on with the close handshake of a WebSocket whose handler fails behind its close', async (t) => {
  const endings: [CloseStatus, CloseDetail][] = [];
  const { port, errors } = await startServer(t, async (request) => {
    asChannel(request, { onClose: (_, ...ending) => endings.push(ending) }).close(4000, 'bye');
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error('behind the close');
  });
  const socket = await RawWebSocket.open(t, port);
  await socket.readClose();
  await until(() => errors.length > 0, 'an error');
  assert.deepEqual(endings, []);
  await socket.send(close(4000));
  await until(() => endings.length > 0, 'the end');
  assert.deepEqual(endings, [['unknown', { code: 4000, reason: 'bye', by: 'server', clean: true }]]);
});

test('writes nothing for an init that sends on a channel taken behind the response', async (t) => {
  const accepted: boolean[] = [];
  const { port } = await startServer(t, (request) => {
    setImmediate(() => asChannel(request, { init: (channel) => void accepted.push(channel.send('late')) }));
    return 'in time';
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  assert.equal((await client.readResponse()).body, 'in time');
  await until(() => accepted.length > 0, 'the second channel');
  await client.send(GET);
  assert.equal((await client.readResponse()).body, 'in time');
  assert.ok(!accepted.includes(true));
});

test('calls an end unclean where the body is shorter than its Content-Length', async (t) => {
  const endings: [CloseStatus, CloseDetail][] = [];
  const { port } = await startServer(t, (request) => {
    const channel = asChannel(request, { onClose: (_, ...ending) => endings.push(ending) });
    channel.send({ headers: { 'Content-Length': 10 }, body: 'short' }, false);
    channel.close();
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  assert.match(await client.readToEnd(), /short$/);
  await until(() => endings.length > 0, 'the end');
  assert.deepEqual(endings, [['server-close', { code: undefined, reason: '', by: 'server', clean: false }]]);
});

test('says nothing of the length of a stream that a HEAD asks for', async (t) => {
  const { port } = await startServer(t, (request) => {
    const channel = asChannel(request);
    channel.send('first', false);
    channel.send(' and last');
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send('HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.doesNotMatch(await client.readToEnd(), /Content-Length|first/i);
});

for (const [name, value] of [
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a view that is no Uint8Array', new Float64Array(1)],
  ['a promise', Promise.resolve('text')],
  ['an object of another kind', { hello: 'world' }],
] as const) {
  test(`throws a UsageError at a send of ${name}, on HTTP and on a WebSocket`, async (t) => {
    const { port, errors } = await startServer(t, (request) => {
      const channel = asChannel(request);
      assert.throws(() => channel.send(value as never), UsageError);
      channel.send('refused');
      return channel;
    });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), 'refused');
    const socket = await RawWebSocket.open(t, port);
    assert.equal((await socket.readFrame()).payload.toString(), 'refused');
    assert.deepEqual(errors, []);
  });
}

test('answers 500 to a handler that returns an object that is no response', async (t) => {
  const { url, errors } = await startServer(t, () => ({ hello: 'world' }) as object);
  assert.equal((await fetch(url)).status, 500);
  assert.ok(errors[0] instanceof UsageError);
});

test('reaches every member of a group behind one whose declared length the message would pass', async (t) => {
  const store = new MemoryChannelStore();
  const { port, errors } = await startServer(t, (request) => {
    const channel = asChannel(request);
    channel.send(request.path === '/full' ? { headers: { 'Content-Length': 4 }, body: 'full' } : '', false);
    store.addToGroup('group', channel);
    return channel;
  });
  const clients: RawClient[] = [];
  for (const path of ['/full', '/open']) {
    const client = await RawClient.open(t, port);
    await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await client.readUntil('\r\n\r\n');
    clients.push(client);
  }
  assert.equal(store.broadcast('group', 'news'), 1);
  await clients[1]!.readUntil('news');
  assert.ok(errors[0] instanceof UsageError);
});

test('throws a UsageError at the call for handlers, Pings and close reasons of a wrong type, and changes nothing', async (t) => {
  const { port } = await startServer(t, (request) => {
    for (const name of ['init', 'onOpen', 'onReceive', 'onPing', 'onPong', 'onDrain', 'onClose', 'onHandshakeError']) {
      assert.throws(() => asChannel(request, { [name]: 'no function' }), UsageError, name);
    }
    const channel = asChannel(request);
    assert.throws(() => channel.ping(5 as never), UsageError);
    assert.throws(() => channel.close(1000, 5 as never), UsageError);
    channel.send('first');
    return channel;
  });
  const socket = await RawWebSocket.open(t, port);
  assert.equal((await socket.readFrame()).payload.toString(), 'first');
});

test('runs the handler of a pipelined request outside the async context in which the poll ahead of it was answered', async (t) => {
  const user = new AsyncLocalStorage<string>();
  const users: (string | undefined)[] = [];
  let poll: Channel | undefined;
  const { port } = await startServer(t, (request) => {
    users.push(user.getStore());
    return request.path === '/poll' ? (poll = asChannel(request)) : 'next';
  });
  const client = await RawClient.open(t, port);
  await client.send(GET.replace('/', '/poll') + GET);
  await until(() => poll !== undefined, 'the poll');
  user.run('of the one who answers', () => poll!.send('answer'));
  await client.readUntil('next');
  assert.deepEqual(users, [undefined, undefined]);
});

test('warns, and goes on, where a handler throws what cannot be turned into text', async (t) => {
  const warned = once(process, 'warning');
  const { port } = await startServer(t, async () => Promise.reject(Object.create(null)), { onError: undefined });
  const response = await fetch(`http://127.0.0.1:${port}`);
  assert.equal(response.status, 500);
  assert.match(String((await warned)[0]), /not an Error was thrown/);
});

test('settles once for a thenable that calls back twice, and waits for one whose then returns nothing', async (t) => {
  const handled: string[] = [];
  const { url, port } = await startServer(t, (request) => {
    if (!request.isWebSocketUpgrade) return { then: (resolve: (body: object) => void) => (resolve({ body: ['once'] }), resolve({ body: 'twice' })) } as never;
    return asChannel(request, {
      onReceive: (_, message) => ({
        then(resolve: () => void) {
          handled.push(`${message} began`);
          setImmediate(() => {
            handled.push(`${message} ended`);
            resolve();
          });
        },
      }),
    });
  });
  assert.equal(await (await fetch(url)).text(), 'once');
  const socket = await RawWebSocket.open(t, port);
  await socket.send(Buffer.concat([text('a'), text('b')]));
  await until(() => handled.length === 4, 'all four messages');
  assert.deepEqual(handled, ['a began', 'a ended', 'b began', 'b ended']);
});

test('answers 503 at once to a poll that its handler takes after the stop has begun', async (t) => {
  let goOn!: () => void;
  const { server, port } = await startServer(t, async (request) => {
    await new Promise<void>((resolve) => (goOn = resolve));
    return asChannel(request);
  });
  const client = await RawClient.open(t, port);
  await client.send(GET);
  await until(() => server.stats().requests === 1, 'the request');
  const stopped = server.stop({ timeoutMs: 60_000 });
  goOn();
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 503 /);
  client.end();
  await stopped;
});

test('goes on with what came behind a message whose memory the application transfers', async (t) => {
  const sizes: number[] = [];
  const { port } = await startServer(t, (request) =>
    asChannel(request, {
      onReceive: (_, message) => {
        sizes.push(message.length);
        if (typeof message !== 'string') structuredClone(message, { transfer: [message.buffer as ArrayBuffer] });
      },
    }),
  );
  const socket = await RawWebSocket.open(t, port);
  await socket.send(Buffer.concat([binary(new Uint8Array(5_000)), binary(new Uint8Array(20)), close(1000)]));
  assert.equal((await socket.readClose()).code, 1000);
  assert.deepEqual(sizes, [5_000, 20]);
});
