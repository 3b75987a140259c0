/** Stopping: what ends at once, what may finish, what the deadline cuts, and what the caller is told. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { asChannel, type CloseDetail, type CloseStatus, type Handler, runServer, UsageError, withChannel } from 'longwire';
import { FakeClock } from '../support/clock.js';
import { close, handshake } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until, within } from '../support/signals.js';

/** Long enough that no test waits for it: what ends before was ended for another reason. */
const FAR = { timeoutMs: 600_000 };

test('closes idle connections at once, whether they have spoken or not', async (t) => {
  const { port, server } = await startServer(t, () => 'x');
  const silent = await RawClient.open(t, port);
  const served = await RawClient.open(t, port);
  await served.send(request());
  await served.readResponse();
  await until(() => server.stats().connections.open === 2, 'the accepts');
  const stopped = server.stop(FAR);
  for (const client of [silent, served]) {
    assert.equal(await client.readToEnd(), '');
    client.end();
  }
  assert.deepEqual(await stopped, { closed: 2, destroyed: 0 });
});

test('answers nothing to half a head, and closes', async (t) => {
  const { port, server } = await startServer(t, () => 'x');
  const client = await RawClient.open(t, port);
  await client.send('GET / HT');
  await until(() => server.stats().bytes.in > 0, 'the bytes');
  const stopped = server.stop(FAR);
  assert.equal(await client.readToEnd(), '');
  client.end();
  await stopped;
});

test('accepts no connection any more', async (t) => {
  const { port, server } = await startServer(t, () => 'x');
  await server.stop();
  await assert.rejects(RawClient.open(t, port), { code: 'ECONNREFUSED' });
});

for (const kind of ['whole', 'streamed'] as const) {
  test(`lets a plain handler finish its ${kind} response, with Connection: close, and serves nothing behind it`, async (t) => {
    const hasCome = new Gate();
    const answer = new Gate();
    const { port, server } = await startServer(t, async () => {
      hasCome.open();
      await answer.opened;
      return { body: kind === 'whole' ? 'finished' : ['fini', 'shed'] };
    });
    const client = await RawClient.open(t, port);
    await client.send(request() + request('/second'));
    await hasCome.opened;
    const stopped = server.stop(FAR);
    answer.open();
    const all = await client.readToEnd();
    assert.ok(all.includes('\r\nConnection: close\r\n'), all);
    assert.ok(all.endsWith(kind === 'whole' ? '\r\n\r\nfinished' : '\r\n\r\n4\r\nfini\r\n4\r\nshed\r\n0\r\n\r\n'), all);
    client.end();
    assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
    assert.equal(server.stats().requests, 1);
  });
}

