/** What the suite said of two servers when it was run last with all that it has: in verdicts.json, by `node scripts/record-verdicts.mjs --full`. */

import { readDocument } from '../../support/documents.js';
import { CASES } from './cases.js';
import type { Behavior } from './case.js';
import type { EchoServerName } from './echo-servers.js';
import type { Exception } from './report.js';

interface RecordedServer {
  readonly version: string;
  readonly notOk: Readonly<Record<string, Exception>>;
}

export type Recorded = Readonly<Record<EchoServerName, RecordedServer>> & { readonly node: string; readonly messages: string };

export const RECORDED = JSON.parse(readDocument('test/conformance/websocket/verdicts.json')) as Recorded;

/** What a case came to. */
export function recordedBehavior(server: EchoServerName, id: string): Behavior {
  return RECORDED[server].notOk[id]?.behavior ?? 'OK';
}

/** All cases as they were recorded. */
export function recordedVerdicts(server: EchoServerName): { id: string; behavior: Behavior }[] {
  return CASES.map(({ id }) => ({ id, behavior: recordedBehavior(server, id) }));
}
