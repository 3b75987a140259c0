/**
 * What every server of the benchmark says and is asked, in lines of JSON: first its port and what it is, then one answer for each
 * command. It ends when its stdin does, so that none outlives the benchmark.
 */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** How long memory gets to settle between two collections: pages go back to the system from other threads. */
const SETTLE_MS = 150;
const COLLECTIONS = 4;

/** What the server is to do: `{ application, … }`, its one argument. */
export const TASK = JSON.parse(process.argv[2] ?? '{"application":"hello"}');

export const HOST = '127.0.0.1';
export const HELLO = 'hello';
/** What a download is made of: 16 chunks of 64 KiB. */
export const DOWNLOAD_CHUNKS = 16;
export const DOWNLOAD_CHUNK = new Uint8Array(65_536).fill(120);
/** The message of a broadcast: 128 bytes of text, or as many as are asked for. */
export const BROADCAST_TEXT = 'broadcast '.repeat(1000).slice(0, TASK.messageBytes ?? 128);

/** Says that the server listens, and answers from now on. `commands` are functions by name, which may be asynchronous. */
export function serve(port, about, commands = {}) {
  const known = { cpu, memory, profile, profiled, ...commands };
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    const { command, ...details } = JSON.parse(line);
    say(await known[command](details));
  });
  lines.on('close', () => process.exit());
  say({ port, about });
}

/** Says that the server cannot be had here, and why. */
export function refuse(reason) {
  say({ missing: reason });
  process.exit();
}

/** The version of a package that is installed, with its name. */
export function versionOf(name) {
  const main = import.meta.resolve(name);
  const folder = main.slice(0, main.lastIndexOf(`/node_modules/${name}/`));
  return `${name} ${JSON.parse(readFileSync(new URL(`${folder}/node_modules/${name}/package.json`), 'utf8')).version}`;
}

/** Answers all who wait once there are `TASK.waiting` of them, in one turn: the event that completes long polls. */
export class Polls {
  #waiting = [];

  add(answer) {
    if (this.#waiting.push(answer) === TASK.waiting) setImmediate(() => this.#complete());
  }

  #complete() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const answer of waiting) answer();
  }
}

/** How many messages `/ask?messages=n` asks for. */
export function messagesAsked(url) {
  return Number(url.slice(url.indexOf('=') + 1));
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** The CPU time of the process so far, in nanoseconds, where nobody else can read it. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return { nanos: (user + system) * 1000 };
}

/** How often a profile looks, in microseconds. */
const PROFILE_INTERVAL = 200;
let profiler;

/** Begins a profile, for `profiled` to end. */
async function profile() {
  const { Session } = await import('node:inspector/promises');
  profiler = new Session();
  profiler.connect();
  await profiler.post('Profiler.enable');
  await profiler.post('Profiler.setSamplingInterval', { interval: PROFILE_INTERVAL });
  await profiler.post('Profiler.start');
  return {};
}

/** Microseconds by the place that they were spent in: a file, or `(program)`, `(garbage collector)` and `(idle)`. */
async function profiled() {
  const { profile } = await profiler.post('Profiler.stop');
  const places = new Map(profile.nodes.map(({ id, callFrame: { url, functionName } }) => [id, url === '' ? functionName : url]));
  const micros = {};
  profile.samples.forEach((id, i) => (micros[places.get(id)] = (micros[places.get(id)] ?? 0) + profile.timeDeltas[i]));
  return micros;
}

/** Memory after several collections, the first of them followed by `quietMs` in which nothing is done. */
async function memory({ quietMs = 0 }) {
  for (let i = 0; i < COLLECTIONS; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, i === 0 && quietMs > 0 ? quietMs : SETTLE_MS));
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

/**
 * What is left behind it belongs to what is there: the last resort gives back the pages that V8 would keep for what comes next. On Node 20 it
 * is thorough only behind an ordinary collection.
 */
function collect() {
  if (globalThis.Bun !== undefined) return globalThis.Bun.gc(true);
  globalThis.gc();
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
