/** The fuzz command: the same seed gives the same bytes, a finding is as small as it can be and can be run again, and a run ends with what it counted. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadFinding, saveFinding } from '../../fuzz/findings.js';
import { generate } from '../../fuzz/generator.js';
import { HttpTarget } from '../../fuzz/http-target.js';
import { NodeOracle } from '../../fuzz/node-oracle.js';
import { shrink } from '../../fuzz/shrink.js';
import { latin1Bytes } from '../support/pieces.js';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '..', '..', 'fuzz', 'main.js');

test('generates the same bytes from the same seed, and others from others', () => {
  const first = Array.from({ length: 200 }, (_, seed) => Buffer.from(generate(seed)).toString('latin1'));
  const second = Array.from({ length: 200 }, (_, seed) => Buffer.from(generate(seed)).toString('latin1'));
  assert.deepEqual(second, first);
  assert.ok(new Set(first).size > 190, `${new Set(first).size} of 200`);
});

test('sees through node:http what an application would see', async () => {
  const text = 'POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\nGET /cut HTTP/1.0\r\nContent-Length: 5\r\n\r\nhe';
  assert.deepEqual(await new NodeOracle().verdict(latin1Bytes(text)), {
    requests: [
      { method: 'POST', target: '/a?b', isHttp10: false, fields: ['Host', 'a', 'Transfer-Encoding', 'chunked'], body: 'hi', trailers: ['X', 'y'], isComplete: true },
      { method: 'GET', target: '/cut', isHttp10: true, fields: ['Content-Length', '5'], body: 'he', trailers: [], isComplete: false },
    ],
    ending: 'open',
  });
});

const ENDINGS: readonly [name: string, text: string, requests: number, ending: string][] = [
  ['what its parser refuses', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n', 1, 'HPE_INVALID_METHOD'],
  ['a missing Host', 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 0, 'status 400'],
  ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n', 0, 'status 417'],
  ['what stands behind a close', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 1, 'closed'],
  ['what stands behind CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 1, 'closed'],
];

for (const [name, text, requests, ending] of ENDINGS) {
  test(`sees that node:http does not deliver ${name}`, async () => {
    const verdict = await new NodeOracle().verdict(latin1Bytes(text));
    assert.deepEqual([verdict.requests.length, verdict.ending], [requests, ending]);
  });
}

test('shrinks bytes to those without which what was found is lost', async () => {
  const bytes = latin1Bytes('one two three four five');
  const smallest = await shrink(bytes, (shorter) => Promise.resolve(/t.*h.*v/.test(Buffer.from(shorter).toString('latin1'))));
  assert.equal(Buffer.from(smallest).toString('latin1'), 'thv');
});

test('keeps a finding in a file from which it can be run again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'longwire-findings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const found = { seed: 7, bytes: latin1Bytes('GET /\x80\0 HTTP/1.1\r\n\r\n\xff') };
  const [smallest = assert.fail()] = await new HttpTarget().judge([{ seed: 7, bytes: found.bytes.subarray(0, 5) }]);
  const { path, isNew } = saveFinding(folder, 'http', 'onlyNode head HTTP_BAD_HOST', found, smallest);
  assert.ok(isNew);
  assert.deepEqual(loadFinding(path), { target: 'http', cases: [found, { seed: 7, bytes: smallest.bytes }] });
  assert.ok(!saveFinding(folder, 'http', 'onlyNode head HTTP_BAD_HOST', { ...found, seed: 8 }, smallest).isNew);
  const { stdout } = await run(process.execPath, [MAIN, '--replay', path]);
  assert.match(stdout, /^neither: nothing to explain$/m);
});

test('runs as long as it is told, and counts', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--minutes', '0.005', '--seed', '1', '--target', 'http']);
  assert.match(stdout, /^from seed 1, for 0\.005 min/);
  assert.match(stdout, /^[1-9]\d* cases: [1-9]\d* agree, [1-9]\d* accepted by neither, 0 disagreements without a reason$/m);
});

test('without a target all of them take turns', async () => {
  const { stdout } = await run(process.execPath, [MAIN, '--minutes', '0.001', '--seed', '1']);
  assert.match(stdout, /^64 cases: /m);
  assert.match(stdout, /^64 WebSockets: 4 round trips, 0 findings$/m);
});

test('refuses a target that it does not know, and says which there are', async () => {
  await assert.rejects(run(process.execPath, [MAIN, '--target', 'smtp']), /--target is http or websocket/);
});