test('lets a streamed body that is under way finish', async (t) => {
  const goOn = new Gate();
  async function* body(): AsyncGenerator<string> {
    yield 'first';
    await goOn.opened;
    yield 'last';
  }
  const { port, server } = await startServer(t, () => ({ body: body() }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readUntil('first');
  const stopped = server.stop(FAR);
  goOn.open();
  assert.equal(await client.readToEnd(), '\r\n4\r\nlast\r\n0\r\n\r\n');
  client.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
});

/** What `onClose` was told. */
type Ending = readonly [status: CloseStatus, by: CloseDetail['by'], clean: boolean];

test('answers 503 to a long poll that waits, with Connection: close, and tells it why', async (t) => {
  const ended = new Gate<Ending>();
  const { port, server } = await startServer(t, (incoming) => asChannel(incoming, { onClose: (_, status, { by, clean }) => ended.open([status, by, clean]) }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await until(() => server.stats().channels.open === 1, 'the channel');
  const stopped = server.stop(FAR);
  const answer = await client.readToEnd();
  assert.ok(answer.startsWith('HTTP/1.1 503 Service Unavailable\r\n') && answer.includes('\r\nConnection: close\r\n'), answer);
  assert.deepEqual(await ended.opened, ['server-close', 'shutdown', true]);
  client.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
});

test('ends a stream of a channel with its last chunk, and tells it why', async (t) => {
  const ended = new Gate<Ending>();
  const { port, server } = await startServer(t, (incoming) => {
    const channel = asChannel(incoming, { onClose: (_, status, { by, clean }) => ended.open([status, by, clean]) });
    channel.send('first', false);
    return channel;
  });
  const client = await RawClient.open(t, port);
  await client.send(request());
  await client.readUntil('first\r\n');
  const stopped = server.stop(FAR);
  assert.equal(await client.readToEnd(), '0\r\n\r\n');
  assert.deepEqual(await ended.opened, ['server-close', 'shutdown', true]);
  client.end();
  await stopped;
});

test('sends a WebSocket 1001, and resolves when its client has answered', async (t) => {
  const ended = new Gate<Ending>();
  const { port, server } = await startServer(t, (incoming) => asChannel(incoming, { onClose: (_, status, { by, clean }) => ended.open([status, by, clean]) }));
  const socket = await RawWebSocket.open(t, port);
  const stopped = server.stop(FAR);
  assert.deepEqual(await socket.readClose(), { code: 1001, reason: '' });
  await socket.send(close(1001));
  assert.deepEqual(await ended.opened, ['going-away', 'shutdown', true]);
  await socket.client.readToEnd();
  socket.client.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
});

test('waits for a WebSocket that does not answer only for closeTimeoutMs', async (t) => {
  const { port, server } = await startServer(t, (incoming) => withChannel(incoming, () => {}), { closeTimeoutMs: 50 });
  const socket = await RawWebSocket.open(t, port);
  const stopped = server.stop(FAR);
  assert.equal((await socket.readClose()).code, 1001);
  assert.deepEqual(await within(stopped, 'the stop'), { closed: 1, destroyed: 0 });
});

for (const isClosing of [false, true]) {
  test(`gives ${isClosing ? 'a WebSocket that was closing already' : 'a WebSocket'} 5 s to answer and no more, however long closeTimeoutMs is`, async (t) => {
    const clock = new FakeClock();
    const ends: boolean[] = [];
    const handler: Handler = (incoming) => withChannel(incoming, (channel) => {
      channel.onClose((_status, { clean }) => ends.push(clean));
      if (isClosing) channel.close();
    });
    const { port, server } = await startServer(t, handler, { closeTimeoutMs: 60_000, pingIntervalMs: 0 }, clock);
    const socket = await RawWebSocket.open(t, port);
    const stopped = server.stop(FAR);
    assert.equal((await socket.readClose()).code, isClosing ? 1000 : 1001);
    clock.advance(4_900);
    await turn();
    assert.deepEqual(ends, []);
    clock.advance(1_000);
    assert.deepEqual(await within(stopped, 'the stop'), { closed: 1, destroyed: 0 });
    assert.deepEqual(ends, [false]);
  });
}

test('serves requests, refuses upgrades with 503, and takes new connections while onDraining runs', async (t) => {
  const drained = new Gate();
  const { port, server } = await startServer(t, (incoming) => (incoming.isWebSocketUpgrade ? withChannel(incoming, () => {}) : 'served'));
  const stopped = server.stop({ ...FAR, onDraining: () => drained.opened });
  assert.equal(server.status, 'stopping');
  const plain = await RawClient.open(t, port);
  await plain.send(request());
  const served = await plain.readToEnd();
  assert.ok(served.endsWith('served') && served.includes('\r\nConnection: close\r\n'), served);
  const upgrading = await RawClient.open(t, port);
  await upgrading.send(handshake());
  const refused = await upgrading.readToEnd();
  assert.ok(refused.startsWith('HTTP/1.1 503 ') && refused.includes('\r\nConnection: close\r\n'), refused);
  plain.end();
  upgrading.end();
  drained.open();
  await stopped;
});

test('refuses an upgrade with 503 that was pending when the stop began', async (t) => {
  const hasCome = new Gate();
  const goOn = new Gate();
  const { port, server } = await startServer(t, async (incoming) => {
    hasCome.open();
    await goOn.opened;
    return withChannel(incoming, () => {});
  });
  const client = await RawClient.open(t, port);
  await client.send(handshake());
  await hasCome.opened;
  const stopped = server.stop(FAR);
  goOn.open();
  assert.ok((await client.readToEnd()).startsWith('HTTP/1.1 503 '));
  client.end();
  await stopped;
});

test('does not wait for onDraining beyond the deadline', async (t) => {
  const { server } = await startServer(t, () => 'x');
  assert.deepEqual(await server.stop({ timeoutMs: 20, onDraining: () => new Promise(() => {}) }), { closed: 0, destroyed: 0 });
});

for (const [how, onDraining] of Object.entries({ throws: () => assert.fail('onDraining'), rejects: () => Promise.reject(new Error('onDraining')) })) {
  test(`stops all the same when onDraining ${how}, and reports it`, async (t) => {
    const { server, errors } = await startServer(t, () => 'x');
    await server.stop({ onDraining });
    assert.equal(server.status, 'stopped');
    assert.match(String(errors[0]), /onDraining/);
  });
}

test('destroys at the deadline what is left, aborts its signal, and counts it', async (t) => {
  const hasCome = new Gate();
  const aborted = new Gate();
  const { port, server } = await startServer(t, ({ signal }) => {
    signal.addEventListener('abort', () => aborted.open());
    hasCome.open();
    return new Promise<string>(() => {});
  });
  const busy = await RawClient.open(t, port);
  const idle = await RawClient.open(t, port);
  await busy.send(request());
  await hasCome.opened;
  await until(() => server.stats().connections.open === 2, 'both connections');
  const stopped = server.stop({ timeoutMs: 100 });
  await idle.readToEnd();
  idle.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 1 });
  await aborted.opened;
  await busy.readToEnd();
});

test('destroys everything at once for a deadline of 0', async (t) => {
  const { port, server } = await startServer(t, () => new Promise<string>(() => {}));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await until(() => server.stats().requests === 1, 'the request');
  assert.deepEqual(await server.stop({ timeoutMs: 0 }), { closed: 0, destroyed: 1 });
});

test('is tightened by a second call with less, and not lengthened by one with more', async (t) => {
  const { port, server } = await startServer(t, () => new Promise<string>(() => {}));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await until(() => server.stats().requests === 1, 'the request');
  const first = server.stop(FAR);
  const second = server.stop({ timeoutMs: 30 });
  const third = server.stop(FAR);
  assert.deepEqual(await within(second, 'the second stop'), { closed: 0, destroyed: 1 });
  assert.deepEqual([await first, await third], [await second, await second]);
});

test('is tightened while onDraining runs, too', async (t) => {
  const { server } = await startServer(t, () => 'x');
  const first = server.stop({ ...FAR, onDraining: () => new Promise(() => {}) });
  void server.stop({ timeoutMs: 0 });
  await within(first, 'the stop');
});

test('can be stopped from within onDraining', async (t) => {
  const { port, server } = await startServer(t, () => new Promise<string>(() => {}));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await until(() => server.stats().requests === 1, 'the request');
  const stopped = server.stop({ ...FAR, onDraining: () => void server.stop({ timeoutMs: 30 }) });
  assert.deepEqual(await within(stopped, 'the stop'), { closed: 0, destroyed: 1 });
});

test('goes from running through stopping to stopped, and gives its result again', async (t) => {
  const { server } = await startServer(t, () => 'x');
  assert.equal(server.status, 'running');
  const stopped = server.stop();
  assert.equal(server.status, 'stopping');
  const result = await stopped;
  assert.equal(server.status, 'stopped');
  assert.deepEqual(await server.stop(), result);
  assert.equal(server.status, 'stopped');
});

for (const timeoutMs of [-1, NaN, '10', null]) {
  test(`refuses a deadline that is the ${typeof timeoutMs} ${String(timeoutMs)}, and goes on running`, async (t) => {
    const { server } = await startServer(t, () => 'x');
    await assert.rejects(async () => server.stop({ timeoutMs: timeoutMs as number }), UsageError);
    assert.equal(server.status, 'running');
  });
}

test('refuses an onDraining that is no function, and goes on running', async (t) => {
  const { server } = await startServer(t, () => 'x');
  await assert.rejects(async () => server.stop({ onDraining: 'later' as never }), UsageError);
  assert.equal(server.status, 'running');
});

test('waits for an answer that the client is slow to read', async (t) => {
  const body = Buffer.alloc(8_000_000, 'x');
  const { port, server } = await startServer(t, () => ({ body }));
  const client = await RawClient.open(t, port);
  client.socket.pause();
  await client.send(request());
  await until(() => server.stats().bytes.buffered > 0, 'a response that waits');
  const stopped = server.stop(FAR);
  await delay(20);
  client.socket.resume();
  assert.equal((await client.readResponse()).body.length, body.length);
  client.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
});

test('stops at the end of a block that disposes of it', { skip: Symbol.asyncDispose === undefined ? 'this Node has no Symbol.asyncDispose' : false }, async () => {
  const server = await runServer(() => 'x', { host: '127.0.0.1', port: 0 });
  await server[Symbol.asyncDispose]();
  assert.equal(server.status, 'stopped');
});

test('leaves nothing behind that keeps the process alive', async () => {
  const script = `
    import { runServer } from 'longwire';
    const server = await runServer(() => 'x', { host: '127.0.0.1', port: 0 });
    await (await fetch(server.url, { headers: { connection: 'close' } })).text();
    console.log(JSON.stringify(await server.stop()));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: new URL('../../..', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.deepEqual([code, signal], [0, null]);
});
