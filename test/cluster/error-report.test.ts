/** Errors between processes: what a structured clone would lose of them comes through. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from 'longwire';
import { errorOf, reportOf } from '#src/cluster/error-report.js';

const sent = (error: unknown): Error => errorOf(structuredClone(reportOf(error)));

test('an error of the system keeps its code and all that it says', () => {
  const error = Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:80'), { code: 'EADDRINUSE', errno: -98, syscall: 'listen', address: '127.0.0.1', port: 80 });
  const { message, stack, ...fields } = sent(error) as Error & Record<string, unknown>;
  assert.deepEqual([message, stack, { ...fields }], [error.message, error.stack, { code: 'EADDRINUSE', errno: -98, syscall: 'listen', address: '127.0.0.1', port: 80 }]);
});

test('a UsageError stays one', () => {
  const error = sent(new UsageError('option port must be a number'));
  assert.ok(error instanceof UsageError);
  assert.equal(error.message, 'option port must be a number');
});

test('an error of another class keeps its name, and fields that are no plain values stay behind', () => {
  const error = sent(Object.assign(new TypeError('no function'), { detail: { deep: true }, isFatal: true }));
  assert.deepEqual([error.name, error.message, 'detail' in error, (error as Error & { isFatal?: boolean }).isFatal], ['TypeError', 'no function', false, true]);
});

test('what was thrown and is no error becomes one that says so', () => {
  assert.equal(sent('just text').message, 'not an Error was thrown: just text');
  assert.equal(sent(Object.create(null)).message, 'not an Error was thrown: object');
});
