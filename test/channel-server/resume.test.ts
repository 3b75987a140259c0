/** Groups with history over real connections: what each kind of client receives, byte for byte, and that it can go on as another kind. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MemoryChannelStore } from 'longwire';
import { get } from '../support/channels.js';
import { FakeClock } from '../support/clock.js';
import { turns, until } from '../support/deferred.js';
import { DeflateWebSocket } from '../support/deflate-web-socket.js';
import { hearEvents } from '../support/event-source.js';
import { text } from '../support/frames.js';
import { RawClient } from '../support/raw-client.js';
import { RawWebSocket } from '../support/raw-web-socket.js';
import { type RoomServer, startRoomServer, takeAndJoin } from '../support/room-server.js';
import { startServer } from '../support/server.js';

const V1 = 'Sec-WebSocket-Protocol: longwire.v1\r\n';
const BYTES = Uint8Array.of(0, 1, 255);

const chunk = (piece: string): string => `${Buffer.byteLength(piece, 'latin1').toString(16)}\r\n${piece}\r\n`;

function socket(t: TestContext, { port }: RoomServer, since?: string, fields = V1): Promise<RawWebSocket> {
  return RawWebSocket.open(t, port, since === undefined ? '/socket' : `/socket?since=${since}`, fields);
}

/** Opens a stream, and gives what comes behind its head. */
async function stream(t: TestContext, { port }: RoomServer, path: string, fields = ''): Promise<RawClient> {
  const client = await RawClient.open(t, port);
  await client.send(get(path, fields));
  assert.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/);
  return client;
}

async function poll(client: RawClient, since: string): Promise<{ head: string; body: string }> {
  await client.send(get(`/poll?since=${since}`));
  return client.readResponse();
}

/** The next frame, as text or bytes. */
async function next(client: RawWebSocket): Promise<string | Buffer> {
  const { opcode, payload } = await client.readFrame();
  return opcode === 1 ? payload.toString() : payload;
}

test('one message is, to each kind of client, what docs/RESUME.md says', async (t) => {
  const room = await startRoomServer(t);
  const e = room.epoch;
  const [enveloped, bare] = [await socket(t, room), await socket(t, room, undefined, '')];
  const [events, plain] = [await stream(t, room, '/events'), await stream(t, room, '/stream')];
  const polled = await RawClient.open(t, room.port);
  assert.equal(await next(enveloped), `{"id":"${e}0"}`);
  assert.equal(await events.readUntil('\n\n\r\n'), chunk(`id: ${e}0\n\n`));
  assert.deepEqual((await poll(polled, '')).body, `{"messages":[],"next":"${e}0"}`);
  await polled.send(get(`/poll?since=${e}0`));
  await until(() => room.store.size('room') === 5, 'the poll');

  assert.equal(room.store.broadcast('room', 'grüße\n!'), 5);
  assert.equal(await next(enveloped), `{"id":"${e}1","data":"grüße\\n!"}`);
  assert.equal(await next(bare), 'grüße\n!');
  assert.equal(await events.readUntil('\n\n\r\n'), chunk(`id: ${e}1\ndata: gr\xc3\xbc\xc3\x9fe\ndata: !\n\n`));
  assert.equal(await plain.readUntil('!\r\n'), chunk('gr\xc3\xbc\xc3\x9fe\n!'));
  const answer = await polled.readResponse();
  assert.equal(answer.body, `{"messages":[{"id":"${e}1","data":"gr\xc3\xbc\xc3\x9fe\\n!"}],"next":"${e}1"}`);
  assert.match(answer.head, /\r\nContent-Type: application\/json\r\nCache-Control: no-store\r\n/);

  assert.equal(room.store.broadcast('room', { event: 'joined', data: 'x' }), 4);
  assert.equal(await next(enveloped), `{"id":"${e}2","event":"joined","data":"x"}`);
  assert.equal(await next(bare), 'x');
  assert.equal(await events.readUntil('\n\n\r\n'), chunk(`event: joined\nid: ${e}2\ndata: x\n\n`));
  assert.equal(await plain.readUntil('x\r\n'), chunk('x'));

  assert.equal(room.store.broadcast('room', BYTES), 4);
  assert.deepEqual(await next(enveloped), Buffer.concat([Uint8Array.of(1, e.length + 1), Buffer.from(`${e}3`), BYTES]));
  assert.deepEqual(await next(bare), Buffer.from(BYTES));
  assert.equal(await events.readUntil('\n\n\r\n'), chunk(`event: binary\nid: ${e}3\nencoding: base64\ndata: AAH/\n\n`));
  assert.equal(await plain.readUntil('\xff\r\n'), chunk('\x00\x01\xff'));
  assert.equal((await poll(polled, `${e}1`)).body, `{"messages":[{"id":"${e}2","event":"joined","data":"x"},{"id":"${e}3","base64":"AAH/"}],"next":"${e}3"}`);
});

