/** A channel that has sent nothing waits as a long poll; whatever ends it is one whole response, and nothing of it reaches the next. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Channel, type HttpResponse, type Outgoing, UsageError } from 'longwire';
import { get, startChannelServer } from '../support/channels.js';
import { turns } from '../support/deferred.js';
import { RawClient } from '../support/raw-client.js';

/** What a response says, without the fields that vary. */
function withoutDate(head: string): string {
  return head.replace(/^Date: [^\r]*\r\n/im, '');
}

test('close on a channel that has sent nothing is a complete 204', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const taken = await server.next();
  assert.equal(taken.channel.isOpen, true);
  assert.equal(taken.channel.isWebSocket, false);
  assert.equal(taken.channel.close(), true);
  assert.equal(taken.channel.isOpen, false);
  assert.equal(taken.channel.close(), false, 'it is closed already');
  assert.equal(withoutDate((await client.readResponse()).head), 'HTTP/1.1 204 No Content\r\n\r\n');
  assert.deepEqual(await taken.closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: true });
  await client.send(get());
  (await server.next()).channel.send('the connection is kept');
  assert.equal((await client.readResponse()).body, 'the connection is kept');
});

test('close of a pending channel of HTTP/1.0 ends the connection behind the 204', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send('GET / HTTP/1.0\r\n\r\n');
  (await server.next()).channel.close();
  assert.equal(withoutDate(await client.readToEnd()), 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
});

const ANSWERS: { readonly name: string; readonly data: Outgoing; readonly head: RegExp; readonly body: string }[] = [
  { name: 'text', data: 'grüße', head: /^HTTP\/1\.1 200 OK\r\n(?=[^]*Content-Type: text\/html; charset=utf-8\r\n)/, body: 'grüße' },
  { name: 'bytes', data: Buffer.from('bytes'), head: /^HTTP\/1\.1 200 OK\r\n(?![^]*Content-Type)/, body: 'bytes' },
  { name: 'empty text', data: '', head: /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 0\r\n/, body: '' },
  { name: 'a response', data: { status: 201, headers: { 'X-A': ['1', '2'] }, body: 'made' }, head: /^HTTP\/1\.1 201 Created\r\nX-A: 1\r\nX-A: 2\r\n/, body: 'made' },
  { name: 'a response without a body', data: { status: 404 }, head: /^HTTP\/1\.1 404 Not Found\r\n[^]*Content-Length: 0\r\n/, body: '' },
  { name: 'a response whose body is null', data: { status: 410, body: null }, head: /^HTTP\/1\.1 410 Gone\r\n[^]*Content-Length: 0\r\n/, body: '' },
];

