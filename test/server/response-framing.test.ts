/** How a response says where its body ends: HEAD, 204, 205 and 304, Content-Length given by the application, HTTP/1.0. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asChannel, type Handler, type HttpResponse, withChannel } from 'longwire';
import { RawClient } from '../support/raw-client.js';
import { request } from '../support/requests.js';
import { startServer } from '../support/server.js';

interface FramingCase {
  readonly name: string;
  readonly method?: string;
  readonly response: () => HttpResponse;
  /** The fields of framing in the response, in order. */
  readonly framing: readonly string[];
}

const streamed = (): Iterable<string> => ['ab', 'cd'];

const BODILESS: readonly FramingCase[] = [
  { name: 'HEAD answers with the length of the text it does not send', method: 'HEAD', response: () => ({ body: 'grün' }), framing: ['Content-Length: 5'] },
  { name: 'HEAD answers with the length of the bytes it does not send', method: 'HEAD', response: () => ({ body: new Uint8Array(9_000) }), framing: ['Content-Length: 9000'] },
  { name: 'HEAD prefers the Content-Length that the application gives', method: 'HEAD', response: () => ({ headers: { 'Content-Length': 1234 } }), framing: ['Content-Length: 1234'] },
  { name: 'HEAD tells the length of its body, not a wrong one that the application declares', method: 'HEAD', response: () => ({ headers: { 'Content-Length': 3 }, body: 'hello' }), framing: ['Content-Length: 5'] },
  { name: 'HEAD says no length where a body would be streamed', method: 'HEAD', response: () => ({ body: streamed() }), framing: [] },
  { name: 'HEAD says the length that the application gives for a streamed body', method: 'HEAD', response: () => ({ headers: { 'content-length': '4' }, body: streamed() }), framing: ['Content-Length: 4'] },
  { name: '204 has neither body nor length', response: () => ({ status: 204, body: 'ignored' }), framing: [] },
  { name: '204 drops a Content-Length', response: () => ({ status: 204, headers: { 'Content-Length': 7 } }), framing: [] },
  { name: '204 drops a streamed body', response: () => ({ status: 204, body: streamed() }), framing: [] },
  { name: '205 is sent as an empty body', response: () => ({ status: 205, body: 'ignored' }), framing: ['Content-Length: 0'] },
  { name: '304 has no body, and no length of its own', response: () => ({ status: 304, body: 'ignored' }), framing: [] },
  { name: '304 says the length that the application gives', response: () => ({ status: 304, headers: { 'Content-Length': 55 } }), framing: ['Content-Length: 55'] },
  { name: '304 drops a streamed body', response: () => ({ status: 304, body: streamed() }), framing: [] },
  { name: 'HEAD of nothing is a 404 without a body', method: 'HEAD', response: () => undefined as unknown as HttpResponse, framing: ['Content-Length: 9'] },
];

for (const { name, method = 'GET', response, framing } of BODILESS) {
  test(`${name}, and the connection goes on right behind the head`, async (t) => {
    const { port, errors } = await startServer(t, ({ path }) => (path === '/next' ? 'next' : response()));
    const client = await RawClient.open(t, port);
    await client.send(request('/', '', { method }) + request('/next'));
    const head = await client.readUntil('\r\n\r\n');
    assert.deepEqual(head.match(/^(?:Content-Length|Transfer-Encoding): .*$/gim)?.map((line) => line.trim()) ?? [], framing);
    const next = await client.readResponse();
    assert.deepEqual([next.head.slice(0, 15), next.body], ['HTTP/1.1 200 OK', 'next']);
    assert.deepEqual(errors, []);
  });
}

for (const isCancelledAt of ['HEAD', '204', '304'] as const) {
  test(`lets go of a streamed body that is not sent: ${isCancelledAt}`, async (t) => {
    let reason = '';
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (reason = 'cancelled') });
    const { url } = await startServer(t, () => ({ status: isCancelledAt === 'HEAD' ? 200 : Number(isCancelledAt), body }));
    await fetch(url, { method: isCancelledAt === 'HEAD' ? 'HEAD' : 'GET' });
    assert.equal(reason, 'cancelled');
  });
}

