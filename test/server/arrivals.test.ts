/** What little comes in one turn of the event loop is served behind all its reads: nothing of it is lost or mixed up, whatever else comes in that turn. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { asChannel, type Channel } from 'longwire';
import { until } from '../support/deferred.js';
import { close, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';
import { openTls, startTls } from '../support/tls.js';

/** Enough to be served at its read. */
const LARGE = 'x'.repeat(16 * 1024);

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string, body: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Whatever these send reaches the kernel before the server, in the same thread, reads any of it. */
async function openAll(t: Parameters<typeof RawClient.open>[0], port: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await RawClient.open(t, port));
  return clients;
}

test('serves what came first on a connection first, small or large, though several pieces of it come in one read', async (t) => {
  const paths: string[] = [];
  const server = await startTls(t, async (request) => {
    paths.push(request.path);
    await request.bytes();
    return request.path;
  });
  if (server === undefined) return;
  const client = new RawClient(await openTls(t, server));
  // Each is a record of its own, and is decrypted by itself, all in one read.
  for (const each of [get('/1'), post('/2', LARGE), get('/3'), get('/4'), post('/5', LARGE)]) void client.send(each);
  const expected = ['/1', '/2', '/3', '/4', '/5'];
  for (const path of expected) assert.equal((await client.readResponse()).body, path);
  assert.deepEqual(paths, expected);
});

test('answers a request that was read before the server began to stop, if within the same turn', async (t) => {
  let stopping: Promise<unknown> | undefined;
  const { server, port } = await startServer(t, (request) => {
    if (request.path === '/stop') stopping ??= server.stop();
    return request.path;
  });
  const [small, large] = await openAll(t, port, 2);
  void small!.send(get('/small'));
  void large!.send(post('/stop', LARGE));
  assert.equal((await small!.readResponse()).body, '/small');
  assert.equal((await large!.readResponse()).body, '/stop');
  await stopping;
});

test('hands over a request whose client reset the connection in the same turn', async (t) => {
  const served: string[] = [];
  const { port } = await startServer(t, (request) => {
    served.push(request.path);
    return 'hello';
  });
  const [client] = await openAll(t, port, 1);
  await client!.send(get('/reset'));
  client!.reset();
  await until(() => served.length > 0, 'the request');
  assert.deepEqual(served, ['/reset']);
});

test('hands over a message whose TLS connection breaks right behind it, in one read', async (t) => {
  const events: unknown[] = [];
  const server = await startTls(t, (request) =>
    asChannel(request, { onReceive: (_channel, message) => void events.push(message), onClose: (_channel, status) => void events.push(status) }),
  );
  if (server === undefined) return;
  let behind = Buffer.alloc(0);
  const between = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    client.on('data', (bytes) => upstream.write(Buffer.concat([bytes, behind]))).on('error', () => {});
    upstream.on('data', (bytes) => client.write(bytes)).on('error', () => {});
    upstream.on('close', () => client.destroy());
  });
  await once(between.listen(0, '127.0.0.1'), 'listening');
  t.after(() => between.close());
  const client = new RawClient(await openTls(t, { port: (between.address() as AddressInfo).port, ca: server.ca }));
  await client.send(handshake());
  await client.readUntil('\r\n\r\n');
  behind = Buffer.alloc(64, 'no record');
  void client.send(text('the last'));
  await until(() => events.length === 2, 'the close');
  assert.equal(events[0], 'the last');
});

test('hands over messages and the close that came behind them in one turn, to each its own', async (t) => {
  const heard = new Map<string, unknown[]>();
  const { port } = await startServer(t, (request) => {
    const events: unknown[] = [];
    heard.set(request.path, events);
    return asChannel(request, {
      onReceive: (channel, message) => {
        events.push(message);
        channel.send(message);
      },
      onClose: (_channel, status) => events.push(status),
    });
  });
  const clients = await openAll(t, port, 20);
  clients.forEach((client, i) => void client.send(handshake(`/${i}`)));
  for (const client of clients) await client.readUntil('\r\n\r\n');
  clients.forEach((client, i) => void client.send(Buffer.concat([text(`a${i}`), text(`b${i}`), close(1000)])));
  await until(() => [...heard.values()].every((events) => events.length === 3), 'all closes');
  clients.forEach((_, i) => assert.deepEqual(heard.get(`/${i}`), [`a${i}`, `b${i}`, 'normal']));
});

test('runs onClientError in the context of the server, whatever was read next to it', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const options = {
    onClientError: () => {
      seen.push(storage.getStore());
      storage.enterWith('of another client');
    },
  };
  const { port } = await storage.run('of the server', () => startServer(t, () => 'hello', options));
  const clients = await openAll(t, port, 3);
  for (const client of clients) void client.send('nonsense\r\n\r\n');
  await until(() => seen.length === clients.length, 'all errors');
  assert.deepEqual(seen, Array(3).fill('of the server'));
});

test('has the promises of handlers go on behind all that was read in their turn, and answers all of them', async (t) => {
  const order: string[] = [];
  const { port } = await startServer(t, async (request) => {
    order.push('begun');
    await undefined;
    order.push('gone on');
    return request.path;
  });
  const clients = await openAll(t, port, 3);
  const round = async (): Promise<string[]> => {
    order.length = 0;
    clients.forEach((client, i) => void client.send(get(`/${i}`)));
    for (const [i, client] of clients.entries()) assert.equal((await client.readResponse()).body, `/${i}`);
    return order.slice(0, clients.length);
  };
  // A slow machine may need a break between them; served each at its read, they would never begin together.
  let first = await round();
  for (let rounds = 1; rounds < 50 && first.includes('gone on'); rounds++) first = await round();
  assert.deepEqual(first, ['begun', 'begun', 'begun']);
});

test('closes no channel for output that its peer was not yet offered', async (t) => {
  const channels = new Set<Channel>();
  const closed: unknown[] = [];
  const { port } = await startServer(
    t,
    (request) =>
      asChannel(request, {
        onOpen: (channel) => channels.add(channel),
        onReceive: (_channel, message) => {
          for (const each of channels) each.send(message);
        },
        onClose: (_channel, status, detail) => closed.push([status, detail]),
      }),
    { maxBufferedBytes: 4 * 1024 },
  );
  const clients = await openAll(t, port, 100);
  for (const client of clients) void client.send(handshake());
  for (const client of clients) await client.readUntil('\r\n\r\n');
  for (const client of clients) void client.send(text('x'.repeat(100)));
  for (const client of clients) await until(() => client.received.length === clients.length * 102, 'every message');
  assert.deepEqual([closed, channels.size], [[], clients.length]);
});
