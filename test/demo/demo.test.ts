/** The demo in a browser: the conversation goes on whichever wire is chosen or cut, and whichever server goes, and the page fits wherever it is shown. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { type Demo, type DemoOptions, startDemo } from '../../demo/app.js';
import { hasBrowser, openPage, type TestPage } from '../support/browser.js';
import { MemoryBus } from '../support/memory-bus.js';
import { PATIENCE_MS } from '../support/patience.js';

const WIRES = ['websocket', 'event-stream', 'poll'] as const;
type Wire = (typeof WIRES)[number];

const WIDE = { width: 1400, height: 900 };
const PHONE = { width: 360, height: 740 };
/** What a browser says of a request that the server refused, or of a server that is gone. */
const EXPECTED_COMPLAINT = /503|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING/;

test('what is said in one page is shown in both, by whom and by which way', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const [ada, grace] = [await scene.open(), await scene.open()];
  await ada.page.getByLabel('You are').fill('Ada');
  for (const wire of WIRES) {
    await choose(ada.page, wire);
    await say(ada.page, `by ${wire}`);
    for (const { page } of [ada, grace]) {
      const message = page.locator('.message:not(.unheard)', { hasText: `by ${wire}` });
      await message.waitFor();
      assert.equal(await message.locator('b').textContent(), 'Ada');
      assert.equal(await message.getAttribute('data-wire'), wire);
      assert.equal((await message.getAttribute('class'))!.includes('own'), page === ada.page);
    }
  }
  for (const { page } of [ada, grace]) assert.deepEqual(await texts(page), WIRES.map((wire) => `by ${wire}`));
  assert.deepEqual([...ada.complaints, ...grace.complaints], []);
});

test('what a message holds is shown as text, whatever it looks like', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  const text = '<img src=x onerror="throw 1"> & grüße 🧵';
  await say(page, text);
  await page.locator('.message:not(.unheard)').waitFor();
  assert.deepEqual(await texts(page), [text]);
  assert.deepEqual(complaints, []);
});

test('members are counted by kind, and a page that goes away takes its own with it', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const first = await scene.open();
  const second = await scene.open();
  await membersAre(first.page, { websocket: 2, 'event-stream': 0, poll: 0 });
  await choose(second.page, 'poll');
  await membersAre(first.page, { websocket: 1, 'event-stream': 0, poll: 1 });
  await choose(second.page, 'event-stream');
  await membersAre(first.page, { websocket: 1, 'event-stream': 1, poll: 0 });
  await membersAre(second.page, { websocket: 1, 'event-stream': 1, poll: 0 });
  await second.page.goto('about:blank');
  await membersAre(first.page, { websocket: 1, 'event-stream': 0, poll: 0 });
  await becomes(() => scene.demo.stats().channels.open, 2);
  assert.deepEqual([...first.complaints, ...second.complaints], []);
});

test('after a reload the old channels have left, new ones have come, and the conversation is still there', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await say(page, 'before');
  await page.locator('.message:not(.unheard)').waitFor();
  await page.reload();
  await inUse(page, 'websocket');
  await page.locator('.message').waitFor();
  assert.deepEqual(await texts(page), ['before']);
  assert.equal(await page.locator('#lost').textContent(), 'none lost');
  await becomes(() => scene.demo.stats().webSockets, { open: 2, total: 4 });
  assert.deepEqual(complaints, []);
});

test('while the server counts, the wires are cut under it, and every number is there, in its order, by the wires that were left', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await page.getByRole('button', { name: 'Let the server count' }).click();
  await numbersBy(page, 'websocket', 5);
  await cut(page, 'WebSocket');
  await numbersBy(page, 'event-stream', 5);
  await cut(page, 'Event stream');
  await numbersBy(page, 'poll', 5);
  await cut(page, 'Long poll');
  await page.locator('#room[data-state="waiting"]').waitFor();
  await mend(page, 'Event stream');
  await inUse(page, 'event-stream');
  await mend(page, 'WebSocket');
  await inUse(page, 'websocket');
  await page.locator('.numbers i', { hasText: /^100$/ }).waitFor();
  const numbers = await page.locator('.numbers i').allTextContents();
  assert.deepEqual(numbers.map(Number), Array.from({ length: 100 }, (_, i) => i + 1));
  assert.equal(await page.locator('#lost').textContent(), 'none lost');
  assert.equal(await page.locator('.numbers .after-gap').count(), 0);
  assert.deepEqual(complaints.filter((each) => !EXPECTED_COMPLAINT.test(each)), []);
});

