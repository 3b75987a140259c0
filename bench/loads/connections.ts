/** A connection for each request: it is opened, asked once, and read to its end. */

import { connect } from 'node:net';
import { type Traffic, trafficOf } from '../traffic.js';
import { fail, Lane } from './lane.js';
import { type Load, loadTask, type RawTask, runLoad, warmUp } from './load.js';
import { Run, type RunCount } from './run.js';

class ConnectionsLoad implements Load {
  readonly #task: RawTask;
  readonly #traffic: Traffic;
  readonly #run = new Run();
  readonly #buffer = Buffer.allocUnsafe(65_536);
  #answerBytes = 0;
  #busy = 0;

  constructor(task: RawTask) {
    this.#task = task;
    this.#traffic = trafficOf(task.traffic);
  }

  async prepare(): Promise<void> {
    // The server closes behind its answer: that is no failure of this lane.
    const lane = await Lane.open(this.#task.port, () => undefined);
    this.#answerBytes = await lane.check(this.#traffic);
    await warmUp(() => this.#lastFor(this.#task.warmSeconds));
  }

  run(): Promise<RunCount> {
    return this.#lastFor(this.#task.seconds);
  }

  #lastFor(seconds: number): Promise<RunCount> {
    return this.#run.lastFor(seconds, () => {
      this.#busy = this.#task.connections;
      for (let i = 0; i < this.#task.connections; i++) this.#open();
    });
  }

  #open(): void {
    const openedAt = performance.now();
    let missing = this.#answerBytes;
    const socket = connect({
      port: this.#task.port,
      host: '127.0.0.1',
      onread: { buffer: this.#buffer, callback: (count) => ((missing -= count), true) },
    });
    socket.on('error', fail);
    socket.on('close', () => {
      if (missing !== 0) fail(new Error('a connection ended without a whole answer'));
      this.#run.count(1, performance.now() - openedAt);
      if (!this.#run.isOver) this.#open();
      else if (--this.#busy === 0) this.#run.drained();
    });
    socket.write(this.#traffic.request);
  }
}

await runLoad(new ConnectionsLoad(loadTask<RawTask>()));