test('honours the Content-Length of a streamed body, and sends it without chunks', async (t) => {
  const { port, errors } = await startServer(t, () => ({ headers: { 'Content-Length': 7 }, body: ['grün', Uint8Array.of(65, 66)] }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  const { head, body } = await client.readResponse();
  assert.ok(!head.includes('Transfer-Encoding'));
  assert.equal(body, Buffer.from('grünAB').toString('latin1'));
  assert.deepEqual(errors, []);
});

test('replaces a wrong Content-Length of a whole body by its true one', async (t) => {
  const { port } = await startServer(t, () => ({ headers: { 'Content-Length': 99 }, body: 'four' }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  const head = await client.readUntil('\r\n\r\n');
  assert.deepEqual(head.match(/^content-length.*$/gim)?.map((line) => line.trim()), ['Content-Length: 4']);
});

test('sends each piece of a streamed body as one chunk, none for an empty piece, and the last chunk at the end', async (t) => {
  const { port } = await startServer(t, () => ({ body: ['hello', '', 'grün', Uint8Array.of(0x41), new Uint8Array(0)] }));
  const client = await RawClient.open(t, port);
  await client.send(request());
  const head = await client.readUntil('\r\n\r\n');
  assert.ok(head.includes('Transfer-Encoding: chunked\r\n'));
  assert.equal(await client.readUntil('0\r\n\r\n'), '5\r\nhello\r\n5\r\ngr\xc3\xbcn\r\n1\r\nA\r\n0\r\n\r\n');
});

test('delimits a streamed body by the close for HTTP/1.0, whatever keep-alive it asked for', async (t) => {
  const { port } = await startServer(t, () => ({ body: ['ab', 'cd'] }));
  const client = await RawClient.open(t, port);
  await client.send(request('/', 'Connection: keep-alive\r\n', { version: '1.0' }));
  const all = await client.readToEnd();
  assert.match(all, /^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n\r\nabcd$/);
  assert.ok(!all.includes('Transfer-Encoding'));
});

test('keeps an HTTP/1.0 connection where the streamed body has a Content-Length', async (t) => {
  const { port } = await startServer(t, () => ({ headers: { 'Content-Length': 4 }, body: ['ab', 'cd'] }));
  const client = await RawClient.open(t, port);
  for (let i = 0; i < 2; i++) {
    await client.send(request('/', 'Connection: keep-alive\r\n', { version: '1.0' }));
    const { head, body } = await client.readResponse();
    assert.ok(head.includes('Connection: keep-alive\r\n'));
    assert.equal(body, 'abcd');
  }
});

test('sends nothing behind the head of a 2xx to CONNECT', async (t) => {
  const { port } = await startServer(t, () => ({ status: 200, body: 'tunnel?' }));
  const client = await RawClient.open(t, port);
  await client.send('CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const head = await client.readUntil('\r\n\r\n');
  assert.ok(!/content-length|transfer-encoding/i.test(head), head);
});

const CONNECT = 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n';
const UNHANDLED: Record<string, Handler> = {
  nothing: () => undefined,
  'a string': () => 'hello',
  'a response without a status': () => ({ headers: { 'X-Any': 'thing' }, body: 'hello' }),
  'a stream without a status': () => ({ body: ['hel', 'lo'] }),
  'a channel that sends a string': (request) => withChannel(request, (channel) => channel.send('hello')),
  'a channel that streams': (request) => {
    const channel = asChannel(request);
    channel.send('hello', false);
    channel.close();
    return channel;
  },
};

for (const [name, handler] of Object.entries(UNHANDLED)) {
  test(`refuses a CONNECT with 501 where the handler answers with ${name}`, async (t) => {
    const { port, errors } = await startServer(t, handler);
    const client = await RawClient.open(t, port);
    await client.send(CONNECT);
    assert.match(await client.readToEnd(), /^HTTP\/1\.1 501 Not Implemented\r\n(?:[^\r]+\r\n)*Connection: close\r\n/);
    assert.deepEqual(errors, []);
  });
}

test('leaves the status that a handler gives a CONNECT', async (t) => {
  const { port } = await startServer(t, ({ method }) => ({ status: method === 'CONNECT' ? 405 : 200 }));
  const client = await RawClient.open(t, port);
  await client.send(CONNECT);
  assert.match(await client.readToEnd(), /^HTTP\/1\.1 405 /);
});
