/** The same server over TLS, and clients that do not speak it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { asChannel } from 'longwire';
import { WebSocket } from 'ws';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { Gate, until, within } from '../support/signals.js';
import { fetchTls, openTls, startTls, type TlsServer } from '../support/tls.js';

test('serves https, and tells the handler so', async (t) => {
  const started = await startTls(t, ({ scheme, remoteAddress }) => `${scheme} ${remoteAddress}`);
  if (started === undefined) return;
  assert.equal(started.server.url, `https://127.0.0.1:${started.port}`);
  assert.equal(await fetchTls(started), 'https 127.0.0.1');
});

test('serves a target in absolute form over TLS', async (t) => {
  const started = await startTls(t, ({ authority, path }) => `${authority} ${path}`);
  if (started === undefined) return;
  assert.equal(await fetchTls(started, 'https://a.example/b'), 'a.example /b');
});

test('sends and takes large bodies over TLS', async (t) => {
  const started = await startTls(t, ({ body }) => ({ body }));
  if (started === undefined) return;
  const socket = await openTls(t, started);
  const client = new RawClient(socket);
  const sent = Buffer.alloc(3_000_000).map((_, i) => i % 253);
  await client.send(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${sent.length}\r\nConnection: close\r\n\r\n`);
  void client.send(sent);
  await client.readUntil('\r\n\r\n');
  const received: Buffer[] = [];
  for (;;) {
    const size = parseInt(await client.readUntil('\r\n'), 16);
    if (size === 0) break;
    received.push(await client.readBytes(size));
    await client.readUntil('\r\n');
  }
  assert.ok(Buffer.concat(received).equals(sent));
});

test('agrees on http/1.1 by ALPN, and on nothing with a client that offers nothing', async (t) => {
  const started = await startTls(t, () => 'x');
  if (started === undefined) return;
  assert.equal((await openTls(t, started, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'http/1.1');
  assert.equal((await openTls(t, started)).alpnProtocol, false);
});

const GARBAGE = { 'plain HTTP': request(), garbage: '\x00\x01\x02garbage\xff\xfe'.repeat(50), 'half a hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' };

for (const [name, bytes] of Object.entries(GARBAGE)) {
  test(`survives ${name} on its port, and hands none of it to the handler`, async (t) => {
    const started = await startTls(t, ({ path }) => path);
    if (started === undefined) return;
    const client = await RawClient.open(t, started.port);
    await client.send(bytes);
    client.end();
    assert.equal(await fetchTls(started, '/fine'), '/fine');
    assert.equal(started.server.stats().requests, 1);
    assert.deepEqual(started.errors, []);
  });
}

test('answers a client that has sent its close_notify and its FIN behind the request', async (t) => {
  const asked = new Gate<void>();
  const started = await startTls(t, async () => {
    await asked.opened;
    return 'late';
  });
  if (started === undefined) return;
  const socket = await openTls(t, started, { allowHalfOpen: true } as ConnectionOptions);
  const client = new RawClient(socket);
  socket.end(request());
  await until(() => started.server.stats().requests === 1, 'the request');
  asked.open();
  assert.match(await client.readToEnd(), /\r\n\r\nlate$/);
});

test('survives a client that leaves in the middle of the handshake', async (t) => {
  const started = await startTls(t, ({ path }) => path);
  if (started === undefined) return;
  const client = await RawClient.open(t, started.port);
  await client.send('\x16\x03\x01');
  client.reset();
  assert.equal(await fetchTls(started, '/fine'), '/fine');
});

test('gives a handshake that does not come to its end up after tlsHandshakeTimeoutMs, and counts it', async (t) => {
  const started = await startTls(t, () => 'x', { tlsHandshakeTimeoutMs: 50 });
  if (started === undefined) return;
  const client = await RawClient.open(t, started.port);
  await client.readToEnd();
  await until(() => started.server.stats().errors['ERR_TLS_HANDSHAKE_TIMEOUT'] === 1, 'the count');
});

test('stops at once while a handshake is under way', async (t) => {
  const started = await startTls(t, () => 'x');
  if (started === undefined) return;
  const client = await RawClient.open(t, started.port);
  await client.send('\x16\x03\x01');
  assert.equal(await fetchTls(started), 'x');
  await started.server.stop({ timeoutMs: 60_000 });
  await client.readToEnd().catch(() => '');
});

test('closes a connection whose handshake comes to its end while the server is stopping', async (t) => {
  const hasCome = new Gate();
  const answer = new Gate<string>();
  const started = await startTls(t, () => (hasCome.open(), answer.opened), { headTimeoutMs: 3_600_000 });
  if (started === undefined) return;
  const busy = new RawClient(await openTls(t, started));
  await busy.send(request());
  await hasCome.opened;
  const late = await RawClient.open(t, started.port);
  await fetchRefused(started);
  const stopped = started.server.stop({ timeoutMs: 60_000 });
  const secure = connect({ socket: late.socket, ca: started.ca, servername: 'localhost' });
  t.after(() => secure.destroy());
  const ended = Promise.race([once(secure, 'end'), once(secure, 'close'), once(secure, 'error')]);
  secure.resume();
  await within(ended, 'the end of the late connection');
  answer.open('done');
  assert.equal((await busy.readResponse()).body, 'done');
  busy.end();
  await stopped;
});

/** Makes sure that connections opened before were accepted: accepting is in order. */
async function fetchRefused({ port }: TlsServer): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: true });
  await once(socket, 'error');
}

test('speaks WebSocket over TLS with the client of ws', async (t) => {
  const started = await startTls(t, (incoming) => asChannel(incoming, { onReceive: (channel, message) => channel.send(message) }));
  if (started === undefined) return;
  const socket = new WebSocket(started.wsUrl, { ca: started.ca });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  for (const message of ['hello', 'x'.repeat(200_000)]) {
    socket.send(message);
    assert.equal(String((await once(socket, 'message'))[0]), message);
  }
  socket.close(1000);
  assert.equal((await once(socket, 'close'))[0], 1000);
});

test('delivers a burst of 50,000 small messages over TLS to a client that reads, and drops none', async (t) => {
  const count = 50_000;
  const started = await startTls(t, (incoming) =>
    asChannel(incoming, {
      onReceive: async (channel) => {
        for (let i = 0; i < count; i++) {
          assert.equal(channel.send(`message ${i}`), true);
          if (i % 500 === 499) await channel.drained();
        }
      },
    }),
  );
  if (started === undefined) return;
  const socket = new WebSocket(started.wsUrl, { ca: started.ca });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  let next = 0;
  const isOver = new Gate();
  socket.on('message', (data) => {
    assert.equal(String(data), `message ${next}`);
    if (++next === count) isOver.open();
  });
  socket.send('go');
  await isOver.opened;
  assert.equal(started.server.stats().drops, 0);
  assert.deepEqual(started.errors, []);
});

test('takes a burst in one turn over TLS for what it is, and not for a slow client', async (t) => {
  const count = 8_000;
  const payload = 'x'.repeat(100);
  const started = await startTls(t, (incoming) =>
    asChannel(incoming, {
      onReceive: (channel) => {
        for (let i = 0; i < count; i++) channel.send(payload);
      },
    }),
  );
  if (started === undefined) return;
  const socket = new WebSocket(started.wsUrl, { ca: started.ca });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  let received = 0;
  const isOver = new Gate();
  socket.on('message', () => {
    if (++received === count) isOver.open();
  });
  socket.on('close', () => isOver.open());
  socket.send('go');
  await isOver.opened;
  assert.deepEqual([received, started.server.stats().drops], [count, 0]);
});