test('a poll that was on its way while the long poll was cut is cut as well', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page } = await scene.open();
  await choose(page, 'poll');
  const isCut = page.waitForResponse((response) => response.url().endsWith('/room/cut'));
  await page.route(/\/room\?/, async (route) => {
    if (route.request().method() === 'GET') await isCut;
    await route.continue();
  });
  await say(page, 'next poll');
  await page.locator('.message:not(.unheard)').waitFor();
  await cut(page, 'Long poll');
  await page.locator('#room[data-state="waiting"]').waitFor();
});

test('what was refused, and why, stays to be read while a wire is cut', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page } = await scene.open();
  await page.evaluate("document.querySelector('#message').removeAttribute('maxlength')");
  await say(page, 'x'.repeat(501));
  const note = page.locator('.note', { hasText: 'The text is 1 to 500 characters.' });
  await note.waitFor();
  const isCut = page.waitForResponse((response) => response.url().endsWith('/room/cut'));
  await cut(page, 'WebSocket');
  assert.equal((await isCut).status(), 204);
  await inUse(page, 'event-stream');
  assert.equal(await note.count(), 1);
});

test('where a refusal is lost on its way, the page says that the server cannot be reached', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await page.evaluate("Response.prototype.text = () => Promise.reject(new TypeError('network error'))");
  const count = page.getByRole('button', { name: 'Let the server count' });
  await count.click();
  await page.locator('.numbers i').first().waitFor();
  await count.click();
  await page.locator('.note', { hasText: 'The server cannot be reached.' }).waitFor();
  assert.deepEqual(complaints.filter((each) => !each.includes('422')), []);
});

test('what is typed while every wire is cut waits, pale, and is said once a wire is mended', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const [ada, grace] = [await scene.open(), await scene.open()];
  for (const wire of ['WebSocket', 'Event stream', 'Long poll']) await cut(ada.page, wire);
  await ada.page.locator('#room[data-state="waiting"]').waitFor();
  await say(ada.page, 'is anyone there?');
  await ada.page.locator('.message.unheard').waitFor();
  await say(grace.page, 'Ada?');
  await grace.page.locator('.message:not(.unheard)').waitFor();
  assert.deepEqual(await texts(grace.page), ['Ada?']);
  await mend(ada.page, 'Long poll');
  for (const { page } of [ada, grace]) {
    await page.locator('.message:not(.unheard)').nth(1).waitFor();
    assert.deepEqual(await texts(page), ['Ada?', 'is anyone there?']);
  }
});

test('what is said in the very moment of a cut is heard once by everyone', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const [ada, grace] = [await scene.open(), await scene.open()];
  const expected: string[] = [];
  for (const wire of ['WebSocket', 'Event stream']) {
    for (const when of ['before', 'behind']) {
      const text = `${when} the cut of the ${wire}`;
      expected.push(text);
      // In one turn of the page, so that both are on their way together.
      const clicks = [`document.querySelector('#message').value = '${text}', document.querySelector('#room form').requestSubmit()`, `document.querySelector('[aria-label="Cut the ${wire}"]').click()`];
      await ada.page.evaluate((when === 'before' ? clicks : clicks.reverse()).join(';'));
      for (const { page } of [ada, grace]) await page.locator('.message:not(.unheard)', { hasText: text }).waitFor();
      await mend(ada.page, wire);
      await inUse(ada.page, 'websocket');
    }
    if (wire === 'WebSocket') await cut(ada.page, wire);
    await inUse(ada.page, wire === 'WebSocket' ? 'event-stream' : 'websocket');
    if (wire === 'WebSocket') await mend(ada.page, wire);
  }
  for (const { page } of [ada, grace]) assert.deepEqual((await texts(page)).sort(), expected.sort());
});

