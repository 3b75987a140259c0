/** Draws the charts of the documents, and writes their tables, from the newest results of each kind: `npm run bench:charts`. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartsOf } from './charts.js';
import { CHARTS, DOCUMENTS, filled, tablesOf } from './documents.js';
import { newestResults } from './newest.js';
import { ROOT } from './paths.js';

const newest = newestResults();
const charts = Object.entries(chartsOf(newest)).map(([name, svg]) => [`${CHARTS}/${name}.svg`, svg] as const);
const documents = Object.entries(DOCUMENTS).map(([document, path]) => [document, filled(readFileSync(join(ROOT, document), 'utf8'), tablesOf(newest, path))] as const);
mkdirSync(join(ROOT, CHARTS), { recursive: true });
for (const [file, content] of [...charts, ...documents]) {
  writeFileSync(join(ROOT, file), content);
  console.log(file);
}
