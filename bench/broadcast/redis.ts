/**
 * Two processes over one Redis, which this starts: what is published in the first reaches members of the second. The servers share one core; Redis and
 * the load share the other.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned, startChild } from '../child.js';
import { cpuNanosOf } from '../cpu-time.js';
import type { Latency } from '../histogram.js';
import type { GroupTask } from '../loads/load.js';
import { type Settings, startLoadProcess, timesOf } from '../measurement.js';
import { MissingServer, RunningServer } from '../servers.js';
import type { RedisScenario } from './scenarios.js';

/** How long Redis may take to start. */
const START_MS = 10_000;
const MESSAGE_BYTES = 128;

export interface RedisMeasurement {
  /** Messages that came to members, in a second. */
  readonly deliveriesPerSecond: number;
  readonly latency: Latency;
  /** CPU time for one message of who delivers it to all members. */
  readonly receiverMicros: number;
  /** The same of who publishes it, and of Redis; 0 where there is one process alone. */
  readonly publisherMicros: number;
  readonly redisMicros: number;
}

export class RunningRedis {
  readonly url: string;
  readonly #pid: number;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, pid: number, stop: () => Promise<void>) {
    this.url = url;
    this.#pid = pid;
    this.#stop = stop;
  }

  /** Without persistence. Rejects with a `MissingServer` where it does not start. */
  static async start(core: number | undefined): Promise<RunningRedis> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'longwire-bench-'));
    const child = startChild(pinned(core, ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]));
    let output = '';
    const isReady = await new Promise<boolean>((resolve) => {
      const deadline = setTimeout(() => resolve(false), START_MS);
      const settle = (isHere: boolean): void => {
        clearTimeout(deadline);
        resolve(isHere);
      };
      child.on('error', () => settle(false));
      child.on('exit', () => settle(false));
      child.stdout!.on('data', (text: Buffer) => {
        output += text.toString();
        if (output.includes('Ready to accept connections')) settle(true);
      });
    });
    const stop = async (): Promise<void> => {
      if (child.exitCode === null && child.pid !== undefined && child.kill('SIGKILL')) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    };
    if (isReady) return new RunningRedis(`redis://127.0.0.1:${port}`, child.pid!, stop);
    await stop();
    throw new MissingServer(output === '' ? 'redis-server is not installed (Debian’s package redis-server)' : `redis-server does not start: ${output.trim().split('\n').at(-1)}`);
  }

  /** Of all its threads so far; 0 where the system does not tell. */
  get cpuNanos(): number {
    return cpuNanosOf(this.#pid) ?? 0;
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

export async function measureOverRedis(scenario: RedisScenario, redis: RunningRedis, settings: Settings): Promise<RedisMeasurement> {
  const { over, members } = scenario;
  const task = { application: 'group', messageBytes: MESSAGE_BYTES, ...(over === 'none' ? {} : { redis: redis.url, hasHistory: over === 'streams' }) };
  const start = (waiting: number): Promise<RunningServer> => RunningServer.start('longwire', { ...task, waiting }, settings.node, settings.serverCore);
  const servers: RunningServer[] = [];
  try {
    servers.push(await start(over === 'none' ? members : 0));
    if (over !== 'none') servers.push(await start(0));
    return await loaded(servers.at(-1)!, servers[0]!, scenario, redis, settings);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function loaded(publisher: RunningServer, receiver: RunningServer, { members, messages }: RedisScenario, redis: RunningRedis, settings: Settings): Promise<RedisMeasurement> {
  const task: GroupTask = {
    port: receiver.port,
    askPort: publisher.port,
    traffic: { members: ['websocket'], messages, messageBytes: MESSAGE_BYTES },
    connections: members,
    ...timesOf(settings),
  };
  const load = await startLoadProcess('group', task, settings.loadCore);
  try {
    const isApart = publisher !== receiver;
    const cpu = async (): Promise<number[]> => [await receiver.cpuNanos(), isApart ? await publisher.cpuNanos() : 0, isApart ? redis.cpuNanos : 0];
    const before = await cpu();
    const { operations, seconds, latency } = await load.go();
    const after = await cpu();
    const [receiverMicros, publisherMicros, redisMicros] = after.map((nanos, i) => (nanos - before[i]!) / 1000 / (operations / members));
    return { deliveriesPerSecond: operations / seconds, latency, receiverMicros: receiverMicros!, publisherMicros: publisherMicros!, redisMicros: redisMicros! };
  } finally {
    await load.stop();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
