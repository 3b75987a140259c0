/** What a case of the suite is: what the client sends, and what must come of it. Data only; the numbers are those of Autobahn. */

import type { FrameParts } from '../../support/frames.js';
import type { DeflateOffer } from './deflate-offer.js';

/** How the bytes of a case are written: at once, a frame, an octet, or so many octets at a time. */
export type Writing = 'at once' | 'frame by frame' | 'octet by octet' | { readonly octets: number };

/** A frame, or the wait until the first so many answers have come. */
export type Step = FrameParts | { readonly awaitAnswers: number };

/** A message or a Pong that must come. */
export interface Answer {
  readonly type: 'text' | 'binary' | 'pong';
  readonly payload: Buffer;
}

interface Numbered {
  /** Such as `6.4.1`. */
  readonly id: string;
  /** What the client sends. */
  readonly title: string;
  /** Whether what happens is up to the server, and is told only. */
  readonly isInformational?: boolean;
}

/** Frames, and the frames that answer them. */
export interface Exchange extends Numbered {
  readonly kind: 'exchange';
  readonly steps: readonly Step[];
  readonly writing?: Writing;
  readonly answers: readonly Answer[];
  /** Whether a server that fails the connection may fail it before it has answered: it is not strict then. */
  readonly mayFailEarly?: boolean;
  /**
   * The codes of which the server's Close must have one, `undefined` for none: the answer to the client's Close among the steps, or to
   * what is wrong in them. Left out, the client closes with 1000 once all answers have come, and is answered with the same.
   */
  readonly closeCodes?: readonly (number | undefined)[];
}

/** A text message in parts, of which the second makes it invalid: the server must not wait for the third. */
export interface FailFast extends Numbered {
  readonly kind: 'fail fast';
  readonly parts: readonly [Buffer, Buffer, Buffer];
}

/** Messages that are sent one behind the other's echo. */
export interface RoundTrips extends Numbered {
  readonly kind: 'round trips';
  readonly isText: boolean;
  /** The messages of the whole case, and where it is cut short. */
  readonly count: number;
  readonly briefCount: number;
  message(index: number): Buffer;
  /** The bytes of each frame's payload; left out, a message is one frame. */
  readonly fragment?: number;
  /** Whether a message that fills its last fragment is followed by an empty one. */
  readonly endsEmpty?: boolean;
  readonly writing?: Writing;
  /** What the client offers, in order of preference; left out, nothing is compressed. */
  readonly offers?: readonly DeflateOffer[];
}

export type Case = Exchange | FailFast | RoundTrips;

/** What became of a case. */
export const BEHAVIORS = ['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED', 'FAILED'] as const;
export type Behavior = (typeof BEHAVIORS)[number];

export interface Verdict {
  readonly id: string;
  readonly behavior: Behavior;
  /** Why, in words; empty where it is OK. */
  readonly reason: string;
  /** The code of the server's Close; `undefined` where it has none, or there was no Close. */
  readonly closeCode: number | undefined;
  readonly ms: number;
}

/** The number of a section: that of `6.4.1` is 6. */
export function sectionOfCase(id: string): number {
  return Number.parseInt(id, 10);
}