for (const { name, data, head, body } of ANSWERS) {
  test(`send of ${name} is a whole response with its length, and closes the channel`, async (t) => {
    const server = await startChannelServer(t);
    const client = await RawClient.open(t, server.port);
    await client.send(get());
    const taken = await server.next();
    assert.equal(taken.channel.send(data), true);
    assert.equal(taken.channel.isOpen, false);
    assert.equal(taken.channel.send('second'), false);
    const response = await client.readResponse();
    assert.match(response.head, head);
    assert.match(response.head, new RegExp(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`));
    assert.equal(Buffer.from(response.body, 'latin1').toString(), body);
    assert.equal((await taken.closed()).status, 'server-close');
    await turns();
    assert.equal(taken.closings.length, 1);
    assert.equal(client.received, '');
  });
}

/** `streamHead`: what is sent where more would have come, if it differs: a GET would then not be told the length either. */
const BODILESS: { readonly name: string; readonly bytes: string; readonly data: Outgoing; readonly head: RegExp; readonly streamHead?: RegExp }[] = [
  {
    name: 'HEAD',
    bytes: 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
    data: 'body',
    head: /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 4\r\n/,
    streamHead: /^HTTP\/1\.1 200 OK\r\n(?![^]*Content-Length)/,
  },
  { name: 'a 204', bytes: get(), data: { status: 204, body: 'body' }, head: /^HTTP\/1\.1 204 No Content\r\n(?![^]*(Content-Length|Transfer-Encoding))/ },
  { name: 'a 205', bytes: get(), data: { status: 205, body: 'body' }, head: /^HTTP\/1\.1 205 Reset Content\r\n[^]*Content-Length: 0\r\n/ },
  { name: 'a 304', bytes: get(), data: { status: 304, headers: { 'Content-Length': 17 }, body: 'body' }, head: /^HTTP\/1\.1 304 Not Modified\r\n[^]*Content-Length: 17\r\n/ },
];

for (const { name, bytes, data, head, streamHead } of BODILESS) {
  for (const closeAfterSend of [undefined, true, false]) {
    test(`${name} has no body: a send with closeAfterSend ${closeAfterSend} is the last`, async (t) => {
      const server = await startChannelServer(t);
      const client = await RawClient.open(t, server.port);
      await client.send(bytes);
      const taken = await server.next();
      assert.equal(taken.channel.send(data, closeAfterSend), true);
      assert.equal(taken.channel.isOpen, false);
      assert.equal(taken.channel.send('more', false), false);
      assert.match(await client.readUntil('\r\n\r\n'), closeAfterSend === false ? (streamHead ?? head) : head);
      await client.send(get());
      (await server.next()).channel.send('next');
      const next = await client.readResponse();
      assert.match(next.head, /^HTTP\/1\.1 200 /, 'no byte of a body came between');
      assert.equal(next.body, 'next');
    });
  }
}

const MISUSES: { readonly name: string; readonly call: (channel: Channel) => unknown }[] = [
  { name: 'a number', call: (channel) => channel.send(1 as unknown as string) },
  { name: 'null', call: (channel) => channel.send(null as unknown as string) },
  { name: 'a body of an unknown type', call: (channel) => channel.send({ body: 1 } as unknown as HttpResponse) },
  { name: 'an ArrayBuffer', call: (channel) => channel.send(new ArrayBuffer(1) as unknown as Uint8Array) },
  { name: 'an informational status', call: (channel) => channel.send({ status: 101 }) },
  { name: 'a status beyond 599', call: (channel) => channel.send({ status: 600 }, false) },
  { name: 'a header value with CR LF', call: (channel) => channel.send({ headers: { 'X-A': 'a\r\nB: c' } }) },
  { name: 'a header name that is no token', call: (channel) => channel.send({ headers: { 'X A': 'a' } }, false) },
  { name: 'Transfer-Encoding', call: (channel) => channel.send({ headers: { 'Transfer-Encoding': 'chunked' } }) },
  { name: 'a first piece longer than its Content-Length', call: (channel) => channel.send({ headers: { 'Content-Length': 1 }, body: 'ab' }, false) },
  { name: 'a close code that may not be sent', call: (channel) => channel.close(1005) },
  { name: 'a close reason over 123 bytes', call: (channel) => channel.close(1000, 'x'.repeat(124)) },
  { name: 'a handler that is no function', call: (channel) => channel.onClose(undefined as unknown as () => void) },
];

for (const { name, call } of MISUSES) {
  test(`throws a UsageError at ${name}, writes nothing, and the channel can still answer`, async (t) => {
    const server = await startChannelServer(t);
    const client = await RawClient.open(t, server.port);
    await client.send(get());
    const { channel } = await server.next();
    assert.throws(() => call(channel), UsageError);
    assert.equal(channel.isOpen, true);
    assert.equal(channel.send({ status: 202, body: 'answered' }), true);
    const { head, body } = await client.readResponse();
    assert.match(head, /^HTTP\/1\.1 202 Accepted\r\n/);
    assert.equal(body, 'answered');
  });
}

test('a late send to a closed channel answers false and never reaches the next response on the connection', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get('/first'));
  const first = await server.next();
  first.channel.send('first');
  assert.equal((await client.readResponse()).body, 'first');
  await client.send(get('/second'));
  const second = await server.next();
  assert.notEqual(second.channel, first.channel);
  assert.equal(first.channel.send('late'), false);
  assert.equal(first.channel.send('late', false), false);
  assert.equal(first.channel.close(), false);
  second.channel.send('se', false);
  assert.equal(first.channel.send('late', false), false);
  second.channel.send('cond');
  const received = await client.readUntil('0\r\n\r\n');
  assert.match(received, /\r\n\r\n2\r\nse\r\n4\r\ncond\r\n0\r\n\r\n$/);
  assert.equal(first.channel.isOpen, false);
  await turns();
  assert.equal(first.closings.length, 1);
  assert.equal(second.closings.length, 1);
});

test('on HTTP onReceive is accepted and ping answers false', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`);
  const taken = await server.next();
  taken.channel.onReceive(() => assert.fail('HTTP has no messages'));
  assert.equal(taken.channel.ping(), false);
  assert.equal(taken.channel.protocol, '');
  assert.equal(await taken.request.text(), 'body');
  taken.channel.send('done');
  assert.equal((await client.readResponse()).body, 'done');
});

test('a handler set again replaces the first, and onClose never fires inside the call that closes', async (t) => {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const { channel, closings } = await server.next();
  const calls: string[] = [];
  channel.onClose((status) => calls.push(status));
  channel.close();
  assert.deepEqual(calls, []);
  await turns();
  assert.deepEqual(calls, ['server-close']);
  assert.deepEqual(closings, [], 'the replaced one is not called');
});

test('onClose set after the close fires once', async (t) => {
  const server = await startChannelServer(t, {}, undefined, { onClose: undefined });
  const client = await RawClient.open(t, server.port);
  await client.send(get());
  const { channel } = await server.next();
  channel.send('done');
  await client.readResponse();
  const calls: unknown[] = [];
  channel.onClose((status, detail) => calls.push([status, detail]));
  assert.deepEqual(calls, []);
  await turns();
  assert.deepEqual(calls, [['server-close', { code: undefined, reason: '', by: 'server', clean: true }]]);
});
