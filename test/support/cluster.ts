/** A cluster for one test, on a free port of 127.0.0.1, stopped when the test is over; and what is asked of its workers. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Cluster, type ClusterOptions, runCluster, type WorkerExit } from 'longwire';
import { RawClient } from './raw-client.js';
import { request } from './requests.js';
import { until } from './signals.js';
import { PATIENCE_MS } from './patience.js';

export interface TestCluster {
  readonly cluster: Cluster;
  readonly port: number;
  readonly exits: WorkerExit[];
}

/** A module of `test/cluster/handlers`, with a query for it. */
export function handlerModule(name: string, query = ''): URL {
  return new URL(`../cluster/handlers/${name}.js?${query}`, import.meta.url);
}

/** Starts two workers, unless `options` say another number. Their ends are collected. */
export async function startCluster(t: TestContext, module = handlerModule('lab'), options: ClusterOptions = {}): Promise<TestCluster> {
  const exits: WorkerExit[] = [];
  const cluster = await runCluster(module, { workers: 2, host: '127.0.0.1', port: 0, onWorkerExit: (exit) => exits.push(exit), ...options });
  t.after(() => cluster.stop({ timeoutMs: 0 }));
  return { cluster, port: cluster.port, exits };
}

/** The body of one GET over a connection of its own. */
export async function ask(t: TestContext, port: number, path = '/'): Promise<string> {
  const client = await RawClient.open(t, port);
  await client.send(request(path));
  const { body } = await client.readResponse();
  client.socket.destroy();
  return body;
}

/** A connection to another worker than those that `isAllowed` refuses: new ones are opened until there is one. */
export async function connectTo(t: TestContext, port: number, isAllowed: (pid: number) => boolean): Promise<{ readonly client: RawClient; readonly pid: number }> {
  for (;;) {
    const client = await RawClient.open(t, port);
    await client.send(request());
    const pid = Number((await client.readResponse()).body);
    if (isAllowed(pid)) return { client, pid };
    client.socket.destroy();
  }
}

/** Who serves now: connections are opened until `count` different processes have answered. */
export async function servingPids(t: TestContext, port: number, count: number): Promise<Set<number>> {
  const pids = new Set<number>();
  await until(async () => pids.add(Number(await ask(t, port))).size === count, `answers of ${count} workers`, PATIENCE_MS);
  return pids;
}

/** Waits until so many workers listen, and so many have died. */
export async function workersAre(cluster: Cluster, listening: number, died: number): Promise<void> {
  await until(async () => {
    const { workers } = await cluster.stats();
    return workers.listening === listening && workers.died >= died;
  }, `${listening} workers that listen, after ${died} died`, PATIENCE_MS);
}

/** A folder that is removed when the test is over. */
export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'longwire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A file that a test makes to tell workers something. */
export class Sign {
  readonly path: string;

  constructor(t: TestContext) {
    this.path = join(makeFolder(t), 'sign');
  }

  give(): void {
    writeFileSync(this.path, '');
  }

  take(): void {
    rmSync(this.path);
  }

  /** Waits until a worker that is told to block until the sign is given has begun to. */
  async blocks(): Promise<void> {
    await until(() => existsSync(`${this.path}.begun`), 'the block', PATIENCE_MS);
  }
}

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
