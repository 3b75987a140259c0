/** The traps of http-kit, the server whose channel this one brings to Node, each designed out: one test a trap, by its number. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, MemoryChannelStore } from 'longwire';
import { get, startChannelServer, TakenChannel } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns, until } from '../support/deferred.js';
import { binary, clientFrame, close, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

const MIB = 1024 * 1024;

test('1: close on an HTTP channel that never sent is a complete response, not a bare last chunk', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get('/', 'Connection: close\r\n'));
  (await server.next()).channel.close();
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 204 No Content\r\n(?:[^\r]+\r\n)*\r\n$/);
});

test('2: a WebSocket that the server closes gives its socket back, whether the client answers or not', async (t) => {
  const clock = new FakeClock();
  const server = await startChannelServer(t, {}, clock);
  const polite = await RawWebSocket.open(t, server.port);
  const silent = await RawWebSocket.open(t, server.port);
  for (const each of [await server.next(), await server.next()]) each.channel.close();
  await polite.send(close(1000));
  polite.client.end();
  await until(() => server.server.stats().connections.open === 1, 'the end of the polite one');
  await silent.readClose();
  clock.advance(6_000);
  await until(() => server.server.stats().connections.open === 0, 'the end of the silent one');
});

test('3: stop gives a WebSocket its Close, and tells HTTP channels that the server closed them', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const webSocket = await server.next();
  const poll = await RawClient.open(t, server.port);
  await poll.send(get());
  const pending = await server.next();
  const stream = await RawClient.open(t, server.port);
  await stream.send(get());
  const streaming = await server.next();
  streaming.channel.send('begun', false);
  await stream.readUntil('begun\r\n');
  const stopped = server.server.stop();
  assert.equal((await socket.readClose()).code, 1001);
  await socket.send(close(1001));
  assert.match((await poll.readResponse()).head, /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/i);
  assert.equal(await stream.readToEnd(), '0\r\n\r\n', 'its end in order');
  for (const each of [socket.client, poll, stream]) each.end();
  assert.deepEqual(await stopped, { closed: 3, destroyed: 0 });
  assert.deepEqual(await webSocket.closed(), { status: 'going-away', code: 1001, reason: '', by: 'shutdown', clean: true });
  for (const each of [pending, streaming]) assert.deepEqual(await each.closed(), { status: 'server-close', code: undefined, reason: '', by: 'shutdown', clean: true });
});

test('4: a WebSocket whose connection is lost is reported as abnormal, 1006', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  socket.client.reset();
  assert.deepEqual(await (await server.next()).closed(), { status: 'abnormal', code: 1006, reason: '', by: 'network', clean: false });
});

test('5: isWebSocket is false before the handshake is answered, and where it is refused', async (t) => {
  const seen: boolean[] = [];
  const server = await startChannelServer(t, {}, undefined, { init: (channel) => seen.push(channel.isWebSocket) });
  const refused = await RawClient.open(t, server.port);
  await refused.send(handshake().replace('Version: 13', 'Version: 12'));
  assert.match((await refused.readResponse()).head, /^HTTP\/1\.1 426 /);
  assert.equal((await server.next()).channel.isWebSocket, false);
  await RawWebSocket.open(t, server.port);
  assert.equal((await server.next()).channel.isWebSocket, true);
  assert.deepEqual(seen, [false, false]);
});

test('6: onClose never runs before or beside the last message', async (t) => {
  let running = 0;
  const order: string[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: async (_channel, message) => {
      running++;
      await turns(2);
      order.push(String(message));
      running--;
    },
    onClose: () => order.push(`closed beside ${running}`),
  });
  for (const leave of [(socket: RawWebSocket) => socket.send(close(1000)), (socket: RawWebSocket) => socket.client.end()]) {
    const socket = await RawWebSocket.open(t, server.port);
    await socket.send(Buffer.concat([text('1'), text('2')]));
    await leave(socket);
    await until(() => order.length === 3, 'onClose');
    assert.deepEqual(order.splice(0), ['1', '2', 'closed beside 0']);
  }
});

test('7: neither a slow handler nor a slow client makes a queue grow without a bound', async (t) => {
  const server = await startChannelServer(t, { maxMessageBytes: MIB }, undefined, { onReceive: () => new Promise(() => {}) });
  const talker = await RawWebSocket.open(t, server.port);
  const message = binary(new Uint8Array(100_000));
  for (let i = 0; i < 200; i++) void talker.send(message);
  await until(() => server.server.stats().pauses > 0, 'the pause');
  await turns(50);
  assert.ok(server.server.stats().messages.in <= 13, 'one that is handled, and 1 MiB that waits');

  const listener = await RawWebSocket.open(t, server.port);
  listener.client.socket.pause();
  await server.next();
  const { channel } = await server.next();
  let accepted = 0;
  while (channel.send(new Uint8Array(100_000))) assert.ok(++accepted < 1_000, 'a client that reads nothing was sent 100 MB');
  assert.ok(server.server.stats().bytes.buffered < 2 * MIB);
});

test('8: memory is not taken by what a client announces', async (t) => {
  const server = await startChannelServer(t, { maxMessageBytes: 64 * MIB, maxBodyBytes: 64 * MIB });
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 20; i++) {
    const post = await RawClient.open(t, server.port);
    await post.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${60 * MIB}\r\n\r\nfirst`);
    const body = (await server.next()).request.bytes();
    body.catch(() => {});
    const socket = await RawWebSocket.open(t, server.port);
    await socket.send(Buffer.concat([clientFrame({ opcode: 2, announce: 60 * MIB }), Buffer.from('first')]));
  }
  await turns(20);
  assert.ok(process.memoryUsage().arrayBuffers - before < 60 * MIB);
});

test('9: a client that pipelines more than is held behind a long poll is given up, so that its leaving is never missed', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const taken = await server.next();
  client.socket.write(Buffer.alloc(200 * 1024, get('/more')));
  const closing = await taken.closed();
  assert.equal(closing.by, 'server');
  assert.equal(closing.clean, false);
  assert.equal(taken.channel.isOpen, false);
  await until(() => server.server.stats().connections.open === 0, 'the end of the connection');
  assert.equal(server.taken.length, 1, 'nothing behind it was served');
});

test('9: a client that pipelines less behind a long poll, and leaves, is seen to leave', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const taken = await server.next();
  await client.send(Buffer.alloc(60 * 1024, get('/more')));
  client.reset();
  assert.equal((await taken.closed()).status, 'client-close');
});

test('10: in a broadcast one throwing function stops nobody, and the dead and the answered leave by themselves', async (t) => {
  const store = new MemoryChannelStore();
  const taken: TakenChannel[] = [];
  const { port, errors } = await startServer(t, (request) => {
    // A member before any handler is set, and no onClose that would remove it.
    const channel = asChannel(request, { init: (each) => store.addToGroup('all', each) });
    taken.push(Object.assign(new TakenChannel(request), { channel }));
    return channel;
  });
  const clients: RawClient[] = [];
  for (let i = 0; i < 4; i++) {
    const client = await RawClient.open(t, port);
    await client.send(i === 3 ? handshake() : get());
    await until(() => taken.length === i + 1, `channel ${i}`);
    clients.push(client);
  }
  clients[1]!.reset();
  await until(() => store.size('all') === 3, 'the dead one to leave');
  const sent = store.broadcast('all', (channel) => {
    if (channel === taken[0]!.channel) throw new Error('for the first');
    return 'message';
  });
  assert.equal(sent, 2);
  assert.equal(errors.length, 1);
  assert.equal((await clients[2]!.readResponse()).body, 'message');
  await clients[3]!.readUntil('message');
  assert.deepEqual(store.members('all'), [taken[0]!.channel, taken[3]!.channel], 'the poll that was answered has left');
});

test('11: very large messages on many connections at once lose no byte', async (t) => {
  const { port } = await startServer(t, (request) => asChannel(request, { onReceive: (channel, message) => channel.send(message) }), {
    maxMessageBytes: 4 * MIB,
    maxBufferedBytes: 16 * MIB,
  });
  const echoes = Array.from({ length: 6 }, async (_, i) => {
    const socket = await RawWebSocket.open(t, port);
    const sent = Buffer.alloc(2 * MIB, `${i}-0123456789abcdef`);
    for (let round = 0; round < 2; round++) {
      await socket.send(binary(sent));
      const { payload } = await socket.readFrame();
      assert.ok(payload.equals(sent), `connection ${i}, round ${round}`);
    }
  });
  await Promise.all(echoes);
});
