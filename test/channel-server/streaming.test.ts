/** A channel kept open after its first send streams its response: what each send puts on the wire, and how the stream ends. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Body, UsageError } from 'longwire';
import { get, startChannelServer, type ChannelServer, type TakenChannel } from '../support/channels.js';
import { deferred, turns } from '../support/deferred.js';
import { RawClient } from '../support/raw-client.js';

interface Stream {
  readonly server: ChannelServer;
  readonly client: RawClient;
  readonly taken: TakenChannel;
}

async function open(t: TestContext, bytes = get()): Promise<Stream> {
  const server = await startChannelServer(t);
  const client = await RawClient.open(t, server.port);
  await client.send(bytes);
  return { server, client, taken: await server.next() };
}

/** The connection serves another request: nothing was left behind by the stream. */
async function assertKept({ server, client }: Stream): Promise<void> {
  await client.send(get('/next'));
  (await server.next()).channel.send('next');
  const { head, body } = await client.readResponse();
  assert.match(head, /^HTTP\/1\.1 200 /);
  assert.equal(body, 'next');
}

/** The data of chunks, each without CR LF of its own. */
function unchunk(chunks: string): string {
  return [...chunks.matchAll(/([0-9a-f]+)\r\n(.*?)\r\n/g)].map(([, size, data]) => (assert.equal(data!.length, parseInt(size!, 16)), data)).join('');
}

const BEGINNINGS = [
  { name: "send('', false)", data: '', head: /^HTTP\/1\.1 200 OK\r\n/ },
  { name: 'send of empty bytes, with false', data: new Uint8Array(0), head: /^HTTP\/1\.1 200 OK\r\n/ },
  { name: 'send({ status, headers }, false)', data: { status: 202, headers: { 'X-A': 'b' } }, head: /^HTTP\/1\.1 202 Accepted\r\nX-A: b\r\n/ },
];

for (const { name, data, head } of BEGINNINGS) {
  test(`${name} writes the head and begins the stream`, async (t) => {
    const stream = await open(t);
    const { client, taken } = stream;
    assert.equal(taken.channel.send(data, false), true);
    const received = await client.readUntil('\r\n\r\n');
    assert.match(received, head);
    assert.match(received, /\r\nTransfer-Encoding: chunked\r\n/);
    assert.doesNotMatch(received, /Content-Length/i);
    assert.equal(taken.channel.isOpen, true);
    assert.equal(taken.channel.close(), true);
    assert.equal(await client.readUntil('0\r\n\r\n'), '0\r\n\r\n');
    await assertKept(stream);
  });
}

test('every piece is a chunk, empty ones write nothing, and the last ends the body', async (t) => {
  const stream = await open(t);
  const { client, taken } = stream;
  const sent = [taken.channel.send('one', false), taken.channel.send('', false), taken.channel.send(new Uint8Array(0), false), taken.channel.send({ body: 'ü' }, false)];
  sent.push(taken.channel.send({ status: 200 }, false), taken.channel.send(Buffer.from([0, 255]), false), taken.channel.send('end'));
  assert.deepEqual(sent, Array<boolean>(7).fill(true));
  await client.readUntil('\r\n\r\n');
  assert.equal(await client.readUntil('0\r\n\r\n'), '3\r\none\r\n2\r\n\xc3\xbc\r\n2\r\n\x00\xff\r\n3\r\nend\r\n0\r\n\r\n');
  assert.deepEqual(await taken.closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: true });
  await assertKept(stream);
});

test('an empty last piece is the last chunk alone', async (t) => {
  const { client, taken } = await open(t);
  taken.channel.send('a', false);
  taken.channel.send('', true);
  await client.readUntil('\r\n\r\n');
  assert.equal(await client.readUntil('0\r\n\r\n'), '1\r\na\r\n0\r\n\r\n');
});

