/** Each disagreement with node:http in the table is real: its example shows it, with the reason that the table gives. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP_ERRORS } from '#src/http/errors.js';
import { DISAGREEMENTS, type SidedDisagreement } from '../../fuzz/disagreements.js';
import { Judge } from '../../fuzz/judge.js';
import { isRefused } from '../../fuzz/verdict.js';
import { latin1Bytes } from '../support/pieces.js';

const judge = new Judge();

for (const row of DISAGREEMENTS) {
  test(`accepted by ${row.accepts}: ${row.name}`, async () => {
    const { longwire, explanation } = await judge.judgeOne(latin1Bytes(row.example));
    if (row.accepts === 'node') {
      assert.ok(row.refusals.includes(longwire.ending), longwire.ending);
    } else {
      assert.ok(!isRefused(longwire) && longwire.requests.length > 0 && longwire.requests.every(({ isComplete }) => isComplete), longwire.ending);
    }
    if (!row.dependsOnVersion) assert.equal(explanation?.name, row.name);
    else assert.ok(explanation === undefined || explanation.name === row.name, explanation?.name);
  });
}

test('names each disagreement once, with its section and codes that there are', () => {
  assert.equal(new Set(DISAGREEMENTS.map(({ name }) => name)).size, DISAGREEMENTS.length);
  for (const row of DISAGREEMENTS) {
    assert.match(row.rfc, /^\d{4} §[\dA-C]/, row.name);
    for (const code of row.refusals) assert.ok(isCode(row, code), `${row.name}: ${code}`);
  }
});

function isCode({ accepts }: SidedDisagreement, code: string): boolean {
  if (code === 'open' || code === 'closed') return true;
  if (accepts === 'both') return code === 'none';
  return accepts === 'node' ? code in HTTP_ERRORS : code.startsWith('HPE_');
}