test('a client goes on as any kind from the id that it has from any other', async (t) => {
  const room = await startRoomServer(t);
  const e = room.epoch;
  for (const data of ['a', 'b', 'c']) room.store.broadcast('room', data);
  const waiting = await RawClient.open(t, room.port);
  assert.equal((await poll(waiting, `${e}1`)).body, `{"messages":[{"id":"${e}2","data":"b"},{"id":"${e}3","data":"c"}],"next":"${e}3"}`);
  const enveloped = await socket(t, room, `${e}1`);
  assert.deepEqual([await next(enveloped), await next(enveloped)], [`{"id":"${e}2","data":"b"}`, `{"id":"${e}3","data":"c"}`]);
  const bare = await socket(t, room, `${e}1`, '');
  assert.deepEqual([await next(bare), await next(bare)], ['b', 'c']);
  for (const [path, fields] of [[`/events?since=${e}1`, ''], [`/events?since=${e}0`, `Last-Event-ID: ${e}1\r\n`]] as const) {
    const events = await stream(t, room, path, fields);
    assert.equal(await events.readUntil('c\n\n\r\n'), chunk(`id: ${e}2\ndata: b\n\n`) + chunk(`id: ${e}3\ndata: c\n\n`));
  }
  const plain = await stream(t, room, `/stream?since=${e}1`);
  assert.equal(await plain.readUntil('c\r\n'), '1\r\nb\r\n1\r\nc\r\n');
});

test('a gap is told to each kind of client', async (t) => {
  const room = await startRoomServer(t, { history: { maxMessages: 1 } });
  const e = room.epoch;
  for (const data of ['a', 'b', 'c']) room.store.broadcast('room', data);
  const enveloped = await socket(t, room, 'nonsense');
  assert.deepEqual([await next(enveloped), await next(enveloped)], [`{"gap":true,"id":"${e}2"}`, `{"id":"${e}3","data":"c"}`]);
  const events = await stream(t, room, '/events', `Last-Event-ID: ${e}1\r\n`);
  const told = await events.readUntil('c\n\n\r\n');
  assert.equal(told, chunk(`event: gap\nid: ${e}2\ndata: \n\n`) + chunk(`id: ${e}3\ndata: c\n\n`));
  assert.deepEqual(hearEvents(Buffer.from(told.replaceAll(/[0-9a-f]+\r\n|\r\n/g, ''))).events, [
    { type: 'gap', data: '', lastEventId: `${e}2` },
    { type: 'message', data: 'c', lastEventId: `${e}3` },
  ]);
  const waiting = await RawClient.open(t, room.port);
  assert.equal((await poll(waiting, 'other-9')).body, `{"gap":true,"messages":[{"id":"${e}3","data":"c"}],"next":"${e}3"}`);
  assert.equal(room.store.stats('room').gaps, 3);
});

test('a poll that was closed by the application is asked again with the same id, and nothing is lost', async (t) => {
  const room = await startRoomServer(t);
  const e = room.epoch;
  const client = await RawClient.open(t, room.port);
  await client.send(get(`/poll?since=${e}0`));
  await until(() => room.store.size('room') === 1, 'the poll');
  room.store.members('room')[0]!.close();
  room.store.broadcast('room', 'between');
  assert.match((await client.readResponse()).head, /^HTTP\/1\.1 204 /);
  assert.equal((await poll(client, `${e}0`)).body, `{"messages":[{"id":"${e}1","data":"between"}],"next":"${e}1"}`);
});

