/** The benchmark runs from its command line to its table. Whether servers are fast is not asked here. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ROOT } from '../support/documents.js';
import { hasProgram } from '../support/programs.js';

const BENCH = join(ROOT, 'build', 'bench');
const MAIN = [join(BENCH, 'main.js'), '--quick'];
const BROADCAST = [join(BENCH, 'broadcast', 'main.js')];

interface Run {
  readonly code: number | null;
  readonly printed: string;
  readonly told: string;
}

function runBench(t: TestContext, program: readonly string[], ...args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const bench = spawn(process.execPath, [...program, '--no-install', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => bench.kill('SIGTERM'));
    let [printed, told] = ['', ''];
    bench.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    bench.stderr.on('data', (bytes: Buffer) => (told += bytes.toString()));
    bench.on('error', reject);
    bench.on('close', (code) => resolve({ code, printed, told }));
  });
}

/** The cells of the rows of a table that begin so. */
function cellsOf(printed: string, title: string): string[][] {
  return printed.split('\n').filter((line) => line.startsWith(`| ${title} |`)).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

test('HTTP and WebSocket are measured beside their peers and the limit, and who is missing is named', { timeout: 120_000 }, async (t) => {
  const { code, printed, told } = await runBench(t, MAIN, '--rounds', '1', '--seconds', '0.1', '--only', 'poll,compressed,echo-64-text-16');
  assert.equal(code, 0, printed + told);
  for (const title of ['a long poll, completed by an event', 'WebSocket echo of 1 KiB of JSON, compressed', 'WebSocket echo of 64 B, text, sixteen in flight']) {
    const [[, , peer, limit, ours, ratio, share, rate, p50] = []] = cellsOf(printed, title);
    for (const number of [peer, limit, ours, ratio, share, rate, p50]) assert.ok(Number.parseFloat(number!) > 0, `${title}: ${number}`);
  }
  for (const server of ['uWebSockets.js', 'bun', 'deno', 'socket.io']) {
    assert.match(printed, new RegExp(`\\| ${server}|- ${server}: `, 'i'), 'measured, or said to be missing');
  }
  assert.match(printed, /\d of 2 floors are met/);
});

test('wrk is what asks where it is installed', { timeout: 120_000 }, async (t) => {
  if (!hasProgram(t, 'sh', ['-c', 'command -v wrk'], 'wrk')) return;
  const { code, printed, told } = await runBench(t, MAIN, '--rounds', '1', '--seconds', '1', '--only', 'differing');
  assert.equal(code, 0, printed + told);
  const [[, , peer, limit, ours] = []] = cellsOf(printed, 'a browser’s head, target and cookie different each time');
  for (const number of [peer, limit, ours]) assert.ok(Number(number) > 0, printed);
});

test('a row that nobody knows is refused with the names of those there are', { timeout: 60_000 }, async (t) => {
  const { code, told } = await runBench(t, MAIN, '--only', 'nonsense');
  assert.equal(code, 2);
  assert.match(told, /no row is called nonsense; there are hello, /);
});

test('groups with members of every kind are measured, and over Redis', { timeout: 120_000 }, async (t) => {
  if (!hasProgram(t, 'redis-server', ['--version'], 'redis-server')) return;
  const { code, printed, told } = await runBench(t, BROADCAST, '--rounds', '1', '--seconds', '0.1', '--only', 'mixed,redis-streams-100-16');
  assert.equal(code, 0, printed + told);
  const groups = cellsOf(printed, 'a quarter of each');
  assert.equal(groups.length, 2, 'one line for each length of messages');
  for (const [, , ...numbers] of groups) for (const number of numbers) assert.ok(Number.parseFloat(number) > 0, printed);
  const [[, , , ...numbers] = []] = cellsOf(printed, 'two processes, with history');
  assert.equal(numbers.length, 6);
  for (const number of numbers) assert.ok(Number.parseFloat(number) > 0, printed);
});
