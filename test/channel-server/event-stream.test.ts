/** Event streams over real connections: what goes over the wire, byte for byte, and how they end. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { asEventStream, type ChannelHandlers, type HeaderFields, type Outgoing, type ServerOptions, UsageError } from 'longwire';
import { readAnswer } from '../support/answers.js';
import { get, startChannelServer, type ChannelServer, type TakenChannel } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns, until } from '../support/deferred.js';
import { hearEvents } from '../support/event-source.js';
import { close, handshake, text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { post, request } from '../support/requests.js';
import { startServer } from '../support/server.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const OWN_LINES = ['Content-Type: text/event-stream; charset=utf-8', 'Cache-Control: no-cache, no-transform', 'X-Accel-Buffering: no'];

interface Stream {
  readonly server: ChannelServer;
  readonly client: RawClient;
  readonly taken: TakenChannel;
  /** The lines of the head, that of the date left out. */
  readonly head: readonly string[];
}

interface OpenOptions {
  readonly bytes?: string;
  readonly options?: ServerOptions;
  readonly clock?: FakeClock;
  readonly handlers?: ChannelHandlers;
}

/** A server whose every channel is an event stream, and one that is open. */
async function open(t: TestContext, { bytes = get(), options, clock, handlers }: OpenOptions = {}): Promise<Stream> {
  const server = await startChannelServer(t, options, clock, handlers, asEventStream);
  const client = await RawClient.open(t, server.port);
  await client.send(bytes);
  const head = linesOf(await client.readUntil('\r\n\r\n'));
  return { server, client, taken: await server.next(), head };
}

function linesOf(head: string): string[] {
  return head.slice(0, -4).split('\r\n').filter((line) => !line.startsWith('Date: '));
}

/** The connection serves another request: nothing was left behind. */
async function assertKept({ server, client }: Stream): Promise<void> {
  await client.send(get('/next'));
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/);
  const next = await server.next();
  assert.equal(next.request.path, '/next');
  next.channel.send('next', true);
  assert.equal(await client.readUntil('0\r\n\r\n'), 'c\r\ndata: next\n\n\r\n0\r\n\r\n');
}

const chunk = (event: string): string => `${Buffer.byteLength(event, 'latin1').toString(16)}\r\n${event}\r\n`;

test('the head goes out before anything is sent', async (t) => {
  const stream = await open(t, { handlers: { headers: { 'Set-Cookie': 'a=1' } } });
  assert.deepEqual(stream.head, ['HTTP/1.1 200 OK', ...OWN_LINES, 'Set-Cookie: a=1', 'Transfer-Encoding: chunked']);
  assert.deepEqual([stream.taken.channel.isEventStream, stream.taken.channel.isWebSocket, stream.taken.channel.isOpen], [true, false, true]);
  assert.equal(stream.client.received, '');
});

const SENDS: readonly (readonly [name: string, data: Outgoing, event: string])[] = [
  ['text', 'a', 'data: a\n\n'],
  ['no text', '', 'data: \n\n'],
  ['text beyond ASCII', 'grüße 😀', Buffer.from('data: grüße 😀\n\n').toString('latin1')],
  ['lines of text', 'a\r\nb\rc\n', 'data: a\ndata: b\ndata: c\ndata: \n\n'],
  ['bytes', Uint8Array.of(0, 255), 'event: binary\nencoding: base64\ndata: AP8=\n\n'],
  ['the body of a response', { status: 500, headers: { 'X-A': 'b' }, body: 'a' }, 'data: a\n\n'],
  ['an event', { event: 'news', id: '7', data: 'a\nb', retry: 10 }, 'event: news\nid: 7\nretry: 10\ndata: a\ndata: b\n\n'],
  ['an event that is an id', { id: '\u00fc' }, 'id: \xc3\xbc\n\n'],
];

for (const [name, data, event] of SENDS) {
  test(`a send of ${name} is one event, behind which it stays open`, async (t) => {
    const { client, taken } = await open(t);
    assert.equal(taken.channel.send(data), true);
    assert.equal(taken.channel.send('end'), true);
    assert.equal(await client.readUntil('end\n\n\r\n'), chunk(event) + chunk('data: end\n\n'));
    assert.equal(taken.channel.isOpen, true);
  });
}

