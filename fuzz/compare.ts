/**
 * Where two servers part over the same bytes. Requests are compared in order; a request counts as accepted once its head was
 * delivered, and fully once its end was. The first that one of them carries further than the other, or that differs, decides.
 *
 * What is not compared: anything behind a CONNECT's head or a WebSocket handshake, which belongs to another protocol; and how a
 * request is refused, or when, as long as neither delivers more of it than the other.
 */

import type { SeenRequest, Verdict } from './verdict.js';
import { isRefused } from './verdict.js';

/**
 * `agree`: the same requests, and neither refused anything. `neither`: the same requests, and at least one of them refused what
 * stands behind those, which the other did not deliver either. `differ`: both delivered a request, but not the same.
 */
export type Outcome = 'agree' | 'neither' | 'onlyLongwire' | 'onlyNode' | 'differ';

export interface Comparison {
  readonly outcome: Outcome;
  /** The request over which they part, counted from 0; or how many they agree upon. */
  readonly index: number;
  /** What one of them delivers of it and the other does not. */
  readonly stage: 'head' | 'body';
}

export function compare(longwire: Verdict, node: Verdict): Comparison {
  for (let index = 0; ; index++) {
    const ours = longwire.requests[index];
    const theirs = node.requests[index];
    if (ours === undefined && theirs === undefined) return { outcome: isRefused(longwire) || isRefused(node) ? 'neither' : 'agree', index, stage: 'head' };
    if (ours === undefined || theirs === undefined) return { outcome: ours === undefined ? 'onlyNode' : 'onlyLongwire', index, stage: 'head' };
    if (!sameHead(ours, theirs)) return { outcome: 'differ', index, stage: 'head' };
    if (ours.method === 'CONNECT') return { outcome: 'agree', index: index + 1, stage: 'head' };
    if (!sameBodySoFar(ours, theirs)) return { outcome: 'differ', index, stage: 'body' };
    if (ours.isComplete !== theirs.isComplete) return { outcome: ours.isComplete ? 'onlyLongwire' : 'onlyNode', index, stage: 'body' };
  }
}

function sameHead(ours: SeenRequest, theirs: SeenRequest): boolean {
  return ours.method === theirs.method && ours.target === theirs.target && ours.isHttp10 === theirs.isHttp10 && sameFields(ours.fields, theirs.fields);
}

/** Of a body that is not complete the one may have delivered more than the other. */
function sameBodySoFar(ours: SeenRequest, theirs: SeenRequest): boolean {
  if (ours.isComplete && theirs.isComplete) return ours.body === theirs.body && sameFields(ours.trailers, theirs.trailers);
  if (ours.isComplete) return ours.body.startsWith(theirs.body);
  if (theirs.isComplete) return theirs.body.startsWith(ours.body);
  return ours.body.startsWith(theirs.body) || theirs.body.startsWith(ours.body);
}

function sameFields(ours: readonly string[], theirs: readonly string[]): boolean {
  return ours.length === theirs.length && ours.every((text, i) => text === theirs[i]);
}
