/** Charts are well-formed, and have every number written into them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartsOf, newestOfEachNode } from '../../bench/charts.js';
import { tablesOf } from '../../bench/documents.js';
import { growthResult } from '../../bench/growth/growth.js';
import { trendOf } from '../../bench/soak/trend.js';
import { barChart, lineChart } from '../../bench/svg.js';
import { groupResult, idleRow, results, row } from './rows.js';

const BARS = { title: 'A & B <c> "d"', subtitle: 'numbers', series: ['one', 'two'], groups: [{ label: 'first', values: [1.5, undefined] }, { label: 'second', values: [12, 3] }], mark: 1, format: (value: number) => `${value}x` };

test('a chart of bars is well-formed, and escapes what stands in its titles', () => {
  const svg = barChart(BARS);
  assertWellFormed(svg);
  assert.ok(svg.includes('A &amp; B &lt;c&gt; &quot;d&quot;'));
});

test('every bar has its number, and no bar stands for what is not there', () => {
  const svg = barChart(BARS);
  for (const number of ['1.5x', '12x', '3x']) assert.ok(svg.includes(`>${number}<`), number);
  const bars = [...svg.matchAll(/<rect [^>]*width="([\d.]+)" height="14"/g)].map(([, width]) => Number(width));
  assert.equal(bars.length, 3);
  assert.ok(Math.abs(bars[1]! / bars[0]! - 8) < 0.1, 'bars are as long as their numbers are large');
});

test('a chart of lines is well-formed, with the last number of each line', () => {
  const svg = lineChart({ title: 'growth', subtitle: '', xLabel: 'how many', isLogarithmic: true, format: (value) => value.toFixed(2), lines: [{ label: 'a', points: [{ x: 1, y: 1 }, { x: 1000, y: 1.25 }] }, { label: 'b', points: [{ x: 10, y: 2 }] }] });
  assertWellFormed(svg);
  assert.ok(svg.includes('>a: 1.25<') && svg.includes('>b: 2.00<'));
  assert.equal(svg.split('<polyline').length, 3);
  assert.ok(!svg.includes('NaN') && !svg.includes('Infinity'));
});

test('there is a chart of each kind of results that there are', () => {
  const samples = Array.from({ length: 8 }, (_, minutes) => ({ minutes, rss: 1e8, heapUsed: 1e7 }));
  const facts = { date: '2026-03-01', measuredAt: '2026-03-01T00:00:00.000Z', node: '20.20.2', revision: results().revision, machine: results().machine };
  const growth = { ...facts, options: { rounds: 1, seconds: 1 }, curves: [growthResult('lines', 'header lines', [{ size: 10, micros: [1] }, { size: 100, micros: [1.1] }])] };
  const soak = { ...facts, options: { minutes: 8, clients: 10, seed: 1 }, count: { clients: 1000, exchanges: 9000 }, samples, trend: trendOf(samples) };
  const stats = {} as never;
  const broadcast = { ...facts, options: { rounds: 1, seconds: 1 }, groups: [groupResult('websocket', 100, 7.25), groupResult('ws', 100, 9.5)], redis: [], missing: [] };
  const charts = chartsOf({ runs: [results({ rows: [row(), row({ name: 'echo', chart: 'websocket', against: 'ws' })] })], growth, soak: { ...soak, stats }, broadcast });
  assert.deepEqual(Object.keys(charts), ['http', 'websocket', 'idle', 'growth', 'soak', 'broadcast-128']);
  for (const svg of Object.values(charts)) assertWellFormed(svg);
  assert.ok(charts['http']!.includes('>2.50x<'));
  assert.ok(charts['idle']!.includes('>3,000<'));
  assert.ok(charts['broadcast-128']!.includes('>Longwire: WebSockets: 7.3 µs<') && charts['broadcast-128']!.includes('>ws: WebSockets in a loop: 9.5 µs<'));
  assert.deepEqual(chartsOf({ runs: [], growth: undefined, soak: undefined, broadcast: undefined }), {});
});

const IDLE = [idleRow({}).name];

test('of each Node the newest whole run is drawn, the oldest Node first', () => {
  const old = results({ date: '2026-01-01' });
  const part = results({ date: '2026-04-01', rows: [], idle: [] });
  const other = results({ date: '2026-02-01', node: '26.0.0', idle: [idleRow({ longwire: 1 })] });
  assert.deepEqual(newestOfEachNode([other, results(), old, part], ['hello'], IDLE), [results(), other]);
});

test('what a whole run says of idle connections gives way to what was measured later of the same Node', () => {
  const idle = [idleRow({ longwire: 2000 })];
  const again = results({ date: '2026-04-01', rows: [], idle });
  const other = results({ date: '2026-05-01', node: '26.0.0', rows: [], idle: [idleRow({ longwire: 1 })] });
  // With some of its idle rows, or none, a run says nothing of memory.
  const part = results({ date: '2026-06-01', rows: [], idle: [] });
  const [quoted, ...others] = newestOfEachNode([again, other, part, results({ idle: [] })], ['hello'], IDLE);
  assert.deepEqual(others, []);
  assert.deepEqual(quoted, { ...results(), idle, idleFile: '2026-04-01-node20.20.2-abcdef0123' });
  const tables = tablesOf({ runs: [quoted!], growth: undefined, soak: undefined, broadcast: undefined, profile: undefined }, 'results');
  assert.match(tables['summaries']!, /\[results\]\(results\/2026-03-01-node20\.20\.2-abcdef0123\.md\), \[idle connections\]\(results\/2026-04-01-node20\.20\.2-abcdef0123\.md\)/);
});

/** Every element that is opened is closed, in order, and no `&` or `<` stands for itself. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  let rest = xml.trim();
  while (rest !== '') {
    const [tag = assert.fail(`no tag at «${rest.slice(0, 80)}»`), isEnd, name, isEmpty] = /^<(\/?)([a-z]+)(?: [a-zA-Z0-9-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*(\/?)>/.exec(rest)?.slice(0) ?? [];
    if (isEnd === '/') assert.equal(open.pop(), name);
    else if (isEmpty !== '/') open.push(name!);
    rest = rest.slice(tag.length);
    const text = /^(?:[^<&]|&(?:amp|lt|gt|quot);)*/.exec(rest)![0];
    rest = rest.slice(text.length);
  }
  assert.deepEqual(open, []);
}
