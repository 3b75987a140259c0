/**
 * Every disagreement with node:http that has a reason, by who accepts. A row is as narrow as its bytes and the way in which the
 * other one refuses them.
 */

import type { Disagreement, Dispute } from './dispute.js';
import { BOTH_DIFFER } from './both-differ.js';
import { LONGWIRE_ONLY } from './longwire-only.js';
import { asksForUpgrade } from './message-text.js';
import { NODE_ONLY } from './node-only.js';
import { NODE_ONLY_REQUEST_LINES } from './node-only-request-line.js';

export type SidedDisagreement = Disagreement & Pick<Dispute, 'accepts'>;

export const DISAGREEMENTS: readonly SidedDisagreement[] = [
  ...LONGWIRE_ONLY.map((row) => ({ ...row, accepts: 'longwire' as const })),
  ...[...NODE_ONLY_REQUEST_LINES, ...NODE_ONLY].map((row) => ({ ...row, accepts: 'node' as const })),
  ...BOTH_DIFFER.map((row) => ({ ...row, accepts: 'both' as const })),
];

export const ACCEPTED_BY = { longwire: 'only Longwire', node: 'only node:http', both: 'both, but differently' } as const;

export function explanationOf(dispute: Dispute): SidedDisagreement | undefined {
  return DISAGREEMENTS.find((row) => row.accepts === dispute.accepts && (row.refusals.includes(dispute.refusal) || isSilent(dispute)) && row.matches(dispute));
}

/** In the body of a request that asks for an upgrade node:http tells nobody of an error: the rest of the body never comes. */
function isSilent({ accepts, stage, refusal, message }: Dispute): boolean {
  return accepts === 'longwire' && stage === 'body' && refusal === 'open' && asksForUpgrade(message);
}
