/** Every status has the reason phrase of RFC 9110 §15 or none, and three of them never have a body. */

import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { test } from 'node:test';
import { HTTP_ERRORS } from '#src/http/errors.js';
import { forbidsBody, reasonPhrase } from '#src/http/status.js';

/** Where node:http still has the words of an older RFC, those of RFC 9110. */
const RENAMED: Readonly<Record<number, string>> = { 413: 'Content Too Large', 418: "I'm a Teapot", 422: 'Unprocessable Content' };

test('gives a reason phrase as node:http does, but for those that RFC 9110 renamed', () => {
  let count = 0;
  for (let status = 100; status < 600; status++) {
    const phrase = reasonPhrase(status);
    if (phrase === '') continue;
    count++;
    assert.equal(phrase, RENAMED[status] ?? STATUS_CODES[status], String(status));
  }
  assert.ok(count > 50);
});

test('has a reason phrase for every status that a broken rule is answered with', () => {
  for (const [code, spec] of Object.entries(HTTP_ERRORS)) if ('status' in spec) assert.notEqual(reasonPhrase(spec.status), '', code);
});

test('has no reason phrase for a status that it does not know', () => {
  for (const status of [299, 306, 427, 430, 599]) assert.equal(reasonPhrase(status), '');
});

test('forbids a body to 204, 205 and 304 alone', () => {
  assert.deepEqual(Array.from({ length: 400 }, (_, i) => 200 + i).filter(forbidsBody), [204, 205, 304]);
});
