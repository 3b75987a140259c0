/** Processes with a server each, on one bus. */

import { type ChildProcess, fork } from 'node:child_process';
import { Agent } from 'node:http';
import type { TestContext } from 'node:test';
import { join } from 'node:path';
import { ask } from './ask.js';
import { until } from './signals.js';
import { PATIENCE_MS } from './patience.js';

export class RoomProcess {
  url = '';
  /** What was told of the bus, in order. */
  readonly events: string[] = [];
  readonly #child: ChildProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(t: TestContext, args: readonly string[]) {
    this.#child = fork(join(import.meta.dirname, 'room-process.js'), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    t.after(() => this.kill());
    this.#child.on('message', (message: { readonly url?: string; readonly event?: string }) => {
      if (message.url !== undefined) this.url = message.url;
      if (message.event !== undefined) this.events.push(message.event);
    });
  }

  /** Resolves when it listens. @param maxMessages of the history; without it there is none. */
  static async start(t: TestContext, bus: string, port: number, maxMessages?: number): Promise<RoomProcess> {
    const process = new RoomProcess(t, [bus, port, maxMessages ?? []].flat().map(String));
    await until(() => process.url !== '' || process.#child.exitCode !== null, 'the start of a server', PATIENCE_MS);
    return process;
  }

  /** Says something to all; the next waits until it is answered. */
  async say(text: string): Promise<void> {
    await ask({ port: Number(new URL(this.url).port), method: 'POST', body: text, agent: this.#agent });
  }

  async kill(): Promise<void> {
    this.#agent.destroy();
    this.#child.kill('SIGKILL');
    await until(() => this.#child.signalCode !== null || this.#child.exitCode !== null, 'the end of a process', PATIENCE_MS);
  }

  async told(event: string, count = 1): Promise<void> {
    await until(() => this.events.filter((each) => each === event).length >= count, `«${event}» behind ${this.events.join()}`, PATIENCE_MS);
  }
}
