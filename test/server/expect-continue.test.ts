/** 100 Continue (RFC 9110 §10.1.1): sent when the handler first reads the body, and not at all where it never does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient } from '../support/raw-client.js';
import { chunk, post, postChunked, request } from '../support/requests.js';
import { startServer } from '../support/server.js';
import { Gate, until } from '../support/signals.js';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const EXPECT = 'Expect: 100-continue\r\n';
const expecting = (length: number): string => post('/', '', EXPECT).replace('Length: 0', `Length: ${length}`);

test('sends 100 Continue when the handler reads the body, and not before', async (t) => {
  const read = new Gate();
  const { port, server } = await startServer(t, async (incoming) => {
    await read.opened;
    return incoming.text();
  });
  const client = await RawClient.open(t, port);
  await client.send(expecting(5));
  await until(() => server.stats().requests === 1, 'the request');
  assert.equal(server.stats().bytes.out, 0);
  read.open();
  assert.equal(await client.readUntil('\r\n\r\n'), CONTINUE);
  await client.send('hello');
  const { head, body } = await client.readResponse();
  assert.equal(body, 'hello');
  assert.ok(!head.includes('Connection: close'), head);
});

test('sends 100 Continue once, for a chunked body', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text());
  const client = await RawClient.open(t, port);
  await client.send(postChunked('/', EXPECT));
  assert.equal(await client.readUntil('\r\n\r\n'), CONTINUE);
  for (const piece of ['a', 'b', '']) await client.send(chunk(piece));
  assert.equal((await client.readResponse()).body, 'ab');
});

test('never sends 100 Continue behind the head of the response, and closes behind its end', async (t) => {
  const { port } = await startServer(t, ({ body }) => ({ body }));
  const client = await RawClient.open(t, port);
  await client.send(postChunked('/', EXPECT));
  const head = await client.readUntil('\r\n\r\n');
  assert.ok(head.startsWith('HTTP/1.1 200 ') && head.includes('\r\nConnection: close\r\n'), head);
  await client.send(chunk('sent all the same'));
  await client.send(chunk(''));
  assert.equal(await client.readToEnd(), chunk('sent all the same') + chunk(''));
});

test('sends no 100 Continue to a handler that never reads, and closes behind its answer', async (t) => {
  const { port } = await startServer(t, () => ({ status: 403, body: 'no' }));
  const client = await RawClient.open(t, port);
  await client.send(expecting(5));
  const answer = await client.readToEnd();
  assert.ok(answer.startsWith('HTTP/1.1 403 Forbidden\r\n'), answer);
  assert.ok(answer.includes('\r\nConnection: close\r\n'), answer);
  assert.ok(!answer.includes('100 Continue'));
});

test('answers 413 in place of 100 Continue to a body whose Content-Length is too large', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text(), { maxBodyBytes: 10 });
  const client = await RawClient.open(t, port);
  await client.send(expecting(11));
  const answer = await client.readToEnd();
  assert.ok(answer.startsWith('HTTP/1.1 413 Content Too Large\r\n'), answer);
});

test('sends no 100 Continue where the body came with the head', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text());
  const client = await RawClient.open(t, port);
  await client.send(`${expecting(5)}hello`);
  assert.ok((await client.readResponse()).head.startsWith('HTTP/1.1 200 '));
});

test('sends no 100 Continue to a request without a body', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text());
  const client = await RawClient.open(t, port);
  await client.send(request('/', EXPECT));
  assert.ok((await client.readResponse()).head.startsWith('HTTP/1.1 200 '));
});

test('sends no 100 Continue to HTTP/1.0', async (t) => {
  const { port } = await startServer(t, (incoming) => incoming.text());
  const client = await RawClient.open(t, port);
  await client.send(request('/', `${EXPECT}Content-Length: 5\r\n`, { method: 'POST', version: '1.0' }));
  await client.send('hello');
  assert.ok((await client.readToEnd()).startsWith('HTTP/1.1 200 '));
});
