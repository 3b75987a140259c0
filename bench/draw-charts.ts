/** Draws the charts of the documents from the newest results of each kind: `npm run bench:charts`. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BroadcastResults } from './broadcast/results.js';
import { chartsOf, newestOfEachNode } from './charts.js';
import type { GrowthResults } from './growth/main.js';
import { ROOT } from './paths.js';
import { RESULTS, type Results } from './results.js';
import type { SoakResults } from './soak/main.js';

const CHARTS = join(ROOT, 'docs', 'bench');

/** Their names begin with the date, behind the kind: the last is the newest. */
const files = readdirSync(RESULTS).filter((file) => file.endsWith('.json')).sort();

function load<T>(wanted: RegExp): T[] {
  return files.filter((file) => wanted.test(file)).map((file) => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as T);
}

const charts = chartsOf({
  runs: newestOfEachNode(load<Results>(/^\d/)),
  growth: load<GrowthResults>(/^growth-/).at(-1),
  soak: load<SoakResults>(/^soak-/).at(-1),
  broadcast: load<BroadcastResults>(/^broadcast-/).at(-1),
});
mkdirSync(CHARTS, { recursive: true });
for (const [name, svg] of Object.entries(charts)) {
  writeFileSync(join(CHARTS, `${name}.svg`), svg);
  console.log(`docs/bench/${name}.svg`);
}
