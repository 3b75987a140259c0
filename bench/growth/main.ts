/**
 * Whether cost stays flat as things grow: `npm run bench:growth`. Sizes take turns, round by round, and medians count. It says how much dearer a unit
 * becomes, and writes what it found to `bench/results`.
 *
 *   npm run bench:growth -- [--only word,word] [--rounds 5] [--seconds 1] [--write]
 *
 * Results of other options than these are written only with `--write`: the newest are those that the documents quote.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectionsHere } from '../idle.js';
import { describeMachine, describeRevision, momentOf } from '../machine.js';
import { coresHere, type Settings } from '../measurement.js';
import { Progress } from '../progress.js';
import { fileName, RESULTS } from '../results.js';
import { type Curve, CURVES } from './curves.js';
import { besideReference, FLAT, type GrowthResult, growthResult } from './growth.js';

export interface GrowthResults {
  readonly date: string;
  readonly measuredAt: string;
  readonly node: string;
  readonly revision: ReturnType<typeof describeRevision>;
  readonly machine: ReturnType<typeof describeMachine>;
  readonly options: { readonly rounds: number; readonly seconds: number };
  readonly curves: readonly GrowthResult[];
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '1' }, write: { type: 'boolean', default: false } } });
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const words = values.only.split(',').filter((word) => word !== '');
const curves = CURVES.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const settings: Settings = { seconds, warmSeconds: seconds, node: process.execPath, ...coresHere(), hasWrk: false, repeats: 0 };

const progress = new Progress(curves.length);
const measured: GrowthResult[] = [];
for (const curve of curves) {
  progress.begin(curve.title);
  measured.push(await follow(curve));
}
progress.end();
const reference = measured.find((_, i) => curves[i]!.isReference);
const found = measured.map((result, i) => (reference !== undefined && curves[i]!.isConnections && !curves[i]!.isReference ? besideReference(result, reference) : result));
for (const { title, growth, isFlat, points } of found) {
  console.log(`${isFlat ? 'flat ' : 'GROWS'} ${growth.toFixed(2)}x at most  ${title}: ${points.map(({ size, microsPerUnit }) => `${size.toLocaleString('en')}: ${microsPerUnit.toPrecision(3)} µs`).join(', ')}`);
}
if (reference !== undefined) console.log(`Where connections are counted, flat is beside the limit, which parses nothing and grows ${reference.growth.toFixed(2)}x in the kernel.`);
const ours = found.filter((_, i) => !curves[i]!.isReference);
console.log(`${ours.filter(({ isFlat }) => isFlat).length} of ${ours.length} stay within ${FLAT}x`);
if (values.write || process.argv.length === 2) console.log(`written to ${write(found)}`);

async function follow(curve: Curve): Promise<GrowthResult> {
  const sizes = curve.sizes.filter((size) => !curve.isConnections || size <= connectionsHere(size));
  const costs = sizes.map((size) => ({ size, micros: [] as number[] }));
  // The first round warms up what is measured in this process.
  for (let round = 0; round <= rounds; round++) {
    for (const { size, micros } of costs) {
      progress.step(`${size.toLocaleString('en')}, round ${round} of ${rounds}`);
      const cost = await curve.measure(size, settings);
      if (round > 0) micros.push(cost);
    }
  }
  return growthResult(curve.name, curve.title, costs);
}

function write(all: readonly GrowthResult[]): string {
  const results: GrowthResults = {
    ...momentOf(new Date()),
    node: process.versions.node,
    revision: describeRevision(),
    machine: describeMachine(),
    options: { rounds, seconds },
    curves: all,
  };
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `growth-${fileName(results)}.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`);
  return path;
}
