/**
 * Times several ways of doing one thing beside each other. How it keeps from fooling itself:
 *
 * - Nothing can be optimised away. Every way works on inputs that change, through a call that cannot be inlined because all ways share
 *   it, and what it gives goes into a sum that is kept.
 * - The ways take turns, round by round, each round beginning with another one: what the machine does besides hits all of them alike.
 * - The first rounds only warm up, and how often a way runs in a round is found once it is warm. By then shared code has seen all inputs.
 * - Of the rounds the median counts; the fastest and the slowest stand beside it and say how far to trust it.
 * - What the loop and the call cost is shown, as a way of its own that does nothing with its inputs: `loopAlone`.
 * - What was allocated is measured apart, in runs too short to be collected, so that no timing pays for the counting.
 */

/** One way of doing it. */
export interface Way {
  readonly name: string;
  /** Does it `times` times, and gives something that depends on every result. A promise is waited for. */
  run(times: number): unknown;
}

/** One thing that is done in several ways. */
export interface Comparison {
  readonly title: string;
  /** Operations that lie in one time of a way, where that is not one; what is reported is for one of them. */
  readonly operations?: number;
  /** Bytes that one operation works through, where its speed in bytes says something. */
  readonly bytes?: number;
  readonly ways: readonly Way[];
  /** What could not be measured here, and why. */
  readonly missing?: readonly string[];
}

/** How long to measure: each way runs for about `roundMs` milliseconds in each round. */
export interface Budget {
  readonly rounds: number;
  readonly roundMs: number;
}

/** What one operation took, in nanoseconds; and how many bytes it allocated, in the heap and in ArrayBuffers. */
export interface Measurement {
  readonly name: string;
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** `undefined` where collections kept coming in between. */
  readonly allocated: number | undefined;
}

/** What is asked of the process; tests give their own. */
export interface Meter {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Bytes allocated and not yet collected. */
  allocatedBytes(): number;
}

export const PROCESS_METER: Meter = {
  now: () => performance.now(),
  allocatedBytes() {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  },
};

/** The share of the rounds that comes on top of them to warm up. */
const WARM_UP_SHARE = 1 / 4;
/** A run allocates about this much while that is measured, if it does within a round: little beside what is allocated between two collections. */
const ALLOCATION_BYTES = 256 * 1024;
const ALLOCATION_RUNS = 7;

/** What the last run gave: whoever could read it might, so it has to be made. */
export let kept: unknown;

/** Measures all ways of a comparison, in turns; in the order of its ways. */
export async function measure({ ways, operations = 1 }: Comparison, budget: Budget, meter: Meter = PROCESS_METER): Promise<Measurement[]> {
  const times: number[] = [];
  for (const way of ways) times.push(await timesFor(way, budget.roundMs, meter));
  const warmUps = Math.ceil(budget.rounds * WARM_UP_SHARE);
  const nanos: number[][] = ways.map(() => []);
  for (let round = -warmUps; round < budget.rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const at = (turn + round + warmUps) % ways.length;
      const elapsed = await timeOf(ways[at]!, times[at]!, meter);
      if (round >= 0) nanos[at]!.push((elapsed * 1e6) / (times[at]! * operations));
      else times[at] = timesWithin(budget.roundMs, times[at]!, elapsed);
    }
  }
  const measurements: Measurement[] = [];
  for (const [at, { name }] of ways.entries()) {
    const allocated = await allocationOf(ways[at]!, times[at]!, meter);
    measurements.push({
      name,
      median: median(nanos[at]!),
      fastest: Math.min(...nanos[at]!),
      slowest: Math.max(...nanos[at]!),
      allocated: allocated === undefined ? undefined : allocated / operations,
    });
  }
  return measurements;
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A way that works through `inputs` again and again; `work` gives a number that depends on what it did. */
export function over<T>(name: string, inputs: readonly T[], work: (input: T) => number): Way {
  let next = 0;
  return {
    name,
    run(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) {
        sum += work(inputs[next]!);
        if (++next === inputs.length) next = 0;
      }
      return sum;
    },
  };
}

/** The same for work that gives a promise, which is waited for before the next. */
export function overLater<T>(name: string, inputs: readonly T[], work: (input: T) => Promise<number>): Way {
  let next = 0;
  return {
    name,
    async run(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) {
        sum += await work(inputs[next]!);
        if (++next === inputs.length) next = 0;
      }
      return sum;
    },
  };
}

/** The name of the way that does nothing with its inputs. */
export const LOOP_ALONE = 'the loop alone';

/** What every way pays for being measured. */
export function loopAlone(inputs: readonly unknown[]): Way {
  return over(LOOP_ALONE, inputs, () => 1);
}

/** How often a way runs within `roundMs`: twice as often until that long has passed, and by then it is warm. */
async function timesFor(way: Way, roundMs: number, meter: Meter): Promise<number> {
  for (let times = 1; ; times *= 2) {
    const elapsed = await timeOf(way, times, meter);
    if (elapsed >= roundMs) return timesWithin(roundMs, times, elapsed);
  }
}

function timesWithin(roundMs: number, times: number, elapsed: number): number {
  return elapsed > 0 ? Math.max(1, Math.round((times * roundMs) / elapsed)) : times;
}

/** Milliseconds. What is no promise is not waited for: that alone would take a turn. */
async function timeOf(way: Way, times: number, meter: Meter): Promise<number> {
  const startedAt = meter.now();
  const result = way.run(times);
  if (result instanceof Promise) kept = await result;
  else kept = result;
  return meter.now() - startedAt;
}

/** Bytes that one time allocates. Runs in which something was collected look too small, or negative, and are few: the median leaves them out. */
async function allocationOf(way: Way, mostTimes: number, meter: Meter): Promise<number | undefined> {
  let times = 1;
  while (times < mostTimes && (await allocatedBy(way, times, meter)) < ALLOCATION_BYTES) times = Math.min(2 * times, mostTimes);
  const counts: number[] = [];
  for (let run = 0; run < ALLOCATION_RUNS; run++) {
    // Counting allocates, too.
    const nothing = await allocatedBy(way, 0, meter);
    counts.push((await allocatedBy(way, times, meter)) - nothing);
  }
  const count = median(counts);
  return count < 0 ? undefined : count / times;
}

async function allocatedBy(way: Way, times: number, meter: Meter): Promise<number> {
  const before = meter.allocatedBytes();
  const result = way.run(times);
  if (result instanceof Promise) kept = await result;
  else kept = result;
  return meter.allocatedBytes() - before;
}
