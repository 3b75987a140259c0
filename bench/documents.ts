/**
 * The tables of the documents, from the newest results of each kind. They stand between two marks, `<!-- bench:name -->` and `<!-- /bench -->`, and
 * are written anew together with the charts: what is quoted is what was measured.
 */

import { groupsTable, redisTable } from './broadcast/results.js';
import { MESSAGE_BYTES } from './broadcast/scenarios.js';
import type { Newest, QuotedRun } from './charts.js';
import { judge, judgeIdle, type Verdict } from './floors.js';
import type { IdleSummary } from './idle-row.js';
import { duration, markdownTable, micros, times } from './markdown.js';
import { profileTable } from './profile/parts.js';
import { fileName, majorOf, type Results, summaryOf } from './results.js';
import type { RowResult } from './row.js';
import { floorText, othersTable } from './table.js';

/** The documents with tables, and the way from each to the results. */
export const DOCUMENTS: Readonly<Record<string, string>> = { 'README.md': 'bench/results', 'docs/PERFORMANCE.md': '../bench/results', 'docs/SCALING.md': '../bench/results' };
/** The folder of the charts. */
export const CHARTS = 'docs/bench';

/** The rows that the README shows. */
const COMPARED = [
  'hello', 'browser', 'differing', 'pipelined', 'post-1k', 'echo-64-text-1', 'echo-64-text-16', 'echo-1k-text-16', 'echo-64k-binary-1', 'compressed', 'broadcast-1000-1', 'broadcast-1000-4',
];
const MIB = 1024 ** 2;
const BEGINNING = /<!-- bench:([\w-]+) -->\n/;
const END = '<!-- /bench -->';

/** The text between the marks of each name. */
export type Tables = Readonly<Record<string, string>>;

/** `path` leads from the document to the folder of the results. */
export function tablesOf({ runs, growth, soak, broadcast, profile }: Newest, path: string): Tables {
  const first = runs[0];
  return {
    ...(first === undefined
      ? {}
      : {
          compared: `${circumstances(first)}\n\n${comparedTable(first)}`,
          summaries: runs.map((each) => `- Node ${each.node}: ${summaryOf(each)} (${filesOf(each, path)})`).join('\n'),
          rows: floorsTable(first),
          others: othersTable(first.rows),
          idle: idleTable(runs),
          versions: versionsTable(runs),
        }),
    ...(growth === undefined
      ? {}
      : {
          growth: markdownTable(
            ['what there is more of', 'µs of one, from the fewest to the most', 'at most', ''],
            growth.curves.map(({ title, points, growth: most, isFlat }) => [title, points.map(({ size, microsPerUnit }) => `${size.toLocaleString('en')}: ${micros(microsPerUnit)}`).join(', '), times(most), isFlat ? 'flat' : 'grows']),
          ),
        }),
    ...(soak === undefined
      ? {}
      : {
          soak: `${soak.options.minutes} minutes, ${soak.count.clients.toLocaleString('en')} clients, ${soak.options.clients} of them at a time, ${soak.count.exchanges.toLocaleString('en')} exchanges: in the second half RSS changed by ${(soak.trend.rise * 100).toFixed(1)} %, and was ${((soak.samples.at(-1)?.rss ?? 0) / MIB).toFixed(0)} MiB at the end (Node ${soak.node}, ${soak.date}).`,
        }),
    ...(profile === undefined ? {} : { profile: profileTable(profile.profiles) }),
    ...(broadcast === undefined
      ? {}
      : {
          groups: MESSAGE_BYTES.map((bytes) => `Messages of ${bytes.toLocaleString('en')} B:\n\n${groupsTable(broadcast.groups.filter(({ messageBytes }) => messageBytes === bytes))}`).join('\n\n'),
          redis: redisTable(broadcast.redis),
        }),
  };
}

/** The text with what stands between marks replaced. Throws where a mark has no table or no end. */
export function filled(text: string, tables: Tables): string {
  const [before, ...marked] = text.split(BEGINNING);
  let result = before!;
  for (let i = 0; i < marked.length; i += 2) {
    const [name, rest] = [marked[i]!, marked[i + 1]!];
    const end = rest.indexOf(END);
    if (end === -1) throw new Error(`the mark bench:${name} has no end`);
    if (tables[name] === undefined) throw new Error(`there are no results for the mark bench:${name}`);
    result += `<!-- bench:${name} -->\n\n${tables[name]}\n\n${rest.slice(end)}`;
  }
  return result;
}

