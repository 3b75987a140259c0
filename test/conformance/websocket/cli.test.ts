/** The command prints what it found, and ends with 1 where a case failed. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Flaw, startBrokenServer } from './broken-server.js';
import type { Verdict } from './case.js';

interface Run {
  readonly code: number;
  readonly output: string;
}

function run(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'cli.js'), ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

async function brokenUrl(t: TestContext, flaw?: Flaw): Promise<string> {
  const server = await startBrokenServer(flaw);
  t.after(() => server.stop());
  return server.url.href;
}

test('it counts by section, and ends with 0, where no case failed', async (t) => {
  const { code, output } = await run(await brokenUrl(t), '--only', '2', '--only', '3.1');
  assert.equal(code, 0, output);
  assert.match(output, /^ 2 +Pings and Pongs +11 OK/m);
  assert.match(output, /^ 3 +reserved bits +1 OK/m);
  assert.match(output, /^12 cases: 12 OK$/m);
});

test('it says why a case failed, and ends with 1', async (t) => {
  const { code, output } = await run(await brokenUrl(t, 'answers Pings with nothing'), '--only', '2.2');
  assert.equal(code, 1, output);
  assert.match(output, /^2\.2 +FAILED: a Pong came back that is not what was sent$/m);
});

test('a case that is not strict is told, and is no failure', async (t) => {
  const { code, output } = await run(await brokenUrl(t, 'ends only when the text is whole'), '--only', '6.4.1');
  assert.equal(code, 0, output);
  assert.match(output, /^1 case: 1 NON-STRICT$/m);
});

test('it writes all verdicts into the file that is named', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'longwire-conformance-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'verdicts.json');
  await run(await brokenUrl(t), '--only', '7.3', '--json', file);
  const verdicts = JSON.parse(readFileSync(file, 'utf8')) as Verdict[];
  assert.deepEqual(verdicts.map(({ id, behavior }) => `${id} ${behavior}`), ['7.3.1 OK', '7.3.2 OK', '7.3.3 OK', '7.3.4 OK', '7.3.5 OK', '7.3.6 OK']);
  assert.deepEqual(verdicts.map(({ closeCode }) => closeCode), [1000, 1002, 1000, 1000, 1000, 1002]);
});

test('without the address of a server it says what it wants', async () => {
  const { code, output } = await run('http://127.0.0.1');
  assert.equal(code, 2);
  assert.match(output, /usage: npm run conformance -- ws:/);
});
