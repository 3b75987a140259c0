/** Rules of an RFC, held: a test for each of their cases, by the parser or decoder alone and through real sockets. */

import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { framesOf } from './frame-events.js';
import { eventsOf, type PlainEvent, refusalOf } from './http-events.js';
import { type Case, expectedOf, type ParsedRequest, type Rule } from './rfc.js';
import { answerOverSocket, parseOverSocket, refuseOverSocket } from './rfc-sockets.js';
import { RfcServer } from './rfc-server.js';
import { speakOverSocket, whatIsDecoded } from './rfc-web-sockets.js';
import { hasTest } from './test-names.js';

/** Makes the tests of one RFC, in the order of its rules. They share a server, and run twenty at a time. */
export function registerRules(rfc: number, rules: readonly Rule[]): void {
  describe(`RFC ${rfc}`, { concurrency: 20 }, () => {
    const server = new RfcServer();
    before(() => server.start());
    after(() => server.stop());
    for (const { section, cases, heldBy } of rules) {
      for (const each of cases ?? []) test(`§${section} ${each.name}`, (t) => check(each, t, server));
      for (const each of heldBy ?? []) {
        test(`§${section} is held by the test «${each.name}»`, () => assert.ok(hasTest(each), `${each.file} has no such test`));
      }
    }
  });
}

async function check(each: Case, t: TestContext, server: RfcServer): Promise<void> {
  if ('parsed' in each) {
    assert.deepEqual(requestsIn(eventsOf(each.bytes)).map((found, i) => pick(found, expectedOf(each)[i])), expectedOf(each).map(parsable));
    await parseOverSocket(each, t, server);
  } else if ('refused' in each) {
    assert.equal(refusalOf(each.bytes), each.refused);
    await refuseOverSocket(each, t, server);
  } else if ('received' in each) {
    // What is compressed is no message until it is inflated, which needs more than the decoder.
    const isDecodedAlone = each.closing === undefined && each.options?.perMessageDeflate === undefined;
    if (isDecodedAlone) assert.deepEqual(framesOf(each.bytes, each.options), whatIsDecoded(each));
    await speakOverSocket(each, t, server);
  } else {
    await answerOverSocket(each, t, server);
  }
}

/** What the parser can be asked for. */
function parsable({ handed: _, ...rest }: ParsedRequest): ParsedRequest {
  return rest;
}

function pick(found: ParsedRequest, expected: ParsedRequest | undefined): ParsedRequest {
  if (expected === undefined) return found;
  return Object.fromEntries(Object.keys(parsable(expected)).map((name) => [name, found[name as keyof ParsedRequest]]));
}

function requestsIn(events: readonly PlainEvent[]): ParsedRequest[] {
  const requests: { -readonly [K in keyof ParsedRequest]: ParsedRequest[K] }[] = [];
  for (const event of events) {
    const last = requests.at(-1);
    if (event.type === 'head') {
      const { type: _, isHttp10, ...head } = event;
      requests.push({ ...head, version: isHttp10 ? '1.0' : '1.1', body: '', trailers: [] });
    } else if (event.type === 'data') {
      last!.body = event.text;
    } else {
      last!.trailers = event.trailers;
    }
  }
  return requests;
}
