/** What a page sends: by which way it goes, that its order holds whatever happens in between, and what it is told of its fate. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred, until } from '../support/deferred.js';
import { TestPage } from '../support/page.js';
import { startRoom, TRANSPORTS } from '../support/room.js';

const BYTES = Uint8Array.of(0, 1, 127, 128, 255);

for (const transport of TRANSPORTS) {
  test(`by ${transport}, text and bytes arrive as they were sent, in their order`, async (t) => {
    const { room, address } = await startRoom(t);
    const page = new TestPage(t, address, { transports: [transport] });
    const sent = ['grüße 🧵', BYTES, '', new Uint8Array(), 'x'.repeat(100_000)];
    await Promise.all(sent.map((data) => page.connection.send(data)));
    await until(() => room.received.length === sent.length, 'all of them');
    assert.deepEqual(room.received.map((each) => (typeof each === 'string' ? each : Uint8Array.from(each))), sent);
  });
}

test('what is sent before there is a connection waits for one', async (t) => {
  const { room, address } = await startRoom(t);
  for (const transport of TRANSPORTS) room.refused.add(transport);
  const page = new TestPage(t, address);
  const sent = ['one', 'two'].map((text) => page.connection.send(text));
  await until(() => page.states.some(({ state }) => state === 'waiting'), 'a round of failures');
  assert.deepEqual(room.received, []);
  room.refused.clear();
  await Promise.all(sent);
  await until(() => room.received.length === 2, 'both');
  assert.deepEqual(room.received, ['one', 'two']);
});

test('the order holds from one transport to the next', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address);
  await page.opened('websocket');
  const sent: Promise<void>[] = [];
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) sent.push(page.connection.send(String(sent.length)));
  };
  for (const transport of ['poll', 'websocket', 'event-stream', 'websocket'] as const) {
    send(20);
    await sent[sent.length - 10];
    page.connection.use(transport);
    send(20);
    await page.opened(transport);
  }
  await Promise.all(sent);
  await until(() => room.received.length === sent.length, 'all of them');
  assert.deepEqual(room.received, sent.map((_, i) => String(i)));
});

test('a message over HTTP does not overtake those that a WebSocket still carries', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address);
  await page.opened('websocket');
  const large = 'x'.repeat(1024 * 1024);
  const sent = [page.connection.send(large), page.connection.send('behind it')];
  await Promise.all(sent);
  page.connection.use('poll');
  await page.connection.send('by POST');
  assert.deepEqual(room.received.map(({ length }) => length), [large.length, 'behind it'.length, 'by POST'.length]);
});

test('over HTTP, one message is under way at a time', async (t) => {
  const { room, address } = await startRoom(t);
  const answered = deferred();
  room.answer = (text) => (text === 'one' ? answered.promise.then(() => ({ status: 204 })) : { status: 204 });
  const page = new TestPage(t, address, { transports: ['event-stream'] });
  const first = page.connection.send('one');
  const second = page.connection.send('two');
  await until(() => room.received.length === 1, 'the first');
  answered.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(room.received, ['one', 'two']);
});

test('over HTTP, a refusal is told with its status and text, and what is behind it goes on', async (t) => {
  const { room, address } = await startRoom(t);
  room.answer = (text) => (text === 'bad' ? { status: 422, body: 'so not' } : { status: 204 });
  const page = new TestPage(t, address, { transports: ['event-stream'] });
  const sent = ['good', 'bad', 'better'].map((text) => page.connection.send(text));
  await assert.rejects(sent[1]!, { message: 'refused with 422', status: 422, body: 'so not' });
  await Promise.all([sent[0], sent[2]]);
  assert.deepEqual(room.received, ['good', 'bad', 'better']);
});

test('over HTTP, a message that is not answered in time is told to be so, without a status', async (t) => {
  const { room, address } = await startRoom(t);
  room.answer = (text) => (text === 'slow' ? new Promise(() => {}) : { status: 204 });
  const page = new TestPage(t, address, { transports: ['event-stream'], sendTimeoutMs: 30 });
  const [slow, next] = [page.connection.send('slow'), page.connection.send('next')];
  await assert.rejects(slow, { name: 'TimeoutError' });
  await next;
});

test('over HTTP, requests carry the fields and the media type that the page chose', async (t) => {
  const { room, address } = await startRoom(t);
  const types: (string | undefined)[] = [];
  const server = await startRoom(t, room);
  const page = new TestPage(t, server.address, { transports: ['event-stream'], headers: { 'X-Token': 'a' }, contentType: 'application/json' });
  await page.opened('event-stream');
  await until(() => room.channels('event-stream').length === 1, 'a channel');
  assert.equal(room.channels('event-stream')[0]!.request.header('x-token'), 'a');
  room.onPost = (request) => void types.push(request.header('content-type'), request.header('x-token'));
  await page.connection.send('{}');
  const plain = new TestPage(t, address, { transports: ['event-stream'] });
  await plain.connection.send('text');
  await plain.connection.send(BYTES);
  assert.deepEqual(types, ['application/json', 'a', 'text/plain;charset=UTF-8', undefined, undefined, undefined]);
});

test('closed, it takes nothing more, and rejects what waits', async (t) => {
  const { room, address } = await startRoom(t);
  for (const transport of TRANSPORTS) room.refused.add(transport);
  const page = new TestPage(t, address);
  const waiting = assert.rejects(page.connection.send('waits'), { message: /^not sent: / });
  page.connection.close();
  await waiting;
  await assert.rejects(page.connection.send('too late'), { message: /^not sent: / });
});

test('a thousand messages wait, and no more', async (t) => {
  const { room, address } = await startRoom(t);
  for (const transport of TRANSPORTS) room.refused.add(transport);
  const page = new TestPage(t, address);
  const sent = Array.from({ length: 1_000 }, (_, i) => page.connection.send(String(i)));
  await assert.rejects(page.connection.send('one too many'), { message: /^not sent: / });
  room.refused.clear();
  await Promise.all(sent);
  await until(() => room.received.length === 1_000, 'all of them');
  assert.deepEqual(room.received, sent.map((_, i) => String(i)));
});
