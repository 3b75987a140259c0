/**
 * Takes docs/demo.png: the demo in a wide window, whose conversation goes on while two of its wires are cut, and then its server is stopped.
 *
 *   npm run build && node scripts/screenshot.mjs [--dark] [--width=1400] [--height=940] [--out=docs/demo.png]
 *
 * Needs Chromium and Redis (Debian: chromium, redis-server); CHROMIUM names another one than /usr/bin/chromium.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { createClient } from 'redis';
import { WebSocket } from 'ws';
import { startDemo } from '../build/demo/app.js';
import { RedisBus } from '../dist/adapters/redis.js';
import { connect } from '../dist/client/index.js';

const { values } = parseArgs({
  options: {
    dark: { type: 'boolean', default: false },
    width: { type: 'string', default: '1400' },
    height: { type: 'string', default: '940' },
    out: { type: 'string', default: join(import.meta.dirname, '..', 'docs', 'demo.png') },
  },
});

Object.assign(globalThis, { WebSocket });

const HERSELF = 'Ada';
const folder = mkdtempSync(join(tmpdir(), 'longwire-screenshot-'));
const redis = await startRedis();
const [first, second] = [await startServer(9090), await startServer(9091)]; // the ports that a reader will see
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const others = [];
try {
  const page = await openPage();
  for (const [transport, count] of [['websocket', 3], ['event-stream', 2], ['poll', 1]]) {
    for (let i = 0; i < count; i++) others.push(connect(`${second.url}/room`, { transports: [transport], contentType: 'application/json' }));
  }
  await page.locator('#members-total', { hasText: '7' }).waitFor();
  await count(second.url);
  await heardBy(page, 'websocket', 12);
  await page.getByRole('button', { name: 'Cut the WebSocket' }).click();
  await heardBy(page, 'event-stream', 16);
  await page.getByRole('button', { name: 'Cut the Event stream' }).click();
  await heardBy(page, 'poll', 8);
  await first.stop({ timeoutMs: 0 });
  await page.locator('.numbers i', { hasText: /^100$/ }).waitFor();
  await page.locator('.server', { hasText: 'gone' }).waitFor();
  await say('Radia', 'websocket', 'Ada, two wires cut and your server gone. Is anything lost?');
  await type(page, 'Count the numbers.');
  await page.evaluate(standStill);
  await page.screenshot({ path: values.out, fullPage: Number(values.width) < 860 });
  console.log(values.out);
} finally {
  for (const each of others) each.close();
  await browser.close();
  for (const each of [first, second]) await each.stop({ timeoutMs: 0 });
  redis.kill();
  rmSync(folder, { recursive: true });
}

/** A Redis of our own, that listens nowhere but in the folder. */
async function startRedis() {
  const program = spawn('redis-server', ['--port', '0', '--unixsocket', join(folder, 'redis'), '--save', '', '--dir', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(program.stdout)) if (/ready to accept/i.test(line)) break;
  program.stdout.resume();
  return program;
}

async function startServer(port) {
  const client = createClient({ socket: { path: join(folder, 'redis') } });
  client.on('error', (error) => console.error(error));
  const bus = new RedisBus(await client.connect());
  const demo = await startDemo({ port, bus });
  const stop = async (options) => {
    await demo.stop(options);
    await bus.close();
    if (client.isOpen) client.destroy();
  };
  return { url: demo.url, stop };
}

async function openPage() {
  const page = await browser.newPage({
    viewport: { width: Number(values.width), height: Number(values.height) },
    colorScheme: values.dark ? 'dark' : 'light',
    locale: 'en-GB',
  });
  page.on('pageerror', (error) => console.error(error.stack));
  await page.goto(first.url);
  await page.getByLabel('You are').fill(HERSELF);
  await inUse(page, 'websocket');
  return page;
}

function inUse(page, wire) {
  return page.locator(`.wire[data-wire="${wire}"][data-use="in use"]`).waitFor();
}

async function count(url) {
  await fetch(`${url}/room/count`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
}

/** Waits until so many numbers have come over one wire. */
function heardBy(page, wire, count) {
  return page.locator(`.numbers i[data-wire="${wire}"]`).nth(count - 1).waitFor();
}

async function type(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.message:not(.unheard) .text', { hasText: text }).waitFor();
}

/** Somebody else says something; they are no pages, as a browser each would only slow down the one that is shown. */
async function say(name, via, text) {
  await others.find(({ state }) => state.transport === via).send(JSON.stringify({ name, via, text, key: `${name}.${text.length}` }));
}

/** Runs in the page: whatever moves stands still, where the last message is on its way. */
function standStill() {
  for (const animation of document.getAnimations()) {
    animation.pause();
    const { delay, duration } = animation.effect.getComputedTiming();
    animation.currentTime = delay + duration * 0.5;
  }
  for (const element of document.querySelectorAll('.message, .turn')) element.style.animation = 'none';
  document.querySelector('.log').scrollTop = document.querySelector('.log').scrollHeight;
}
