/** A report of the official suite is compared case by case, and what is expected is what the suite of our own says of Longwire. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDocument } from '../../support/documents.js';
import { CASES } from '../websocket/cases.js';
import { recordedBehavior } from '../websocket/verdicts.js';
import { differences, parseReport, type Results } from './report.js';

const EXPECTED = JSON.parse(readDocument('test/conformance/autobahn/expected.json')) as Results;
const OK = { behavior: 'OK', behaviorClose: 'OK' };

/** A report as the suite writes it, in which some cases are different. */
function report(changes: Results = {}): string {
  const results = Object.entries({ ...EXPECTED, ...changes }).map(([id, result]) => [id, { ...result, duration: 2, remoteCloseCode: 1000, reportfile: `longwire_case_${id.replaceAll('.', '_')}.json` }]);
  return JSON.stringify({ longwire: Object.fromEntries(results) });
}

function differencesIn(json: string): string[] {
  return differences(parseReport(json, 'longwire'), EXPECTED);
}

test('every case is expected to come to what it comes to in the suite of our own, the close included', () => {
  const expected = CASES.map(({ id }) => [id, recordedBehavior('longwire', id)] as const);
  assert.deepEqual(EXPECTED, Object.fromEntries(expected.map(([id, behavior]) => [id, { behavior, behaviorClose: behavior }])));
});

test('a report with just what is expected does not differ', () => {
  assert.deepEqual(differencesIn(report()), []);
});

test('a case that is worse, or better, or closed otherwise than expected is a difference', () => {
  const json = report({
    '6.4.1': { behavior: 'NON-STRICT', behaviorClose: 'OK' },
    '7.1.6': OK,
    '7.7.10': { behavior: 'OK', behaviorClose: 'UNCLEAN' },
  });
  assert.deepEqual(differencesIn(json), ['6.4.1 is NON-STRICT (closing: OK), not OK', '7.1.6 is OK, not INFORMATIONAL', '7.7.10 is OK (closing: UNCLEAN), not OK']);
});

test('a case that was not run, and one that nobody expects, are differences', () => {
  const { '1.1.1': _missing, ...rest } = EXPECTED;
  assert.deepEqual(differences({ ...rest, '14.1.1': OK }, EXPECTED), ['1.1.1 was not run', '14.1.1 is not expected']);
});

test('a report about another server is no report', () => {
  assert.throws(() => parseReport(JSON.stringify({ other: EXPECTED }), 'longwire'), /says nothing of longwire/);
});
