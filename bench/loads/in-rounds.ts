/**
 * Answers that come to all at once. The next round begins when everything has come to everybody. An operation is one answer, or one message that
 * came to one member.
 */

import type { Traffic } from '../traffic.js';
import { fail, type Lane } from './lane.js';
import { type Load, warmUp } from './load.js';
import { Run, type RunCount } from './run.js';

/** One of those who take part. */
export interface Party {
  readonly lane: Lane;
  readonly traffic: Traffic;
  /** Whether it sends its request as each round begins; others hear what these ask for. */
  readonly asks: boolean;
  /** What its answer counts. */
  readonly operations: number;
}

export class RoundsLoad implements Load {
  readonly #times: { readonly warmSeconds: number; readonly seconds: number };
  readonly #open: () => Promise<readonly Party[]>;
  readonly #run = new Run();
  #parties: readonly Party[] = [];
  #asking: readonly Party[] = [];
  /** The bytes of each party's answer. */
  #answerBytes = new Float64Array(0);
  /** Bytes that each party still waits for. */
  #missing = new Float64Array(0);
  /** Parties that still wait. */
  #busy = 0;
  #askedAt = 0;

  /** @param open opens the connections of all who take part. */
  constructor(times: { readonly warmSeconds: number; readonly seconds: number }, open: () => Promise<readonly Party[]>) {
    this.#times = times;
    this.#open = open;
  }

  async prepare(): Promise<void> {
    this.#parties = await this.#open();
    this.#asking = this.#parties.filter(({ asks }) => asks);
    this.#answerBytes = Float64Array.from(await Promise.all(this.#parties.map(({ lane, traffic, asks }) => lane.check(traffic, asks))));
    this.#missing = new Float64Array(this.#parties.length);
    this.#parties.forEach((party, i) => party.lane.count((count) => this.#received(party, i, count)));
    await warmUp(() => this.#lastFor(this.#times.warmSeconds));
  }

  run(): Promise<RunCount> {
    return this.#lastFor(this.#times.seconds);
  }

  #lastFor(seconds: number): Promise<RunCount> {
    return this.#run.lastFor(seconds, () => this.#ask());
  }

  #ask(): void {
    this.#busy = this.#parties.length;
    this.#missing.set(this.#answerBytes);
    this.#askedAt = performance.now();
    for (const { lane, traffic } of this.#asking) lane.write(traffic.request);
  }

  #received(party: Party, index: number, count: number): void {
    const missing = (this.#missing[index]! -= count);
    if (missing > 0) return;
    if (missing < 0) fail(new Error('more came than was asked for'));
    if (party.operations > 0) this.#run.count(party.operations, performance.now() - this.#askedAt);
    if (--this.#busy > 0) return;
    if (this.#run.isOver) this.#run.drained();
    else this.#ask();
  }
}
