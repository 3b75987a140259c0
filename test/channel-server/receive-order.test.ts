/** Messages are handed over one at a time, in order, whatever the handler does; what waits is bounded, and onClose is the last to come. */

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { asChannel, type Channel, type Message } from 'longwire';
import { startChannelServer } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { deferred, turns, until } from '../support/deferred.js';
import { binary, close, ping, text } from '../support/frames.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { startServer } from '../support/server.js';

test('a promise of onReceive is awaited before the next message', async (t) => {
  let running = 0;
  const done: string[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: async (_channel, message) => {
      assert.equal(++running, 1, 'one at a time');
      // The first takes the longest: without the wait the order would turn.
      await turns(10 - Number(message));
      running--;
      done.push(String(message));
    },
  });
  const socket = await RawWebSocket.open(t, server.port);
  const sent = Array.from({ length: 10 }, (_, i) => String(i));
  for (const each of sent) await socket.send(text(each));
  await until(() => done.length === 10, 'ten messages');
  assert.deepEqual(done, sent);
  assert.deepEqual(server.errors, []);
});

test('handlers that answer at once and later ones mix in order', async (t) => {
  const done: Message[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: (_channel, message) => {
      if (Number(message) % 3 !== 0) return void done.push(message);
      return turns(1).then(() => done.push(message));
    },
  });
  const socket = await RawWebSocket.open(t, server.port);
  const sent = Array.from({ length: 200 }, (_, i) => String(i));
  await socket.send(Buffer.concat(sent.map(text)));
  await until(() => done.length === sent.length, 'all messages');
  assert.deepEqual(done, sent);
});

test('an error of onReceive, thrown or rejected, loses no message behind it', async (t) => {
  const done: Message[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: (_channel, message) => {
      if (message === 'throws') throw new Error('thrown');
      if (message === 'rejects') return Promise.reject(new Error('rejected'));
      return void done.push(message);
    },
  });
  const socket = await RawWebSocket.open(t, server.port);
  await socket.send(Buffer.concat(['a', 'throws', 'b', 'rejects', 'c'].map(text)));
  await until(() => done.length === 3, 'three messages');
  assert.deepEqual(done, ['a', 'b', 'c']);
  assert.deepEqual(server.errors.map((error) => (error as Error).message), ['thrown', 'rejected']);
  assert.equal((await server.next()).channel.isOpen, true);
});

test('what arrives before onReceive is set is held, in bounds, and handed over then', async (t) => {
  const server = await startChannelServer(t, { maxQueuedMessages: 8 }, undefined, { onReceive: undefined });
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  const sent = Array.from({ length: 100 }, (_, i) => String(i));
  await socket.send(Buffer.concat(sent.map(text)));
  await until(() => server.server.stats().pauses > 0, 'the pause');
  await turns();
  assert.equal(server.server.stats().messages.in, 8, 'no more were taken than are held');
  const done: Message[] = [];
  taken.channel.onReceive((message) => void done.push(message));
  await until(() => done.length === sent.length, 'all messages');
  assert.deepEqual(done, sent);
});

test('onReceive set again gets what comes from there on', async (t) => {
  const server = await startChannelServer(t);
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(text('first'));
  await taken.received(1);
  const second: Message[] = [];
  taken.channel.onReceive((message) => void second.push(message));
  await socket.send(text('second'));
  await until(() => second.length === 1, 'the second');
  assert.deepEqual(taken.messages, ['first']);
});

for (const limit of [{ maxQueuedMessages: 4 }, { maxQueuedBytes: 40 }]) {
  test(`a slow handler pauses the client at ${Object.keys(limit)[0]}, and resumes it`, async (t) => {
    const gate = deferred();
    const done: Message[] = [];
    const server = await startChannelServer(t, limit, undefined, {
      onReceive: async (_channel, message) => {
        await gate.promise;
        done.push(message);
      },
    });
    const socket = await RawWebSocket.open(t, server.port);
    const sent = Array.from({ length: 50 }, (_, i) => `message ${String(i).padStart(2, '0')}`);
    await socket.send(Buffer.concat(sent.map(text)));
    await until(() => server.server.stats().pauses > 0, 'the pause');
    await turns();
    assert.equal(server.server.stats().messages.in, 5, 'one that is being handled, and four that wait');
    gate.resolve();
    await until(() => done.length === 50, 'all messages');
    assert.deepEqual(done, sent);
    await socket.send(ping('read on'));
    assert.equal((await socket.readFrame()).payload.toString(), 'read on');
  });
}

test('100,000 messages to a slow handler all arrive in order, with a bounded queue', async (t) => {
  const count = 100_000;
  let next = 0;
  let most = 0;
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: (_channel, message) => {
      assert.equal(message, String(next++));
      most = Math.max(most, server.server.stats().messages.in - next);
      return next % 10 === 0 ? turns(1) : Promise.resolve();
    },
  });
  const socket = await RawWebSocket.open(t, server.port);
  for (let from = 0; from < count; from += 10_000) {
    const batch = Array.from({ length: 10_000 }, (_, i) => text(String(from + i)));
    socket.client.socket.write(Buffer.concat(batch));
  }
  const before = performance.now();
  while (next < count && server.errors.length === 0 && performance.now() - before < 60_000) await turns(100);
  assert.deepEqual(server.errors, []);
  assert.equal(next, count);
  assert.ok(most <= 64, `${most} messages waited`);
});

