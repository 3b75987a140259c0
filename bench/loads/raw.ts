/**
 * Prepared requests or frames over connections that stay: so many go out in one write, and the next when all of their answers are back.
 */

import { MARK, type Traffic, trafficOf } from '../traffic.js';
import { fail, type Lane, openLanes } from './lane.js';
import { type Load, loadTask, type RawTask, runLoad, warmUp } from './load.js';
import { Run, type RunCount } from './run.js';

/** How many bursts differ, where heads differ each time: no connection sends one again soon. */
const VARIANTS = 512;

class RawLoad implements Load {
  readonly #task: RawTask;
  readonly #traffic: Traffic;
  readonly #bursts: readonly Buffer[];
  readonly #run = new Run();
  #lanes: Lane[] = [];
  #answerBytes = 0;
  #nextBurst = 0;
  /** Lanes with something under way. */
  #busy = 0;

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
    await warmUp(() => this.#lastFor(this.#task.warmSeconds));
  }

  run(): Promise<RunCount> {
    return this.#lastFor(this.#task.seconds);
  }

  #lastFor(seconds: number): Promise<RunCount> {
    return this.#run.lastFor(seconds, () => {
      this.#busy = this.#lanes.length;
      for (const lane of this.#lanes) this.#start(lane);
    });
  }

  #start(lane: Lane): void {
    let missing = this.#answerBytes;
    let sentAt = performance.now();
    lane.count((count) => {
      missing -= count;
      if (missing > 0) return;
      if (missing < 0) fail(new Error('more came back than was asked for'));
      const now = performance.now();
      this.#run.count(this.#task.inFlight, now - sentAt);
      if (this.#run.isOver) {
        if (--this.#busy === 0) this.#run.drained();
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
