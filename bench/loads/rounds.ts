/**
 * Answers that come to all at once: long polls, which all connections ask for, and broadcasts, which one of them asks for. The next
 * round begins when everything has come to everybody. An operation is one answer, or one message that came to one member.
 */

import { Histogram, type Latency } from '../histogram.js';
import { type Traffic, trafficOf } from '../traffic.js';
import { fail, type Lane, openLanes } from './lane.js';
import { type Load, loadTask, type RawTask, runLoad, warmUp } from './load.js';

class RoundsLoad implements Load {
  readonly #task: RawTask;
  readonly #traffic: Traffic;
  readonly #operationsAnAnswer: number;
  readonly #histogram = new Histogram();
  #lanes: Lane[] = [];
  #asking: readonly Lane[] = [];
  #answerBytes = 0;
  /** Bytes that each lane still waits for. */
  #missing = new Float64Array(0);
  /** Lanes that still wait. */
  #busy = 0;
  #askedAt = 0;
  #operations = 0;
  #isOver = false;
  #drained: () => void = () => undefined;

  constructor(task: RawTask) {
    this.#task = task;
    this.#traffic = trafficOf(task.traffic);
    this.#operationsAnAnswer = task.traffic.kind === 'broadcast' ? task.traffic.messages : 1;
  }

  async prepare(): Promise<void> {
    this.#lanes = await openLanes(this.#task.port, this.#task.connections, (lane) => lane.begin(this.#traffic));
    this.#asking = this.#task.traffic.kind === 'broadcast' ? this.#lanes.slice(0, 1) : this.#lanes;
    const lengths = await Promise.all(this.#lanes.map((lane) => lane.check(this.#traffic, this.#asking.includes(lane))));
    this.#answerBytes = lengths[0]!;
    this.#missing = new Float64Array(this.#lanes.length);
    this.#lanes.forEach((lane, i) => lane.count((count) => this.#received(i, count)));
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

  /** Resolves when the time is over and nothing is under way. */
  #runFor(seconds: number): Promise<void> {
    this.#isOver = false;
    setTimeout(() => (this.#isOver = true), seconds * 1000);
    this.#ask();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  #ask(): void {
    this.#busy = this.#lanes.length;
    this.#missing.fill(this.#answerBytes);
    this.#askedAt = performance.now();
    for (const lane of this.#asking) lane.write(this.#traffic.request);
  }

  #received(lane: number, count: number): void {
    const missing = (this.#missing[lane]! -= count);
    if (missing > 0) return;
    if (missing < 0) fail(new Error('more came than was asked for'));
    this.#operations += this.#operationsAnAnswer;
    this.#histogram.record((performance.now() - this.#askedAt) * 1000, this.#operationsAnAnswer);
    if (--this.#busy > 0) return;
    if (this.#isOver) this.#drained();
    else this.#ask();
  }
}

await runLoad(new RoundsLoad(loadTask<RawTask>()));
