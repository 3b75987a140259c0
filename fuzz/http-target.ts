/** Longwire's parser of HTTP beside the one of node:http. */

import { generate } from './generator.js';
import { Judge, type Judgement } from './judge.js';
import { Tally } from './tally.js';
import type { FuzzCase, FuzzJudgement, FuzzTarget } from './target.js';

interface HttpJudgement extends FuzzJudgement {
  readonly judgement: Judgement;
}

export class HttpTarget implements FuzzTarget {
  readonly name = 'http';
  readonly batch = 64;
  readonly #judge = new Judge();
  readonly #tally = new Tally();

  generate(seed: number): Uint8Array {
    return generate(seed);
  }

  async judge(cases: readonly FuzzCase[]): Promise<HttpJudgement[]> {
    const judged = await this.#judge.judge(cases.map(({ bytes }) => bytes));
    return judged.map((judgement, i) => {
      const { longwire, node, outcome, explanation, finding, bytes } = judgement;
      const reason = finding === undefined ? (explanation?.name ?? 'nothing to explain') : 'without a reason';
      return { seed: cases[i]!.seed, bytes, finding, verdicts: { longwire, node }, summary: `${outcome}: ${reason}`, judgement };
    });
  }

  count(judged: FuzzJudgement): void {
    this.#tally.add((judged as HttpJudgement).judgement);
  }

  lines(): string[] {
    return this.#tally.lines();
  }

  async stop(): Promise<void> {}
}
