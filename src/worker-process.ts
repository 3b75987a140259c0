/** One worker of a cluster as its primary sees it, from its start to its end. It is started once; then another one takes its place. */

import cluster, { type Worker } from 'node:cluster';
import type { SecureContextOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { ToRelay } from './cluster/bus-messages.js';
import { errorOf } from './cluster/error-report.js';
import { type ToPrimary, type ToWorker, unwrap, type Wrapped } from './cluster-control.js';
import type { ListenPlace } from './net/listen.js';
import type { StopResult } from './server.js';
import type { ServerStats } from './server-stats.js';

const PROGRAM = fileURLToPath(new URL('./cluster-worker.js', import.meta.url));

/** How a worker ended. */
export interface WorkerEnd {
  readonly worker: number;
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: string | null;
  /** What it could tell of the reason. */
  readonly error: Error | undefined;
  /** For how many milliseconds it had listened. */
  readonly servedMs: number;
}

export interface WorkerEvents {
  /** It has loaded the handler's module. Resolves to the port it is to listen on; where it rejects, the worker ends with that error. */
  onReady(place: ListenPlace): Promise<number>;
  /** A packet for the relay. */
  onPacket(packet: readonly ToRelay[]): void;
}

type Told<Type extends ToPrimary['type']> = Extract<ToPrimary, { readonly type: Type }>;

export class WorkerProcess {
  /** From 1; the one that takes its place has the same. */
  readonly number: number;
  /** Resolves when it listens; rejects where it ends before. */
  readonly listening: Promise<Told<'listening'>>;
  readonly ended: Promise<WorkerEnd>;
  /** What it told last. */
  stats: ServerStats | undefined;
  /** How its connections ended, once it has stopped. */
  result: StopResult | undefined;
  readonly #events: WorkerEvents;
  readonly #worker: Worker;
  readonly #answers = new Map<number, (answer: Told<'answer'> | undefined) => void>();
  #asked: Promise<unknown> | undefined;
  readonly #canHear: Promise<void>;
  #beHearing!: () => void;
  #lastCall = 0;
  #error: Error | undefined;
  #listeningSince: number | undefined;
  #hasEnded = false;
  #beListening!: (told: Told<'listening'>) => void;
  #neverListen!: (error: Error) => void;
  #beEnded!: (end: WorkerEnd) => void;

  constructor(number: number, events: WorkerEvents) {
    this.number = number;
    this.#events = events;
    this.listening = new Promise((resolve, reject) => ([this.#beListening, this.#neverListen] = [resolve, reject]));
    this.listening.catch(() => {}); // who waits for it is told, and `ended` tells the others
    this.ended = new Promise((resolve) => (this.#beEnded = resolve));
    this.#canHear = new Promise((resolve) => (this.#beHearing = resolve));
    this.#worker = fork();
    this.#watch(this.#worker);
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** Whether it listens, or did until its end. */
  get hasListened(): boolean {
    return this.#listeningSince !== undefined;
  }

  /** Resolves when the message is on its way, or will never be, because the worker has gone. */
  async post(message: ToWorker): Promise<void> {
    const wrapped: Wrapped<ToWorker> = { longwire: message };
    await this.#canHear;
    if (!this.#hasEnded) await new Promise<void>((resolve) => this.#worker.send(wrapped, () => resolve()));
  }

  /** Resolves when `stats` are those of now, or the worker has gone. One that is too busy to answer is not asked again. */
  async askStats(): Promise<void> {
    this.#asked ??= this.#ask((call) => ({ type: 'stats', call })).finally(() => (this.#asked = undefined));
    await this.#asked;
  }

  /** Replaces the certificate; rejects with what the worker's server has to say against it. */
  async setSecureContext(options: SecureContextOptions): Promise<void> {
    const answer = await this.#ask((call) => ({ type: 'setSecureContext', call, options }));
    if (answer?.error !== undefined) throw errorOf(answer.error);
  }

  /** Ends it at once. */
  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  #watch(worker: Worker): void {
    worker.on('message', (message) => {
      const told = unwrap<ToPrimary>(message);
      if (told !== undefined) this.#hear(told);
    });
    worker.on('error', (error) => {
      this.#error ??= error;
      if (this.pid === undefined) this.#end(); // it could not even be started
    });
    // What it said last is heard before it disconnects, but perhaps only after it has exited.
    worker.on('exit', () => worker.isConnected() || this.#end());
    worker.on('disconnect', () => worker.isDead() && this.#end());
  }

  #hear(told: ToPrimary): void {
    switch (told.type) {
      case 'hello':
        return this.#beHearing();
      case 'ready':
        this.#events.onReady(told.place).then(
          (port) => this.post({ type: 'listen', port }),
          (error: Error) => this.#fail(error),
        );
        return;
      case 'listening':
        this.#listeningSince = performance.now();
        return this.#beListening(told);
      case 'failed':
        this.#error = errorOf(told.error);
        return;
      case 'answer':
        return this.#settle(told.call, told);
      case 'stopped':
        this.result = told.result;
        this.stats = told.stats;
        return;
      case 'bus':
        return this.#events.onPacket(told.packet);
    }
  }

  #fail(error: Error): void {
    this.#error = error;
    this.kill();
  }

  #ask(question: (call: number) => ToWorker): Promise<Told<'answer'> | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const call = ++this.#lastCall;
    void this.post(question(call));
    return new Promise((resolve) => this.#answers.set(call, resolve));
  }

  #settle(call: number, answer: Told<'answer'> | undefined): void {
    if (answer?.stats !== undefined) this.stats = answer.stats;
    this.#answers.get(call)?.(answer);
    this.#answers.delete(call);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#beHearing();
    const { exitCode: code, signalCode: signal } = this.#worker.process;
    const servedMs = this.#listeningSince === undefined ? 0 : performance.now() - this.#listeningSince;
    this.#neverListen(this.#error ?? new Error(`a worker ended with ${signal ?? `code ${code}`} before it listened`));
    for (const call of this.#answers.keys()) this.#settle(call, undefined);
    this.#beEnded({ worker: this.number, pid: this.pid, code, signal, error: this.#error, servedMs });
  }
}

/**
 * All workers share one listening socket: with round robin, the other way, a new connection costs 2.4 times the CPU, since the primary
 * hands over each. The way is chosen once in a process.
 */
function fork(): Worker {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: PROGRAM, serialization: 'advanced' });
  return cluster.fork();
}
