/** How often each outcome came, and each row of the table explained one. */

import { ACCEPTED_BY, DISAGREEMENTS, type SidedDisagreement } from './disagreements.js';
import type { Judgement } from './judge.js';

export class Tally {
  cases = 0;
  agree = 0;
  neither = 0;
  findings = 0;
  readonly #explained = new Map<SidedDisagreement, number>();

  add({ outcome, explanation, finding }: Judgement): void {
    this.cases++;
    if (finding !== undefined) this.findings++;
    else if (explanation !== undefined) this.#explained.set(explanation, this.explained(explanation) + 1);
    else if (outcome === 'agree') this.agree++;
    else this.neither++;
  }

  explained(row: SidedDisagreement): number {
    return this.#explained.get(row) ?? 0;
  }

  /** A line for each count. */
  lines(): string[] {
    return [
      `${this.cases} cases: ${this.agree} agree, ${this.neither} accepted by neither, ${this.findings} disagreements without a reason`,
      ...DISAGREEMENTS.map((row) => `${this.explained(row)} accepted by ${ACCEPTED_BY[row.accepts]}: ${row.name} (RFC ${row.rfc})`),
    ];
  }
}
