/** What can be fuzzed: cases from seeds, a judgement on each, and a count of all. */

/** One case: the bytes that a client sends, and the seed that says everything else. */
export interface FuzzCase {
  readonly seed: number;
  readonly bytes: Uint8Array;
}

/** What came of a case. */
export interface FuzzJudgement extends FuzzCase {
  /** What kind of finding it is, if it is one. */
  readonly finding: string | undefined;
  /** What was seen, for whoever looks into it. */
  readonly verdicts: Readonly<Record<string, unknown>>;
  /** The same in a line. */
  readonly summary: string;
}

export interface FuzzTarget {
  readonly name: string;
  /** How many cases are judged at a time. */
  readonly batch: number;
  generate(seed: number): Uint8Array;
  /** Judges without counting. */
  judge(cases: readonly FuzzCase[]): Promise<FuzzJudgement[]>;
  count(judgement: FuzzJudgement): void;
  /** A line for each count, the first of which says all in short. */
  lines(): string[];
  stop(): Promise<void>;
}
