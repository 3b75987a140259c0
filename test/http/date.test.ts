/** The Date field has the form of RFC 9110 §5.6.7 and follows the clock, also backwards. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DateField } from '#src/http/date.js';

test('formats a date as an IMF-fixdate', () => {
  assert.equal(new DateField().line(Date.UTC(1994, 10, 6, 8, 49, 37)), 'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n');
  assert.equal(new DateField().line(0), 'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n');
});

test('changes with the second, forwards and backwards, and not within it', () => {
  const date = new DateField();
  const start = Date.UTC(2026, 0, 1, 23, 59, 59);
  const seconds = [0, 0.5, 999, 1000, 1999.9, 0, -1].map((ms) => date.line(start + ms).slice(-14));
  assert.deepEqual(seconds, ['23:59:59 GMT\r\n', '23:59:59 GMT\r\n', '23:59:59 GMT\r\n', '00:00:00 GMT\r\n', '00:00:00 GMT\r\n', '23:59:59 GMT\r\n', '23:59:58 GMT\r\n']);
});
