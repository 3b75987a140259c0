/** The charts of what was found: how Longwire compares, what idle connections cost, growth, memory over time, and groups. */

import type { BroadcastResults } from './broadcast/results.js';
import { ENTRIES, MESSAGE_BYTES } from './broadcast/scenarios.js';
import { judge } from './floors.js';
import type { GrowthResults } from './growth/main.js';
import type { ProfileResults } from './profile/main.js';
import { fileName, majorOf, type Results } from './results.js';
import type { SoakResults } from './soak/main.js';
import type { Sample } from './soak/trend.js';
import { barChart, type BarGroup, type Line, lineChart } from './svg.js';

/** A run that is quoted. */
export interface QuotedRun extends Results {
  /** The file that its memory of idle connections is from, where that was measured again later. */
  readonly idleFile?: string;
}

/** What the newest run of each kind found. */
export interface Newest {
  readonly runs: readonly QuotedRun[];
  readonly growth: GrowthResults | undefined;
  readonly soak: SoakResults | undefined;
  readonly broadcast: BroadcastResults | undefined;
  readonly profile: ProfileResults | undefined;
}

/**
 * The last that was measured of each version, oldest version first; a run that lacks one of these rows is not quoted. But what it says of idle
 * connections is taken from a later one that has those: memory depends on nothing else that a run measures.
 */
export function newestOfEachNode(all: readonly Results[], rows: readonly string[], idleRows: readonly string[]): QuotedRun[] {
  const whole = all.filter((results) => rows.every((name) => results.rows.some((row) => row.name === name)));
  const majors = [...new Set(whole.map(({ node }) => majorOf(node)))].sort((a, b) => a - b);
  return majors.map((major) => {
    const isOfVersion = ({ node }: Results): boolean => majorOf(node) === major;
    const withIdle = all.filter(isOfVersion).filter(({ idle }) => idleRows.every((name) => idle.some((row) => row.name === name)));
    return withNewestIdle(newestOf(whole.filter(isOfVersion))!, newestOf(withIdle));
  });
}

function withNewestIdle(run: Results, newest: Results | undefined): QuotedRun {
  return newest === undefined || newest === run ? run : { ...run, idle: newest.idle, idleFile: fileName(newest) };
}

/** The last that was measured. */
export function newestOf<T extends { readonly measuredAt: string }>(all: readonly T[]): T | undefined {
  return all.reduce<T | undefined>((newest, each) => (newest === undefined || newest.measuredAt <= each.measuredAt ? each : newest), undefined);
}

/** The charts by their names, of what there is. */
export function chartsOf({ runs, growth, soak, broadcast }: Omit<Newest, 'profile'>): Record<string, string> {
  return {
    ...(runs.length === 0 ? {} : { http: ratioChart('http', runs), websocket: ratioChart('websocket', runs), idle: idleChart(runs) }),
    ...(growth === undefined ? {} : { growth: growthChart(growth) }),
    ...(soak === undefined ? {} : { soak: soakChart(soak) }),
    ...(broadcast === undefined ? {} : broadcastCharts(broadcast)),
  };
}

const PEERS = { http: 'node:http', websocket: 'ws with bufferutil' } as const;

function ratioChart(chart: 'http' | 'websocket', all: readonly Results[]): string {
  const rows = all.at(-1)!.rows.filter((row) => row.chart === chart && row.against !== 'longwire');
  const groups = rows.map(({ name, title }): BarGroup => ({ label: title, values: all.map((results) => ratioOf(results, name)) }));
  return barChart({
    title: `${chart === 'http' ? 'HTTP' : 'WebSocket'}: how many times less CPU time Longwire needs than ${PEERS[chart]}`,
    subtitle: `server CPU time for one operation, medians, ${measuredWhen(all)}; the line is ${PEERS[chart]}`,
    series: all.map(seriesOf),
    groups: groups.filter(({ values }) => values.some((value) => value !== undefined)),
    mark: 1,
    format: (value) => `${value.toFixed(2)}x`,
  });
}

