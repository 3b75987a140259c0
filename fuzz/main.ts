/**
 * Longwire's parser against the one of node:http, for as long as wanted: `npm run fuzz`. Each run has fresh seeds unless one is
 * given. What nothing explains is shrunk and kept in fuzz/findings, and the run then exits with 1.
 *
 *   npm run fuzz -- [--minutes 1] [--seed n]
 *   npm run fuzz -- --replay fuzz/findings/….json
 */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { FINDINGS_FOLDER, loadFinding, saveFinding } from './findings.js';
import { generate } from './generator.js';
import { Judge, type Judgement } from './judge.js';
import { shrink } from './shrink.js';
import { Tally } from './tally.js';

const BATCH = 64;
const PROGRESS_MS = 10_000;
/** Found so often, it is not shrunk and kept again: one run must end, whatever is wrong. */
const MAX_KEPT_A_KIND = 5;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, replay: { type: 'string' } } });
const judge = new Judge();

if (values.replay !== undefined) process.exitCode = await replay(values.replay);
else process.exitCode = await run(Number(values.minutes), values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed));

async function run(minutes: number, firstSeed: number): Promise<number> {
  if (!(minutes > 0) || !Number.isSafeInteger(firstSeed)) throw new TypeError('--minutes is a number above 0, --seed a whole number');
  console.log(`from seed ${firstSeed}, for ${minutes} min, beside Node ${process.version} with llhttp ${process.versions['llhttp']}`);
  const tally = new Tally();
  const kept = new Map<string, number>();
  const end = performance.now() + minutes * 60_000;
  let nextProgress = performance.now() + PROGRESS_MS;
  let seed = firstSeed;
  do {
    const judged = await judge.judge(Array.from({ length: BATCH }, (_, i) => generate(seed + i)));
    for (const [i, judgement] of judged.entries()) {
      tally.add(judgement);
      if (judgement.finding !== undefined) await keep(judgement.finding, seed + i, judgement, kept);
    }
    seed += BATCH;
    if (performance.now() >= nextProgress) {
      nextProgress += PROGRESS_MS;
      console.log(tally.lines()[0]);
    }
  } while (performance.now() < end);
  console.log(tally.lines().join('\n'));
  return tally.findings === 0 ? 0 : 1;
}

async function keep(kind: string, seed: number, { bytes }: Judgement, kept: Map<string, number>): Promise<void> {
  const count = kept.get(kind) ?? 0;
  if (count >= MAX_KEPT_A_KIND) return;
  kept.set(kind, count + 1);
  const smallest = await shrink(bytes, async (shorter) => (await judge.judgeOne(shorter)).finding === kind);
  const { path, isNew } = saveFinding(FINDINGS_FOLDER, kind, seed, bytes, await judge.judgeOne(smallest));
  console.log(`${kind}: ${path}${isNew ? '' : ' (known)'}\n  ${JSON.stringify(Buffer.from(smallest).toString('latin1'))}`);
}

async function replay(path: string): Promise<number> {
  const judged = await judge.judge(loadFinding(path));
  for (const { bytes, longwire, node, outcome, explanation, finding } of judged) {
    console.log(JSON.stringify(Buffer.from(bytes).toString('latin1')));
    console.log(`${outcome}: ${finding === undefined ? (explanation?.name ?? 'nothing to explain') : 'without a reason'}`);
    console.log(JSON.stringify({ longwire, node }, null, 2));
  }
  return judged.some(({ finding }) => finding !== undefined) ? 1 : 0;
}
