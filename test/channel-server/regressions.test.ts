/** What once went wrong between a channel and its server, each as a client or an application saw it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel } from 'longwire';
import { handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
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

test('hands over in order what came behind a handshake that was judged late, more than is held behind a request', async (t) => {
  const COUNT = 400;
  const received: string[] = [];
  const { server, port } = await startServer(t, async (request) => {
    while (server.stats().pauses === 0) await new Promise((resolve) => setImmediate(resolve));
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
