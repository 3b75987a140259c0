/** Servers of Redis and NATS: the real programs, each for one test, on a free port of 127.0.0.1, which they keep when they start again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { hasProgram } from './programs.js';
import { freePort } from './proxies.js';
import { until } from './signals.js';
import { PATIENCE_MS } from './patience.js';

interface Program {
  readonly name: string;
  readonly versionArgs: readonly string[];
  readonly debianPackage: string;
  readonly args: (port: number, folder: string) => string[];
  /** What it is sent, and what it answers once it is ready. */
  readonly greeting: readonly [string, RegExp];
}

const REDIS: Program = {
  name: 'redis-server',
  versionArgs: ['--version'],
  debianPackage: 'redis-server',
  args: (port, folder) => ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
  greeting: ['PING\r\n', /^\+PONG/],
};

const NATS: Program = {
  name: 'nats-server',
  versionArgs: ['--version'],
  debianPackage: 'nats-server',
  args: (port) => ['--addr', '127.0.0.1', '--port', String(port)],
  greeting: ['PING\r\n', /PONG\r\n/],
};

/** Starts a server, with arguments beside those that every one has, and resolves when it is ready. */
export type StartServer = (...args: string[]) => Promise<BusServer>;

/** A test with servers of Redis, which keep nothing on disk unless `args` say so. */
export function redisTest(name: string, fn: (t: TestContext, start: StartServer) => Promise<void>): void {
  serverTest(REDIS, name, fn);
}

/** A test with a cluster of three servers of Redis, whose ports it is given. Those that are left serve on where one fails. */
export function redisClusterTest(name: string, fn: (t: TestContext, ports: readonly number[], servers: readonly BusServer[]) => Promise<void>): void {
  redisTest(name, async (t, start) => {
    const startNode = async (): Promise<ClusterNode> => {
      const busPort = await freePort();
      const server = await start('--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no', '--cluster-node-timeout', '1500', '--cluster-port', String(busPort));
      const { port } = server;
      const redis = new Redis({ host: '127.0.0.1', port, retryStrategy: () => null }).on('error', () => {});
      t.after(() => redis.disconnect());
      return { server, port, busPort, redis };
    };
    const nodes = [await startNode(), await startNode(), await startNode()];
    await joinCluster(nodes);
    await fn(t, nodes.map(({ port }) => port), nodes.map(({ server }) => server));
  });
}

interface ClusterNode {
  readonly server: BusServer;
  readonly port: number;
  /** Where the servers of the cluster talk to each other. */
  readonly busPort: number;
  readonly redis: Redis;
}

const SLOTS = 16384;

/** Gives each server its part of the slots, and waits until all know of all. */
async function joinCluster(nodes: readonly ClusterNode[]): Promise<void> {
  for (const [i, { port, busPort, redis }] of nodes.entries()) {
    const [first, last] = [i, i + 1].map((each) => Math.ceil((each * SLOTS) / nodes.length)) as [number, number];
    await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', first, last - 1);
    await nodes[0]!.redis.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
  }
  const isWhole = async ({ redis }: ClusterNode): Promise<boolean> => /cluster_state:ok[\s\S]*cluster_slots_ok:16384[\s\S]*cluster_known_nodes:3/.test(String(await redis.call('CLUSTER', 'INFO')));
  await until(async () => (await Promise.all(nodes.map(isWhole))).every(Boolean), 'the cluster', PATIENCE_MS);
}

/** A test with servers of NATS. */
export function natsTest(name: string, fn: (t: TestContext, start: StartServer) => Promise<void>): void {
  serverTest(NATS, name, fn);
}

/** Skipped where the program is missing; where the test fails, what the servers printed is shown. */
function serverTest(program: Program, name: string, fn: (t: TestContext, start: StartServer) => Promise<void>): void {
  test(name, { timeout: 120_000 }, async (t) => {
    if (!hasProgram(t, program.name, program.versionArgs, program.debianPackage)) return;
    const servers: BusServer[] = [];
    try {
      await fn(t, async (...args) => {
        const server = await startServer(t, program, args);
        servers.push(server);
        return server;
      });
    } catch (error) {
      for (const server of servers) t.diagnostic(`${program.name} printed:\n${server.printed}`);
      throw error;
    }
  });
}

/** A port can be taken by another between our finding it free and the program's using it: then the next one is tried. */
async function startServer(t: TestContext, program: Program, args: readonly string[]): Promise<BusServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new BusServer(t, program, args, await freePort());
    if (await server.start()) return server;
    if (attempt === 3 || !/in use/i.test(server.printed)) throw new Error(`${program.name} does not start:\n${server.printed}`);
  }
}

export class BusServer {
  readonly port: number;
  printed = '';
  readonly #program: Program;
  readonly #args: readonly string[];
  /** What it keeps on disk. */
  readonly folder = mkdtempSync(join(tmpdir(), 'longwire-'));
  #child: ChildProcess | undefined;

  constructor(t: TestContext, program: Program, args: readonly string[], port: number) {
    this.#program = program;
    this.#args = args;
    this.port = port;
    const kill = (): void => void this.#child?.kill('SIGKILL');
    process.once('exit', kill);
    t.after(async () => {
      await this.stop();
      process.off('exit', kill);
      rmSync(this.folder, { recursive: true });
    });
  }

  /** Starts it, also again, with what it left in its folder. False where it gave up. */
  async start(...args: string[]): Promise<boolean> {
    const child = spawn(this.#program.name, [...this.#program.args(this.port, this.folder), ...this.#args, ...args], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.once('error', (error) => (this.printed += String(error)));
    child.once('close', () => this.#child === child && (this.#child = undefined));
    for (const output of [child.stdout!, child.stderr!]) output.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    await until(async () => this.#child === undefined || (await this.#isReady()), `the start of ${this.#program.name}`, PATIENCE_MS);
    return this.#child !== undefined;
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal);
    await until(() => this.#child === undefined, `the end of ${this.#program.name}`, PATIENCE_MS);
  }

  /** Halts it without closing its connections, as a network does that swallows everything. Resolves when it does nothing more. */
  async pause(): Promise<void> {
    this.#child!.kill('SIGSTOP');
    await until(() => isHalted(this.#child!.pid!), `the halt of ${this.#program.name}`);
  }

  resume(): void {
    this.#child!.kill('SIGCONT');
  }

  #isReady(): Promise<boolean> {
    const [question, answer] = this.#program.greeting;
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(question));
      let text = '';
      socket.setEncoding('latin1').on('data', (data: string) => {
        text += data;
        if (answer.test(text) || text.startsWith('-')) socket.destroy();
      });
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(answer.test(text)));
    });
  }
}

/** Whether all threads of a process have stopped, which happens a little behind the signal. A system without /proc cannot be asked. */
function isHalted(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return !existsSync(tasks) || readdirSync(tasks).every((task) => /\) T [^)]*$/.test(readFileSync(`${tasks}/${task}/stat`, 'latin1')));
}
