/** The suite has the cases that Autobahn has, each once and in order. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sectionOfCase } from './case.js';
import { CASES, SECTIONS } from './cases.js';

/** How many cases each section has. */
const COUNTS = { 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1, 12: 90, 13: 126 };

/** How many cases each subsection has, where there are such. */
const SUBSECTIONS = {
  '1.1': 8, '1.2': 8, '4.1': 5, '4.2': 5,
  '6.1': 3, '6.2': 4, '6.3': 2, '6.4': 4, '6.5': 5, '6.6': 11, '6.7': 4, '6.8': 2, '6.9': 4, '6.10': 3, '6.11': 5, '6.12': 8, '6.13': 5,
  '6.14': 10, '6.15': 1, '6.16': 3, '6.17': 5, '6.18': 5, '6.19': 5, '6.20': 7, '6.21': 8, '6.22': 34, '6.23': 7,
  '7.1': 6, '7.3': 6, '7.5': 1, '7.7': 13, '7.9': 9, '7.13': 2,
  '9.1': 6, '9.2': 6, '9.3': 9, '9.4': 9, '9.5': 6, '9.6': 6, '9.7': 6, '9.8': 6, '10.1': 1,
  '12.1': 18, '12.2': 18, '12.3': 18, '12.4': 18, '12.5': 18,
  '13.1': 18, '13.2': 18, '13.3': 18, '13.4': 18, '13.5': 18, '13.6': 18, '13.7': 18,
};

test('there are 517 cases, each with a number of its own, in their order', () => {
  const ids = CASES.map(({ id }) => id);
  assert.equal(ids.length, 517);
  assert.equal(new Set(ids).size, 517);
  assert.deepEqual(ids, [...ids].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })));
});

test('every section and subsection has as many cases as that of Autobahn, numbered from 1', () => {
  assert.deepEqual(countBy(({ id }) => String(sectionOfCase(id))), COUNTS);
  assert.deepEqual([...SECTIONS.keys()].map(String), Object.keys(COUNTS));
  const inSubsections = CASES.filter(({ id }) => id.split('.').length === 3);
  assert.deepEqual(countBy(({ id }) => id.slice(0, id.lastIndexOf('.')), inSubsections), SUBSECTIONS);
  for (const [subsection, count] of Object.entries({ ...SUBSECTIONS, 2: 11, 3: 7, 5: 20 })) {
    for (let i = 1; i <= count; i++) assert.ok(CASES.some(({ id }) => id === `${subsection}.${i}`), `${subsection}.${i}`);
  }
});

test('three cases are informational', () => {
  assert.deepEqual(CASES.filter((each) => each.isInformational === true).map(({ id }) => id), ['7.1.6', '7.13.1', '7.13.2']);
});

test('a message of 4 MiB in fragments of 64 octets has 65,537 of them', () => {
  const each = CASES.find(({ id }) => id === '9.3.1')!;
  assert.ok(each.kind === 'round trips' && each.endsEmpty === true && each.fragment === 64);
  assert.equal(each.message(0).length / each.fragment + 1, 65_537);
});

function countBy(key: (each: (typeof CASES)[number]) => string, cases = CASES): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of cases) counts[key(each)] = (counts[key(each)] ?? 0) + 1;
  return counts;
}