test('what holds no event writes nothing', async (t) => {
  const { client, taken } = await open(t);
  for (const data of [{ status: 204 }, { body: null }, { data: undefined }]) assert.equal(taken.channel.send(data), true);
  taken.channel.send('end');
  assert.equal(await client.readUntil('end\n\n\r\n'), chunk('data: end\n\n'));
});

test('a wrong event is a UsageError, and the stream goes on', async (t) => {
  const { client, taken } = await open(t);
  const wrong: readonly unknown[] = [{ event: 'a\n', data: '' }, { id: 'a\r\ndata: b', data: '' }, { retry: -1 }, { data: 7 }, { event: 'a' }, { body: ['a'] }, 7, null];
  for (const data of wrong) assert.throws(() => taken.channel.send(data as Outgoing), UsageError);
  taken.channel.send('end');
  assert.equal(await client.readUntil('end\n\n\r\n'), chunk('data: end\n\n'));
});

test('a last event ends the response in order, and the connection is kept', async (t) => {
  const stream = await open(t);
  stream.taken.channel.send('a');
  assert.equal(stream.taken.channel.send('b', true), true);
  assert.deepEqual([stream.taken.channel.isOpen, stream.taken.channel.send('c')], [false, false]);
  assert.equal(await stream.client.readUntil('0\r\n\r\n'), `${chunk('data: a\n\n')}${chunk('data: b\n\n')}0\r\n\r\n`);
  assert.deepEqual(await stream.taken.closed(), { status: 'server-close', code: undefined, reason: '', by: 'server', clean: true });
  await assertKept(stream);
});

test('close ends the response in order, and the connection is kept', async (t) => {
  const stream = await open(t);
  assert.equal(stream.taken.channel.close(), true);
  assert.equal(await stream.client.readUntil('0\r\n\r\n'), '0\r\n\r\n');
  await assertKept(stream);
});

test('a HEAD gets the head of the GET, without a body, and the connection is kept', async (t) => {
  const stream = await open(t, { bytes: request('/', '', { method: 'HEAD' }), handlers: { onOpen: () => assert.fail('a HEAD has no events') } });
  assert.deepEqual(stream.head, ['HTTP/1.1 200 OK', ...OWN_LINES]);
  assert.deepEqual([stream.taken.channel.isOpen, stream.taken.channel.send('a')], [false, false]);
  assert.equal((await stream.taken.closed()).clean, true);
  await stream.client.send(request('/', '', { method: 'HEAD' }));
  assert.equal((await readAnswer(stream.client, 'HEAD')).status, 200);
  assert.deepEqual([stream.server.errors, stream.client.received], [[], '']);
});

