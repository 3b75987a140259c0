/** What a bus has Redis do for a group: what the scripts are given, and what their answers mean. */

import { type BusHistory, type BusMessage, UsageError } from '../index.js';
import { unpackMessage } from './packing.js';
import type { RedisArgument, RedisLink } from './redis-link.js';
import { APPEND, READ, type RedisScript, TELL, TEND, unsureOf, verdictOn } from './redis-scripts.js';

/** A place in a history: that of a message, or with 0 the one before the first. */
export interface LogPosition {
  readonly epoch: string;
  readonly sequence: number;
}

/** One call of a bus that adds messages. */
export interface LogCall {
  readonly bus: string;
  readonly number: number;
  readonly isRepeated: boolean;
  /** For how long it may be repeated. */
  readonly repeatedForMs: number;
}

/** What was read of a history. */
export interface LogSlice {
  readonly messages: readonly BusMessage[];
  /** Whether messages behind the place that was asked for are gone. */
  readonly gap: boolean;
  /** The last that there is; `undefined` where there is no history. */
  readonly last: LogPosition | undefined;
}

/** How much longer than a call may be repeated its note stays. */
const NOTE_SPARE_MS = 60_000;
const SHORTEST_TEND_MS = 1_000;
const LONGEST_TEND_MS = 20_000;
const POSITION = /^([0-9]{1,16})-(0|[1-9][0-9]{0,15})$/;

/** How often whoever hears of a group tends its history. */
export function tendIntervalMs({ maxAgeMs }: BusHistory): number {
  return Math.min(Math.max(maxAgeMs / 2, SHORTEST_TEND_MS), LONGEST_TEND_MS);
}

/** What a position looks like as the id of a message. */
export function formatPosition({ epoch, sequence }: LogPosition): string {
  return `${epoch}-${sequence}`;
}

/** `undefined` for what is no id of ours. */
export function parsePosition(id: string): LogPosition | undefined {
  const match = POSITION.exec(id);
  return match === null ? undefined : { epoch: match[1]!, sequence: Number(match[2]) };
}

export class RedisLog {
  readonly #link: RedisLink;
  /** By run of a server, what is known of how it writes its append-only file. */
  readonly #verdicts = new Map<string, Promise<string>>();

  constructor(link: RedisLink) {
    this.#link = link;
  }

  /**
   * Adds packed messages, and tells those who listen to the channel of the key's name.
   *
   * @param known the last place that is known; where it was lost, a history begins that has another epoch.
   * @param call tells this call from all others of the bus. Where it is repeated, it may have been carried out before, and then is not again.
   * @returns the place of the first.
   */
  async append(key: string, messages: readonly Buffer[], history: BusHistory, known: LogPosition | undefined, call: LogCall): Promise<LogPosition> {
    const { bus, number, isRepeated, repeatedForMs } = call;
    const noteMs = Math.min(Math.ceil(repeatedForMs) + NOTE_SPARE_MS, Number.MAX_SAFE_INTEGER);
    const args = [...limitsOf(history), ...partsOf(known), key, String(number), isRepeated ? '1' : '0', String(noteMs), ...messages];
    return positionOf(await this.#runOnHistory(APPEND, [key, key + bus], args));
  }

  /** Tells packed messages, which are not kept, to those who listen to the channel of the key's name. */
  async tell(key: string, messages: readonly Buffer[]): Promise<void> {
    await this.#run(TELL, [key], [key, ...messages]);
  }

  /** Keeps a history from being forgotten, and drops what is too old. Gives the last place, which has another epoch than `known` where that was lost. */
  async tend(key: string, history: BusHistory, known: LogPosition | undefined): Promise<LogPosition> {
    return positionOf(await this.#runOnHistory(TEND, [key], [...limitsOf(history), ...partsOf(known)]));
  }

  /** The messages behind `since`; where that is not of this history, all that there are. */
  async read(key: string, since: LogPosition | undefined, limit: number): Promise<LogSlice> {
    const reply = await this.#runOnHistory(READ, [key], [...partsOf(since), String(limit)]);
    if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw unexpected();
    if (reply[0] === null) return { messages: [], gap: true, last: undefined };
    const last = positionOf(reply[0]);
    const now = numberOf(reply[2]);
    const messages = reply[1].map((entry) => messageOf(entry, now)).filter((each) => each !== undefined);
    return { messages, gap: !reachesBack(since, messages[0]?.id, last), last };
  }

  /** Where Redis has started anew since the newest message, it has to be found out whether all that it answered before was on disk. */
  async #runOnHistory(script: RedisScript, keys: readonly [string, ...string[]], args: readonly RedisArgument[]): Promise<unknown> {
    for (let verdict = ''; ; ) {
      try {
        return await this.#run(script, keys, [verdict, ...args]);
      } catch (error) {
        const run = error instanceof Error ? unsureOf(error) : undefined;
        if (run === undefined) throw error;
        verdict = await this.#verdictOn(run, keys[0]);
      }
    }
  }

  #verdictOn(run: string, key: string): Promise<string> {
    let verdict = this.#verdicts.get(run);
    if (verdict !== undefined) return verdict;
    verdict = this.#isDurable(key).then((isDurable) => verdictOn(run, isDurable));
    this.#verdicts.set(run, verdict);
    verdict.catch(() => this.#verdicts.delete(run));
    return verdict;
  }

  /** Whether every message is on disk before it is answered. Where Redis does not say, it counts as no. */
  async #isDurable(key: string): Promise<boolean> {
    try {
      const answers = await this.#link.ask(key, ['CONFIG', 'GET', '*appendfsync*']);
      return answers.every((each) => isDurableConfig(settingsOf(each)));
    } catch (error) {
      if (error instanceof Error && /^(?:ERR|NOPERM)\b/.test(error.message)) return false;
      throw error;
    }
  }

