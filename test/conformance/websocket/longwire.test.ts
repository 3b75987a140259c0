/** Longwire passes every case that Autobahn has, but the three that can be passed by none. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sectionOfCase } from './case.js';
import { CASES } from './cases.js';
import { ECHO_SERVERS, type EchoServer } from './echo-servers.js';
import { DEFAULTS, judge } from './judge.js';

/** How long the beginning of an invalid text is held back; the rest is not sent at all to a server that fails it. */
const WAITS = { quietMs: 20, failFastMs: 20_000 };

for (const [name, cases, options] of [
  ['Longwire', CASES, true],
  ['Longwire that takes contexts over and compresses everything', CASES.filter(({ id }) => sectionOfCase(id) >= 12), { contextTakeover: true, threshold: 0 }],
] as const) {
  describe(name, { concurrency: 4 }, () => {
    let server: EchoServer;
    before(async () => (server = await ECHO_SERVERS.longwire(0, options)));
    after(() => server.stop());

    for (const each of cases) {
      test(`answers ${each.id} as it must: ${each.title}`, async () => {
        const verdict = await judge(each, new URL(server.url), { ...DEFAULTS, ...WAITS });
        assert.equal(verdict.behavior, each.isInformational === true ? 'INFORMATIONAL' : 'OK', verdict.reason);
      });
    }
  });
}
