/** What once went wrong between a channel and its server, each as a client or an application saw it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel } from 'longwire';
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