  /** One call of a group is under way at a time, so that running it again does not change the order. */
  async #run({ source, sha }: RedisScript, keys: readonly [string, ...string[]], args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await this.#link.command(keys[0], ['EVALSHA', sha, String(keys.length), ...keys, ...args]);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('NOSCRIPT'))) throw error;
      return await this.#link.command(keys[0], ['EVAL', source, String(keys.length), ...keys, ...args]);
    }
  }
}

/** A history that nobody hears of and nobody writes to is forgotten `maxAgeMs` behind the last that could have tended it. What has no limit gets one that is never reached. */
function limitsOf(history: BusHistory): string[] {
  const expiryMs = history.maxAgeMs + 2 * tendIntervalMs(history);
  const limits = [expiryMs, Math.max(history.maxMessages, 1), history.maxAgeMs, history.maxBytes];
  return limits.map((each) => String(Math.min(Math.ceil(each), Number.MAX_SAFE_INTEGER)));
}

function partsOf(position: LogPosition | undefined): string[] {
  return position === undefined ? ['', '0'] : [position.epoch, String(position.sequence)];
}

function isDurableConfig(settings: ReadonlyMap<string, string>): boolean {
  return settings.get('appendfsync') === 'always' && settings.get('no-appendfsync-on-rewrite') === 'no';
}

/** Names and values in turn, or as a map or an object, as the protocol and the client have it. */
function settingsOf(reply: unknown): Map<string, string> {
  if (typeof reply !== 'object' || reply === null) return new Map();
  const flat: unknown[] = Array.isArray(reply) ? reply.flat() : [...(reply instanceof Map ? reply : Object.entries(reply))].flat();
  const texts = flat.map((each) => (each instanceof Uint8Array ? textOf(each) : String(each)));
  return new Map(texts.flatMap((name, i) => (i % 2 === 0 ? [[name, texts[i + 1] ?? '']] : [])));
}

function reachesBack(since: LogPosition | undefined, first: string | undefined, last: LogPosition): boolean {
  if (since === undefined || since.epoch !== last.epoch || since.sequence > last.sequence) return false;
  if (first === undefined) return since.sequence === last.sequence;
  return parsePosition(first)?.sequence === since.sequence + 1;
}

function positionOf(reply: unknown): LogPosition {
  const position = reply instanceof Uint8Array ? parsePosition(textOf(reply)) : undefined;
  if (position === undefined) throw unexpected();
  return position;
}

/** An entry of a stream: its id, then names and values of fields in turn. `undefined` for the one before the first message. */
function messageOf(entry: unknown, now: number): BusMessage | undefined {
  if (!Array.isArray(entry) || !(entry[0] instanceof Uint8Array) || !Array.isArray(entry[1])) throw unexpected();
  const packed = fieldOf(entry[1], 'm');
  if (!(packed instanceof Uint8Array)) throw unexpected();
  const message = unpackMessage(packed, textOf(entry[0]));
  return message && { ...message, ageMs: Math.max(now - numberOf(fieldOf(entry[1], 't')), 0) };
}

function fieldOf(fields: readonly unknown[], name: string): unknown {
  return fields[fields.findIndex((each, i) => i % 2 === 0 && each instanceof Uint8Array && textOf(each) === name) + 1];
}

function numberOf(reply: unknown): number {
  const number = reply instanceof Uint8Array ? Number(textOf(reply)) : NaN;
  if (Number.isNaN(number)) throw unexpected();
  return number;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function unexpected(): UsageError {
  return new UsageError('Redis has something else where the history of the group belongs: give the bus a prefix of its own');
}
