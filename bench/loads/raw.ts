/**
 * Prepared requests or frames over connections that stay: so many go out in one write, and the next when all of their answers are back.
 */

import { Histogram, type Latency } from '../histogram.js';
import { MARK, type Traffic, trafficOf } from '../traffic.js';
import { fail, type Lane, openLanes } from './lane.js';
import { type Load, loadTask, type RawTask, runLoad, warmUp } from './load.js';

/** How many bursts differ, where heads differ each time: no connection sends one again soon. */
const VARIANTS = 512;

class RawLoad implements Load {
  readonly #task: RawTask;
  readonly #traffic: Traffic;
  readonly #bursts: readonly Buffer[];
  readonly #histogram = new Histogram();
  #lanes: Lane[] = [];
  #answerBytes = 0;
  #operations = 0;
  #nextBurst = 0;
  /** Lanes with something under way. */
  #busy = 0;
  #isOver = false;
  #drained: () => void = () => undefined;

  constructor(task: RawTask) {
    this.#task = task;
    this.#traffic = trafficOf(task.traffic);
    this.#bursts = burstsOf(this.#traffic.template, task.inFlight);
  }

  async prepare(): Promise<void> {
    this.#lanes = await openLanes(this.#task.port, this.#task.connections, async (lane) => {
      await lane.begin(this.#traffic);
      this.#answerBytes = this.#task.inFlight * (await lane.check(this.#traffic));
    });
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
    this.#busy = this.#lanes.length;
    for (const lane of this.#lanes) this.#start(lane);
    return new Promise((resolve) => (this.#drained = resolve));
  }

  #start(lane: Lane): void {
    let missing = this.#answerBytes;
    let sentAt = performance.now();
    lane.count((count) => {
      missing -= count;
      if (missing > 0) return;
      if (missing < 0) fail(new Error('more came back than was asked for'));
      const now = performance.now();
      this.#operations += this.#task.inFlight;
      this.#histogram.record((now - sentAt) * 1000, this.#task.inFlight);
      if (this.#isOver) {
        if (--this.#busy === 0) this.#drained();
        return;
      }
      missing = this.#answerBytes;
      sentAt = now;
      lane.write(this.#take());
    });
    lane.write(this.#take());
  }

  #take(): Buffer {
    if (this.#bursts.length === 1) return this.#bursts[0]!;
    this.#nextBurst = (this.#nextBurst + 1) % this.#bursts.length;
    return this.#bursts[this.#nextBurst]!;
  }
}

/** The same request so many times; where it has marks, many bursts, in all of which they differ. */
function burstsOf(template: Buffer, inFlight: number): Buffer[] {
  if (!template.includes(MARK)) return [Buffer.concat(Array(inFlight).fill(template))];
  const text = template.toString('latin1');
  let count = 0;
  const differing = (): string => text.replaceAll(MARK, String(++count).padStart(MARK.length, '0'));
  return Array.from({ length: VARIANTS }, () => Buffer.from(Array.from({ length: inFlight }, differing).join(''), 'latin1'));
}

await runLoad(new RawLoad(loadTask<RawTask>()));
