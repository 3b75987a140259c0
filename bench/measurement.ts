/**
 * One measurement: a server of its own process, warmed up, then loaded for a while; what is read is the CPU time it spent over what the
 * load counted.
 */

import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { Child, pinned } from './child.js';
import { busyNanosOf } from './cpu-time.js';
import type { Latency } from './histogram.js';
import type { GroupTask, LoadResult, RawTask } from './loads/load.js';
import { compiled } from './paths.js';
import { RunningServer } from './servers.js';
import { type GroupTrafficSpec, type Step, trafficOf } from './traffic.js';
import type { Contestant, LoadName, Workload } from './workloads.js';
import { runWrk } from './wrk.js';

/** Beyond its time, a load is not waited for longer. */
const GRACE_MS = 30_000;
const PROBE_MS = 10_000;

export interface Settings {
  readonly seconds: number;
  readonly warmSeconds: number;
  /** The Node that servers run on. */
  readonly node: string;
  readonly serverCore: number | undefined;
  readonly loadCore: number | undefined;
  readonly hasWrk: boolean;
  /** How often a measurement is repeated that other programs disturbed. */
  readonly repeats: number;
}

export interface Measurement {
  readonly operations: number;
  /** CPU time of the server for one operation. */
  readonly microsPerOperation: number;
  readonly operationsPerSecond: number;
  readonly latency: Latency;
  /** What of one core each side used. */
  readonly serverShare: number;
  readonly clientShare: number;
  /** What of the server's core other programs had meanwhile; `undefined` where that is not known. */
  readonly foreignShare: number | undefined;
  /** The server in its own words. */
  readonly about: string;
}

/** What the server that parses nothing has to know of a workload. */
export interface LimitPlan {
  readonly openingBytes: number;
  readonly opening: string;
  /** 0: the length of the first request that comes. */
  readonly requestBytes: number;
  readonly answer: string;
  readonly isLast: boolean;
  readonly isShared: boolean;
}

/** What of a workload makes its load. */
export type LoadedWorkload = Pick<Workload, 'load' | 'traffic' | 'connections' | 'inFlight'>;

const SERVER_CORE = 0;
const LOAD_CORE = 1;

/** A core for each side where the machine has two and `taskset`. */
export function coresHere(): Pick<Settings, 'serverCore' | 'loadCore'> {
  const isPinned = availableParallelism() > LOAD_CORE && spawnSync('taskset', ['--version']).error === undefined;
  return isPinned ? { serverCore: SERVER_CORE, loadCore: LOAD_CORE } : { serverCore: undefined, loadCore: undefined };
}

/** Sees a server while it is measured: it is called as that begins, and what it returns as it ends. */
export type Watch = (server: RunningServer) => Promise<() => Promise<void>>;

export async function measure(contestant: Contestant, workload: LoadedWorkload, settings: Settings, plan?: LimitPlan, watch?: Watch): Promise<Measurement> {
  const { connections, inFlight } = workload;
  const server = await RunningServer.start(contestant.server, contestant, settings.node, settings.serverCore);
  try {
    if (plan !== undefined) await server.ask('answer', plan);
    const task: RawTask = { port: server.port, traffic: contestant.traffic ?? workload.traffic, connections, inFlight, ...timesOf(settings) };
    return await loaded(server, () => startLoad(loadOf(workload, settings.hasWrk), task, settings.loadCore), settings, watch);
  } finally {
    await server.stop();
  }
}

/** The messages to a group of so many members, of one process. */
export async function measureGroup(contestant: Omit<Contestant, 'traffic'>, traffic: GroupTrafficSpec, members: number, settings: Settings): Promise<Measurement> {
  const server = await RunningServer.start(contestant.server, contestant, settings.node, settings.serverCore);
  try {
    const task: GroupTask = { port: server.port, askPort: server.port, traffic, connections: members, ...timesOf(settings) };
    return await loaded(server, () => startLoadProcess('group', task, settings.loadCore), settings);
  } finally {
    await server.stop();
  }
}

