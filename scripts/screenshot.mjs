/**
 * Takes docs/demo.png: the demo in a wide window, with a short conversation across its three panels.
 *
 *   npm run build && node scripts/screenshot.mjs [--dark] [--width=1400] [--height=900] [--out=docs/demo.png]
 *
 * Needs Chromium (Debian: chromium); CHROMIUM names another one than /usr/bin/chromium.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { startDemo } from '../build/demo/app.js';

const { values } = parseArgs({
  options: {
    dark: { type: 'boolean', default: false },
    width: { type: 'string', default: '1400' },
    height: { type: 'string', default: '900' },
    out: { type: 'string', default: join(import.meta.dirname, '..', 'docs', 'demo.png') },
  },
});

const HERSELF = 'Ada';
const CONVERSATION = [
  ['Grace', 'streaming', 'Is anyone still on long polling?'],
  [HERSELF, 'polling', 'I am. The proxy here knows nothing else.'],
  ['Ken', 'websocket', 'And I read you over a WebSocket.'],
  [HERSELF, 'websocket', 'So one handler serves us all?'],
  ['Radia', 'polling', 'One handler, one broadcast.'],
  [HERSELF, 'streaming', 'And nothing is lost between two polls.'],
];

const demo = await startDemo({ port: 0 });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await openPage();
  const leaving = new AbortController();
  const sockets = [openSocket(), openSocket(), openSocket()];
  for (let i = 0; i < 2; i++) hear('streaming', leaving.signal);
  hear('polling', leaving.signal);
  for (const [via, count] of Object.entries({ websocket: 4, streaming: 3, polling: 2 })) await page.locator(`[data-members="${via}"]`, { hasText: String(count) }).waitFor();
  for (const [name, via, text] of CONVERSATION) {
    if (name === HERSELF) await typeInto(page, via, text);
    else await say(name, via, text, sockets[0]);
    await page.locator('.message .text', { hasText: text }).nth(2).waitFor();
    if (text !== CONVERSATION.at(-1)[2]) await page.waitForTimeout(400);
  }
  await page.locator('h1').click();
  await page.locator('#origin').evaluate((origin) => (origin.textContent = 'http://127.0.0.1:9090')); // the port of `npm start`, not of this run
  await page.evaluate(stopTheSparks);
  await page.screenshot({ path: values.out, fullPage: Number(values.width) < 860 });
  console.log(values.out);
  leaving.abort();
  for (const socket of sockets) socket.terminate();
} finally {
  await browser.close();
  await demo.stop({ timeoutMs: 0 });
}

async function openPage() {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
    colorScheme: values.dark ? 'dark' : 'light',
    locale: 'en-GB',
  });
  page.on('console', (message) => console.error(message.text()));
  page.on('pageerror', (error) => console.error(error.stack));
  await page.goto(demo.url);
  await page.getByLabel('You are').fill(HERSELF);
  await page.locator('.panel[data-state="live"]').nth(2).waitFor();
  return page;
}

/** Runs in the page: whatever moves stands still where the last message is on its way to everyone. */
function stopTheSparks() {
  for (const animation of document.getAnimations()) {
    animation.pause();
    const { delay, duration } = animation.effect.getComputedTiming();
    animation.currentTime = delay + duration * (delay > 0 ? 0.55 : 0.3);
  }
  for (const message of document.querySelectorAll('.message')) message.style.animation = 'none';
}

async function typeInto(page, via, text) {
  const form = page.locator(`[data-panel="${via}"] form`);
  await form.getByRole('textbox').fill(text);
  await form.getByRole('button').click();
}

// The others are no pages: a browser each would only slow down the one that is shown.

function openSocket() {
  return new WebSocket(`${demo.url.replace('http', 'ws')}/room/websocket`).on('error', () => {});
}

async function hear(via, signal) {
  let since = 0;
  try {
    do {
      const response = await fetch(`${demo.url}/room/${via}?since=${since}`, { signal });
      for (const [, id] of (await response.text()).matchAll(/"id":(\d+)/g)) since = Number(id);
    } while (via === 'polling');
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function say(name, via, text, socket) {
  const body = JSON.stringify({ name, text, key: 'elsewhere' });
  if (via === 'websocket') socket.send(body);
  else await fetch(`${demo.url}/room/${via}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
}
