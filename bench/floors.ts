/** Whether a row reaches its floor. */

import type { IdleResult } from './idle-row.js';
import type { RowResult, Summary } from './row.js';
import type { ServerName } from './servers.js';
import { pairedRatio } from './statistics.js';
import { type Floor, LIMIT_SHARE } from './workloads.js';

/** `below`: a ratio of Node 20's was not reached, on another version. */
export type Verdict = 'met' | 'not met' | 'below' | 'no floor' | 'not measured';

export interface Judgement {
  readonly verdict: Verdict;
  /** The CPU time of whom it is compared with over ours, round by round. */
  readonly ratio: number | undefined;
  /** The same of the limit. */
  readonly limitShare: number | undefined;
}

/**
 * Beyond it the limit is none: large messages cost a server over node:net mostly memory, which one that does nothing gives back late. Then the ratio
 * alone counts.
 */
const NO_LIMIT_SHARE = 1.1;
/** The Node whose ratios the floors are. */
const FLOOR_NODE = 20;
/** At this share of a core a client has no more to give. */
const CLIENT_IS_FULL = 0.95;
/** Below this one, a server has. */
const SERVER_IS_FREE = 0.9;

export function judge({ ours, peer, limit, floor }: Pick<RowResult, 'ours' | 'peer' | 'limit' | 'floor'>, nodeMajor: number): Judgement {
  const ratio = ours && peer && pairedRatio(ours.rounds, peer.rounds);
  const limitShare = ours && limit && pairedRatio(ours.rounds, limit.rounds);
  return { verdict: verdictOf(floor, ratio, limitShare, nodeMajor), ratio, limitShare };
}

function verdictOf(floor: Floor | undefined, ratio: number | undefined, limitShare: number | undefined, nodeMajor: number): Verdict {
  if (floor === undefined) return 'no floor';
  if (floor.limitShare !== undefined) return limitShare === undefined ? 'not measured' : limitShare >= LIMIT_SHARE ? 'met' : 'not met';
  if (limitShare !== undefined && limitShare >= LIMIT_SHARE && limitShare <= NO_LIMIT_SHARE) return 'met';
  if (ratio === undefined) return 'not measured';
  if (ratio >= floor.ratio!) return 'met';
  return nodeMajor === FLOOR_NODE ? 'not met' : 'below';
}

/** Whether a connection of ours that does nothing costs little enough, or nearly as little as one of the limit. */
export function judgeIdle({ servers, floor }: Pick<IdleResult, 'servers' | 'floor'>, step: 'opened' | 'asked'): Verdict {
  if (floor === undefined) return 'no floor';
  const bytesOf = (name: ServerName): number | undefined => servers.find(({ server }) => server === name)?.[step].rss;
  const [ours, limit] = [bytesOf('longwire'), bytesOf('limit')];
  if (ours === undefined) return 'not measured';
  return ours <= floor || (limit !== undefined && limit / ours >= LIMIT_SHARE) ? 'met' : 'not met';
}

/** Whether the client was at its end and the server was not: what was done a second then says nothing of the server. */
export function isClientBound({ clientShare, serverShare }: Pick<Summary, 'clientShare' | 'serverShare'>): boolean {
  return clientShare >= CLIENT_IS_FULL && serverShare < SERVER_IS_FREE;
}
