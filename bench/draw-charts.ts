/** Draws the charts of the documents, and writes their tables, from the newest results of each kind: `npm run bench:charts`. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartsOf } from './charts.js';
import { CHARTS, DOCUMENTS, filled, tablesOf } from './documents.js';
import { newestResults } from './newest.js';
import { ROOT } from './paths.js';

const newest = newestResults();
mkdirSync(join(ROOT, CHARTS), { recursive: true });
for (const [name, svg] of Object.entries(chartsOf(newest))) write(`${CHARTS}/${name}.svg`, svg);
for (const [document, path] of Object.entries(DOCUMENTS)) write(document, filled(readFileSync(join(ROOT, document), 'utf8'), tablesOf(newest, path)));

function write(file: string, content: string): void {
  writeFileSync(join(ROOT, file), content);
  console.log(file);
}
