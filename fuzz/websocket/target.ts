/** WebSocket: conversations in memory, judged by what their frames hold, and now and then a round trip of `ws` through real sockets. */

import type { FuzzCase, FuzzJudgement, FuzzTarget } from '../target.js';
import { generate } from './conversation.js';
import { judgeWebSocket } from './judge.js';
import { RoundTrips } from './round-trip.js';

/** One case in so many is a round trip: it costs as much time as these conversations do. */
const ROUND_TRIPS = 16;
const NO_BYTES = new Uint8Array(0);

export class WebSocketTarget implements FuzzTarget {
  readonly name = 'websocket';
  readonly batch = 64;
  readonly #ended = new Map<string, number>();
  #roundTrips: Promise<RoundTrips> | undefined;
  #cases = 0;
  #trips = 0;
  #findings = 0;

  generate(seed: number): Uint8Array {
    return isRoundTrip(seed) ? NO_BYTES : generate(seed);
  }

  async judge(cases: readonly FuzzCase[]): Promise<FuzzJudgement[]> {
    const judged: FuzzJudgement[] = [];
    for (const each of cases) judged.push(await (isRoundTrip(each.seed) ? this.#travel(each) : converse(each)));
    return judged;
  }

  count({ seed, finding, summary }: FuzzJudgement): void {
    this.#cases++;
    if (finding !== undefined) this.#findings++;
    if (isRoundTrip(seed)) this.#trips++;
    else this.#ended.set(summary, (this.#ended.get(summary) ?? 0) + 1);
  }

  lines(): string[] {
    const ends = [...this.#ended].sort(([one], [other]) => one.localeCompare(other));
    return [`${this.#cases} WebSockets: ${this.#trips} round trips, ${this.#findings} findings`, ...ends.map(([summary, count]) => `${count} ${summary}`)];
  }

  async stop(): Promise<void> {
    await (await this.#roundTrips)?.stop();
  }

  async #travel(each: FuzzCase): Promise<FuzzJudgement> {
    this.#roundTrips ??= begin();
    const fault = await (await this.#roundTrips).fault(each.seed);
    return { ...each, finding: fault && 'round trip', verdicts: { fault }, summary: fault ?? 'came back' };
  }
}

async function begin(): Promise<RoundTrips> {
  const trips = new RoundTrips();
  await trips.start();
  return trips;
}

async function converse(each: FuzzCase): Promise<FuzzJudgement> {
  const { ended, finding, details } = await judgeWebSocket(each.seed, each.bytes);
  return { ...each, finding, verdicts: { ended, details }, summary: `ended with ${ended}` };
}

function isRoundTrip(seed: number): boolean {
  return seed % ROUND_TRIPS === 0;
}
