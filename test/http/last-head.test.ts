/** Whatever head was sent before: what is remembered is what is encoded anew. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastHead } from '#src/http/last-head.js';
import { encodeFields, encodeHead, type ResponseFraming } from '#src/http/response.js';

const SERVER_LINE = 'Server: test\r\n';
const FIELDS = [undefined, {}, { 'X-A': '1' }, { 'X-A': '2' }, { 'Content-Type': 'text/plain' }, { Connection: 'close' }, { Connection: 'x-a', 'X-A': '1' }, { Connection: 'x-b', 'X-A': '1' }, { Upgrade: 'h2c' }, { Date: 'today' }, { Server: 'own' }, { 'Content-Length': 7 }];
const FRAMINGS: readonly ResponseFraming[] = [{ kind: 'none' }, { kind: 'length', length: 0 }, { kind: 'length', length: 5 }, { kind: 'chunked' }, { kind: 'until-close' }];

/** Every plan that differs from the first in one of its members, and the first. */
function plans() {
  const first = { status: 200, fields: encodeFields(undefined), framing: FRAMINGS[2]!, isText: true, isHttp10: false, keepsAlive: true, dateLine: 'Date: now\r\n' };
  return [
    first,
    { ...first, status: 404 },
    { ...first, isText: false },
    { ...first, isHttp10: true },
    { ...first, keepsAlive: false },
    { ...first, dateLine: 'Date: later\r\n' },
    ...FRAMINGS.map((framing) => ({ ...first, framing })),
    ...FIELDS.map((fields) => ({ ...first, fields: encodeFields(fields) })),
  ];
}

test('gives behind every head the one that belongs to the next, the same or another', () => {
  for (const before of plans()) {
    for (const next of plans()) {
      const lastHead = new LastHead(SERVER_LINE);
      for (const { status, fields, framing, isText, isHttp10, keepsAlive, dateLine } of [before, before, next, next]) {
        const head = lastHead.encode(status, fields, framing, isText, isHttp10, keepsAlive, dateLine);
        assert.equal(head, encodeHead({ status, fields, framing, isText, isHttp10, keepsAlive, dateLine, serverLine: SERVER_LINE }));
      }
    }
  }
});
