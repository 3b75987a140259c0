/** Many connections, and very large messages, in one process: all are served, none is forgotten, and no byte is lost. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { asChannel, MemoryChannelStore } from 'longwire';
import { until } from '../support/deferred.js';
import { startServer } from '../support/server.js';

const MIB = 1024 * 1024;

test('1,000 WebSockets get a broadcast, and stop closes them all', async (t) => {
  const store = new MemoryChannelStore();
  let closings = 0;
  const { server, wsUrl } = await startServer(t, (request) =>
    asChannel(request, {
      init: (channel) => store.addToGroup('all', channel),
      onClose: (_channel, status, detail) => {
        assert.deepEqual([status, detail.by, detail.clean], ['going-away', 'shutdown', true]);
        closings++;
      },
    }),
  );
  const count = 1_000;
  let received = 0;
  const codes: number[] = [];
  const clients: WebSocket[] = [];
  t.after(() => clients.forEach((client) => client.terminate()));
  for (let i = 0; i < count; i += 50) {
    const batch = Array.from({ length: 50 }, () => new WebSocket(wsUrl, { perMessageDeflate: false }));
    clients.push(...batch);
    for (const client of batch) {
      client.on('message', (data) => {
        assert.equal(String(data), 'to all of you');
        received++;
      });
      client.on('close', (code) => codes.push(code));
    }
    await Promise.all(batch.map((client) => once(client, 'open')));
  }
  assert.deepEqual(server.stats().webSockets, { open: count, total: count });
  assert.equal(store.broadcast('all', 'to all of you'), count);
  await until(() => received === count, 'the broadcast');
  const result = await server.stop();
  assert.deepEqual(result, { closed: count, destroyed: 0 });
  await until(() => codes.length === count, 'all closes');
  assert.deepEqual(new Set(codes), new Set([1001]));
  assert.equal(closings, count);
  assert.equal(store.size('all'), 0);
  const stats = server.stats();
  assert.deepEqual([stats.connections.open, stats.channels.open, stats.webSockets.open, stats.bytes.buffered], [0, 0, 0, 0]);
});

test('messages of 8 MiB on eight connections, both ways at once, arrive byte for byte', async (t) => {
  const size = 8 * MIB;
  const hashOf = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');
  const message = (seed: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    for (let i = 0, state = seed + 1; i < size; i++) bytes[i] = (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 16;
    return bytes;
  };
  const down = message(1000);
  const received: string[] = [];
  const { wsUrl } = await startServer(
    t,
    (request) =>
      asChannel(request, {
        onOpen: (channel) => channel.send(down),
        onReceive: (_channel, each) => void received.push(hashOf(each as Uint8Array)),
      }),
    { maxMessageBytes: 16 * MIB, maxBufferedBytes: 16 * MIB },
  );
  const sent: string[] = [];
  const got: string[] = [];
  for (let i = 0; i < 8; i++) {
    const client = new WebSocket(wsUrl, { perMessageDeflate: false });
    t.after(() => client.terminate());
    client.on('message', (data) => got.push(hashOf(data as Buffer)));
    const up = message(i);
    sent.push(hashOf(up));
    client.on('open', () => client.send(up));
  }
  await until(() => received.length === 8 && got.length === 8, 'sixteen messages');
  assert.deepEqual(received.sort(), sent.sort());
  assert.deepEqual(new Set(got), new Set([hashOf(down)]));
});
