/** The suite says of the package ws what is recorded: all is OK but that it fails invalid texts late. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ROOT } from '../../support/documents.js';
import { CASES } from './cases.js';
import { ECHO_SERVERS, type EchoServer } from './echo-servers.js';
import { DEFAULTS, judge } from './judge.js';
import { countsOf } from './report.js';
import { RECORDED, recordedBehavior, recordedVerdicts } from './verdicts.js';

/** It never fails an invalid text before the rest of it has come. */
const WAITS = { quietMs: 20, failFastMs: 100 };

test('what is recorded of Longwire and of ws differs in the cases of failing fast', () => {
  const { OK, INFORMATIONAL } = countsOf(recordedVerdicts('longwire'));
  assert.deepEqual([OK, INFORMATIONAL], [514, 3]);
  const differing = CASES.filter(({ id }) => recordedBehavior('ws', id) !== recordedBehavior('longwire', id));
  assert.deepEqual(differing.map(({ id }) => id), ['6.4.1', '6.4.2', '6.4.3', '6.4.4']);
});

test('what is recorded of ws is about the version that is installed', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules', 'ws', 'package.json'), 'utf8')) as { version: string };
  assert.equal(version, RECORDED.ws.version);
});

describe('ws', { concurrency: 4 }, () => {
  let server: EchoServer;
  before(async () => (server = await ECHO_SERVERS.ws()));
  after(() => server.stop());

  for (const each of CASES) {
    test(`does in ${each.id} what is recorded: ${each.title}`, async () => {
      const verdict = await judge(each, new URL(server.url), { ...DEFAULTS, ...WAITS });
      assert.equal(verdict.behavior, recordedBehavior('ws', each.id), verdict.reason);
    });
  }
});