test('a message that was handled is let go of while others still wait', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let handled = 0;
  let waited: WeakRef<Uint8Array> | undefined;
  let wasKept: boolean | undefined;
  const server = await startChannelServer(t, { maxQueuedMessages: 4 }, undefined, {
    onReceive: async (_channel, message) => {
      if (++handled === 10) waited = new WeakRef(message as Uint8Array);
      await turns(1);
      if (handled !== 30) return;
      collect();
      wasKept = waited?.deref() !== undefined;
    },
  });
  const socket = await RawWebSocket.open(t, server.port);
  const sent = Array.from({ length: 60 }, (_, i) => binary(Buffer.alloc(200, i)));
  await socket.send(Buffer.concat(sent));
  await until(() => handled === 60, 'all messages');
  assert.equal(wasKept, false);
});

test('onClose comes behind the last message, however slow', async (t) => {
  const order: string[] = [];
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: async (_channel, message) => {
      await turns(3);
      order.push(String(message));
    },
    onClose: (channel, status) => order.push(`${status} ${channel.isOpen}`),
  });
  const socket = await RawWebSocket.open(t, server.port);
  await socket.send(Buffer.concat([text('1'), text('2'), text('3'), close(1000)]));
  assert.equal((await socket.readClose()).code, 1000, 'the client does not wait for the handler');
  const { channel } = await server.next();
  assert.equal(channel.isOpen, false);
  await until(() => order.length === 4, 'onClose');
  assert.deepEqual(order, ['1', '2', '3', 'normal false']);
});

test('messages queued before our own close are handed over before onClose', async (t) => {
  const order: string[] = [];
  const gate = deferred();
  const server = await startChannelServer(t, {}, undefined, {
    onReceive: async (_channel, message) => {
      await gate.promise;
      order.push(String(message));
    },
    onClose: () => order.push('closed'),
  });
  const socket = await RawWebSocket.open(t, server.port);
  await socket.send(Buffer.concat([text('1'), text('2')]));
  await until(() => server.server.stats().messages.in === 2, 'two messages');
  (await server.next()).channel.close();
  await socket.readClose();
  await socket.send(Buffer.concat([text('behind'), close(1000)]));
  await socket.client.readToEnd();
  await turns();
  assert.deepEqual(order, []);
  gate.resolve();
  await until(() => order.length === 3, 'onClose');
  assert.deepEqual(order, ['1', '2', 'closed']);
});

test('messages that nobody takes keep onClose waiting 30 s, then they are dropped and counted', async (t) => {
  const clock = new FakeClock();
  const server = await startChannelServer(t, {}, clock, { onReceive: () => new Promise(() => {}) });
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(Buffer.concat([text('handled for ever'), text('2'), text('3'), close(1000)]));
  await socket.readClose();
  await until(() => !taken.channel.isOpen, 'the close');
  clock.advance(29_500);
  await turns();
  assert.deepEqual(taken.closings, []);
  clock.advance(1_000);
  assert.equal((await taken.closed()).status, 'normal');
  assert.equal(server.server.stats().drops, 2);
});

test("stop's deadline cuts the wait of onClose short", async (t) => {
  const server = await startChannelServer(t, {}, undefined, { onReceive: () => new Promise(() => {}) });
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(Buffer.concat([text('handled for ever'), text('2'), close(1000)]));
  await socket.readClose();
  socket.client.end();
  await server.server.stop({ timeoutMs: 50 });
  assert.equal((await taken.closed()).status, 'normal');
  assert.equal(server.server.stats().drops, 1);
});

test("stop's deadline cuts the wait of onClose short for a client that never answered the Close", async (t) => {
  const server = await startChannelServer(t, {}, new FakeClock(), { onReceive: () => new Promise(() => {}) });
  const socket = await RawWebSocket.open(t, server.port);
  const taken = await server.next();
  await socket.send(Buffer.concat([text('handled for ever'), text('2')]));
  await until(() => server.server.stats().messages.in === 2, 'two messages');
  const stopped = server.server.stop({ timeoutMs: 50 });
  assert.equal((await socket.readClose()).code, 1001);
  assert.deepEqual(await stopped, { closed: 0, destroyed: 1 });
  assert.deepEqual(await taken.closed(), { status: 'going-away', code: 1001, reason: '', by: 'shutdown', clean: false });
});

test('what was held is handed over behind the call that sets onReceive, and ahead of what comes later', async (t) => {
  let channel: Channel | undefined;
  const { port, server } = await startServer(t, (request) => void (channel = asChannel(request)));
  const socket = await RawWebSocket.open(t, port);
  await socket.send(Buffer.concat(['a', 'b'].map(text)));
  await until(() => server.stats().messages.in === 2, 'two messages');
  const done: Message[] = [];
  channel!.onReceive((message) => void done.push(message));
  assert.deepEqual(done, [], 'not within the call');
  await socket.send(text('c'));
  await until(() => done.length === 3, 'three messages');
  assert.deepEqual(done, ['a', 'b', 'c']);
});
