/** A floor is met, or not, by what was measured: its ratio, or the share of the limit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isClientBound, judge, judgeIdle } from '../../bench/floors.js';
import { idleFloor } from '../../bench/idle.js';
import { WORKLOADS } from '../../bench/workloads.js';
import { idleRow, row, summary } from './rows.js';

test('a ratio is the CPU time of the other over ours, and meets its floor from there on', () => {
  assert.deepEqual(judge(row({ floor: { ratio: 2.5 } }), 20), { verdict: 'met', ratio: 2.5, limitShare: 0.5 });
  assert.equal(judge(row({ floor: { ratio: 2.51 } }), 20).verdict, 'not met');
});

test('a ratio that is not reached on another Node than 20 is said to be below that of Node 20', () => {
  assert.equal(judge(row({ floor: { ratio: 3 } }), 24).verdict, 'below');
  assert.equal(judge(row({ floor: { ratio: 2 } }), 24).verdict, 'met');
});

test('a row within 0.92 of the limit is met whatever its ratio, on every Node', () => {
  const near = { limit: summary('limit', 9.21), floor: { ratio: 100 } };
  for (const major of [20, 24, 26]) assert.equal(judge(row(near), major).verdict, 'met');
  assert.equal(judge(row({ ...near, limit: summary('limit', 9.19) }), 20).verdict, 'not met');
});

test('a limit that needs more than we do is none, and the ratio counts', () => {
  const slow = { limit: summary('limit', 11.1) };
  assert.equal(judge(row({ ...slow, floor: { ratio: 3 } }), 20).verdict, 'not met');
  assert.equal(judge(row({ ...slow, floor: { ratio: 2 } }), 20).verdict, 'met');
  assert.equal(judge(row({ ...slow, floor: { limitShare: 0.92 } }), 20).verdict, 'met');
});

test('a floor that asks for a share of the limit is not met by a ratio', () => {
  assert.equal(judge(row({ floor: { ratio: 1.1, limitShare: 0.92 } }), 20).verdict, 'not met');
  assert.equal(judge(row({ floor: { limitShare: 0.92 }, limit: undefined }), 20).verdict, 'not measured');
});

test('a row whose peer is missing, or ours, is not measured; one without a floor has none', () => {
  assert.deepEqual(judge(row({ peer: undefined }), 20), { verdict: 'not measured', ratio: undefined, limitShare: 0.5 });
  assert.equal(judge(row({ ours: undefined }), 20).verdict, 'not measured');
  assert.equal(judge(row({ floor: undefined }), 20).verdict, 'no floor');
});

test('a client is the limit where it has nothing more to give and the server has', () => {
  assert.ok(isClientBound({ clientShare: 0.99, serverShare: 0.6 }));
  assert.ok(!isClientBound({ clientShare: 0.99, serverShare: 0.99 }));
  assert.ok(!isClientBound({ clientShare: 0.7, serverShare: 0.6 }));
});

test('an idle connection meets its floor by its bytes, or by those of the limit', () => {
  assert.equal(judgeIdle(idleRow({ longwire: 3700 }), 'opened'), 'met');
  assert.equal(judgeIdle(idleRow({ longwire: 3701 }), 'opened'), 'not met');
  assert.equal(judgeIdle(idleRow({ longwire: 3700 }), 'asked'), 'not met');
  assert.equal(judgeIdle(idleRow({ longwire: 4000, limit: 3680 }), 'opened'), 'met');
  assert.equal(judgeIdle(idleRow({ limit: 3000 }), 'opened'), 'not measured');
});

test('the floor of idle connections is that of the last Node it was given for', () => {
  const floors = { 20: 3700, 24: 3200 };
  assert.deepEqual([18, 20, 22, 24, 26].map((major) => idleFloor({ floors }, major)), [undefined, 3700, 3700, 3200, 3200]);
});

test('no two workloads have one name, and each is found by it alone', () => {
  const names = WORKLOADS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
