/** The connection that lasts: from which place it begins, when it goes over to another transport or address, and how it ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred, until } from '../support/deferred.js';
import { TestPage } from '../support/page.js';
import { Room, startRoom, TRANSPORTS } from '../support/room.js';

test('without since it begins with what comes from now on, and with an id behind that', async (t) => {
  const { room, address } = await startRoom(t);
  for (const text of ['one', 'two', 'three']) room.say(text);
  const [epoch] = room.store.position('room').split('-');
  const pages = { new: new TestPage(t, address), back: new TestPage(t, address, { since: `${epoch}-1` }) };
  for (const page of Object.values(pages)) await page.opened('websocket');
  await pages.back.hears(2);
  room.say('four');
  await pages.new.hears(1);
  await pages.back.hears(3);
  assert.deepEqual([pages.new.texts, pages.back.texts], [['four'], ['two', 'three', 'four']]);
  assert.deepEqual([pages.new.gaps, pages.back.gaps], [0, 0]);
});

for (const transport of TRANSPORTS) {
  test(`by ${transport}, since what is no id it is told all that there is, behind a gap`, async (t) => {
    const { room, address } = await startRoom(t);
    for (const text of ['one', 'two']) room.say(text);
    const page = new TestPage(t, address, { since: 'everything', transports: [transport] });
    await page.hears(2);
    room.say('three');
    await page.hears(3);
    assert.deepEqual([page.texts, page.gaps], [['one', 'two', 'three'], 1]);
  });
}

test('it uses the transport that the page chooses, and nothing is lost on the way from any to any', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address);
  await page.opened('websocket');
  let count = 0;
  for (const transport of ['poll', 'websocket', 'event-stream', 'poll', 'event-stream', 'websocket'] as const) {
    for (let i = 0; i < 5; i++) room.say(String(++count));
    page.connection.use(transport);
    for (let i = 0; i < 5; i++) room.say(String(++count));
    await page.opened(transport);
    room.say(String(++count));
  }
  await page.hears(count);
  assert.deepEqual(page.texts, Array.from({ length: count }, (_, i) => String(i + 1)));
  assert.equal(page.gaps, 0);
  assert.ok(page.states.every(({ state }) => state !== 'waiting'), page.story.join());
});

test('use without a name goes back to those it began with', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address, { transports: ['event-stream', 'websocket'] });
  await page.opened('event-stream');
  page.connection.use('poll');
  await page.opened('poll');
  page.connection.use();
  await page.opened('event-stream');
  room.refused.add('event-stream');
  page.connection.reconnect();
  await page.opened('websocket');
});

test('it tries the better transports again, beside the one it has, and goes over without losing or doubling anything', async (t) => {
  const { room, address } = await startRoom(t);
  room.refused.add('websocket').add('event-stream');
  const page = new TestPage(t, address, { upgradeAfterMs: 20 });
  await page.opened('poll');
  const say = (() => {
    let count = 0;
    return () => room.say(String(++count));
  })();
  const timer = setInterval(say, 1);
  t.after(() => clearInterval(timer));
  await until(() => room.asked.filter(({ transport }) => transport === 'websocket').length > 2, 'an attempt beside');
  assert.equal(page.connection.state.transport, 'poll');
  room.refused.delete('event-stream');
  await page.opened('event-stream');
  room.refused.clear();
  await page.opened('websocket');
  await page.hears(page.heard.length + 5);
  clearInterval(timer);
  assert.deepEqual(page.texts, page.texts.map((_, i) => String(i + 1)));
  assert.deepEqual(page.story, ['connecting websocket', 'connecting event-stream', 'connecting poll', 'open poll', 'open event-stream', 'open websocket']);
});

test('what both of two links that overlap tell is heard once', async (t) => {
  const { room, address } = await startRoom(t);
  room.refused.add('websocket');
  const page = new TestPage(t, address, { transports: ['websocket', 'event-stream'], upgradeAfterMs: 20 });
  await page.opened('event-stream');
  room.say('before');
  await page.hears(1);
  const { promise, resolve } = deferred<void>();
  room.beforeEntering = () => promise;
  room.refused.clear();
  const asked = room.asked.length;
  await until(() => room.asked.length > asked, 'the attempt beside');
  assert.equal(room.asked.at(-1)!.since, page.heard[0]!.id, 'it goes on from here');
  room.say('by the event stream, and again by the WebSocket');
  await page.hears(2);
  resolve();
  await page.opened('websocket');
  room.say('after');
  await page.hears(3);
  assert.deepEqual(page.texts, ['before', 'by the event stream, and again by the WebSocket', 'after']);
});

test('a link that is lost as soon as it opens is taken not to work, and the next transport is tried first', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address);
  await page.opened('websocket');
  room.channels('websocket')[0]!.close(1013, 'go away');
  await page.opened('event-stream');
  assert.deepEqual(page.story, ['connecting websocket', 'open websocket', 'waiting websocket', 'connecting event-stream', 'open event-stream']);
  assert.deepEqual(page.states[2]!.ending, { code: 1013, reason: 'go away' });
});

test('a link that was open for some time is tried again first, by the same transport', async (t) => {
  const { room, address } = await startRoom(t);
  const page = new TestPage(t, address, { transports: ['event-stream', 'poll'] });
  await page.opened('event-stream');
  const now = performance.now.bind(performance);
  t.mock.method(performance, 'now', () => now() + 5_001);
  await until(() => room.channels('event-stream').length === 1, 'a channel');
  room.channels('event-stream')[0]!.close();
  await until(() => page.states.length === 5, 'its return');
  assert.deepEqual(page.story.slice(2), ['waiting event-stream', 'connecting event-stream', 'open event-stream']);
});

test('what is sent as soon as it is open is sent', async (t) => {
  const { room, address } = await startRoom(t);
  const page: TestPage = new TestPage(t, address, { onState: ({ state }) => state === 'open' && void page.connection.send('hello') });
  await until(() => room.received.length === 1, 'hello');
});

test('the waits grow while nothing works, up to the longest, and begin anew at reconnect', async (t) => {
  const { room, address } = await startRoom(t);
  for (const transport of TRANSPORTS) room.refused.add(transport);
  const page = new TestPage(t, address, { minRetryMs: 2, maxRetryMs: 10 });
  const waits = () => page.states.filter(({ state }) => state === 'waiting').map(({ retryInMs }) => retryInMs!);
  await until(() => waits().length >= 5, 'five waits');
  for (const [i, longest] of [2, 4, 8, 10, 10].entries()) assert.ok(waits()[i]! >= longest / 2 && waits()[i]! <= longest, `${waits()[i]} ms as number ${i + 1}`);
  const before = waits().length;
  page.connection.reconnect();
  await until(() => waits().length > before, 'another wait');
  assert.ok(waits()[before]! <= 2, `${waits()[before]} ms`);
});

for (const endless of [Infinity, 2 ** 31]) {
  test(`a time of ${endless} ms never comes: nothing is given up, and no better transport tried`, async (t) => {
    const waits = t.mock.method(globalThis, 'setTimeout').mock;
    const { room, address } = await startRoom(t);
    room.refused.add('websocket');
    const patient = { connectTimeoutMs: endless, silenceTimeoutMs: endless, sendTimeoutMs: endless, upgradeAfterMs: endless };
    const pages = (['event-stream', 'poll'] as const).map((transport) => [transport, new TestPage(t, address, { ...patient, transports: ['websocket', transport] })] as const);
    for (const [transport, page] of pages) await page.opened(transport);
    for (const [, page] of pages) await page.connection.send('hello');
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const [transport, { story }] of pages) assert.deepEqual(story, ['connecting websocket', `connecting ${transport}`, `open ${transport}`]);
    assert.deepEqual(room.asked.filter(({ transport }) => transport === 'websocket').length, pages.length);
    assert.deepEqual(room.received, ['hello', 'hello']);
    for (const { arguments: [, ms] } of waits.calls) assert.ok(ms === undefined || ms < 2 ** 31, `${ms} ms`);
  });
}

test('without a longest wait, the waits grow as far as a timer can wait', async (t) => {
  const { room, address } = await startRoom(t);
  for (const transport of TRANSPORTS) room.refused.add(transport);
  const page = new TestPage(t, address, { minRetryMs: 2 ** 40, maxRetryMs: Infinity });
  await until(() => page.connection.state.state === 'waiting', 'the end of the round');
  const { retryInMs } = page.connection.state;
  assert.ok(retryInMs! >= 2 ** 30 - 1 && retryInMs! < 2 ** 31, `${retryInMs} ms`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(room.asked.length, TRANSPORTS.length);
});

test('of several addresses it takes the first that answers, stays there, and goes to the next when that is gone', async (t) => {
  const room = new Room();
  const [first, second, third] = [await startRoom(t, room), await startRoom(t, room), await startRoom(t, room)];
  await first.server.stop({ timeoutMs: 0 });
  const page = new TestPage(t, [first.address, second.address, third.address]);
  await page.opened('websocket');
  assert.equal(page.connection.state.url, second.address);
  page.connection.reconnect();
  await page.opened('websocket');
  assert.equal(page.connection.state.url, second.address);
  room.say('one');
  await page.hears(1);
  const stopped = second.server.stop({ timeoutMs: 0 });
  room.say('two');
  await stopped;
  await until(() => page.connection.state.url === third.address && page.connection.state.state === 'open', 'the third');
  room.say('three');
  await page.hears(3);
  assert.deepEqual([page.texts, page.gaps], [['one', 'two', 'three'], 0]);
});

test('a function gives the addresses anew for every round', async (t) => {
  const room = new Room();
  const [first, second] = [await startRoom(t, room), await startRoom(t, room)];
  const addresses = [first.address];
  const page = new TestPage(t, async () => addresses);
  await page.opened('websocket');
  addresses[0] = second.address;
  await first.server.stop({ timeoutMs: 0 });
  await until(() => page.connection.state.url === second.address && page.connection.state.state === 'open', 'the second');
});

for (const [scheme, to] of [['http', 'ws'], ['ws', 'http']] as const) {
  test(`an address in ${scheme}: is good for all transports, and keeps its query`, async (t) => {
    const { room, address } = await startRoom(t);
    for (const transport of TRANSPORTS) {
      const page = new TestPage(t, `${address.replace(/^http/, scheme)}?token=a%26b`, { transports: [transport] });
      await page.opened(transport);
      await until(() => room.channels(transport).length === 1, 'a channel');
      assert.equal(room.channels(transport)[0]!.request.searchParams.get('token'), 'a&b', `as ${to}:`);
      assert.equal(page.connection.state.url, `${address}?token=a%26b`);
      page.connection.close();
    }
  });
}

test('after a restart it comes back by itself, and is told of a gap, as the server has forgotten', async (t) => {
  const before = await startRoom(t);
  const page = new TestPage(t, before.address);
  await page.opened('websocket');
  before.room.say('one');
  await page.hears(1);
  await before.server.stop({ timeoutMs: 0 });
  await until(() => page.states.filter(({ state }) => state === 'waiting').length > 1, 'more than one round');
  const room = new Room();
  room.say('two');
  await startRoom(t, room, { port: before.port });
  await page.hears(2);
  assert.deepEqual([page.texts, page.gaps], [['one', 'two'], 1]);
});

test('closed, it is heard of no more, and leaves nothing behind on the server', async (t) => {
  const { room, server, address } = await startRoom(t);
  for (const transport of TRANSPORTS) {
    const page = new TestPage(t, address, { transports: [transport] });
    await page.opened(transport);
    await until(() => room.channels(transport).length === 1, 'a channel');
    page.connection.close();
    await until(() => room.store.size('room') === 0, 'its end');
    if (transport === 'websocket') assert.deepEqual(room.closings, ['normal']);
    room.say('nobody hears');
    page.connection.close();
    page.connection.reconnect();
    page.connection.use('poll');
    assert.deepEqual(page.story, [`connecting ${transport}`, `open ${transport}`, `closed ${transport}`]);
    assert.deepEqual(page.texts, []);
  }
  assert.equal(server.stats().channels.open, 0);
});

test('closed by the page inside onState, or before it began, it stays closed', async (t) => {
  const { room, address } = await startRoom(t);
  const page: TestPage = new TestPage(t, address, { onState: ({ state }) => state === 'open' && page.connection.close() });
  const never = new TestPage(t, address);
  never.connection.close();
  await until(() => page.connection.state.state === 'closed', 'the end');
  await until(() => room.store.size('room') === 0, 'its end');
  assert.deepEqual(never.story, ['closed websocket']);
  assert.equal(room.asked.length, 1);
});

test('closed inside onMessage, it hears nothing more of the same answer', async (t) => {
  const { room, address } = await startRoom(t);
  for (const text of ['one', 'two', 'three']) room.say(text);
  const heard: unknown[] = [];
  const page: TestPage = new TestPage(t, address, {
    since: 'everything',
    transports: ['poll'],
    onMessage: (data) => {
      heard.push(data);
      page.connection.close();
    },
  });
  await until(() => page.connection.state.state === 'closed', 'the end');
  await until(() => room.store.size('room') === 0, 'its end');
  assert.deepEqual(heard, ['one']);
});
