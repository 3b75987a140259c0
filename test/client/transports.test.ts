/** The client by each of its transports, against a server: what it hears, how it comes back, and what it does where one is refused or leads nowhere. */

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { until } from '../support/deferred.js';
import { TestPage } from '../support/page.js';
import { Room, startRoom, TRANSPORTS } from '../support/room.js';

const BYTES = Uint8Array.of(0, 1, 127, 128, 255);

for (const transport of TRANSPORTS) {
  test(`by ${transport}, messages come once and in order, text as text, bytes as bytes, each with its id`, async (t) => {
    const { room, address } = await startRoom(t);
    const page = new TestPage(t, address, { transports: [transport] });
    await page.opened(transport);
    await until(() => page.connection.id !== '', 'the position');
    room.say('grüße 🧵\r\nsecond line');
    room.say('');
    room.say(BYTES);
    room.say('named', 'news');
    await page.hears(4);
    const [epoch] = page.heard[0]!.id!.split('-');
    assert.deepEqual(page.heard.map(({ data, ...detail }) => ({ data: typeof data === 'string' ? data : Uint8Array.from(data), ...detail })), [
      { data: transport === 'event-stream' ? 'grüße 🧵\nsecond line' : 'grüße 🧵\r\nsecond line', id: `${epoch}-1`, event: undefined },
      { data: '', id: `${epoch}-2`, event: undefined },
      { data: BYTES, id: `${epoch}-3`, event: undefined },
      { data: 'named', id: `${epoch}-4`, event: 'news' },
    ]);
    assert.equal(page.connection.id, `${epoch}-4`);
    assert.deepEqual(page.story.slice(0, 2), [`connecting ${transport}`, `open ${transport}`]);
  });

  test(`by ${transport}, it comes back when the server closes it, and hears what was said meanwhile`, async (t) => {
    const { room, address } = await startRoom(t);
    const page = new TestPage(t, address, { transports: [transport] });
    await page.opened(transport);
    room.say('one');
    await page.hears(1);
    for (const text of ['two', 'three']) {
      await until(() => room.channels(transport).length === 1, 'a channel');
      room.refused.add(transport);
      for (const channel of room.channels(transport)) channel.close();
      await until(() => page.states.at(-1)!.state === 'waiting', 'the end');
      room.say(text);
      room.refused.clear();
      await page.hears(text === 'two' ? 2 : 3);
    }
    assert.deepEqual(page.texts, ['one', 'two', 'three']);
    assert.equal(page.gaps, 0);
  });

  test(`by ${transport}, it is told of a gap where the server no longer has what was said meanwhile, and goes on with what it has`, async (t) => {
    const { room, address } = await startRoom(t, new Room({ history: { maxMessages: 3 } }));
    const page = new TestPage(t, address, { transports: [transport] });
    await page.opened(transport);
    room.say('one');
    await page.hears(1);
    room.refused.add(transport);
    for (const channel of room.channels(transport)) channel.close();
    await until(() => page.states.at(-1)!.state === 'waiting', 'the end');
    for (const text of ['two', 'three', 'four', 'five']) room.say(text);
    room.refused.clear();
    await page.hears(4);
    assert.deepEqual([page.texts, page.gaps], [['one', 'three', 'four', 'five'], 1]);
  });

  test(`by ${transport}, in a group without history it hears what comes while it is there, without ids`, async (t) => {
    const { room, address } = await startRoom(t, new Room({}));
    const page = new TestPage(t, address, { transports: [transport] });
    for (const text of ['one', 'two']) {
      await until(() => room.channels(transport).length === 1, 'a channel');
      room.say(text);
      await page.hears(text === 'one' ? 1 : 2);
    }
    assert.deepEqual(page.heard, ['one', 'two'].map((data) => ({ data, id: undefined, event: undefined })));
    assert.deepEqual([page.connection.id, page.gaps], ['', 0]);
  });

  test(`by ${transport}, no name stands between a message and the page, nor what the name means elsewhere`, async (t) => {
    const { room, address } = await startRoom(t);
    const plain = await startRoom(t, new Room({}));
    const [page, other] = [new TestPage(t, address, { transports: [transport] }), new TestPage(t, plain.address, { transports: [transport] })];
    await until(() => page.connection.id !== '', 'the position');
    const messages = [['before', undefined], ['hello!', 'binary'], ['aGVsbG8=', 'binary'], [BYTES, 'image'], ['after', undefined]] as const;
    for (const [data, event] of messages) room.say(data, event);
    await page.hears(messages.length);
    assert.deepEqual(page.heard.map(({ data, event }) => [typeof data === 'string' ? data : Uint8Array.from(data), event]), messages);
    for (const data of ['mind it', '']) {
      await until(() => plain.room.channels(transport).length === 1, 'a channel');
      plain.room.say(data, 'gap');
      await other.hears(data === '' ? 2 : 1);
    }
    assert.deepEqual(other.heard, ['mind it', ''].map((data) => ({ data, event: 'gap', id: undefined })));
    for (const { gaps, story } of [page, other]) assert.deepEqual([gaps, story], [0, [`connecting ${transport}`, `open ${transport}`]]);
  });

  test(`by ${transport}, a refusal is told with its status where there is one to see`, async (t) => {
    const { room, address } = await startRoom(t);
    room.refused.add(transport);
    const page = new TestPage(t, address, { transports: [transport] });
    await until(() => page.states.some(({ state }) => state === 'waiting'), 'the refusal');
    const { ending, retryInMs } = page.states.find(({ state }) => state === 'waiting')!;
    assert.deepEqual(ending, transport === 'websocket' ? { code: 1006, reason: '' } : { status: 503 });
    assert.ok(retryInMs! >= 2 && retryInMs! <= 4, `${retryInMs} ms`);
  });
}

