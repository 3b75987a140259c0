/**
 * A child process that is talked to in lines of JSON: a server or a load. Every wait has a deadline, and no child outlives the
 * benchmark, however that ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What is kept of a child's complaints. */
const MAX_STDERR = 4096;

const children = new Set<ChildProcess>();
process.on('exit', endAllChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    endAllChildren();
    process.kill(process.pid, signal);
  });
}

/** Starts a program that ends with the benchmark. */
export function startChild(command: readonly string[], cwd?: string): ChildProcess {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) });
  children.add(child);
  child.on('exit', () => children.delete(child));
  child.on('error', () => children.delete(child));
  // A child that is gone already cannot be told anything: its exit says so.
  child.stdin!.on('error', () => undefined);
  return child;
}

/** The rest of a command, on one core where `taskset` exists. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}

export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #lines: string[] = [];
  readonly #exited: Promise<void>;
  #stderr = '';
  #end: Error | undefined;
  #waiting: (() => void) | undefined;

  constructor(name: string, command: readonly string[]) {
    this.#name = name;
    this.#process = startChild(command);
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#process.stderr!.on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-MAX_STDERR);
    });
    this.#exited = new Promise((resolve) => {
      const ended = (error: Error): void => {
        this.#end = error;
        this.#wake();
        resolve();
      };
      this.#process.on('error', (error) => ended(new Error(`${name} does not start: ${error.message}`)));
      this.#process.on('close', (code, signal) => ended(new Error(`${name} ended with ${signal ?? code}: ${this.#stderr.trim()}`)));
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  say(value: unknown): void {
    this.#process.stdin!.write(`${JSON.stringify(value)}\n`);
  }

  /** Takes the next line. Rejects when the child ends or the deadline passes before. */
  async hear<T>(withinMs: number): Promise<T> {
    const end = performance.now() + withinMs;
    while (this.#lines.length === 0) {
      if (this.#end !== undefined) throw this.#end;
      const leftMs = end - performance.now();
      if (leftMs <= 0) throw new Error(`${this.#name} said nothing for ${withinMs / 1000} s: ${this.#stderr.trim()}`);
      await this.#changed(leftMs);
    }
    return JSON.parse(this.#lines.shift()!) as T;
  }

  async ask<T>(value: unknown, withinMs: number): Promise<T> {
    this.say(value);
    return this.hear<T>(withinMs);
  }

  /** Ends the child; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#process.stdin!.end();
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  #changed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

function endAllChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}
