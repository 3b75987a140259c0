/** What a server counts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, type Handler } from 'longwire';
import { binary, close, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { post, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { until } from '../support/signals.js';

test('starts from nothing', async (t) => {
  const { server } = await startServer(t, () => 'x');
  assert.deepEqual(server.stats(), {
    connections: { open: 0, total: 0, refused: 0 },
    requests: 0,
    responses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
    channels: { open: 0 },
    webSockets: { open: 0, total: 0 },
    eventStreams: { open: 0 },
    compression: { webSockets: 0, contextBytes: 0 },
    messages: { in: 0, out: 0 },
    bytes: { in: 0, out: 0, buffered: 0 },
    drops: 0,
    pauses: 0,
    errors: {},
  });
});

test('counts requests, and responses by class, streamed and refused ones included', async (t) => {
  const { port, server } = await startServer(t, ({ path }) => {
    const status = Number(path.slice(1));
    return status === 206 ? { status, body: ['streamed'] } : { status };
  });
  const client = await RawClient.open(t, port);
  await client.send(['/200', '/204', '/206', '/301', '/304', '/404', '/500'].map((path) => request(path)).join('') + 'bad\r\n\r\n');
  await client.readToEnd();
  const { requests, responses, errors } = server.stats();
  assert.equal(requests, 7);
  assert.deepEqual(responses, { '1xx': 0, '2xx': 3, '3xx': 2, '4xx': 2, '5xx': 1 });
  assert.deepEqual(errors, { HTTP_BAD_REQUEST_LINE: 1 });
});

test('counts responses that are no answer yet, or an answer to no request: 100, 101 and 503', async (t) => {
  const handler: Handler = (incoming) => (incoming.isWebSocketUpgrade ? asChannel(incoming) : incoming.text());
  const { port, server } = await startServer(t, handler, { maxConnections: 1 });
  const client = await RawClient.open(t, port);
  await client.send(request('/', 'Content-Length: 1\r\nExpect: 100-continue\r\n', { method: 'POST' }));
  await client.readUntil('100 Continue\r\n\r\n');
  await client.send('x');
  await client.readResponse();
  await client.send(handshake());
  await client.readUntil('\r\n\r\n');
  const refused = await RawClient.open(t, port);
  assert.ok((await refused.readToEnd()).startsWith('HTTP/1.1 503 '));
  assert.deepEqual(server.stats().responses, { '1xx': 2, '2xx': 1, '3xx': 0, '4xx': 0, '5xx': 1 });
  assert.equal(server.stats().requests, 2);
});

test('counts connections, and every byte that came and went', async (t) => {
  const { port, server } = await startServer(t, (incoming) => incoming.text());
  let sent = 0;
  let received = 0;
  for (let i = 0; i < 3; i++) {
    const client = await RawClient.open(t, port);
    const bytes = post('/', 'x'.repeat(100_000));
    await client.send(bytes);
    const { head, body } = await client.readResponse();
    sent += bytes.length;
    received += head.length + body.length;
    if (i > 0) continue;
    client.end();
    await until(() => server.stats().connections.open === 0, 'the end of the connection');
  }
  const { connections, bytes } = server.stats();
  assert.deepEqual(connections, { open: 2, total: 3, refused: 0 });
  assert.deepEqual(bytes, { in: sent, out: received, buffered: 0 });
});

test('counts WebSockets and their messages both ways', async (t) => {
  const { port, server } = await startServer(t, (incoming) => asChannel(incoming, { onReceive: (channel, message) => channel.send(message) }));
  const first = await RawWebSocket.open(t, port);
  const second = await RawWebSocket.open(t, port);
  await first.send(Buffer.concat([text('a'), binary(Uint8Array.of(1))]));
  await first.readFrame();
  await first.readFrame();
  assert.deepEqual(server.stats().webSockets, { open: 2, total: 2 });
  await second.send(close(1000));
  await second.readClose();
  const { webSockets, channels, messages, responses } = server.stats();
  assert.deepEqual(webSockets, { open: 1, total: 2 });
  assert.deepEqual(channels, { open: 1 });
  assert.deepEqual(messages, { in: 2, out: 2 });
  assert.equal(responses['1xx'], 2);
});

test('counts errors of the network by their code', async (t) => {
  const { port, server } = await startServer(t, () => new Promise<string>(() => {}));
  const client = await RawClient.open(t, port);
  await client.send(request());
  await until(() => server.stats().requests === 1, 'the request');
  client.reset();
  await until(() => server.stats().connections.open === 0, 'the end of the connection');
  assert.deepEqual(server.stats().errors, { ECONNRESET: 1 });
});

test('tells what waits in the output, of all connections together', async (t) => {
  const { port, server } = await startServer(t, () => ({ body: new Uint8Array(10_000_000) }));
  for (let i = 0; i < 2; i++) {
    const client = await RawClient.open(t, port);
    client.socket.pause();
    await client.send(request());
  }
  await until(() => server.stats().bytes.buffered > 5_000_000, 'output that waits');
});

test('counts on after a stop', async (t) => {
  const { url, server } = await startServer(t, () => 'x');
  await (await fetch(url, { headers: { connection: 'close' } })).text();
  await server.stop();
  assert.deepEqual([server.stats().requests, server.stats().connections], [1, { open: 0, total: 1, refused: 0 }]);
});
