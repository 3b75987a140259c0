/**
 * The rules of an RFC as data. A rule says in our words what a section demands, and how it is held: by cases (bytes in, and what
 * must come of them), by tests that stand elsewhere, or not, for a reason.
 */

import type { ChannelHandlers, Handler, ServerOptions } from 'longwire';
import type { BodyFraming } from '#src/http/events.js';
import type { HttpErrorCode } from '#src/http/errors.js';
import type { WsErrorCode } from '#src/websocket/errors.js';
import type { Closing } from './channels.js';
import type { TestName } from './test-names.js';

export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY' | 'ought to';

interface RuleText {
  /** Such as `3.2.1`. */
  readonly section: string;
  readonly level: Level;
  /** One sentence, in our words. */
  readonly rule: string;
}

/** A rule is held in exactly one of three ways. */
export type Rule = RuleText &
  (
    | { readonly cases: readonly Case[]; readonly heldBy?: never; readonly because?: never }
    /** Tests elsewhere. */
    | { readonly heldBy: readonly TestName[]; readonly cases?: never; readonly because?: never }
    /** Why it is not tested, or does not bind this server. */
    | { readonly because: string; readonly cases?: never; readonly heldBy?: never }
  );

interface CaseText {
  /** A sentence that begins with a verb, with the condition in it: «refuses a request without Host». */
  readonly name: string;
  /** What the client sends, as latin1. */
  readonly bytes: string;
}

/** Valid requests: what the parser finds, and the same what a handler is given. */
export interface ParsedCase extends CaseText {
  readonly parsed: ParsedRequest | readonly ParsedRequest[];
}

/** A request that is refused: by the parser with this code, through a socket with its status and the close. */
export interface RefusedCase extends CaseText {
  readonly refused: HttpErrorCode;
}

/** What is written, and whether the connection outlives it. */
export interface AnsweredCase extends CaseText {
  readonly answered: readonly Answer[];
  /** What answers; without it, the string «hello». */
  readonly handler?: Handler;
  /** Whether the server closes behind the last answer; else a further request is served. */
  readonly closes?: boolean;
  /** Whether the client sends FIN behind its bytes; then no further request is sent. */
  readonly clientEnds?: boolean;
  /** Why the bytes cannot come one by one: what is answered depends on it. */
  readonly onlyWhole?: string;
  /** How many errors `onError` hears of: none where nothing is said. */
  readonly reports?: number;
  /** How many requests reach the handler, the further one not counted. */
  readonly served?: number;
}

/**
 * A WebSocket: what its channel is told, and what comes back. Frames are written as `text …`, `binary …` in hex, `ping …`, `pong …` as
 * latin1, and `close <code> <reason>`.
 */
export interface WebSocketCase extends CaseText {
  /** What the client sends behind its handshake, as latin1. */
  readonly bytes: string;
  /** The messages, Pings and Pongs that reach the channel. */
  readonly received: readonly string[];
  /** What comes back ahead of an answer to `ends`; without it, a Pong for each Ping. */
  readonly sent?: readonly string[];
  /** The Close of the client, which is answered, or the rule it breaks. */
  readonly ends?: ClientClose | WsErrorCode;
  /** What `onClose` is told, where it does not follow from `ends`. */
  readonly closing?: Closing;
  /** Whether the client sends FIN behind its bytes; then no further frames are sent. */
  readonly clientEnds?: boolean;
  /** The head that asks for the WebSocket, if it is a particular one. */
  readonly opening?: string;
  /** Of the answer to it, as much as matters. */
  readonly opened?: Omit<Answer, 'status'>;
  /** What the application does beside listening. */
  readonly handlers?: ChannelHandlers;
  /** Of a server of its own. */
  readonly options?: ServerOptions;
}

export interface ClientClose {
  readonly code?: number;
  readonly reason?: string;
}

export type Case = ParsedCase | RefusedCase | AnsweredCase | WebSocketCase;

/** What is not given here is not compared. */
export interface ParsedRequest {
  readonly method?: string;
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  /** Names and values in turn, as sent. */
  readonly fields?: readonly string[];
  /** Names and values in turn, as sent. */
  readonly trailers?: readonly string[];
  readonly body?: string;
  readonly framing?: BodyFraming;
  readonly keepsAlive?: boolean;
  readonly expectsContinue?: boolean;
  readonly isWebSocketUpgrade?: boolean;
  /** What only a handler sees. */
  readonly handed?: {
    readonly path?: string;
    readonly query?: string;
    readonly authority?: string;
    readonly scheme?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

/** What is not given here is not compared. */
export interface Answer {
  readonly status: number;
  /** All lines of the head in order, without `Date`. */
  readonly head?: readonly string[];
  /** Fields that must be there with this value, by lower-case name; `null`: that must not be there. */
  readonly fields?: Readonly<Record<string, string | RegExp | null>>;
  /** The body, without its framing. */
  readonly body?: string;
  /** The body as it is on the wire. */
  readonly raw?: string;
  /** Whether the connection ends before the body does; `raw` is what came of it. */
  readonly isCut?: boolean;
}

/** The requests that a case expects. */
export function expectedOf({ parsed }: ParsedCase): readonly ParsedRequest[] {
  return Array.isArray(parsed) ? (parsed as readonly ParsedRequest[]) : [parsed as ParsedRequest];
}

/** Cases that are refused with the same code, by what is refused, such as «a request without Host». */
export function refusals(refused: HttpErrorCode, bytesByWhat: Readonly<Record<string, string>>): RefusedCase[] {
  return Object.entries(bytesByWhat).map(([what, bytes]) => ({ name: `refuses ${what}`, bytes, refused }));
}
