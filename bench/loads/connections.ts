/** A connection for each request: it is opened, asked once, and read to its end. */

import { connect } from 'node:net';
import { Histogram, type Latency } from '../histogram.js';
import { type Traffic, trafficOf } from '../traffic.js';
import { fail, Lane } from './lane.js';
import { type Load, loadTask, type RawTask, runLoad, warmUp } from './load.js';

class ConnectionsLoad implements Load {
  readonly #task: RawTask;
  readonly #traffic: Traffic;
  readonly #histogram = new Histogram();
  readonly #buffer = Buffer.allocUnsafe(65_536);
  #answerBytes = 0;
  #operations = 0;
  #busy = 0;
  #isOver = false;
  #drained: () => void = () => undefined;

  constructor(task: RawTask) {
    this.#task = task;
    this.#traffic = trafficOf(task.traffic);
  }

  async prepare(): Promise<void> {
    // The server closes behind its answer: that is no failure of this lane.
    const lane = await Lane.open(this.#task.port, () => undefined);
    this.#answerBytes = await lane.check(this.#traffic);
    await warmUp(async () => (await this.#measured(this.#task.warmSeconds)).operations);
  }

  run(): Promise<{ operations: number; latency: Latency }> {
    return this.#measured(this.#task.seconds);
  }

  async #measured(seconds: number): Promise<{ operations: number; latency: Latency }> {
    this.#histogram.reset();
    this.#operations = 0;
    await this.#runFor(seconds);
    return { operations: this.#operations, latency: this.#histogram.latency };
  }

  #runFor(seconds: number): Promise<void> {
    this.#isOver = false;
    setTimeout(() => (this.#isOver = true), seconds * 1000);
    this.#busy = this.#task.connections;
    for (let i = 0; i < this.#task.connections; i++) this.#open();
    return new Promise((resolve) => (this.#drained = resolve));
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
      this.#operations++;
      this.#histogram.record((performance.now() - openedAt) * 1000);
      if (!this.#isOver) this.#open();
      else if (--this.#busy === 0) this.#drained();
    });
    socket.write(this.#traffic.request);
  }
}

await runLoad(new ConnectionsLoad(loadTask<RawTask>()));
