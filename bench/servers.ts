/** How each server is started. What cannot be had here says why, and the benchmark goes on without it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child, pinned } from './child.js';
import { cpuNanosOf } from './cpu-time.js';
import { BENCH } from './paths.js';

const START_MS = 20_000;
const ANSWER_MS = 20_000;

interface ServerSpec {
  readonly file: string;
  /** Whether every machine has it: if it does not start, something is wrong. */
  readonly isAlwaysHere: boolean;
  /** What runs the file: the Node that was asked for, or a program of its own. */
  readonly runtime: 'node' | 'bun' | 'deno';
  /** Of its environment, beyond that of the benchmark. */
  readonly variables?: Readonly<Record<string, string>>;
}

export const SERVERS = {
  'longwire': { file: 'longwire.mjs', isAlwaysHere: true, runtime: 'node' },
  /** Whose freed memory goes back to the kernel: a threshold that is set, be it to its default, glibc keeps to. */
  'longwire, trimmed': { file: 'longwire.mjs', isAlwaysHere: true, runtime: 'node', variables: { MALLOC_TRIM_THRESHOLD_: '131072' } },
  'limit': { file: 'limit.mjs', isAlwaysHere: true, runtime: 'node' },
  'node:http': { file: 'node-http.mjs', isAlwaysHere: true, runtime: 'node' },
  'ws': { file: 'ws.mjs', isAlwaysHere: false, runtime: 'node' },
  'uWebSockets.js': { file: 'uwebsockets.mjs', isAlwaysHere: false, runtime: 'node' },
  'bun': { file: 'bun.mjs', isAlwaysHere: false, runtime: 'bun' },
  'deno': { file: 'deno.mjs', isAlwaysHere: false, runtime: 'deno' },
  'fastify': { file: 'fastify.mjs', isAlwaysHere: false, runtime: 'node' },
  'hono': { file: 'hono.mjs', isAlwaysHere: false, runtime: 'node' },
  'socket.io': { file: 'socket-io.mjs', isAlwaysHere: false, runtime: 'node' },
} as const satisfies Record<string, ServerSpec>;

export type ServerName = keyof typeof SERVERS;

/** What a server is to be. */
export interface ServerTask {
  readonly application: string;
  /** How many long polls are answered at once, or how many members a group has to have. */
  readonly waiting?: number | undefined;
  /** Bytes of a message to all; 128 by default. */
  readonly messageBytes?: number | undefined;
  /** The address of the Redis that groups reach others over, and whether they have a history there. */
  readonly redis?: string | undefined;
  readonly hasHistory?: boolean | undefined;
}

export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

/** A server that cannot be had here: its package is not installed, or does not run on this machine. */
export class MissingServer extends Error {}

export class RunningServer {
  readonly port: number;
  /** Its name and version, in its own words. */
  readonly about: string;
  readonly #child: Child;

  private constructor(child: Child, port: number, about: string) {
    this.#child = child;
    this.port = port;
    this.about = about;
  }

  /** @param node the Node that servers of JavaScript run on. */
  static async start(name: ServerName, task: ServerTask, node: string, core: number | undefined): Promise<RunningServer> {
    const child = new Child(name, pinned(core, [...command(SERVERS[name], node), JSON.stringify(task)]));
    try {
      const { port, about, missing } = await child.hear<{ port: number; about: string; missing?: string }>(START_MS);
      if (missing !== undefined) throw new MissingServer(missing);
      return new RunningServer(child, port, about);
    } catch (error) {
      await child.stop();
      throw SERVERS[name].isAlwaysHere ? error : new MissingServer(whyMissing(name, error as Error));
    }
  }

  /** Nanoseconds of CPU time so far, of all threads. */
  async cpuNanos(): Promise<number> {
    return cpuNanosOf(this.#child.pid) ?? (await this.ask<{ nanos: number }>('cpu')).nanos;
  }

  /** Memory after several collections, and after so many milliseconds in which the server has nothing to do. */
  memory(quietMs = 0): Promise<Memory> {
    return this.ask<Memory>('memory', { quietMs });
  }

  ask<T>(command: string, details: object = {}): Promise<T> {
    return this.#child.ask<T>({ command, ...details }, ANSWER_MS);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}

function command({ variables = {}, ...spec }: ServerSpec, node: string): readonly string[] {
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return settings.length === 0 ? programOf(spec, node) : ['env', ...settings, ...programOf(spec, node)];
}

function programOf({ file, runtime }: ServerSpec, node: string): readonly string[] {
  const path = join(BENCH, 'peers', file);
  if (runtime === 'node') return [node, '--expose-gc', path];
  const program = join(BENCH, 'node_modules', '.bin', runtime);
  if (!existsSync(program)) throw new MissingServer(`${runtime} is not installed`);
  return runtime === 'bun' ? [program, path] : [program, 'run', '--allow-all', '--quiet', '--v8-flags=--expose-gc', path];
}

/** Of all that a runtime prints when it gives up, the last line with an error: that is the cause. */
function whyMissing(name: ServerName, { message }: Error): string {
  if (/ERR_MODULE_NOT_FOUND|Cannot find (package|module)/.test(message)) return `${name} is not installed`;
  return message.split('\n').findLast((line) => /^\w*Error\b/.test(line)) ?? message;
}
