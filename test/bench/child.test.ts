/** A child process answers, or the wait for it ends. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { test } from 'node:test';
import { Child } from '../../bench/child.js';
import { busyNanosOf, cpuNanosOf } from '../../bench/cpu-time.js';

const ECHO = "process.stdin.on('data', (bytes) => process.stdout.write(bytes)).on('end', () => process.exit())";

test('a child is asked and answers in lines of JSON', async (t) => {
  const child = new Child('echo', [process.execPath, '-e', ECHO]);
  t.after(() => child.stop());
  assert.deepEqual(await child.ask({ a: 1 }, 10_000), { a: 1 });
  assert.deepEqual(await child.ask([2], 10_000), [2]);
});

test('a child that says nothing is not waited for longer than it is given', async (t) => {
  const child = new Child('the mute', [process.execPath, '-e', 'process.stdin.resume()']);
  t.after(() => child.stop());
  await assert.rejects(child.hear(50), /the mute said nothing for 0\.05 s/);
});

test('a child that ends is not waited for, and its last words are told', async () => {
  const child = new Child('the short-lived', [process.execPath, '-e', "console.error('no more'); process.exitCode = 3"]);
  await assert.rejects(child.hear(60_000), /the short-lived ended with 3: no more/);
});

test('a program that does not exist is an error at once', async () => {
  await assert.rejects(new Child('nobody', ['/no/such/program']).hear(60_000), /nobody does not start/);
});

test('CPU time is that of the process, and only grows', { skip: process.platform === 'linux' ? false : 'only Linux tells' }, () => {
  const before = cpuNanosOf(process.pid)!;
  const own = process.cpuUsage();
  while (process.cpuUsage(own).user < 50_000);
  const spent = cpuNanosOf(process.pid)! - before;
  assert.ok(spent >= 40_000_000, `${spent} ns`);
  assert.equal(cpuNanosOf(2 ** 30), undefined);
});

test('a core has worked at least as long as a program that ran on it', { skip: process.platform === 'linux' ? false : 'only Linux tells' }, () => {
  const cores = Array.from({ length: cpus().length }, (_, core) => core);
  const busy = (): number => cores.reduce((sum, core) => sum + busyNanosOf(core)!, 0);
  const before = busy();
  const own = process.cpuUsage();
  while (process.cpuUsage(own).user < 100_000);
  assert.ok(busy() - before >= 60_000_000);
  assert.equal(busyNanosOf(100_000), undefined);
});

test('no child outlives who started it', { skip: process.platform === 'linux' ? false : 'it is looked for in /proc' }, () => {
  const script = `import { Child } from ${JSON.stringify(new URL('../../bench/child.js', import.meta.url).href)};
    const child = new Child('sleeper', [process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    console.log(child.pid);
    process.exit();`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const pid = Number(stdout);
  assert.ok(pid > 0);
  // The kernel has it gone as soon as its parent's signal was handled.
  while (cpuNanosOf(pid) !== undefined);
});
