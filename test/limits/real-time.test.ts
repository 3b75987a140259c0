/** Every deadline once with the clock that servers run on: set short, waited for, and only what comes of it is judged. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asChannel, type Handler, type ServerOptions } from 'longwire';
import { certificate } from '../support/certificate.js';
import { clientFrame } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { post, postChunked, request } from '../support/requests.js';
import { startServer, type TestServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';

interface RealDeadline {
  readonly name: string;
  readonly options: ServerOptions;
  run(t: TestContext, started: TestServer): Promise<void>;
}

/** How a channel ended, by the path it was taken on. */
const ends = new Map<string, Gate<string>>();

const handler: Handler = async (incoming) => {
  if (incoming.isWebSocketUpgrade) return asChannel(incoming, { onOpen: (channel) => void (incoming.path === '/close' && channel.close()), onClose: (_, status, { by }) => ends.get(incoming.path)?.open(`${status} by ${by}`) });
  if (incoming.path === '/collect') return incoming.text();
  return incoming.path === '/large' ? { body: new Uint8Array(16_000_000) } : 'x';
};

async function assertTimeout(client: RawClient): Promise<void> {
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*\r\nConnection: close\r\n/);
}

/** Sends `byte` every 20 ms until the server has closed its side. */
async function drip(client: RawClient, byte: string): Promise<void> {
  for (let sent = 0; !client.hasEnded; sent++) {
    assert.ok(sent < 1_500, 'it was never given up');
    client.socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function endOf(path: string, port: number, t: TestContext, use: (webSocket: RawWebSocket) => Promise<void>): Promise<string> {
  const gate = new Gate<string>();
  ends.set(path, gate);
  await use(await RawWebSocket.open(t, port, path));
  return gate.opened;
}

const DEADLINES: readonly RealDeadline[] = [
  {
    name: 'headTimeoutMs closes a connection that never speaks',
    options: { headTimeoutMs: 200 },
    run: async (t, { port }) => assert.equal(await (await RawClient.open(t, port)).readToEnd(), ''),
  },
  {
    name: 'headTimeoutMs answers 408 to a head that drips',
    options: { headTimeoutMs: 200 },
    run: async (t, { port }) => {
      const client = await RawClient.open(t, port);
      await client.send('GET / HTTP/1.1\r\nX-Slow: ');
      await drip(client, 'x');
      await assertTimeout(client);
    },
  },
  {
    name: 'requestTimeoutMs answers 408 to a body that drips',
    options: { requestTimeoutMs: 200 },
    run: async (t, { port }) => {
      const client = await RawClient.open(t, port);
      await client.send(postChunked('/collect'));
      await drip(client, '1\r\nx\r\n');
      await assertTimeout(client);
    },
  },
  {
    name: 'minBodyBytesPerSecond answers 408 to a body that is slower, ten seconds behind its head',
    options: { requestTimeoutMs: 60_000 },
    run: async (t, { port, server }) => {
      const client = await RawClient.open(t, port);
      await client.send(post('/collect', '').replace('Length: 0', 'Length: 100000'));
      const startedAt = performance.now();
      while (!client.hasEnded) {
        client.socket.write('x');
        await new Promise((resolve) => setTimeout(resolve, 100));
        assert.ok(performance.now() - startedAt < 60_000, 'it was never given up');
      }
      assert.ok(performance.now() - startedAt > 9_000, 'it was given up early');
      await assertTimeout(client);
      assert.deepEqual(server.stats().errors, { HTTP_BODY_TIMEOUT: 1 });
    },
  },
  {
    name: 'keepAliveTimeoutMs closes an idle connection',
    options: { keepAliveTimeoutMs: 200 },
    run: async (t, { port }) => {
      const client = await RawClient.open(t, port);
      await client.send(request());
      assert.equal((await client.readResponse()).body, 'x');
      assert.equal(await client.readToEnd(), '');
    },
  },
  {
    name: 'sendTimeoutMs destroys a connection that takes nothing',
    options: { sendTimeoutMs: 200 },
    run: async (t, { port, server }) => {
      const client = await RawClient.open(t, port);
      client.socket.pause();
      await client.send(request('/large'));
      await until(() => server.stats().requests === 1, 'the request');
      await until(() => server.stats().connections.open === 0, 'the end of the connection');
    },
  },
  {
    name: 'a refused client that does not leave is gone after 2 s',
    options: { maxConnections: 1 },
    run: async (t, { port, server }) => {
      await RawClient.open(t, port);
      await until(() => server.stats().connections.open === 1, 'the first');
      const client = await RawClient.open(t, port);
      assert.ok((await client.readToEnd()).startsWith('HTTP/1.1 503 '));
      await until(() => server.stats().connections.open === 1, 'the end of the second');
    },
  },
  {
    name: 'messageTimeoutMs ends a message that is never complete',
    options: { messageTimeoutMs: 200 },
    run: async (t, { port }) => {
      const end = await endOf('/message', port, t, async (webSocket) => {
        await webSocket.send(clientFrame({ opcode: 1, fin: false, payload: 'beginning' }));
        assert.equal((await webSocket.readClose()).code, 1008);
      });
      assert.equal(end, 'policy-violation by server');
    },
  },
  {
    name: 'pingIntervalMs and pongTimeoutMs end a WebSocket that says nothing',
    options: { pingIntervalMs: 200, pongTimeoutMs: 200 },
    run: async (t, { port }) => {
      const end = await endOf('/silent', port, t, async (webSocket) => assert.equal((await webSocket.readFrame()).opcode, 9));
      assert.equal(end, 'abnormal by timeout');
    },
  },
  {
    name: 'closeTimeoutMs ends a WebSocket that does not answer a Close',
    options: { closeTimeoutMs: 200 },
    run: async (t, { port, server }) => {
      const webSocket = await RawWebSocket.open(t, port, '/close');
      assert.equal((await webSocket.readClose()).code, 1000);
      await until(() => server.stats().connections.open === 0, 'the end of the connection');
    },
  },
  {
    name: 'tlsHandshakeTimeoutMs ends a handshake that never begins',
    options: { tlsHandshakeTimeoutMs: 200 },
    run: async (t, { port }) => assert.equal(await (await RawClient.open(t, port)).readToEnd(), ''),
  },
];

test('in real time', { concurrency: true }, async (t) => {
  const tls = certificate(t);
  if (tls === undefined) return;
  const all = DEADLINES.map(({ name, options, run }) =>
    t.test(name, async (t) => {
      const started = await startServer(t, handler, { ...options, ...('tlsHandshakeTimeoutMs' in options ? { tls } : {}) });
      await run(t, started);
      assert.deepEqual(started.errors, []);
    }),
  );
  await Promise.all(all);
});
