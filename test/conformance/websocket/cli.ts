/** `npm run conformance -- ws://127.0.0.1:9001 [--full] [--only 6.4] [--json file]`: judges any echo server. Ends with 1 where a case failed. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CASES } from './cases.js';
import { DEFAULTS, judge } from './judge.js';
import { reportText } from './report.js';
import type { Verdict } from './case.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { full: { type: 'boolean', default: false }, only: { type: 'string', multiple: true }, json: { type: 'string' } },
});

const url = URL.canParse(positionals[0] ?? '') ? new URL(positionals[0]!) : undefined;
if (url?.protocol !== 'ws:') {
  console.error('usage: npm run conformance -- ws://127.0.0.1:9001 [--full] [--only 6.4] [--json file]');
  process.exit(2);
}

const { only } = values;
const cases = CASES.filter(({ id }) => only === undefined || only.some((prefix) => `${id}.`.startsWith(`${prefix}.`)));
const verdicts: Verdict[] = [];
for (const each of cases) {
  verdicts.push(await judge(each, url, { ...DEFAULTS, isFull: values.full }));
  if (process.stdout.isTTY) process.stdout.write(`\r${verdicts.length} of ${cases.length}: ${each.id}      `);
}
if (process.stdout.isTTY) process.stdout.write('\r');
console.log(reportText(verdicts));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(verdicts, undefined, 2)}\n`);
process.exitCode = verdicts.length === 0 || verdicts.some(({ behavior }) => behavior === 'FAILED') ? 1 : 0;
