/**
 * A server on all cores of one machine: workers that listen on one port, each a process with a server of its own, and the primary, which
 * serves nothing itself. It starts workers anew that die, stops and counts them as one, and relays the messages of their bus.
 */

import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { resolve as resolvePath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { serialize } from 'node:v8';
import type { Handler } from './channel/contract.js';
import { STORE_CLOCK, Sweeper } from './channel/sweeper.js';
import { BackOff } from './cluster/back-off.js';
import { Relay } from './cluster/relay.js';
import { UsageError } from './errors.js';
import { findPort, type ListenPlace } from './net/listen.js';
import { check, checkNumber, count, describe, isFunction, isObject, optional } from './option-checks.js';
import type { ServerOptions } from './options.js';
import { checkStopOptions, type ServerStatus, type StopOptions, type StopResult, warn } from './server.js';
import { type ServerStats, sumOf, withoutOpen } from './server-stats.js';
import { StopDeadline } from './stop-deadline.js';
import { isThenable } from './thenable.js';
import { type WorkerEnd, WorkerProcess } from './worker-process.js';

/** What a handler's module exports. Every worker loads it once. */
export interface HandlerModule {
  /** Answers each request, as the first argument of `runServer` does. */
  readonly default: Handler;
  /** Options of the worker's server: the place for those that are functions, or hold some. What `runCluster` is given goes before. */
  readonly options?: ServerOptions | undefined;
  /** Awaited when the worker's server has stopped and before its process ends, within a second after the deadline of the stop. */
  readonly onStopped?: (() => unknown) | undefined;
}

/** How a worker ended that was not asked to, or could not end well. */
export interface WorkerExit {
  /** Its number, from 1. The one that takes its place has the same. */
  readonly worker: number;
  readonly pid: number | undefined;
  /** The exit code; `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What is known of the reason, such as an error in the handler's module. */
  readonly error: Error | undefined;
  /** Milliseconds until another one takes its place: 0 at first, more where it ends early again and again. `undefined`: none will. */
  readonly restartInMs: number | undefined;
}

/** All are optional. Options of the server hold for each worker; those that are functions come from the handler's module. */
export interface ClusterOptions extends Omit<ServerOptions, 'onError' | 'onClientError'> {
  /** How many. Default: as many as the process may use cores. */
  readonly workers?: number | undefined;
  /** Hears of workers that died, or could not start again. Default: a process warning. */
  readonly onWorkerExit?: ((exit: WorkerExit) => void) | undefined;
}

/** What all workers counted, those that have ended included; of those that died, what they told last. */
export interface ClusterStats extends ServerStats {
  /** Workers that listen, and how often one ended that was not asked to. */
  readonly workers: { readonly listening: number; readonly died: number };
  /** What was relayed between workers: groups that are known now, messages published, and how often a worker was too slow and has missed some. */
  readonly bus: { readonly groups: number; readonly published: number; readonly gaps: number };
}

/** How the connections of all workers ended. */
export interface ClusterStopResult extends StopResult {
  /** Workers that died meanwhile, or had to be killed: how their connections ended is not known. */
  readonly workersLost: number;
}

/** Workers that listen on one port, as one server. */
export interface Cluster {
  /** The port listened on; 0 on a unix socket. */
  readonly port: number;
  /** Such as `http://0.0.0.0:9090`; `unix:` and the path on a unix socket. */
  readonly url: string;
  readonly status: ServerStatus;
  /** What all workers counted together. One that is too busy to answer within a second counts with what it told last. */
  stats(): Promise<ClusterStats>;
  /**
   * Replaces the certificate in all workers, as `Server.setSecureContext` does, and in those that will take their places.
   *
   * @returns a promise that rejects with a `UsageError` where one refuses it.
   */
  setSecureContext(options: SecureContextOptions): Promise<void>;
  /**
   * Stops all workers as `Server.stop` stops a server; `onDraining` runs in this process. Workers that have not ended a second after the
   * deadline are killed.
   *
   * @returns how the connections ended; never rejects.
   * @throws UsageError on a `timeoutMs` that is no number from 0, or an `onDraining` that is no function.
   */
  stop(options?: StopOptions): Promise<ClusterStopResult>;
  /** `stop()` with its defaults, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server in several processes that share one port.
 *
 * @param handlerModule the module whose default export is the handler: a URL, such as `new URL('./handler.js', import.meta.url)`, or the
 *   path of its file from the working directory. It may be the program itself, if it calls `runCluster` only where `cluster.isPrimary` of node:cluster is true.
 * @returns the cluster, once all workers listen. Rejects with the system's error where they cannot, such as EADDRINUSE; with that of the
 *   handler's module where it has one; and where a worker ends before it listens. Then none is left.
 * @throws UsageError (as a rejection) on an option that is unknown or wrong, or cannot be sent to another process; or in a worker.
 */
export async function runCluster(handlerModule: string | URL, options: ClusterOptions = {}): Promise<Cluster> {
  const started = new LongwireCluster(handlerModule, options);
  await started.start();
  return started;
}

/** Beyond its deadline, what a worker may still take to end. */
const GRACE_MS = 1_000;
/** How long `stats` waits for workers that are busy. */
const STATS_MS = 1_000;
const MAX_WORKERS = 1_024;
/** How often a free port is looked for, where somebody takes it before the workers do. */
const MAX_ATTEMPTS = 3;

/** Tests construct it with a way of their own to find a port. */
export class LongwireCluster implements Cluster {
  status: ServerStatus = 'running';
  port = 0;
  url = '';
  readonly #module: string;
  readonly #options: ServerOptions;
  readonly #size: number;
  readonly #onWorkerExit: (exit: WorkerExit) => void;
  readonly #findPort: typeof findPort;
  readonly #workers = new Set<WorkerProcess>();
  readonly #relay = new Relay(() => STORE_CLOCK.monotonic());
  readonly #sweeper = new Sweeper(STORE_CLOCK);
  #place: ListenPlace | undefined;
  /** The port for all workers, looked for when the first of them is ready. */
  #found: Promise<number> | undefined;
  #secureContext: SecureContextOptions | undefined;
  /** What those have counted that are no more. */
  #past: ServerStats = sumOf([]);
  #died = 0;
  #result: ClusterStopResult = { closed: 0, destroyed: 0, workersLost: 0 };
  readonly #deadline = new StopDeadline();
  /** When who has not ended is killed. */
  readonly #patience = new StopDeadline();
  readonly #stopSignal = new AbortController();
  #isToldToStop = false;
  #stopping: Promise<ClusterStopResult> | undefined;

  constructor(handlerModule: string | URL, given: ClusterOptions, find = findPort) {
    if (!cluster.isPrimary) throw new UsageError('runCluster was called in a worker of a cluster: call it where cluster.isPrimary is true');
    if (!isObject(given)) throw new UsageError(`options must be an object, not ${describe(given)}`);
    const { workers, onWorkerExit, ...options } = given;
    this.#module = urlOf(handlerModule);
    this.#size = checkNumber('workers', workers, count(availableParallelism(), 1, MAX_WORKERS));
    this.#onWorkerExit = check('onWorkerExit', onWorkerExit, optional(isFunction), 'a function') ?? warnOfExit;
    this.#options = sendable(options);
    this.#findPort = find;
  }

  async start(attempts = MAX_ATTEMPTS): Promise<void> {
    try {
      const workers = Array.from({ length: this.#size }, (_, index) => this.#launch(index + 1));
      const [first] = await Promise.all(workers.map(({ listening }) => listening));
      ({ port: this.port, url: this.url } = first!);
      for (const each of workers) void this.#keep(each);
      this.#sweeper.add(this.#relay);
    } catch (error) {
      await this.#killAll();
      if (attempts === 1 || this.#place?.port !== 0 || !isTaken(error)) throw error;
      this.#found = undefined;
      await this.start(attempts - 1);
    }
  }

  async stats(): Promise<ClusterStats> {
    const isOver = new AbortController();
    const busy = delay(STATS_MS, undefined, { signal: isOver.signal }).catch(() => {}); // aborted
    const listening = [...this.#workers].filter(({ hasListened }) => hasListened);
    await Promise.race([Promise.all(listening.map((each) => each.askStats())), busy]);
    isOver.abort();
    const now = [...this.#workers].filter(({ hasListened }) => hasListened);
    return {
      ...sumOf([this.#past, ...now.flatMap(({ stats }) => stats ?? [])]),
      workers: { listening: now.length, died: this.#died },
      bus: this.#relay.stats(),
    };
  }

  async setSecureContext(options: SecureContextOptions): Promise<void> {
    if (!isObject(options)) throw new UsageError('setSecureContext takes an object of options for tls.createSecureContext');
    const sent = sendable(options);
    const asked = new Set(this.#workers);
    await Promise.all([...asked].map((each) => each.setSecureContext(sent)));
    this.#secureContext = { ...this.#secureContext, ...sent };
    const later = [...this.#workers].filter((each) => !asked.has(each));
    await Promise.all(later.map((each) => each.setSecureContext(sent)));
  }

  stop(options: StopOptions = {}): Promise<ClusterStopResult> {
    const { timeoutMs, onDraining } = checkStopOptions(options);
    this.#deadline.tighten(timeoutMs);
    this.#patience.tighten(timeoutMs + GRACE_MS);
    if (this.#isToldToStop) this.#tellToStop();
    return (this.#stopping ??= this.#stop(onDraining));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(onDraining: StopOptions['onDraining']): Promise<ClusterStopResult> {
    this.status = 'stopping';
    this.#stopSignal.abort();
    if (onDraining !== undefined) await Promise.race([drain(onDraining), this.#deadline.reached]);
    this.#isToldToStop = true;
    this.#tellToStop();
    const ended = Promise.all([...this.#workers].map((each) => each.ended));
    await Promise.race([ended, this.#patience.reached]);
    await this.#killAll();
    for (const each of [this.#deadline, this.#patience]) each.clear();
    this.#sweeper.delete(this.#relay);
    this.status = 'stopped';
    return this.#result;
  }

  #tellToStop(): void {
    for (const each of this.#workers) void each.post({ type: 'stop', timeoutMs: this.#deadline.remainingMs });
  }

  async #killAll(): Promise<void> {
    const left = [...this.#workers];
    for (const each of left) each.kill();
    await Promise.all(left.map((each) => each.ended));
  }

  #launch(number: number): WorkerProcess {
    const worker = new WorkerProcess(number, {
      onReady: (place) => this.#portFor(place),
      onPacket: (packet) => peer.receive(packet),
    });
    const peer = this.#relay.join((packet, taken) => void worker.post({ type: 'bus', packet }).then(taken));
    this.#workers.add(worker);
    void worker.post({ type: 'start', module: this.#module, options: this.#options, secureContext: this.#secureContext });
    void worker.ended.then(() => {
      peer.leave();
      this.#bury(worker);
    });
    return worker;
  }

  /** All workers are told the same port: a shared socket is known by it. */
  #portFor(place: ListenPlace): Promise<number> {
    this.#place = place;
    return (this.#found ??= this.#findPort(place));
  }

  #bury(worker: WorkerProcess): void {
    this.#workers.delete(worker);
    if (worker.stats !== undefined) this.#past = sumOf([this.#past, withoutOpen(worker.stats)]);
    const { closed, destroyed, workersLost } = this.#result;
    if (worker.result !== undefined) this.#result = { closed: closed + worker.result.closed, destroyed: destroyed + worker.result.destroyed, workersLost };
    else if (this.#isStopping() && worker.hasListened) this.#result = { ...this.#result, workersLost: workersLost + 1 };
  }

  /** Starts another worker each time that one ends, until the cluster stops. */
  async #keep({ number, ended }: WorkerProcess): Promise<void> {
    const backOff = new BackOff();
    for (let end = await ended; ; end = await this.#run(number)) {
      if (this.#isStopping()) return this.#tellBadEnd(end);
      const restartInMs = backOff.waitAfter(end.servedMs);
      this.#died++;
      this.#tellExit(end, restartInMs);
      await delay(restartInMs, undefined, { signal: this.#stopSignal.signal }).catch(() => {}); // aborted
      if (this.#isStopping()) return;
    }
  }

  /** Resolves when another worker has ended; one that cannot even be started has done so. */
  async #run(number: number): Promise<WorkerEnd> {
    try {
      return await this.#launch(number).ended;
    } catch (error) {
      return { worker: number, pid: undefined, code: null, signal: null, error: error as Error, servedMs: 0 };
    }
  }

  #isStopping(): boolean {
    return this.status !== 'running';
  }

  /** Who has not listened yet had nothing to end. */
  #tellBadEnd(end: WorkerEnd): void {
    if (end.servedMs > 0 && (end.code !== 0 || end.error !== undefined)) this.#tellExit(end, undefined);
  }

  #tellExit({ worker, pid, code, signal, error }: WorkerEnd, restartInMs: number | undefined): void {
    try {
      const told: unknown = this.#onWorkerExit({ worker, pid, code, signal, error, restartInMs });
      if (isThenable(told)) Promise.resolve(told).catch(warn);
    } catch (thrown) {
      warn(thrown);
    }
  }
}

/** Behind the caller's turn, so that it may itself call `stop` for a shorter deadline. */
async function drain(onDraining: () => unknown): Promise<void> {
  try {
    await Promise.resolve().then(onDraining);
  } catch (error) {
    warn(error);
  }
}

function warnOfExit({ worker, code, signal, error, restartInMs }: WorkerExit): void {
  const reason = error === undefined ? '' : `: ${error.message}`;
  const next = restartInMs === undefined ? '' : `; another one starts${restartInMs === 0 ? '' : ` in ${restartInMs} ms`}`;
  process.emitWarning(`worker ${worker} ended with ${signal ?? `code ${code}`}${reason}${next}`);
}

function urlOf(handlerModule: unknown): string {
  if (handlerModule instanceof URL) return handlerModule.href;
  if (typeof handlerModule !== 'string' || handlerModule === '') throw new UsageError("the handler's module must be a URL, or the path of a file");
  return /^(?:file|data):/.test(handlerModule) ? handlerModule : pathToFileURL(resolvePath(handlerModule)).href;
}

/** Options without those that are `undefined`, if they can be sent to another process. */
function sendable<Options extends object>(options: Options): Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    try {
      serialize(value);
    } catch (cause) {
      throw new UsageError(`option ${name} cannot be sent to another process: let the handler's module export it, in its options`, { cause });
    }
  }
  return Object.fromEntries(given) as Options;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