test('status and headers count on the first send alone', async (t) => {
  const { client, taken } = await open(t);
  taken.channel.send({ status: 201, headers: { 'X-A': 'first' }, body: 'a' }, false);
  taken.channel.send({ status: 500, headers: { 'X-B': 'second' }, body: 'b' }, false);
  taken.channel.send({ status: 500, headers: { 'X-C': 'third' }, body: 'c' });
  const head = await client.readUntil('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 201 Created\r\nX-A: first\r\n/);
  assert.equal(await client.readUntil('0\r\n\r\n'), '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n');
});

test('a piece of an unknown type is a UsageError, and the stream goes on', async (t) => {
  const { client, taken } = await open(t);
  taken.channel.send('a', false);
  assert.throws(() => taken.channel.send(7 as unknown as string, false), UsageError);
  assert.equal(taken.channel.isOpen, true);
  taken.channel.send('b');
  await client.readUntil('\r\n\r\n');
  assert.equal(await client.readUntil('0\r\n\r\n'), '1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
});

test('a stream of HTTP/1.0 has no chunks and is delimited by the close', async (t) => {
  const { client, taken } = await open(t, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  taken.channel.send('one', false);
  const head = await client.readUntil('\r\n\r\n');
  assert.match(head, /\r\nConnection: close\r\n/i);
  assert.doesNotMatch(head, /Transfer-Encoding|Content-Length/i);
  taken.channel.send('', false);
  taken.channel.send('two');
  assert.equal(await client.readToEnd(), 'onetwo');
  assert.equal(client.error, undefined);
  assert.equal((await taken.closed()).clean, true);
});

test('a stream with a Content-Length has no chunks, and the connection is kept behind it', async (t) => {
  const stream = await open(t);
  const { client, taken } = stream;
  taken.channel.send({ headers: { 'Content-Length': 6 }, body: 'one' }, false);
  taken.channel.send('two');
  const { head, body } = await client.readResponse();
  assert.doesNotMatch(head, /Transfer-Encoding/i);
  assert.equal(body, 'onetwo');
  assert.equal((await taken.closed()).clean, true);
  await assertKept(stream);
});

test('a piece beyond the Content-Length is a UsageError that writes nothing', async (t) => {
  const { client, taken } = await open(t);
  taken.channel.send({ headers: { 'Content-Length': 4 }, body: 'one' }, false);
  assert.throws(() => taken.channel.send('two', false), UsageError);
  assert.throws(() => taken.channel.send('two', true), UsageError);
  assert.equal(taken.channel.isOpen, true);
  taken.channel.send('4');
  assert.equal((await client.readResponse()).body, 'one4');
});

test('a body shorter than its Content-Length is aborted, reported, and not clean', async (t) => {
  const { server, client, taken } = await open(t);
  taken.channel.send({ headers: { 'Content-Length': 4 }, body: 'one' }, false);
  assert.equal(taken.channel.close(), true);
  assert.match(await client.readToEnd(), /\r\n\r\none$/);
  assert.deepEqual(await taken.closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: false });
  assert.ok(server.errors[0] instanceof UsageError);
});

async function* piecewise(pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) {
    await turns(1);
    yield piece;
  }
}

const BODIES: { readonly name: string; readonly make: () => Body }[] = [
  { name: 'an iterable', make: () => ['one', Buffer.from('two')] },
  { name: 'an async iterable', make: () => piecewise(['one', '', Buffer.from('two')]) },
  { name: 'a ReadableStream', make: () => new Blob(['onetwo']).stream() as ReadableStream<Uint8Array> },
];

for (const { name, make } of BODIES) {
  for (const closeAfterSend of [undefined, false]) {
    test(`a send of ${name} with closeAfterSend ${closeAfterSend} streams it and closes after itself`, async (t) => {
      const stream = await open(t);
      const { client, taken } = stream;
      assert.equal(taken.channel.send({ status: 203, body: make() }, closeAfterSend), true);
      assert.equal(taken.channel.isOpen, false, 'nothing can be sent behind it');
      assert.equal(taken.channel.send('more', false), false);
      assert.equal(taken.channel.close(), false);
      assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 203 /);
      const chunks = await client.readUntil('0\r\n\r\n');
      assert.equal(unchunk(chunks), 'onetwo');
      assert.deepEqual(await taken.closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: true });
      await assertKept(stream);
    });
  }
}

test('a streamed body goes out behind the pieces already sent', async (t) => {
  const { client, taken } = await open(t);
  taken.channel.send('a', false);
  taken.channel.send({ status: 500, body: ['b', 'c'] });
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /);
  assert.equal(await client.readUntil('0\r\n\r\n'), '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n');
});

test('a streamed body that fails aborts the response, is reported, and is not clean', async (t) => {
  const { server, client, taken } = await open(t);
  taken.channel.send({
    body: (function* () {
      yield 'one';
      throw new Error('the source failed');
    })(),
  });
  assert.match(await client.readToEnd(), /3\r\none\r\n$/);
  assert.equal((await taken.closed()).clean, false);
  assert.deepEqual(server.errors.map((error) => (error as Error).message), ['the source failed']);
});

test('a streamed body shorter than its Content-Length is not clean', async (t) => {
  const { server, client, taken } = await open(t);
  taken.channel.send({ headers: { 'Content-Length': 5 }, body: ['abc'] });
  assert.match(await client.readToEnd(), /\r\n\r\nabc$/);
  assert.equal((await taken.closed()).clean, false);
  assert.ok(server.errors[0] instanceof UsageError);
});

test('a streamed body whose client leaves is let go of', async (t) => {
  const { client, taken } = await open(t);
  const released = deferred();
  taken.channel.send({
    body: (async function* () {
      try {
        for (;;) {
          await turns(1);
          yield 'again';
        }
      } finally {
        released.resolve();
      }
    })(),
  });
  await client.readUntil('again');
  client.reset();
  await released.promise;
  const closing = await taken.closed();
  assert.equal(closing.status, 'client-close');
  assert.equal(closing.by, 'network');
  assert.equal(closing.clean, false);
});

test('a pipelined request is answered only when the stream before it has ended', async (t) => {
  const { server, client, taken } = await open(t, get('/first') + get('/second'));
  taken.channel.send('a', false);
  await client.readUntil('1\r\na\r\n');
  await turns();
  assert.equal(server.taken.length, 1);
  taken.channel.close();
  const second = await server.next();
  assert.equal(second.request.path, '/second');
  second.channel.send('second');
  assert.equal(await client.readUntil('0\r\n\r\n'), '0\r\n\r\n');
  assert.equal((await client.readResponse()).body, 'second');
});
