/** What a response says of the connection when the request's body was not read, or not to its end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient } from '../support/raw-client.js';
import { startServer } from '../support/server.js';

const MIB = 1024 * 1024;

test('announces the close where a reader gave up a body with more than 64 KiB to come', async (t) => {
  const { port } = await startServer(t, async (request) => {
    for await (const piece of request.body) return `${piece.length > 0}`;
    return 'empty';
  });
  const client = await RawClient.open(t, port);
  await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${MIB}\r\n\r\nfirst`);
  const { head, body } = await client.readResponse();
  assert.match(head, /^Connection: close\r$/m);
  assert.equal(body, 'true');
});

test('keeps the connection where a reader gave up a body with little to come', async (t) => {
  const { port } = await startServer(t, async (request) => {
    if (request.method === 'GET') return 'next';
    for await (const piece of request.body) return `${piece.length > 0}`;
    return 'empty';
  });
  const client = await RawClient.open(t, port);
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfirst');
  const { head } = await client.readResponse();
  assert.doesNotMatch(head, /^Connection:/m);
  await client.send('wholeGET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'next');
});
