/** A server that breaks one rule is found out by the case that is about it, and a server that breaks none by no case: the suite can tell them apart. */

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Behavior, Verdict } from './case.js';
import { CASES } from './cases.js';
import { type Flaw, startBrokenServer } from './broken-server.js';
import { DEFAULTS, judge, type JudgeSettings } from './judge.js';

interface Finding {
  readonly flaw: Flaw;
  readonly id: string;
  readonly reason: RegExp;
  readonly behavior?: Behavior;
  /** How long is waited, where it is not as long as for what must come. */
  readonly settings?: Partial<JudgeSettings>;
}

const PATIENCE_MS = 20_000;
/** Whoever has anything to say says it sooner. */
const SILENT = { patienceMs: 4_000 };

const FINDINGS: readonly Finding[] = [
  { flaw: 'answers with a wrong accept', id: '1.1.1', reason: /Sec-WebSocket-Accept is wrong/ },
  { flaw: 'sends masked frames', id: '1.1.1', reason: /masked/ },
  { flaw: 'ends never', id: '1.1.1', reason: /does not end the connection/, settings: SILENT },
  { flaw: 'sends a Ping behind its Close', id: '1.1.1', reason: /a Ping of 0 octets came behind the Close/ },
  { flaw: 'answers texts in binary', id: '1.1.2', reason: /a binary message of 125 octets came where a text/ },
  { flaw: 'sends lengths in too many octets', id: '1.1.2', reason: /fewest bytes/ },
  { flaw: 'sends RSV1 without agreement', id: '1.1.2', reason: /reserved bit/ },
  { flaw: 'answers with 65,535 octets at most', id: '1.1.7', reason: /not what was sent/ },
  { flaw: 'answers no Pings', id: '2.2', reason: /a Pong was due/, settings: SILENT },
  { flaw: 'answers Pings with nothing', id: '2.2', reason: /not what was sent/ },
  { flaw: 'accepts long control frames', id: '2.5', reason: /control frame/ },
  { flaw: 'reads only whole frames', id: '2.6', reason: /a Pong was due/, settings: SILENT },
  { flaw: 'answers Pings in reverse', id: '2.10', reason: /not what was sent/ },
  { flaw: 'reads one frame at a time', id: '2.10', reason: /a Pong was due/, settings: SILENT },
  { flaw: 'accepts reserved bits', id: '3.1', reason: /a text of 13 octets came where a Close was due/ },
  { flaw: 'ends with the wrong code', id: '3.1', reason: /code 1011, not code 1002/ },
  { flaw: 'ends without a Close', id: '3.1', reason: /the end of the connection came where a Close was due/ },
  { flaw: 'ends before it has answered', id: '3.2', reason: /failed before a frame was answered/, behavior: 'NON-STRICT' },
  { flaw: 'accepts reserved opcodes', id: '4.1.3', reason: /opcode 5 is reserved/ },
  { flaw: 'accepts fragmented control frames', id: '5.1', reason: /a Pong of 9 octets came where a Close was due/ },
  { flaw: 'answers Pings behind the message', id: '5.6', reason: /a text of 18 octets came where a Pong/ },
  { flaw: 'accepts continuations of nothing', id: '5.9', reason: /a continuation has no message/ },
  { flaw: 'accepts interleaved messages', id: '5.18', reason: /came where a Close was due/ },
  { flaw: 'accepts invalid UTF-8', id: '6.3.1', reason: /a text is not valid UTF-8/ },
  { flaw: 'ends where a character is cut', id: '6.2.3', reason: /a Close with code 1007 came where a text/ },
  { flaw: 'ends where a character is cut', id: '6.4.2', reason: /could still become valid/, settings: { quietMs: PATIENCE_MS } },
  { flaw: 'ends only when the text is whole', id: '6.4.1', reason: /only when the rest/, behavior: 'NON-STRICT', settings: { failFastMs: 100 } },
  { flaw: 'answers what comes behind a Close', id: '7.1.3', reason: /a Pong of 0 octets came behind the Close/ },
  { flaw: 'accepts a close body of one octet', id: '7.3.2', reason: /code 1000, not code 1002/ },
  { flaw: 'answers a Close with another code', id: '7.3.3', reason: /code 1011, not code 1000/ },
  { flaw: 'accepts invalid reasons', id: '7.5.1', reason: /code 1000, not code 1007 or code 1002/ },
  { flaw: 'accepts any close code', id: '7.9.3', reason: /code 1004, not code 1002/ },
  { flaw: 'declines compression', id: '12.1.1', reason: /not accepted/, behavior: 'UNIMPLEMENTED' },
  { flaw: 'sends RSV1 on all fragments', id: '12.1.4', reason: /RSV1 stands on a continuation/ },
  { flaw: 'sends references to messages before', id: '13.2.4', reason: /refers back/ },
  { flaw: 'ignores server_no_context_takeover', id: '13.2.4', reason: /no offer was met/ },
];

describe('flaws', { concurrency: true }, () => {
  for (const { flaw, id, reason, behavior = 'FAILED', settings } of FINDINGS) {
    test(`a server that ${flaw} is ${behavior} in case ${id}`, async (t) => {
      const verdict = await judgeWith(t, id, flaw, settings);
      assert.equal(verdict.behavior, behavior, verdict.reason);
      assert.match(verdict.reason, reason);
    });
  }
});

test('a server without a flaw is OK in all of these cases', async (t) => {
  for (const id of new Set(FINDINGS.map((each) => each.id))) {
    const verdict = await judgeWith(t, id);
    assert.equal(verdict.behavior, 'OK', `${id}: ${verdict.reason}`);
  }
});

test('a server that is not there fails', async () => {
  const server = await startBrokenServer();
  await server.stop();
  const { behavior, reason } = await judge(CASES[0]!, server.url, DEFAULTS);
  assert.equal(behavior, 'FAILED');
  assert.match(reason, /ECONNREFUSED/);
});

async function judgeWith(t: TestContext, id: string, flaw?: Flaw, settings?: Partial<JudgeSettings>): Promise<Verdict> {
  const server = await startBrokenServer(flaw);
  t.after(() => server.stop());
  const each = CASES.find((one) => one.id === id)!;
  return judge(each, server.url, { ...DEFAULTS, patienceMs: PATIENCE_MS, failFastMs: PATIENCE_MS, ...settings });
}
