/** Every close code has the name that the contract gives it; all others are `unknown`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeStatusOf } from '#src/channel/close-status.js';

const NAMES: Readonly<Record<number, string>> = {
  1000: 'normal',
  1001: 'going-away',
  1002: 'protocol-error',
  1003: 'unsupported',
  1005: 'no-status-received',
  1006: 'abnormal',
  1007: 'invalid-payload-data',
  1008: 'policy-violation',
  1009: 'message-too-big',
  1010: 'mandatory-extension',
  1011: 'internal-server-error',
  1012: 'service-restart',
  1013: 'try-again-later',
  1014: 'bad-gateway',
  1015: 'tls-handshake',
};

test('names the codes from 0 to 5000', () => {
  for (let code = 0; code <= 5000; code++) assert.equal(closeStatusOf(code), NAMES[code] ?? 'unknown', String(code));
});