export function timesOf({ seconds, warmSeconds }: Settings): Pick<RawTask, 'seconds' | 'warmSeconds'> {
  return { seconds, warmSeconds };
}

async function loaded(server: RunningServer, start: () => Promise<RunningLoad>, settings: Settings, watch?: Watch): Promise<Measurement> {
  const load = await start();
  try {
    const seen = await watch?.(server);
    const core = settings.serverCore === undefined ? undefined : busyNanosOf(settings.serverCore);
    const before = await server.cpuNanos();
    const { operations, seconds, latency, clientShare } = await load.go();
    const nanos = (await server.cpuNanos()) - before;
    const foreign = core === undefined ? undefined : busyNanosOf(settings.serverCore!)! - core - nanos;
    await seen?.();
    return {
      operations,
      microsPerOperation: nanos / 1000 / operations,
      operationsPerSecond: operations / seconds,
      latency,
      serverShare: nanos / 1e9 / seconds,
      clientShare,
      foreignShare: foreign === undefined ? undefined : Math.max(0, foreign / 1e9 / seconds),
      about: server.about,
    };
  } finally {
    await load.stop();
  }
}

/** The program that makes the load here. */
export function loadOf({ load }: Pick<Workload, 'load'>, hasWrk: boolean): LoadName {
  return load === 'wrk' && !hasWrk ? 'raw' : load;
}

export interface RunningLoad {
  go(): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Resolves when the server is warm. */
async function startLoad(name: LoadName, task: RawTask, core: number | undefined): Promise<RunningLoad> {
  if (name !== 'wrk') return startLoadProcess(name, task, core);
  await runWrk(task, task.warmSeconds, core);
  return { go: () => runWrk(task, task.seconds, core), stop: async () => undefined };
}

/** The same of a load of our own. */
export async function startLoadProcess(name: Exclude<LoadName, 'wrk'> | 'group', task: RawTask | GroupTask, core: number | undefined): Promise<RunningLoad> {
  const child = new Child(`the load ${name}`, pinned(core, [process.execPath, compiled('loads', name), JSON.stringify(task)]));
  try {
    await child.hear(task.warmSeconds * 1000 + GRACE_MS);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { go: () => child.ask<LoadResult>({ go: true }, task.seconds * 1000 + GRACE_MS), stop: () => child.stop() };
}

/** Asks our own server, so that the one that parses nothing sends the same bytes. */
export async function planLimit(workload: Pick<Workload, 'ours' | 'traffic' | 'load'>, settings: Settings): Promise<LimitPlan> {
  const server = await RunningServer.start('longwire', { ...workload.ours, waiting: workload.ours.waiting && 1 }, settings.node, settings.serverCore);
  try {
    const traffic = trafficOf(workload.traffic);
    const answers = await converse(server.port, [...traffic.opening, { bytes: traffic.request, answerLength: traffic.answerLength }]);
    return {
      openingBytes: traffic.opening[0]?.bytes.length ?? 0,
      opening: (answers.length > 1 ? answers[0]! : Buffer.alloc(0)).toString('base64'),
      requestBytes: workload.load === 'autocannon' ? 0 : traffic.request.length,
      answer: answers.at(-1)!.toString('base64'),
      isLast: workload.load === 'connections',
      isShared: workload.traffic.kind === 'broadcast',
    };
  } finally {
    await server.stop();
  }
}

/** Sends one step behind the answer to the one before; resolves to the answers. */
function converse(port: number, steps: readonly Step[]): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const answers: Buffer[] = [];
    let answer = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('the answer never became whole')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed before the answer was whole')));
    socket.on('data', (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes]);
      const length = steps[answers.length]!.answerLength(answer);
      if (length === undefined) return;
      answers.push(answer.subarray(0, length));
      answer = Buffer.alloc(0);
      const next = steps[answers.length];
      if (next !== undefined) return void socket.write(next.bytes);
      resolve(answers);
      socket.destroy();
    });
    socket.write(steps[0]!.bytes);
  });
}
