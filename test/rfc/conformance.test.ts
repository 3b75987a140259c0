/** docs/CONFORMANCE.md says of the rules what their data says, and the data is complete. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conformanceDocument } from '../support/conformance.js';
import { readDocument } from '../support/documents.js';
import { RFCS, TABLES } from './conformance.js';

test('docs/CONFORMANCE.md is what is written from the rules', () => {
  const isSame = readDocument('docs/CONFORMANCE.md') === conformanceDocument(RFCS, TABLES);
  assert.ok(isSame, 'the page is out of date: run npm run build && node scripts/conformance.mjs');
});

for (const { rfc, rules } of RFCS) {
  test(`the rules of RFC ${rfc} stand in the order of its sections`, () => {
    const sections = rules.map((rule) => rule.section);
    assert.deepEqual(sections, [...sections].sort(bySection));
  });

  test(`every case of RFC ${rfc} has a name of its own in its section, and every rule a case, a test or a reason`, () => {
    const names = rules.flatMap((rule) => (rule.cases ?? []).map((each) => `${rule.section} ${each.name}`));
    assert.equal(new Set(names).size, names.length, names.find((name, i) => names.indexOf(name) !== i) ?? '');
    for (const { rule, cases, heldBy, because } of rules) assert.ok((cases ?? heldBy ?? because ?? '').length > 0, rule);
  });
}

function bySection(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