test('under longwire.v1 what is sent to one channel is in an envelope, too', async (t) => {
  const room = await startRoomServer(t);
  const client = await socket(t, room);
  await next(client);
  await client.send(text('{"data":"x"}'));
  assert.equal(await next(client), '{"data":"{\\"data\\":\\"x\\"}"}');
  const [channel] = room.store.members('room');
  channel!.send(BYTES);
  channel!.send({ event: 'news', id: 'own', data: 'y' });
  channel!.send({ id: 'own' });
  channel!.send({ retry: 5 });
  channel!.send({ body: 'z' });
  channel!.send('last', true);
  assert.deepEqual(await next(client), Buffer.from([1, 0, ...BYTES]));
  assert.deepEqual([await next(client), await next(client), await next(client), await next(client)], ['{"id":"own","event":"news","data":"y"}', '{"id":"own"}', '{"data":"z"}', '{"data":"last"}']);
  assert.deepEqual(await client.readClose(), { code: 1000, reason: '' });
});

test('under longwire.v1 an envelope that says nothing shows every 15 s that the server is there', async (t) => {
  const clock = new FakeClock();
  const store = new MemoryChannelStore();
  const { port } = await startServer(t, (request) => takeAndJoin(request, store), { pingIntervalMs: 0 }, clock);
  const [enveloped, bare] = [await RawWebSocket.open(t, port, '/socket', V1), await RawWebSocket.open(t, port, '/socket')];
  for (let i = 0; i < 3; i++) {
    clock.advance(17_000);
    assert.equal(await next(enveloped), '{}');
  }
  await turns(20);
  assert.deepEqual([enveloped.client.received, bare.client.received], ['', '']);
});

test('heartbeatIntervalMs 0 turns that off', async (t) => {
  const clock = new FakeClock();
  const store = new MemoryChannelStore();
  const { port } = await startServer(t, (request) => takeAndJoin(request, store), { pingIntervalMs: 0, heartbeatIntervalMs: 0 }, clock);
  const client = await RawWebSocket.open(t, port, '/socket', V1);
  clock.advance(60_000);
  await turns(20);
  assert.equal(client.client.received, '');
});

test('an envelope is compressed where that was agreed on, once for all, unless it must not be', async (t) => {
  const room = await startRoomServer(t, { history: true }, { perMessageDeflate: { threshold: 10 } });
  const clients = [];
  for (let i = 0; i < 2; i++) clients.push(await DeflateWebSocket.open(t, room.port, `permessage-deflate\r\n${V1.slice(0, -2)}`, '/socket'));
  for (const client of clients) assert.equal(String((await client.read()).data), `{"id":"${room.epoch}0"}`);
  const data = 'x'.repeat(100);
  room.store.broadcast('room', data);
  room.store.broadcast('room', data, { compress: false });
  for (const client of clients) {
    const [packed, asIs] = [await client.read(), await client.read()];
    assert.deepEqual([packed.isCompressed, String(packed.data)], [true, `{"id":"${room.epoch}1","data":"${data}"}`]);
    assert.deepEqual([asIs.isCompressed, String(asIs.data)], [false, `{"id":"${room.epoch}2","data":"${data}"}`]);
  }
});

test('HTTP/1.0 and HEAD have their event streams, too', async (t) => {
  const room = await startRoomServer(t);
  const e = room.epoch;
  room.store.broadcast('room', 'a');
  const old = await RawClient.open(t, room.port);
  await old.send(`GET /events?since=${e}0 HTTP/1.0\r\n\r\n`);
  await old.readUntil('\r\n\r\n');
  assert.equal(await old.readUntil('a\n\n'), `id: ${e}1\ndata: a\n\n`);
  const head = await RawClient.open(t, room.port);
  await head.send(get(`/events?since=${e}0`).replace('GET', 'HEAD') + get(`/poll?since=${e}0`));
  assert.match(await head.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream/);
  assert.equal((await head.readResponse()).body, `{"messages":[{"id":"${e}1","data":"a"}],"next":"${e}1"}`);
  assert.deepEqual(room.errors, []);
});
