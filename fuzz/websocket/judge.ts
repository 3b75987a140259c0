/** Whether what was seen of a WebSocket is right, given what its client sent; if not, in which respect. */

import { isDeepStrictEqual } from 'node:util';
import { closeStatusOf } from '#src/channel/close-status.js';
import { WS_ERRORS, type WsErrorCode } from '#src/websocket/errors.js';
import { setupOf } from './conversation.js';
import { type Decoded, decodeEveryWay, inflateAll, type Inflated } from './decoded.js';
import { readSent, type Sent } from './sent.js';
import { perform, type Seen } from './stage.js';

export interface WebSocketJudgement {
  readonly seed: number;
  readonly bytes: Uint8Array;
  /** How it ended: the close code that the application was told. */
  readonly ended: string;
  readonly messages: number;
  /** What is wrong, as a kind, and in full. */
  readonly finding: string | undefined;
  readonly details: unknown;
}

/** Never throws. */
export async function judgeWebSocket(seed: number, bytes: Uint8Array): Promise<WebSocketJudgement> {
  const setup = setupOf(seed);
  const judged = { seed, bytes, ended: 'not at all', messages: 0 };
  try {
    const decoded = decodeEveryWay(seed, bytes, setup);
    const inflated = inflateAll(decoded, setup);
    const seen = await perform(seed, bytes, setup);
    const [finding, details] = faultOf(decoded, inflated, seen, readSent(seen.written, setup.deflate), setup.deflate !== undefined) ?? [];
    return { ...judged, ended: String(seen.closings[0]?.code), messages: seen.handled.length, finding, details };
  } catch (error) {
    return { ...judged, finding: 'thrown', details: error instanceof Error ? error.stack : String(error) };
  }
}

type Fault = readonly [kind: string, details: unknown];

function faultOf(decoded: Decoded, inflated: Inflated, seen: Seen, sent: Sent, isCompressed: boolean): Fault | undefined {
  if (seen.faults.length > 0) return ['fault', seen.faults];
  if (seen.closings.length !== 1) return ['onClose', seen.closings];
  return faultOfReceived(decoded, inflated, seen) ?? faultOfSent(decoded, seen, sent, isCompressed) ?? faultOfEnd(decoded, inflated, seen, sent);
}

function faultOfReceived(decoded: Decoded, inflated: Inflated, { handled, pings, isUndisturbed }: Seen): Fault | undefined {
  if (!isBeginning(handled, inflated.messages)) return ['messages', { handled: shown(handled), expected: shown(inflated.messages) }];
  if (isUndisturbed && handled.length < inflated.messages.length) return ['messages lost', { handled: shown(handled), expected: shown(inflated.messages) }];
  const expected = pingsOf(decoded);
  if (!isBeginning(pings, expected)) return ['pings', { pings, expected }];
  if (isUndisturbed && inflated.error === undefined && pings.length < expected.length) return ['pings lost', { pings, expected }];
  return undefined;
}

function faultOfSent(decoded: Decoded, { accepted, closings, pings: told, isTaken }: Seen, { messages, pongs }: Sent, isCompressed: boolean): Fault | undefined {
  if (!isBeginning(messages, accepted)) return ['sent', { sent: shown(messages), accepted: shown(accepted) }];
  const { by, clean } = closings[0]!;
  // What is still being compressed is lost where the peer's own Close comes.
  if (clean && by === 'server' && !isCompressed && messages.length < accepted.length) return ['sent lost', { sent: shown(messages), accepted: shown(accepted) }];
  const pings = pingsOf(decoded);
  if (isTaken ? !isBeginning(pongs, pings) : !isSelection(pongs, pings)) return ['pongs', { pongs, pings }];
  if (isTaken && pongs.length < told.length) return ['pongs lost', { pongs, told }];
  return undefined;
}

function faultOfEnd(decoded: Decoded, inflated: Inflated, { closings, otherEnds, isUndisturbed }: Seen, sent: Sent): Fault | undefined {
  const { status, code, by, clean } = closings[0]!;
  const ends = endsOf(decoded, inflated);
  const details = { closing: closings[0], ends, otherEnds: [...otherEnds], sent: sent.closeCode };
  if (closeStatusOf(code!) !== status) return ['status', details];
  const isRight = ends.some((end) => end.code === code && end.by === by) || (!isUndisturbed && (code === 1006 || otherEnds.has(code!)));
  if (!isRight) return ['close code', details];
  if (sent.hasClosed && sent.closeCode !== (code === 1005 ? undefined : code)) return ['close code sent', details];
  if (by === 'client' && !sent.hasClosed && isUndisturbed) return ['close not answered', details];
  const isAnswered = decoded.events.at(-1)?.type === 'close';
  if (clean && !isAnswered) return ['clean', details];
  return undefined;
}

interface End {
  readonly code: number;
  readonly by: string;
}

/** How the client's bytes may end it: a message that cannot be inflated may be found too late, behind a Close. */
function endsOf({ events, error }: Decoded, inflated: Inflated): End[] {
  const last = events.at(-1);
  const ofFrames: End = error !== undefined ? failure(error) : last?.type === 'close' ? { code: last.code ?? 1005, by: 'client' } : { code: 1006, by: 'network' };
  return inflated.error === undefined ? [ofFrames] : [ofFrames, failure(inflated.error)];
}

function failure(error: string): End {
  return { code: WS_ERRORS[error as WsErrorCode].close, by: 'server' };
}

function pingsOf({ events }: Decoded): string[] {
  return events.flatMap((event) => (event.type === 'ping' ? [event.data] : []));
}

type Items = readonly (string | Uint8Array)[];

function isBeginning(some: Items, all: Items): boolean {
  return some.length <= all.length && some.every((each, i) => isSame(each, all[i]!));
}

function isSelection(some: Items, all: Items): boolean {
  let at = 0;
  return some.every((each) => {
    while (at < all.length && !isSame(each, all[at]!)) at++;
    return at++ < all.length;
  });
}

function isSame(one: string | Uint8Array, other: string | Uint8Array): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return isDeepStrictEqual(Uint8Array.from(one), Uint8Array.from(other));
}

function shown(messages: Items): string[] {
  return messages.map((each) => (typeof each === 'string' ? JSON.stringify(each.slice(0, 60)) : Buffer.from(each).toString('hex', 0, 60)));
}
