/** What connections cost that do nothing: the growth of the server's memory over their number. */

import { readFileSync } from 'node:fs';
import { Child, pinned } from './child.js';
import type { RawTask } from './loads/load.js';
import { type LimitPlan, planLimit, type Settings } from './measurement.js';
import { compiled } from './paths.js';
import { type Memory, RunningServer } from './servers.js';
import type { TrafficSpec } from './traffic.js';
import type { Contestant } from './workloads.js';

/** Each step of the load, and of the server's collections. */
const STEP_MS = 120_000;
/** V8 makes its young generation smaller again once next to nothing was allocated for five seconds. */
const QUIET_MS = 5_500;
/** What a process has open beside the connections. */
const OTHER_FILES = 200;

export interface IdleWorkload {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  readonly traffic: TrafficSpec;
  readonly contestants: readonly Contestant[];
  /** The most that a connection may cost in bytes of RSS, by the least Node it holds for. */
  readonly floors: Readonly<Record<number, number>>;
}

/** Bytes that one connection costs. */
export interface IdleBytes {
  readonly rss: number;
  readonly heap: number;
}

export interface IdleMeasurement {
  readonly about: string;
  /** Opened, and nothing sent; a WebSocket has had its handshake. */
  readonly opened: IdleBytes;
  /** After one request, or one message, each. */
  readonly asked: IdleBytes;
}

export const IDLE_WORKLOADS: readonly IdleWorkload[] = [
  {
    name: 'idle-http',
    title: 'idle keep-alive connection',
    connections: 15_000,
    traffic: { kind: 'http', head: 'browser', bodyBytes: 0, expect: 'hello' },
    contestants: contestants('idle', 'node:http'),
    floors: { 20: 3700, 24: 3200 },
  },
  {
    name: 'idle-websocket',
    title: 'idle WebSocket',
    connections: 15_000,
    traffic: { kind: 'websocket', type: 'text', messageBytes: 64 },
    contestants: contestants('idle-websocket', 'ws'),
    floors: { 20: 4300, 24: 3800 },
  },
];

function contestants(application: string, peer: 'node:http' | 'ws'): readonly Contestant[] {
  return (['longwire', peer, 'limit', 'uWebSockets.js', 'bun'] as const).map((server) => ({ server, application }));
}

/** How many of the connections of a workload this machine lets one process have. */
export function connectionsHere(wanted: number): number {
  return Math.min(wanted, openFilesAllowed() - OTHER_FILES);
}

/** Node takes the hard limit for itself. */
function openFilesAllowed(): number {
  try {
    const [, , hard] = /^Max open files +(\S+) +(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))!;
    return hard === 'unlimited' ? Infinity : Number(hard);
  } catch {
    return Infinity;
  }
}

/** What the limit has to answer in a workload. */
export function planIdleLimit({ traffic, contestants }: IdleWorkload, settings: Settings): Promise<LimitPlan> {
  return planLimit({ traffic, ours: contestants[0]!, load: 'raw' }, settings);
}

export async function measureIdle(contestant: Contestant, workload: IdleWorkload, settings: Settings, plan?: LimitPlan): Promise<IdleMeasurement> {
  const connections = connectionsHere(workload.connections);
  const server = await RunningServer.start(contestant.server, contestant, settings.node, settings.serverCore);
  try {
    if (plan !== undefined) await server.ask('answer', plan);
    const task: RawTask = { port: server.port, traffic: workload.traffic, connections, inFlight: 1, seconds: 0, warmSeconds: 0 };
    const load = new Child('the load idle', pinned(settings.loadCore, [process.execPath, compiled('loads', 'idle'), JSON.stringify(task)]));
    try {
      await load.ask({}, STEP_MS);
      const before = await server.memory(QUIET_MS);
      await load.ask({}, STEP_MS);
      const opened = await server.memory(QUIET_MS);
      await load.ask({}, STEP_MS);
      const asked = await server.memory(QUIET_MS);
      return { about: server.about, opened: bytesEach(before, opened, connections), asked: bytesEach(before, asked, connections) };
    } finally {
      await load.stop();
    }
  } finally {
    await server.stop();
  }
}

function bytesEach(before: Memory, after: Memory, connections: number): IdleBytes {
  return { rss: (after.rss - before.rss) / connections, heap: (after.heapUsed - before.heapUsed) / connections };
}

/** The floor of a workload on a version of Node. */
export function idleFloor({ floors }: Pick<IdleWorkload, 'floors'>, nodeMajor: number): number | undefined {
  const least = Object.keys(floors).map(Number).filter((major) => major <= nodeMajor);
  return least.length === 0 ? undefined : floors[Math.max(...least)];
}