function ratioOf({ rows, node }: Results, name: string): number | undefined {
  const row = rows.find((each) => each.name === name);
  return row && judge(row, majorOf(node)).ratio;
}

function idleChart(all: readonly Results[]): string {
  const last = all.at(-1)!;
  const groups = last.idle.flatMap(({ name, title, servers }) =>
    servers.map(({ server }): BarGroup => ({
      label: `${title}, ${server === 'limit' ? 'the limit of node:net' : server}`,
      values: all.map((results) => results.idle.find((row) => row.name === name)?.servers.find((each) => each.server === server)?.opened.rss),
    })),
  );
  return barChart({
    title: 'Memory: bytes of RSS that one idle connection costs',
    subtitle: `${last.idle[0]?.connections.toLocaleString('en') ?? 0} connections, after garbage collection, ${measuredWhen(all)}`,
    series: all.map(seriesOf),
    groups,
    format: (value) => Math.round(value).toLocaleString('en'),
  });
}

function growthChart({ curves, node, date }: GrowthResults): string {
  return lineChart({
    title: 'Growth: what one more costs',
    subtitle: `CPU time of one unit beside that of the cheapest size, Node ${node}, ${date}`,
    lines: curves.map(({ title, points }) => {
      const least = Math.min(...points.map(({ microsPerUnit }) => microsPerUnit));
      return { label: title, points: points.map(({ size, microsPerUnit }) => ({ x: size, y: microsPerUnit / least })) };
    }),
    xLabel: 'how many',
    isLogarithmic: true,
    largest: 3,
    format: (value) => `${value.toFixed(2)}x`,
  });
}

function soakChart({ samples, node, date, options, count }: SoakResults): string {
  const line = (label: string, of: (sample: Sample) => number): Line => ({ label, points: samples.map((sample) => ({ x: sample.minutes, y: of(sample) / 1024 ** 2 })) });
  return lineChart({
    title: 'Soak: memory under mixed load',
    subtitle: `${options.clients} clients at a time, ${count.clients.toLocaleString('en')} in all, after garbage collection, Node ${node}, ${date}`,
    lines: [line('RSS', ({ rss }) => rss), line('heap', ({ heapUsed }) => heapUsed)],
    xLabel: 'minutes',
    isLogarithmic: false,
    format: (value) => `${value.toFixed(0)} MiB`,
  });
}

function broadcastCharts(results: BroadcastResults): Record<string, string> {
  const sizes = MESSAGE_BYTES.filter((bytes) => results.groups.some(({ messageBytes }) => messageBytes === bytes));
  return Object.fromEntries(sizes.map((bytes) => [`broadcast-${bytes}`, broadcastChart(results, bytes)]));
}

/** A group of one member is left out: it costs a turn of the event loop, which is shared by none. */
function broadcastChart({ groups, node, date }: BroadcastResults, bytes: number): string {
  const lines = ENTRIES.map(({ name, title, server }): Line => ({
    label: server === 'longwire' ? `Longwire: ${title}` : title,
    points: groups.filter(({ entry, members, messageBytes }) => entry === name && messageBytes === bytes && members > 1).map(({ members, microsPerDelivery }) => ({ x: members, y: microsPerDelivery })),
  }));
  return lineChart({
    title: `Groups: what a message of ${bytes.toLocaleString('en')} B to one member costs`,
    subtitle: `server CPU time, one message a turn, Node ${node}, ${date}`,
    lines: lines.filter(({ points }) => points.length > 0),
    xLabel: 'members',
    isLogarithmic: true,
    format: (value) => `${value.toFixed(1)} µs`,
  });
}

function seriesOf({ node }: Results): string {
  return `Node ${node}`;
}

function measuredWhen(all: readonly Results[]): string {
  return [...new Set(all.map(({ date }) => date))].join(', ');
}
