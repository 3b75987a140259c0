/** The documents quote what was measured: their tables and charts are those of the newest results. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chartsOf } from '../../bench/charts.js';
import { CHARTS, DOCUMENTS, filled, tablesOf } from '../../bench/documents.js';
import { growthResult } from '../../bench/growth/growth.js';
import { newestResults } from '../../bench/newest.js';
import { divide, PARTS, profileTable } from '../../bench/profile/parts.js';
import { ROOT } from '../support/documents.js';
import { groupResult, idleRow, results, row } from './rows.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

for (const [document, path] of Object.entries(DOCUMENTS)) {
  test(`the tables of ${document} are those of the newest results`, () => {
    const text = read(document);
    assert.match(text, /<!-- bench:/);
    assert.equal(text, filled(text, tablesOf(newestResults(), path)), 'run npm run bench:charts');
  });
}

test('the charts are those of the newest results', () => {
  const charts = chartsOf(newestResults());
  assert.deepEqual(readdirSync(join(ROOT, CHARTS)).sort(), Object.keys(charts).map((name) => `${name}.svg`).sort());
  for (const [name, svg] of Object.entries(charts)) assert.equal(read(`${CHARTS}/${name}.svg`), svg, `${name}: run npm run bench:charts`);
});

test('what stands between two marks is replaced, whatever it was, and nothing else', () => {
  const tables = { a: 'new a', b: 'new b' };
  const text = 'before\n<!-- bench:a -->\n<!-- /bench -->\nbetween\n\n<!-- bench:b -->\n\nold\n\nolder\n\n<!-- /bench -->\nbehind';
  const expected = 'before\n<!-- bench:a -->\n\nnew a\n\n<!-- /bench -->\nbetween\n\n<!-- bench:b -->\n\nnew b\n\n<!-- /bench -->\nbehind';
  assert.equal(filled(text, tables), expected);
  assert.equal(filled(expected, tables), expected);
});

test('a mark without results, and one without an end, are errors', () => {
  assert.throws(() => filled('<!-- bench:nothing -->\n<!-- /bench -->', {}), /no results for the mark bench:nothing/);
  assert.throws(() => filled('<!-- bench:a -->\nold\n<!-- bench:b -->\n<!-- /bench -->', { a: '', b: '' }), /bench:a has no end/);
  assert.throws(() => filled('<!-- bench:a -->\nold\n', { a: '' }), /bench:a has no end/);
});

test('a table says which version met its floor, and which did not', () => {
  const node24 = results({ node: '24.0.0', idle: [idleRow({ longwire: 9000, limit: 2900 })] });
  const facts = { date: '2026-03-01', measuredAt: '2026-03-01T00:00:00.000Z', node: '20.20.2', revision: results().revision, machine: results().machine };
  const growth = { ...facts, options: { rounds: 1, seconds: 1 }, curves: [growthResult('lines', 'header lines', [{ size: 10, micros: [1] }, { size: 1000, micros: [1.5] }])] };
  const broadcast = { ...facts, options: { rounds: 1, seconds: 1 }, groups: [groupResult('websocket', 1000, 2), groupResult('ws', 1000, 3)], redis: [], missing: [] };
  const tables = tablesOf({ runs: [results({ rows: [row({ floor: { ratio: 3 } })] }), node24], growth, soak: undefined, broadcast, profile: undefined }, 'results');
  assert.match(tables['summaries']!, /^- Node 20\.20\.2: .*\(\[results\]\(results\/2026-03-01-node20\.20\.2-abcdef0123\.md\)\)\n- Node 24\.0\.0: /);
  assert.match(tables['rows']!, /\| hello \| node:http \| 25\.00 \| 5\.00 \| 10\.00 \| 2\.50x \| 0\.50 \| 1\.5 ms \| 3x \| not met \|/);
  assert.match(tables['idle']!, /\| idle connection \| longwire \| 3,000 \(1,000\), at most 3,700: met \| 9,000 \(1,000\), at most 3,700: not met \|/);
  assert.match(tables['growth']!, /\| header lines \| 10: 1\.00, 1,000: 1\.50 \| 1\.50x \| grows \|/);
  assert.match(tables['groups']!, /\| ws: WebSockets in a loop \|  \|  \| 3\.00 \(1\.50x\) \|/);
});

test('what a profile saw of JavaScript is divided among the parts of a server, and the rest of the CPU time is what was outside', () => {
  const parts = divide(10, 10, { '(program)': 5, '(garbage collector)': 10, '(idle)': 900, 'node:net': 20, 'file:///x/dist/http/parser.js': 15, 'file:///x/dist/server.js': 5, writeLatin1String: 1, 'wasm://wasm/1': 0 });
  assert.deepEqual(PARTS.map((part) => Math.round(parts[part] * 100) / 100), [5, 1, 2, 0, 1.5, 0, 0, 0.5]);
  assert.match(profileTable([{ row: 'hello', title: 'hello', server: 'longwire', micros: 10, parts }]), /\| hello \| longwire \| 10\.00 \| 5\.00 \| 1\.00 \| 2\.00 \|  \| 1\.50 \|  \|  \| 0\.50 \|/);
});
