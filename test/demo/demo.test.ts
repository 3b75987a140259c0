/** The demo in a browser: three panels share one room, whoever leaves is gone, and the page fits wherever it is shown. */

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { type Demo, startDemo } from '../../demo/app.js';
import { hasBrowser, openPage, type TestPage } from '../support/browser.js';

const TRANSPORTS = ['websocket', 'streaming', 'polling'] as const;
type Transport = (typeof TRANSPORTS)[number];

const WIDE = { width: 1400, height: 900 };
const PHONE = { width: 360, height: 740 };
/** What one page holds open: its three panels and the dashboard. */
const CHANNELS_OF_A_PAGE = 4;

test('what is said in any panel is shown in all three, by whom and by which way', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await page.getByLabel('You are').fill('Ada');
  for (const via of TRANSPORTS) {
    await say(page, via, `by ${via}`);
    for (const panel of TRANSPORTS) {
      const message = messages(page, panel).filter({ hasText: `by ${via}` });
      await message.waitFor();
      assert.equal(await message.locator('b').textContent(), 'Ada');
      assert.equal(await message.getAttribute('data-wire'), via);
      assert.equal((await message.getAttribute('class'))!.includes('own'), panel === via);
    }
  }
  for (const panel of TRANSPORTS) assert.deepEqual(await texts(page, panel), ['by websocket', 'by streaming', 'by polling']);
  assert.deepEqual(complaints, []);
});

test('what a message holds is shown as text, whatever it looks like', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  const text = '<img src=x onerror="throw 1"> & grüße 🧵';
  await say(page, 'polling', text);
  for (const panel of TRANSPORTS) {
    await messages(page, panel).first().waitFor();
    assert.deepEqual(await texts(page, panel), [text]);
  }
  assert.deepEqual(complaints, []);
});

test('members are counted by kind, and a page that goes away takes its own with it', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const first = await scene.open();
  await membersAre(first.page, 1);
  const second = await scene.open();
  await membersAre(first.page, 2);
  await membersAre(second.page, 2);
  await second.page.goto('about:blank');
  await membersAre(first.page, 1);
  await becomes(() => scene.demo.stats().channels.open, CHANNELS_OF_A_PAGE);
  assert.deepEqual([...first.complaints, ...second.complaints], []);
});

test('after a reload the old channels have left, new ones have come, and the conversation is still there', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await say(page, 'streaming', 'before');
  await messages(page, 'polling').first().waitFor();
  await membersAre(page, 1);
  await page.reload();
  await membersAre(page, 1);
  for (const panel of TRANSPORTS) {
    await messages(page, panel).first().waitFor();
    assert.deepEqual(await texts(page, panel), ['before']);
  }
  await becomes(() => scene.demo.stats().webSockets, { open: 2, total: 4 });
  await becomes(() => scene.demo.stats().channels.open, CHANNELS_OF_A_PAGE);
  assert.deepEqual(complaints, []);
});

for (const left of TRANSPORTS) {
  test(`a panel that left hears nothing, and when it comes back, by ${left}, it hears what it missed`, async (t) => {
    const scene = await begin(t);
    if (scene === undefined) return;
    const { page, complaints } = await scene.open();
    const other = left === 'polling' ? 'streaming' : 'polling';
    await say(page, other, 'one');
    await messages(page, left).nth(0).waitFor();
    await panelOf(page, left).getByRole('button', { name: 'Leave' }).click();
    await page.locator(`[data-members="${left}"]`, { hasText: '0' }).waitFor();
    await say(page, other, 'two');
    await messages(page, other).nth(1).waitFor();
    assert.deepEqual(await texts(page, left), ['one']);
    await panelOf(page, left).getByRole('button', { name: 'Join' }).click();
    await messages(page, left).nth(1).waitFor();
    assert.deepEqual(await texts(page, left), ['one', 'two']);
    await membersAre(page, 1);
    assert.deepEqual(complaints, []);
  });
}

test('the counters are those of the server, and go on counting', async (t) => {
  const scene = await begin(t);
  if (scene === undefined) return;
  const { page } = await scene.open();
  await page.locator('.counters > div', { hasText: 'Connections' }).locator('dd').first().filter({ hasText: /^[1-9]/ }).waitFor();
  await say(page, 'websocket', 'counted');
  await page.locator('.counters > div', { hasText: 'Messages in' }).locator('dd').first().filter({ hasText: /^1$/ }).waitFor();
  assert.equal(scene.demo.stats().messages.in, 1);
});

test('on a phone all panels are there, below each other, and nothing is wider than the window', async (t) => {
  const scene = await begin(t, PHONE);
  if (scene === undefined) return;
  const { page, complaints } = await scene.open();
  await say(page, 'websocket', `${'a rather long message, '.repeat(8)}${'w'.repeat(120)}`);
  let bottom = 0;
  for (const transport of TRANSPORTS) {
    await messages(page, transport).first().waitFor();
    const box = (await panelOf(page, transport).boundingBox())!;
    assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width, `${transport} lies from ${box.x} to ${box.x + box.width}`);
    assert.ok(box.y >= bottom, `${transport} begins at ${box.y}, above ${bottom}`);
    bottom = box.y + box.height;
  }
  const tooWide = await page.evaluate('[document.documentElement, ...document.querySelectorAll("main, .panel, .log, .dashboard")].filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.className || each.tagName)');
  assert.deepEqual(tooWide, []);
  assert.deepEqual(complaints, []);
});

interface Scene {
  readonly demo: Demo;
  open(): Promise<TestPage>;
}

/** A demo and a browser; nothing where there is no Chromium. A page that was opened has all three panels in the room. */
async function begin(t: TestContext, viewport = WIDE): Promise<Scene | undefined> {
  if (!hasBrowser(t)) return undefined;
  const demo = await startDemo({ port: 0 });
  t.after(() => demo.stop({ timeoutMs: 0 }));
  return {
    demo,
    async open() {
      const opened = await openPage(t, demo.url, viewport);
      for (const transport of TRANSPORTS) await panelOf(opened.page, transport).and(opened.page.locator('[data-state="live"]')).waitFor();
      return opened;
    },
  };
}

function panelOf(page: Page, transport: Transport) {
  return page.locator(`[data-panel="${transport}"]`);
}

function messages(page: Page, transport: Transport) {
  return panelOf(page, transport).locator('.message');
}

function texts(page: Page, transport: Transport): Promise<string[]> {
  return messages(page, transport).locator('.text').allTextContents();
}

async function say(page: Page, transport: Transport, text: string): Promise<void> {
  await panelOf(page, transport).getByRole('textbox').fill(text);
  await panelOf(page, transport).getByRole('button', { name: 'Send' }).click();
}

/** Waits until the page shows so many members of each kind. */
async function membersAre(page: Page, count: number): Promise<void> {
  for (const transport of TRANSPORTS) await page.locator(`[data-members="${transport}"]`).filter({ hasText: new RegExp(`^${count}$`) }).waitFor();
}

/** Waits until what is read is what is expected: a channel leaves when the server hears of it, not when a page was told to go. */
async function becomes<T>(read: () => T, expected: T): Promise<void> {
  const until = performance.now() + 10_000;
  while (!isDeepStrictEqual(read(), expected) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(read(), expected);
}
