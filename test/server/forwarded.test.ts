/** Whose address and scheme a request has: the socket's, until a proxy is trusted. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ServerOptions } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';

const FIELDS = 'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n';

/** What a handler sees of the client of a request with `fields`, sent from 127.0.0.2. */
async function seenOf(t: TestContext, options: ServerOptions, fields = FIELDS): Promise<string> {
  const { port, errors } = await startServer(t, ({ remoteAddress, remotePort, scheme }) => `${remoteAddress} ${remotePort} ${scheme}`, options);
  const client = await RawClient.open(t, { host: '127.0.0.1', port, localAddress: '127.0.0.2' });
  await client.send(request('/', fields));
  const { body } = await client.readResponse();
  assert.deepEqual(errors, []);
  return body.replace(String(client.socket.localPort), 'its-port');
}

test('takes the address of the socket where nobody is trusted, whatever is sent', async (t) => {
  assert.equal(await seenOf(t, {}), '127.0.0.2 its-port http');
  assert.equal(await seenOf(t, {}, 'Forwarded: for=192.0.2.1;proto=https\r\n'), '127.0.0.2 its-port http');
});

test('takes the address of the socket where others are trusted', async (t) => {
  assert.equal(await seenOf(t, { trustProxy: ['127.0.0.1', '10.0.0.0/8'] }), '127.0.0.2 its-port http');
  assert.equal(await seenOf(t, { trustProxy: () => false }), '127.0.0.2 its-port http');
});

for (const [name, trustProxy] of Object.entries({ address: ['127.0.0.2'], range: ['127.0.0.0/8'], function: (address: string) => address === '127.0.0.2' })) {
  test(`takes the word of a proxy that is trusted by ${name}`, async (t) => {
    assert.equal(await seenOf(t, { trustProxy }), '192.0.2.1 0 https');
    assert.equal(await seenOf(t, { trustProxy }, 'Forwarded: for="192.0.2.9:77"\r\n'), '192.0.2.9 77 http');
    assert.equal(await seenOf(t, { trustProxy }, ''), '127.0.0.2 its-port http');
  });
}

test('serves a target of https to a trusted proxy without TLS, and answers 421 to all others (RFC 9110 §7.4)', async (t) => {
  for (const [trustProxy, status, codes] of [[['127.0.0.1'], 200, {}], [['10.0.0.0/8'], 421, { HTTP_MISDIRECTED: 1 }]] as const) {
    const { port, server, errors } = await startServer(t, ({ path }) => path, { trustProxy });
    const client = await RawClient.open(t, port);
    await client.send(request('https://a.example/b'));
    assert.ok((await client.readResponse()).head.startsWith(`HTTP/1.1 ${status} `));
    assert.deepEqual(server.stats().errors, codes);
    assert.deepEqual(errors, []);
  }
});

test('reads the fields of each request anew on a connection that is kept', async (t) => {
  const { port } = await startServer(t, ({ remoteAddress }) => remoteAddress, { trustProxy: ['127.0.0.1'] });
  const client = await RawClient.open(t, port);
  for (const address of ['192.0.2.1', '192.0.2.2', '127.0.0.1']) {
    await client.send(request('/', address === '127.0.0.1' ? '' : `X-Forwarded-For: ${address}\r\n`));
    assert.equal((await client.readResponse()).body, address);
  }
});

test('trusts nobody by a function that throws, and reports it', async (t) => {
  const failure = new Error('no list');
  const { port, errors } = await startServer(t, ({ remoteAddress }) => remoteAddress, {
    trustProxy: () => {
      throw failure;
    },
  });
  const client = await RawClient.open(t, port);
  await client.send(request('/', FIELDS));
  assert.equal((await client.readResponse()).body, '127.0.0.1');
  assert.deepEqual(new Set(errors), new Set([failure]));
});