test('it takes the first transport that works, where the better ones are refused', async (t) => {
  const { room, address } = await startRoom(t);
  room.refused.add('websocket').add('event-stream');
  const page = new TestPage(t, address);
  await page.opened('poll');
  assert.deepEqual(page.story, ['connecting websocket', 'connecting event-stream', 'connecting poll', 'open poll']);
});

test('it takes the first transport that works, where the better ones are left without an answer', async (t) => {
  const { room, address } = await startRoom(t);
  room.unanswered.add('websocket').add('event-stream');
  const page = new TestPage(t, address, { connectTimeoutMs: 20 });
  await page.opened('poll');
  assert.deepEqual(page.story, ['connecting websocket', 'connecting event-stream', 'connecting poll', 'open poll']);
  assert.deepEqual(page.states[1]!.ending, { isTimeout: true });
});

test('a poll that the server has taken is open, though it has no answer yet', async (t) => {
  const { room, address } = await startRoom(t);
  room.say('one');
  const page = new TestPage(t, address, { transports: ['poll'], since: room.store.position('room') });
  await page.opened('poll');
  assert.equal(page.connection.id, room.store.position('room'));
  assert.deepEqual(page.texts, []);
  await page.connection.send('while it waits');
  assert.deepEqual(room.received, ['while it waits']);
});

test('a poll that the server ends without an answer is asked again, and nothing is lost in between', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address, { transports: ['poll'] });
  await until(() => page.connection.id !== '', 'the position');
  await until(() => room.channels('poll').length === 1, 'a poll');
  room.channels('poll')[0]!.close();
  room.say('in between');
  await page.hears(1);
  assert.deepEqual(page.story, ['connecting poll', 'open poll']);
});

test('an answer that is for one poll alone is heard without an id', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address, { transports: ['poll'] });
  await until(() => room.asked.length === 2 && room.channels('poll').length === 1, 'a poll that waits');
  const { id } = page.connection;
  room.channels('poll')[0]!.send('sorry');
  await page.hears(1);
  assert.deepEqual(page.heard, [{ data: 'sorry', id: undefined, event: undefined }]);
  assert.equal(page.connection.id, id);
});

test('an event stream without heartbeats is given up as dead, and the next transport tried', async (t) => {
  const { room, address } = await startRoom(t, new Room(), { heartbeatIntervalMs: 0 });
  const page = new TestPage(t, address, { transports: ['event-stream', 'poll'], silenceTimeoutMs: 60 });
  await page.opened('event-stream');
  await page.opened('poll');
  assert.deepEqual(page.states.find(({ state }) => state === 'waiting')!.ending, { isTimeout: true });
  room.say('still here');
  await page.hears(1);
});

test('a WebSocket that has brought a heartbeat is given up when it brings no more, and one that has not is not', async (t) => {
  const { room, address } = await startRoom(t, new Room(), { heartbeatIntervalMs: 300 });
  const quiet = await startRoom(t, room, { heartbeatIntervalMs: 0 });
  const pages = [new TestPage(t, address, { silenceTimeoutMs: 50 }), new TestPage(t, quiet.address, { silenceTimeoutMs: 50 })] as const;
  for (const page of pages) await page.opened('websocket');
  await until(() => pages[0].states.some(({ state }) => state === 'waiting'), 'the end');
  assert.deepEqual(pages[0].states.find(({ state }) => state === 'waiting')!.ending, { isTimeout: true });
  assert.deepEqual(pages[1].story, ['connecting websocket', 'open websocket']);
});

test('a server that takes connections and says nothing is given up', async (t) => {
  const address = await startMute(t);
  const page = new TestPage(t, address, { connectTimeoutMs: 20, silenceTimeoutMs: 60 });
  await until(() => page.states.some(({ state }) => state === 'waiting'), 'the end of the round');
  assert.deepEqual(page.story.filter((each) => each.startsWith('connecting')), ['connecting websocket', 'connecting event-stream', 'connecting poll']);
});

test('a response that is no event stream is not taken for one', async (t) => {
  const { address } = await startRoom(t);
  const page = new TestPage(t, address.replace('/room', '/nowhere'), { transports: ['event-stream'] });
  await until(() => page.states.some(({ state }) => state === 'waiting'), 'the refusal');
  assert.deepEqual(page.states.find(({ state }) => state === 'waiting')!.ending, { status: 404 });
});

/** A server that accepts and never answers, as behind a proxy that swallows everything. */
async function startMute(t: TestContext): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/room`;
}
