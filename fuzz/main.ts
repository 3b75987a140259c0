/**
 * Longwire's parser against the one of node:http, and its WebSocket against what frames hold, for as long as wanted: `npm run fuzz`. Each
 * run has fresh seeds unless one is given. What nothing explains is shrunk and kept in fuzz/findings, and the run then exits with 1.
 *
 *   npm run fuzz -- [--target http|websocket] [--minutes 1] [--seed n]
 *   npm run fuzz -- --replay fuzz/findings/….json
 */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { FINDINGS_FOLDER, loadFinding, saveFinding } from './findings.js';
import { HttpTarget } from './http-target.js';
import { shrink } from './shrink.js';
import type { FuzzJudgement, FuzzTarget } from './target.js';
import { WebSocketTarget } from './websocket/target.js';

const PROGRESS_MS = 10_000;
/** Found so often, it is not shrunk and kept again: one run must end, whatever is wrong. */
const MAX_KEPT_A_KIND = 5;

const { values } = parseArgs({
  options: { target: { type: 'string' }, minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, replay: { type: 'string' } },
});
const targets: readonly FuzzTarget[] = [new HttpTarget(), new WebSocketTarget()];
/** What was rejected and nobody heard of: that alone would be a finding. */
const unheard: unknown[] = [];
process.on('unhandledRejection', (error) => unheard.push(error));

if (values.replay !== undefined) process.exitCode = await replay(values.replay);
else process.exitCode = await run(chosen(values.target), Number(values.minutes), values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed));
for (const target of targets) await target.stop();
for (const error of unheard) console.log('rejected, and nobody heard of it:', error);
if (unheard.length > 0) process.exitCode = 1;

function chosen(name: string | undefined): readonly FuzzTarget[] {
  const found = targets.filter((target) => name === undefined || target.name === name);
  if (found.length === 0) throw new TypeError(`--target is ${targets.map((target) => target.name).join(' or ')}`);
  return found;
}

/** All of them take turns. */
async function run(chosenTargets: readonly FuzzTarget[], minutes: number, firstSeed: number): Promise<number> {
  if (!(minutes > 0) || !Number.isSafeInteger(firstSeed)) throw new TypeError('--minutes is a number above 0, --seed a whole number');
  console.log(`from seed ${firstSeed}, for ${minutes} min, beside Node ${process.version} with llhttp ${process.versions['llhttp']}`);
  const kept = new Map<string, number>();
  const end = performance.now() + minutes * 60_000;
  let nextProgress = performance.now() + PROGRESS_MS;
  let found = 0;
  for (let seed = firstSeed; seed === firstSeed || performance.now() < end; seed += Math.max(...chosenTargets.map(({ batch }) => batch))) {
    for (const target of chosenTargets) found += await runBatch(target, seed, kept);
    if (performance.now() < nextProgress) continue;
    nextProgress += PROGRESS_MS;
    for (const target of chosenTargets) console.log(target.lines()[0]);
  }
  for (const target of chosenTargets) console.log(target.lines().join('\n'));
  return found === 0 ? 0 : 1;
}

/** How many findings there were. */
async function runBatch(target: FuzzTarget, firstSeed: number, kept: Map<string, number>): Promise<number> {
  const cases = Array.from({ length: target.batch }, (_, i) => ({ seed: firstSeed + i, bytes: target.generate(firstSeed + i) }));
  let found = 0;
  for (const judgement of await target.judge(cases)) {
    target.count(judgement);
    if (judgement.finding === undefined) continue;
    found++;
    await keep(target, judgement.finding, judgement, kept);
  }
  return found;
}

async function keep(target: FuzzTarget, kind: string, found: FuzzJudgement, kept: Map<string, number>): Promise<void> {
  const count = kept.get(`${target.name} ${kind}`) ?? 0;
  if (count >= MAX_KEPT_A_KIND) return;
  kept.set(`${target.name} ${kind}`, count + 1);
  const judgeOne = async (bytes: Uint8Array): Promise<FuzzJudgement> => (await target.judge([{ seed: found.seed, bytes }]))[0]!;
  const smallest = await shrink(found.bytes, async (shorter) => (await judgeOne(shorter)).finding === kind);
  const { path, isNew } = saveFinding(FINDINGS_FOLDER, target.name, kind, found, smallest === found.bytes ? found : await judgeOne(smallest));
  console.log(`${kind}: ${path}${isNew ? '' : ' (known)'}\n  ${JSON.stringify(Buffer.from(smallest).toString('latin1'))}`);
}

async function replay(path: string): Promise<number> {
  const { target, cases } = loadFinding(path);
  const judged = await chosen(target)[0]!.judge(cases);
  for (const { bytes, summary, verdicts } of judged) {
    console.log(JSON.stringify(Buffer.from(bytes).toString('latin1')));
    console.log(summary);
    console.log(JSON.stringify(verdicts, null, 2));
  }
  return judged.some(({ finding }) => finding !== undefined) ? 1 : 0;
}
