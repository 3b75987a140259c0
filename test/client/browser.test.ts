/** The client in headless Chromium: what it hears while the server and the network cut it off, at random and under load. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import type { HandlerResult, HistoryOptions, HttpRequest } from 'longwire';
import type { Transport } from 'longwire/client';
import { hasBrowser, openPage } from '../support/browser.js';
import { until } from '../support/deferred.js';
import { codeBlocksOf, readDocument, ROOT } from '../support/documents.js';
import { Random } from '../support/random.js';
import { Relay } from '../support/relay.js';
import { Room, TRANSPORTS } from '../support/room.js';
import { startServer } from '../support/server.js';

const VIEWPORT = { width: 400, height: 300 };
const MIB = 1024 * 1024;

/** What the page can do: it opens connections by name, and keeps what they tell. */
const SCRIPT = `
  import { connect } from '/client/index.js';
  window.all = {};
  window.open = (name, options, address = '/room') => {
    const one = window.all[name] = { heard: [], ids: [], states: [], gaps: [] };
    one.connection = connect(address, {
      minRetryMs: 5,
      maxRetryMs: 100,
      onMessage: (data, { id }) => { one.heard.push(data); one.ids.push(id); },
      onGap: () => one.gaps.push(one.heard.length),
      onState: ({ state, transport, ending }) => one.states.push({ state, transport, ending }),
      ...options,
    });
  };
  window.hasHeard = (last) => Object.values(window.all).every(({ heard }) => heard.at(-1) === last);
  window.isOpen = (name, transport) => window.all[name].states.at(-1)?.state === 'open' && window.all[name].states.at(-1).transport === transport;
`;
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Client</title><script type="module">${SCRIPT}</script>`;

const FOLDER = join(ROOT, 'dist', 'client');
const FILES = new Map(readdirSync(FOLDER).filter((file) => file.endsWith('.js')).map((file) => [`/client/${file}`, readFileSync(join(FOLDER, file))]));

interface Told {
  readonly heard: readonly string[];
  readonly ids: readonly string[];
  readonly states: readonly { readonly state: string; readonly transport: Transport; readonly ending?: object }[];
  /** How much was heard before each gap. */
  readonly gaps: readonly number[];
}

interface Scene {
  readonly room: Room;
  readonly relay: Relay;
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly errors: readonly unknown[];
  /** What a connection of the page was told. */
  told(name: string): Promise<Told>;
  /** Waits until an expression is true in the page. */
  becomes(expression: string): Promise<void>;
}

/** A room, a page of it, and a wire between them; nothing where there is no browser. */
async function begin(t: TestContext, history: HistoryOptions): Promise<Scene | undefined> {
  if (!hasBrowser(t)) return undefined;
  const room = new Room({ history });
  const { port, errors } = await startServer(t, (request) => fileOf(request) ?? room.handler(request));
  const relay = await Relay.start(t, port);
  const { page, complaints } = await openPage(t, `${relay.url}/`, VIEWPORT);
  await page.waitForFunction('window.open.length > 0');
  return {
    room,
    relay,
    page,
    complaints,
    errors,
    told: (name) => page.evaluate(`(({ heard, ids, states, gaps }) => ({ heard, ids, states, gaps }))(window.all['${name}'])`),
    becomes: async (expression) => void (await page.waitForFunction(expression, undefined, { timeout: 60_000 })),
  };
}

function fileOf({ path }: HttpRequest): HandlerResult {
  if (path === '/') return { headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: PAGE };
  const body = FILES.get(path);
  return body && { headers: { 'Content-Type': 'text/javascript' }, body };
}

const COUNT = 10_000;
const NUMBERS = Array.from({ length: COUNT }, (_, i) => String(i + 1));

/** Says all numbers, some in each turn; between them `disturb` does what it likes. */
async function sayAll(room: Room, disturb: (said: number) => Promise<void>): Promise<void> {
  let said = 0;
  while (said < COUNT) {
    for (const end = Math.min(COUNT, said + 20); said < end; said++) room.say(NUMBERS[said]!);
    await disturb(said);
    await new Promise((resolve) => setTimeout(resolve, 5)); // the load is a rate, and clients need time to come back in
  }
}

test(`of ${COUNT} messages, each transport being cut by the server and by the network all the time, every connection hears all, once and in order`, { timeout: 120_000 }, async (t) => {
  const scene = await begin(t, { maxMessages: COUNT, maxAgeMs: 600_000, maxBytes: 64 * MIB });
  if (scene === undefined) return;
  const { room, relay, page, told, becomes } = scene;
  for (const transport of TRANSPORTS) await page.evaluate(`open('${transport}', { transports: ['${transport}'] })`);
  await page.evaluate(`open('any', { upgradeAfterMs: 50 })`);
  for (const name of [...TRANSPORTS, 'any']) await becomes(`window.all['${name}'].connection.id !== ''`);

  const random = new Random(20_261);
  const cuts = { websocket: 0, 'event-stream': 0, poll: 0 };
  const cutSome = async (): Promise<void> => {
    const transport = random.pick(TRANSPORTS);
    await until(() => room.channels(transport).length > 0, `somebody by ${transport}`);
    if (random.once(2)) cuts[transport] += relay.cut(transport);
    else cuts[transport] += Number(random.pick(room.channels(transport)).close());
  };
  const goOver = async (transport: Transport): Promise<void> => {
    for (const better of TRANSPORTS.slice(0, TRANSPORTS.indexOf(transport))) room.refused.add(better);
    relay.cut();
    await becomes(`isOpen('any', '${transport}')`);
    room.refused.clear();
  };
  await sayAll(room, async (said) => {
    if (said % 2_000 === 0) await goOver(TRANSPORTS[(said / 2_000) % TRANSPORTS.length]!);
    else if (said % 100 === 0) await cutSome();
  });
  await becomes(`hasHeard('${COUNT}')`);

  for (const name of [...TRANSPORTS, 'any']) {
    const { heard, ids, gaps, states } = await told(name);
    assert.deepEqual(gaps, [], `${name} has no gap`);
    assert.equal(heard.length, COUNT, `${name} heard ${heard.length}`);
    assert.ok(heard.every((each, i) => each === NUMBERS[i]), `${name} heard all in order`);
    assert.deepEqual(ids.map((id) => id.split('-')[1]), heard, 'an id counts the messages');
    const opened = states.filter(({ state }) => state === 'open');
    const isRepeated = name === 'poll'; // by the browser, when it is cut off, and by the client, when it is closed
    assert.ok(isRepeated || opened.length > 3, `${name} was open ${opened.length} times`);
  }
  assert.ok(Object.values(cuts).every((count) => count > 10), JSON.stringify(cuts));
  assert.deepEqual(scene.errors, []);
});

test('where the history does not cover the cuts, every connection is told of a gap, and hears what is left once and in order', { timeout: 120_000 }, async (t) => {
  const scene = await begin(t, { maxMessages: 50 });
  if (scene === undefined) return;
  const { room, relay, page, told, becomes } = scene;
  for (const transport of TRANSPORTS) {
    await page.evaluate(`open('${transport}', { transports: ['${transport}'] })`);
    await becomes(`window.all['${transport}'].connection.id !== ''`);
  }
  await sayAll(room, async (said) => {
    if (said === 4_000) for (const transport of TRANSPORTS) room.refused.add(transport);
    if (said === 4_000) relay.cut();
    if (said === 6_000) room.refused.clear();
  });
  await becomes(`hasHeard('${COUNT}')`);
  for (const transport of TRANSPORTS) {
    const { heard, gaps } = await told(transport);
    assert.ok(gaps.length > 0, `${transport} was told of a gap`);
    const numbers = heard.map(Number);
    const jumps = numbers.flatMap((number, i) => (number === (numbers[i - 1] ?? 0) + 1 ? [] : [i]));
    assert.ok(jumps.every((at) => numbers[at]! > (numbers[at - 1] ?? 0)), `${transport} heard all in order`);
    assert.ok(jumps.length > 0 && jumps.every((at) => gaps.includes(at)), `${transport} missed nothing without being told: ${jumps.join()} of ${gaps.join()}`);
  }
});

test('where a proxy swallows WebSockets, or event streams too, it falls back, and comes back to them when they get through', async (t) => {
  const scene = await begin(t, {});
  if (scene === undefined) return;
  const { room, relay, page, told, becomes } = scene;
  relay.swallowed.add('websocket').add('event-stream');
  await page.evaluate(`open('any', { connectTimeoutMs: 200, upgradeAfterMs: 100 })`);
  await becomes(`isOpen('any', 'poll')`);
  room.say('by poll');
  relay.swallowed.delete('event-stream');
  await becomes(`isOpen('any', 'event-stream')`);
  room.say('by event stream');
  relay.swallowed.clear();
  await becomes(`isOpen('any', 'websocket')`);
  room.say('by WebSocket');
  await becomes(`hasHeard('by WebSocket')`);
  assert.deepEqual((await told('any')).heard, ['by poll', 'by event stream', 'by WebSocket']);
});

for (const transport of TRANSPORTS) {
  test(`by ${transport}, a page that was offline comes back by itself when it is online, and has missed nothing`, async (t) => {
    const scene = await begin(t, {});
    if (scene === undefined) return;
    const { room, relay, page, told, becomes } = scene;
    await page.evaluate(`open('one', { transports: ['${transport}'], minRetryMs: 600_000, maxRetryMs: 600_000 })`);
    await becomes(`window.all.one.connection.id !== ''`);
    room.say('before');
    await becomes(`hasHeard('before')`);
    await page.context().setOffline(true);
    relay.isDown = true; // a browser repeats a request that was cut off, behind the back of everyone
    relay.cut();
    await becomes(`window.all.one.states.at(-1).state === 'waiting'`);
    room.say('meanwhile');
    relay.isDown = false;
    await page.context().setOffline(false);
    await becomes(`hasHeard('meanwhile')`);
    assert.deepEqual((await told('one')).heard, ['before', 'meanwhile']);
  });
}

test('what a callback throws is the page\'s own error, and stops nothing', async (t) => {
  const scene = await begin(t, {});
  if (scene === undefined) return;
  const { room, page, complaints, becomes } = scene;
  await page.evaluate(`open('one', { onMessage: (data) => { window.all.one.heard.push(data); throw new Error('at ' + data); } })`);
  await becomes(`window.all.one.connection.id !== ''`);
  room.say('one');
  room.say('two');
  await becomes(`window.all.one.heard.length === 2`);
  await until(() => complaints.length === 2, 'both errors');
  assert.match(complaints[0]!, /at one/);
  assert.match(complaints[1]!, /at two/);
});

test('a function that fails to give addresses is asked again, and its error shown', async (t) => {
  const scene = await begin(t, {});
  if (scene === undefined) return;
  const { page, complaints, becomes } = scene;
  await page.evaluate(`let asked = 0; open('one', {}, () => { if (asked++ === 0) throw new Error('no token'); return ['/room']; })`);
  await becomes(`isOpen('one', 'websocket')`);
  assert.equal(complaints.length, 1);
  assert.match(complaints[0]!, /no token/);
});

test('the program at the head of docs/CLIENT.md says how it stands, shows what it hears, and sends', async (t) => {
  const scene = await begin(t, {});
  if (scene === undefined) return;
  const { room, page, becomes, complaints } = scene;
  const { code } = codeBlocksOf(readDocument('docs/CLIENT.md')).find(({ language }) => language === 'js')!;
  await page.addScriptTag({ type: 'module', content: code.replace(`'longwire/client'`, `'/client/index.js'`) });
  await becomes(`document.title === 'open: websocket'`);
  await until(() => room.received.length === 1, 'what it sends');
  assert.deepEqual(room.received, ['hello']);
  room.say('welcome');
  await becomes(`document.body.textContent.includes('welcome')`);
  assert.deepEqual(complaints, []);
});

test('a page reads bytes, and sends text and bytes, by every transport', async (t) => {
  const scene = await begin(t, {});
  if (scene === undefined) return;
  const { room, page, becomes } = scene;
  for (const [i, transport] of TRANSPORTS.entries()) {
    await page.evaluate(`open('one', { transports: ['${transport}'], onMessage: (data) => window.all.one.heard.push(data.constructor.name + ' ' + [...data]) })`);
    await becomes(`window.all.one.connection.id !== ''`);
    room.say(Uint8Array.of(0, 128, 255));
    await becomes(`hasHeard('Uint8Array 0,128,255')`);
    await page.evaluate(`Promise.all([window.all.one.connection.send('grüße 🧵'), window.all.one.connection.send(Uint8Array.of(0, 128, 255))])`);
    await until(() => room.received.length === 2 * (i + 1), 'what was sent');
    assert.deepEqual(room.received.slice(-2).map((each) => (typeof each === 'string' ? each : [...each])), ['grüße 🧵', [0, 128, 255]]);
    await page.evaluate(`window.all.one.connection.close()`);
  }
});
