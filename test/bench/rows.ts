/** Rows of results as a run would have found them. */

import type { GroupResult } from '../../bench/broadcast/results.js';
import type { IdleResult } from '../../bench/idle-row.js';
import type { Results } from '../../bench/results.js';
import type { RowResult, Summary } from '../../bench/row.js';
import type { ServerName } from '../../bench/servers.js';

export function summary(server: ServerName, microsPerOperation: number, more: Partial<Summary> = {}): Summary {
  return {
    server,
    application: 'hello',
    about: server,
    microsPerOperation,
    rounds: [microsPerOperation],
    spread: 0,
    operationsPerSecond: 50_000,
    latency: { p50: 700, p99: 1500, p999: 0 },
    serverShare: 1,
    clientShare: 0.5,
    foreignShare: 0.01,
    ...more,
  };
}

export function row(more: Partial<RowResult> = {}): RowResult {
  return {
    name: 'hello',
    title: 'hello',
    chart: 'http',
    load: 'raw',
    rounds: 3,
    floor: { ratio: 2 },
    against: 'node:http',
    ours: summary('longwire', 10),
    peer: summary('node:http', 25),
    limit: summary('limit', 5),
    others: [],
    absences: [],
    ...more,
  };
}

export function idleRow(rss: Partial<Record<ServerName, number>>, floor: number | undefined = 3700): IdleResult {
  const servers = Object.entries(rss).map(([server, value]) => ({
    server: server as ServerName,
    about: server,
    opened: { rss: value, heap: 1000 },
    asked: { rss: value * 2, heap: 1000 },
  }));
  return { name: 'idle-http', title: 'idle connection', connections: 15_000, floor, servers, absences: [] };
}

export function groupResult(entry: string, members: number, microsPerDelivery: number): GroupResult {
  return { entry, about: entry, members, messageBytes: 128, microsPerDelivery, deliveriesPerSecond: 1e6 / microsPerDelivery, latency: { p50: 1, p99: 2, p999: 3 } };
}

export function results(more: Partial<Results> = {}): Results {
  return {
    date: '2026-03-01',
    measuredAt: `${more.date ?? '2026-03-01'}T00:00:00.000Z`,
    node: '20.20.2',
    revision: { commit: 'abcdef0123', isDirty: false },
    machine: { system: 'Debian', kernel: 'Linux 6', cpu: 'a processor', cores: 2, memoryBytes: 24 * 1024 ** 3 },
    loadNode: '20.20.2',
    cores: { serverCore: 0, loadCore: 1 },
    options: { rounds: 3, seconds: 1, isQuick: false },
    rows: [row()],
    idle: [idleRow({ 'longwire': 3000, 'limit': 2900 })],
    ...more,
  };
}