function circumstances({ date, node, machine, options }: Results): string {
  return `On ${date}, with Node ${node}, ${machine.system}, ${machine.cores} cores of ${machine.cpu}, ${options.rounds} rounds of ${options.seconds} s:`;
}

function filesOf(run: QuotedRun, path: string): string {
  const results = `[results](${path}/${fileName(run)}.md)`;
  return run.idleFile === undefined ? results : `${results}, [idle connections](${path}/${run.idleFile}.md)`;
}

function comparedTable({ rows, node }: Results): string {
  const chosen = COMPARED.flatMap((name) => rows.find((row) => row.name === name) ?? []);
  return markdownTable(
    ['workload', 'beside', 'its CPU time', 'Longwire’s', 'ratio', 'of the limit'],
    chosen.map((row) => {
      const { ratio, limitShare } = judge(row, majorOf(node));
      return [row.title, row.against, `${micros(row.peer?.microsPerOperation)} µs`, `${micros(row.ours?.microsPerOperation)} µs`, times(ratio), limitShare?.toFixed(2) ?? '–'];
    }),
  );
}

/** Whoever has a floor, with the verdict. */
function floorsTable({ rows, node }: Results): string {
  return markdownTable(
    ['workload', 'beside', 'its µs', 'limit µs', 'Longwire’s µs', 'ratio', 'of the limit', 'p99', 'floor', ''],
    rows.filter(({ floor }) => floor !== undefined).map((row) => {
      const { ratio, limitShare, verdict } = judge(row, majorOf(node));
      const { against, peer, limit, ours } = row;
      return [
        row.title,
        against === 'longwire' ? 'Longwire, synchronous' : against,
        ...[peer, limit, ours].map((each) => micros(each?.microsPerOperation)),
        times(ratio),
        limitShare?.toFixed(2) ?? '–',
        ours === undefined ? '–' : duration(ours.latency.p99),
        floorText(row.floor),
        verdict,
      ];
    }),
  );
}

function versionsTable(runs: readonly Results[]): string {
  const rows = runs[0]!.rows.filter(({ floor }) => floor !== undefined);
  return markdownTable(['workload', ...runs.map(({ node }) => `Node ${node}`)], rows.map(({ name, title }) => [title, ...runs.map((run) => versionCell(run.rows.find((row) => row.name === name), run))]));
}

/** Ratio and share of the limit. */
function versionCell(row: RowResult | undefined, { node }: Results): string {
  if (row === undefined) return '–';
  const { ratio, limitShare } = judge(row, majorOf(node));
  return `${times(ratio)}, ${limitShare?.toFixed(2) ?? '–'}`;
}

/** Bytes of RSS and of heap on each version, and whether ours are few enough. */
function idleTable(runs: readonly Results[]): string {
  const lines = runs[0]!.idle.flatMap((row) => row.servers.flatMap(({ server, about }) => (['opened', 'asked'] as const).map((step) => ({ row, server, about, step }))));
  const cell = (run: Results, name: string, server: string, step: 'opened' | 'asked'): string => {
    const row = run.idle.find((each) => each.name === name);
    const found: IdleSummary | undefined = row?.servers.find((each) => each.server === server);
    if (row === undefined || found === undefined) return '–';
    const { rss, heap } = found[step];
    const verdict: Verdict = server === 'longwire' ? judgeIdle(row, step) : 'no floor';
    return `${Math.round(rss).toLocaleString('en')} (${Math.round(heap).toLocaleString('en')})${verdict === 'no floor' ? '' : `, at most ${row.floor!.toLocaleString('en')}: ${verdict}`}`;
  };
  return markdownTable(
    ['one of many', 'server', ...runs.map(({ node }) => `Node ${node}: RSS (heap)`)],
    lines.map(({ row, server, about, step }) => [`${row.title}${step === 'asked' ? ', after one request' : ''}`, server === 'limit' ? 'node:net' : about.split(' ')[0]!, ...runs.map((run) => cell(run, row.name, server, step))]),
  );
}