test('when its server is gone, a page goes on at the other, and nothing that was said there is missing', async (t) => {
  const bus = new MemoryBus();
  const [first, second] = [await begin(t, WIDE, { bus }), await begin(t, WIDE, { bus })];
  if (first === undefined || second === undefined) return;
  const [ada, grace] = [await first.open(), await second.open()];
  const hosts = [new URL(first.demo.url).host, new URL(second.demo.url).host];
  for (const { page } of [ada, grace]) for (const host of hosts) await page.locator('.server', { hasText: host }).waitFor();
  await membersAre(ada.page, { websocket: 2, 'event-stream': 0, poll: 0 });
  await say(ada.page, 'one');
  await grace.page.locator('.message', { hasText: 'one' }).waitFor();
  const stopped = first.demo.stop({ timeoutMs: 0 });
  await say(grace.page, 'two');
  await stopped;
  await ada.page.locator('.server[data-here="true"]', { hasText: hosts[1]! }).waitFor();
  await ada.page.locator('.server[data-gone="true"]', { hasText: hosts[0]! }).waitFor();
  await say(ada.page, 'three');
  for (const { page } of [ada, grace]) {
    await page.locator('.message:not(.unheard)', { hasText: 'three' }).waitFor();
    assert.deepEqual(await texts(page), ['one', 'two', 'three']);
    assert.equal(await page.locator('#lost').textContent(), 'none lost');
  }
  assert.deepEqual(ada.complaints.filter((each) => !EXPECTED_COMPLAINT.test(each)), []);
});

test('the counters are those of the server, and go on counting', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page } = await scene.open();
  await counter(page, 'Connections', /^[1-9]/);
  await say(page, 'counted');
  await counter(page, 'Messages in', /^1$/);
  assert.equal(scene.demo.stats().messages.in, 1);
});

test('on a phone all parts are there, below each other, and nothing is wider than the window', async (t) => {
  const scene = await begin(t, PHONE);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await say(page, `${'a rather long message, '.repeat(8)}${'w'.repeat(120)}`);
  await page.locator('.message:not(.unheard)').waitFor();
  let bottom = 0;
  for (const part of ['.room', '.wires', '.servers', '.dashboard']) {
    const box = (await page.locator(part).boundingBox())!;
    assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width, `${part} lies from ${box.x} to ${box.x + box.width}`);
    assert.ok(box.y >= bottom, `${part} begins at ${box.y}, above ${bottom}`);
    bottom = box.y + box.height;
  }
  const tooWide = await page.evaluate('[document.documentElement, ...document.querySelectorAll("main, .card, .log, .wire")].filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.className || each.tagName)');
  assert.deepEqual(tooWide, []);
  assert.deepEqual(complaints, []);
});

interface Scene {
  readonly demo: Demo;
  open(): Promise<TestPage>;
}

/** A demo and a browser; nothing where there is no Chromium. A page that was opened is in the room. */
async function begin(t: TestContext, viewport = WIDE, options: DemoOptions = {}): Promise<Scene | undefined> {
  if (!hasBrowser(t)) return undefined;
  const demo = await startDemo({ port: 0, ...options });
  t.after(() => demo.stop({ timeoutMs: 0 }));
  return {
    demo,
    async open() {
      const opened = await openPage(t, demo.url, viewport);
      await inUse(opened.page, 'websocket');
      return opened;
    },
  };
}

function texts(page: Page): Promise<string[]> {
  return page.locator('.message .text').allTextContents();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

async function choose(page: Page, wire: Wire): Promise<void> {
  await page.locator(`.wire[data-wire="${wire}"] label`).click();
  await inUse(page, wire);
}

async function inUse(page: Page, wire: Wire): Promise<void> {
  await page.locator(`.wire[data-wire="${wire}"][data-use="in use"]`).waitFor();
}

async function cut(page: Page, wire: string): Promise<void> {
  await page.getByRole('button', { name: `Cut the ${wire}` }).click();
}

async function mend(page: Page, wire: string): Promise<void> {
  await page.getByRole('button', { name: `Mend the ${wire}` }).click();
}

/** Waits until so many numbers have come by one wire. */
async function numbersBy(page: Page, wire: Wire, count: number): Promise<void> {
  await page.locator(`.numbers i[data-wire="${wire}"]`).nth(count - 1).waitFor();
}

async function counter(page: Page, label: string, value: RegExp): Promise<void> {
  await page.locator('.counters > div', { hasText: label }).locator('dd').first().filter({ hasText: value }).waitFor();
}

/** Waits until the page shows so many members of each kind. */
async function membersAre(page: Page, counts: Readonly<Record<Wire, number>>): Promise<void> {
  for (const wire of WIRES) await page.locator(`[data-members="${wire}"]`).filter({ hasText: new RegExp(`^${counts[wire]}$`) }).waitFor();
}

/** Waits until what is read is what is expected: a channel leaves when the server hears of it, not when a page was told to go. */
async function becomes<T>(read: () => T, expected: T): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!isDeepStrictEqual(read(), expected) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(read(), expected);
}