test('in HTTP/1.0 events are not in chunks, and the close ends them', async (t) => {
  const { client, taken, head, server } = await open(t, { bytes: 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n' });
  assert.deepEqual(head, ['HTTP/1.1 200 OK', ...OWN_LINES, 'Connection: close']);
  taken.channel.send({ id: '7', data: 'ü\nb' });
  taken.channel.send('end', true);
  assert.equal(await client.readToEnd(), 'id: 7\ndata: \xc3\xbc\ndata: b\n\ndata: end\n\n');
  assert.equal((await taken.closed()).clean, true);
  assert.deepEqual(server.errors, []);
});

test('lastEventId is what the client sent, as UTF-8, and empty where it sent nothing', async (t) => {
  const sent: readonly (readonly [field: string, id: string])[] = [
    ['', ''],
    ['Last-Event-ID: 7-12\r\n', '7-12'],
    ['last-event-id: gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80\r\n', 'grüße 😀'],
    ['Last-Event-ID:\r\n', ''],
    ['Last-Event-ID: \xff\r\n', '\ufffd'],
  ];
  for (const [field, id] of sent) assert.equal((await open(t, { bytes: get('/', field) })).taken.channel.lastEventId, id);
});

test('the body of a POST can be read while events are sent', async (t) => {
  const { port } = await startServer(t, (incoming) =>
    asEventStream(incoming, {
      onOpen: async (channel) => {
        channel.send('begun');
        for await (const bytes of incoming.body) channel.send(`${bytes.length}`);
        channel.send('end', true);
      },
    }));
  const client = await RawClient.open(t, port);
  await client.send(post('/', 'first').replace('Content-Length: 5', 'Content-Length: 11'));
  await client.readUntil('data: 5\n\n\r\n');
  await client.send('second');
  assert.equal(await client.readUntil('0\r\n\r\n'), `${chunk('data: 6\n\n')}${chunk('data: end\n\n')}0\r\n\r\n`);
});

for (const headers of [{ 'Content-Type': 'text/plain' }, { 'Content-Length': 5 }, { 'X-A': 'a\r\nb' }] satisfies HeaderFields[]) {
  test(`with ${JSON.stringify(headers)} it is a UsageError, before the channel is taken: the request can still be answered`, async (t) => {
    const { port } = await startServer(t, (incoming) => {
      assert.throws(() => asEventStream(incoming, { headers }), UsageError);
      return 'answered';
    });
    const client = await RawClient.open(t, port);
    await client.send(get());
    assert.equal((await client.readResponse()).body, 'answered');
  });
}

test('what init throws is answered with 500, and a 204 by close in init', async (t) => {
  const { port, errors } = await startServer(t, (incoming) =>
    asEventStream(incoming, {
      init: (channel) => {
        if (incoming.path === '/stop') channel.close();
        else throw new Error('no');
      },
    }));
  const client = await RawClient.open(t, port);
  await client.send(get('/stop'));
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 204 /);
  await client.send(get('/throw'));
  assert.equal((await readAnswer(client, 'GET')).status, 500);
  assert.deepEqual(errors.map((error) => (error as Error).message), ['no']);
});

test('a handler that fails behind the head cuts the stream, so that nobody takes it for whole', async (t) => {
  const { port } = await startServer(t, async (incoming) => {
    asEventStream(incoming, { onOpen: (channel) => channel.send('a') });
    await turns(1);
    throw new Error('later');
  });
  const client = await RawClient.open(t, port);
  await client.send(get());
  assert.match(await client.readToEnd(), /data: a\n\n\r\n$/);
});

test('a request for a WebSocket becomes one, in the same handler', async (t) => {
  const server = await startChannelServer(t, {}, undefined, { onOpen: (channel) => channel.send({ event: 'news', id: '7', data: 'hello' }) }, asEventStream);
  const socket = await RawWebSocket.open(t, server.port);
  assert.equal((await socket.readFrame()).payload.toString(), 'hello');
  const taken = await server.next();
  assert.deepEqual([taken.channel.isWebSocket, taken.channel.isEventStream], [true, false]);
  await socket.send(text('and back'));
  assert.deepEqual(await taken.received(1), ['and back']);
  await socket.send(close(1000));
  assert.equal((await taken.closed()).status, 'normal');
});

test('a WebSocket tells its Last-Event-ID too, and a refused one is no event stream', async (t) => {
  const server = await startChannelServer(t, {}, undefined, undefined, asEventStream);
  const client = await RawClient.open(t, server.port);
  await client.send(handshake('/', 'Last-Event-ID: 7\r\n'));
  assert.equal((await server.next()).channel.lastEventId, '7');
  const refused = await RawClient.open(t, server.port);
  await refused.send(handshake('/').replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 12'));
  assert.match(await refused.readToEnd(), /^HTTP\/1\.1 426 /);
  assert.equal((await server.next()).channel.isEventStream, false);
});

const LEAVINGS: readonly (readonly [name: string, leave: (client: RawClient) => void, by: string])[] = [
  ['sends FIN', (client) => client.end(), 'client'],
  ['sends RST', (client) => client.reset(), 'network'],
];

for (const [name, leave, by] of LEAVINGS) {
  test(`a client that ${name} is noticed`, async (t) => {
    const { client, taken, server } = await open(t);
    const { signal } = taken.request;
    leave(client);
    assert.deepEqual(await taken.closed(), { status: 'client-close', code: undefined, reason: '', by, clean: false });
    assert.deepEqual([signal.aborted, taken.channel.isOpen, server.server.stats().eventStreams.open], [true, false, 0]);
  });
}

test('a pipelined request is answered only when the stream before it has ended', async (t) => {
  const stream = await open(t, { bytes: get('/first') + get('/second') });
  await turns();
  assert.equal(stream.server.taken.length, 1);
  stream.taken.channel.close();
  assert.equal((await stream.server.next()).request.path, '/second');
});

test('when the server stops it ends in order, and new ones are not begun', async (t) => {
  const { client, taken, server } = await open(t);
  taken.channel.send('a');
  const stopped = server.server.stop();
  assert.equal(await client.readToEnd(), `${chunk('data: a\n\n')}0\r\n\r\n`);
  assert.deepEqual(await taken.closed(), { status: 'server-close', code: undefined, reason: '', by: 'shutdown', clean: true });
  client.end();
  assert.deepEqual(await stopped, { closed: 1, destroyed: 0 });
});

test('stats count open event streams, and events as messages', async (t) => {
  const { client, taken, server } = await open(t);
  const before = server.server.stats();
  assert.deepEqual([before.channels.open, before.eventStreams.open, before.webSockets.open], [1, 1, 0]);
  taken.channel.send('a');
  taken.channel.send('b', true);
  await client.readUntil('0\r\n\r\n');
  const after = server.server.stats();
  assert.deepEqual([after.channels.open, after.eventStreams.open, after.messages], [0, 0, { in: 0, out: 2 }]);
});

// Slow readers.

/** Sends until as much as `waiting` bytes wait for a client that does not read. */
function fill({ taken: { channel }, client }: Stream, waiting: number): void {
  client.socket.pause();
  const piece = 'x'.repeat(128 * KIB);
  while (channel.isOpen && channel.bufferedAmount < waiting && channel.send({ event: 'fill', data: piece }));
}

test('a client that reads nothing is cut above maxBufferedBytes, and is not told that the stream is whole', async (t) => {
  const clock = new FakeClock();
  const stream = await open(t, { clock });
  fill(stream, 4 * MIB);
  assert.equal(stream.taken.channel.isOpen, false);
  const closing = await stream.taken.closed();
  assert.deepEqual([closing.status, closing.by, closing.clean], ['server-close', 'server', false]);
  assert.equal(stream.server.server.stats().drops, 1);
  clock.advance(6_000);
  await until(() => stream.server.server.stats().connections.open === 0, 'the end of the connection');
  assert.equal(stream.server.server.stats().bytes.buffered, 0);
});

test('with onOverflow drop, events above the cap are dropped whole, counted, and the stream goes on when there is room', async (t) => {
  const stream = await open(t, { options: { onOverflow: 'drop' } });
  const { client, server, taken: { channel } } = stream;
  fill(stream, 4 * MIB);
  assert.ok(channel.bufferedAmount > MIB && channel.bufferedAmount < MIB + 256 * KIB, `${channel.bufferedAmount} bytes wait`);
  const { drops } = server.server.stats();
  assert.equal(channel.send({ event: 'dropped', data: 'a' }), false);
  assert.equal(server.server.stats().drops, drops + 1);
  client.socket.resume();
  await channel.drained();
  assert.equal(channel.send({ event: 'behind', data: 'b' }, true), true);
  const events = await client.readUntil('0\r\n\r\n');
  const heard = hearEvents(Buffer.from(events.replace(/(?:^|\r\n)[0-9a-f]+\r\n/g, ''), 'latin1')).events;
  assert.deepEqual(new Set(heard.map(({ type }) => type)), new Set(['fill', 'behind']));
  assert.ok(heard.every(({ type, data }) => data.length === (type === 'fill' ? 128 * KIB : 1)), 'every event is whole');
});

test('onDrain and drained tell when a slow client has taken what waits', async (t) => {
  const stream = await open(t);
  const { client, taken } = stream;
  fill(stream, 512 * KIB);
  await turns();
  assert.equal(taken.drains, 0);
  client.socket.resume();
  await taken.channel.drained();
  assert.equal(taken.channel.bufferedAmount, 0);
  await until(() => taken.drains === 1, 'onDrain');
});

test('bytes belong to the caller again when they were sent', async (t) => {
  const { client, taken } = await open(t);
  const bytes = new Uint8Array(64 * KIB).fill(0x61);
  const expected = `event: binary\nencoding: base64\ndata: ${Buffer.from(bytes).toString('base64')}\n\n`;
  taken.channel.send(bytes);
  bytes.fill(0x62);
  assert.equal((await client.readBytes(chunk(expected).length)).toString('latin1'), chunk(expected));
});
