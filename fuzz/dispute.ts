/** A dispute is the bytes over which the two servers part, who accepts them, and how the other refuses; a disagreement explains disputes of one kind. */

import type { Comparison } from './compare.js';
import type { LongwireVerdict } from './longwire-oracle.js';
import { type MessageText, messageText } from './message-text.js';
import type { SeenRequest, Verdict } from './verdict.js';

export interface Dispute {
  /** `both`: they differ over what they accept. */
  readonly accepts: 'longwire' | 'node' | 'both';
  /** What one of them delivers and the other does not. */
  readonly stage: Comparison['stage'];
  /** How the verdict of the other ends: a code, `open` or `closed`; `none` where both accept. */
  readonly refusal: string;
  /** The message that one of them does not accept. */
  readonly message: MessageText;
  /** What node:http delivered of it. */
  readonly node: SeenRequest | undefined;
  /** Those ahead of it, which both accepted; the nearest first. */
  readonly before: readonly MessageText[];
}

const ACCEPTS = { onlyLongwire: 'longwire', onlyNode: 'node', differ: 'both' } as const;

/** A kind of disagreement that has a reason. */
export interface Disagreement {
  readonly name: string;
  /** The section that allows what only Longwire accepts, or forbids what only node:http accepts. */
  readonly rfc: string;
  readonly why: string;
  /** How the other's verdict may end: codes of Longwire, or of any version of node:http. */
  readonly refusals: readonly string[];
  /** The smallest bytes that show it. */
  readonly example: string;
  /** Not every version of Node disagrees: the example is then held to what Longwire makes of it. */
  readonly dependsOnVersion?: true;
  /** Whether it explains a dispute whose side and refusal fit already. */
  matches(dispute: Dispute): boolean;
}

/** `undefined` where they agree, and where neither accepts. */
export function disputeOver(bytes: Uint8Array, comparison: Comparison, longwire: LongwireVerdict, node: Verdict): Dispute | undefined {
  const { outcome, index, stage } = comparison;
  if (outcome === 'agree' || outcome === 'neither') return undefined;
  const text = Buffer.from(bytes).toString('latin1');
  const { starts } = longwire;
  const isOurs = outcome === 'onlyLongwire';
  const before = starts.slice(0, index).map((start, i) => messageText(text.slice(start, starts[i + 1])));
  return {
    accepts: ACCEPTS[outcome],
    stage,
    refusal: outcome === 'differ' ? 'none' : (isOurs ? node : longwire).ending,
    message: messageText(text.slice(starts[index], isOurs ? starts[index + 1] : undefined)),
    node: node.requests[index],
    before: before.reverse(),
  };
}
