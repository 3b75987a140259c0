/** What was found is said: every row with its floor, every server that is missing, and how many floors are met. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileName, pageOf, summaryOf } from '../../bench/results.js';
import { absenceOf } from '../../bench/row.js';
import { idleTable, othersTable, rowsTable } from '../../bench/table.js';
import { ROOT } from '../support/documents.js';
import { idleRow, results, row, summary } from './rows.js';

const cellsOf = (table: string, line = 2): string[] => table.split('\n')[line]!.split('|').slice(1, -1).map((cell) => cell.trim());

test('a row has both CPU times, the limit, ratio and share, throughput, latencies, its floor and the verdict', () => {
  assert.deepEqual(cellsOf(rowsTable([row()], 20)), ['hello', 'node:http', '25.00', '5.00', '10.00', '2.50x', '0.50', '50,000', '700 µs', '1.5 ms', '–', '2x', 'met']);
});

test('a row says that its floor is not met, and that the client was the limit', () => {
  const ours = summary('longwire', 10, { clientShare: 1, serverShare: 0.5 });
  assert.equal(cellsOf(rowsTable([row({ ours, floor: { ratio: 3, limitShare: 0.92 } })], 20)).at(-1), '**not met**, client-bound');
  assert.equal(cellsOf(rowsTable([row({ ours, floor: { ratio: 3, limitShare: 0.92 } })], 20)).at(-2), '3x, 0.92 of the limit');
});

test('what was not measured is a dash', () => {
  assert.deepEqual(cellsOf(rowsTable([row({ ours: undefined, peer: undefined, limit: undefined })], 20)).slice(2, 11), Array(9).fill('–'));
});

test('all lines of a table have the cells of its head', () => {
  const rows = [row(), row({ ours: undefined }), row({ floor: undefined, others: [summary('bun', 8)] })];
  for (const table of [rowsTable(rows, 20), othersTable(rows), idleTable([idleRow({ longwire: 3000, limit: 2900 })])]) {
    const counts = table.split('\n').map((line) => line.split('|').length);
    assert.ok(counts.length > 2);
    assert.equal(new Set(counts).size, 1, table);
  }
});

test('others stand in a table of their own, with their own words for themselves', () => {
  assert.equal(othersTable([row()]), '');
  assert.deepEqual(cellsOf(othersTable([row({ others: [summary('bun', 8, { about: 'Bun 1.4' })] })])).slice(0, 5), ['hello', 'Bun 1.4', '8.00', '10.00', '0.80x']);
});

test('an idle connection has two lines a server, and a floor where it is ours', () => {
  const table = idleTable([idleRow({ longwire: 3000, limit: 2000 })]);
  assert.deepEqual(cellsOf(table), ['idle connection', 'longwire', '3,000', '1,000', '3,700 at most', 'met']);
  assert.deepEqual(cellsOf(table, 3), ['idle connection, after one request', 'longwire', '6,000', '1,000', '3,700 at most', '**not met**']);
  assert.deepEqual(cellsOf(table, 4), ['idle connection', 'limit', '2,000', '1,000', '', '']);
});

test('the page says where and of what it was measured, and who was missing once', () => {
  const absence = { server: 'bun', reason: 'bun is not installed\nat …', isFailure: false } as const;
  const page = pageOf(results({ rows: [row({ absences: [absence] }), row({ absences: [absence] })], revision: { commit: 'abcdef0123', isDirty: true } }));
  for (const fact of ['Node 20.20.2', 'abcdef0123, with changes', 'Debian', '2 cores of a processor', '24 GiB', '3 rounds of 1 s', 'core 0', '- bun: bun is not installed\n']) assert.ok(page.includes(fact), fact);
  assert.equal(page.split('bun is not installed').length, 2);
});

test('the page says how many rows were cut short', () => {
  assert.ok(pageOf(results({ rows: [row({ rounds: 1 }), row(), row({ rounds: 1, floor: undefined })] })).includes('1 rows with floors had fewer rounds'));
  assert.ok(!pageOf(results()).includes('fewer rounds'));
});

test('the page says where other programs had a part of the core', () => {
  const busy = summary('longwire', 10, { foreignShare: 0.4 });
  assert.match(pageOf(results({ rows: [row({ ours: busy }), row()] })), /machine was busy.* in 1 of 6 measurements/);
  assert.ok(!pageOf(results()).includes('busy'));
});

test('the last line counts the floors', () => {
  const rows = [row(), row({ floor: { ratio: 9 } }), row({ floor: undefined }), row({ peer: undefined })];
  assert.equal(summaryOf({ rows, idle: [], node: '20.1.0' }), '1 of 3 floors are met, 1 not, 1 not measured.');
  assert.equal(summaryOf({ rows: [], idle: [idleRow({ longwire: 3000, limit: 2000 })], node: '24.1.0' }), '1 of 2 floors are met, 1 not.');
});

test('results are kept under their date, Node and commit', () => {
  assert.equal(fileName(results()), '2026-03-01-node20.20.2-abcdef0123');
});

test('why a server is missing is told without the place of this checkout', () => {
  assert.equal(absenceOf('bun', new Error(`not found, required by ${ROOT}/bench/node_modules/x.node`)).reason, 'not found, required by bench/node_modules/x.node');
});
