/**
 * One group that a bus hears of. What is told as it is published is only handed on where it follows what was handed on before; everything
 * else is read from the history, so that a connection that was lost, or is slow, costs nothing but time.
 */

import { type BusHistory, type BusListener, type BusMessage, scheduleTask } from '../index.js';
import { pause } from './outbox.js';
import { unpackMessage } from './packing.js';
import { formatPosition, type LogPosition, parsePosition, type RedisLog, tendIntervalMs } from './redis-log.js';

const LINE_FEED = 0x0a;
/** How many messages are read at once. */
const READ_LIMIT = 256;

/**
 * - `opening`: Redis was not yet told that we listen.
 * - `reading`: we listen, and read what we may have missed.
 * - `hearing`: what we hear is all there is.
 * - `away`: the connection is lost.
 */
type State = 'opening' | 'reading' | 'hearing' | 'away' | 'closed';

/** Who listens, and from where on. */
interface Member {
  readonly listener: BusListener;
  from: LogPosition | undefined;
}

/** What a topic has to do with Redis. */
export interface TopicLink {
  readonly log: RedisLog;
  subscribe(channel: string): Promise<void>;
}

export class RedisTopic {
  /** The name of its channel, and of its stream. */
  readonly key: string;
  readonly #history: BusHistory | undefined;
  readonly #link: TopicLink;
  readonly #members = new Set<Member>();
  #state: State = 'opening';
  #position: LogPosition | undefined;
  /** What reads at the moment; what read before and still waits for its answer finds another here. */
  #reading: object | undefined;
  /** Whether something was heard that the reading under way may not find. */
  #isBehind = false;
  /** Whether the listeners were told that the bus is gone. */
  #isLost = false;
  #waiters: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #cancelTending: (() => boolean) | undefined;

  constructor(link: TopicLink, key: string, history: BusHistory | undefined) {
    this.#link = link;
    this.key = key;
    this.#history = history;
    void this.#open();
  }

  /** The last message that was handed on, where there is a history. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  get isUsed(): boolean {
    return this.#members.size > 0;
  }

  /** Hands messages to `listener`; resolves once none is missed, to the id behind which they begin. */
  async join(listener: BusListener): Promise<{ readonly position: string | undefined; leave(): void }> {
    const member: Member = { listener, from: this.#position };
    this.#members.add(member);
    try {
      if (this.#state !== 'hearing') await new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    } catch (error) {
      this.#members.delete(member);
      throw error;
    }
    return { position: member.from && formatPosition(member.from), leave: () => void this.#members.delete(member) };
  }

  /** Something was published; `payload` begins with its id and a line feed. */
  hear(payload: Buffer): void {
    const end = payload.indexOf(LINE_FEED);
    const id = payload.toString('latin1', 0, Math.max(end, 0));
    const position = parsePosition(id);
    if (this.#history !== undefined && (position === undefined || !this.#isNext(position))) return;
    const message = unpackMessage(payload, position && id, end + 1);
    if (message !== undefined) this.#handOn(message, position);
  }

  /** The connection is gone. */
  lost(error: unknown): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'opening') this.#state = 'away';
    this.#reading = undefined;
    this.#tellLost(error);
  }

  /** We are subscribed, again or still; what came before may be missing. */
  ready(): void {
    if (this.#state === 'opening' || this.#state === 'closed') return;
    void this.#catchUp();
  }

  close(error: Error): void {
    this.#state = 'closed';
    this.#reading = undefined;
    this.#members.clear();
    this.#cancelTending?.();
    for (const each of this.#waiters.splice(0)) each.reject(error);
  }

  async #open(): Promise<void> {
    for (let attempt = 0; this.#state === 'opening'; attempt++) {
      try {
        await this.#link.subscribe(this.key);
        if (this.#state === 'opening') void this.#catchUp();
        return;
      } catch (error) {
        this.lost(error);
        await pause(attempt);
      }
    }
  }

  /** Whether a message comes right behind the last; where one before it is missing, that is looked for. */
  #isNext(position: LogPosition): boolean {
    if (this.#position !== undefined && covers(this.#position, position)) return false;
    if (this.#state !== 'hearing') {
      this.#isBehind = true;
      return false;
    }
    const isNext = this.#position?.epoch === position.epoch && this.#position.sequence + 1 === position.sequence;
    if (!isNext) void this.#catchUp();
    return isNext;
  }

  #handOn(message: BusMessage, position: LogPosition | undefined): void {
    if (position !== undefined) this.#position = position;
    for (const { listener } of this.#members) listener.message(message);
  }

  /** Reads until nothing is missing, however often it takes. */
  async #catchUp(): Promise<void> {
    const reading = (this.#reading = {});
    this.#state = 'reading';
    let hasGap = this.#history === undefined;
    for (let attempt = 0; this.#history !== undefined; attempt++) {
      this.#isBehind = false;
      try {
        if (await this.#readOn(this.#history, reading)) hasGap = true;
        if (this.#reading !== reading) return;
        if (!this.#isBehind) break;
      } catch (error) {
        if (this.#reading !== reading) return;
        this.#tellLost(error);
        await pause(attempt);
        if (this.#reading !== reading) return;
      }
    }
    this.#caughtUp(hasGap);
  }

  /** Reads to the end of the history as it is now; answers whether something is missing. */
  async #readOn(history: BusHistory, reading: object): Promise<boolean> {
    const last = await this.#link.log.tend(this.key, history, this.#position);
    if (this.#position === undefined && this.#reading === reading) this.#begin(last);
    let hasGap = false;
    while (this.#reading === reading && !covers(this.#position!, last)) {
      const slice = await this.#link.log.read(this.key, this.#position, READ_LIMIT);
      if (this.#reading !== reading) break;
      hasGap ||= slice.gap;
      for (const message of slice.messages) this.#handOn(message, parsePosition(message.id!));
      if (slice.messages.length === 0) this.#position = slice.last ?? last;
    }
    return hasGap;
  }

  #begin(position: LogPosition): void {
    this.#position = position;
    for (const member of this.#members) member.from = position;
  }

  #caughtUp(hasGap: boolean): void {
    this.#reading = undefined;
    this.#state = 'hearing';
    this.#tend();
    if (this.#isLost) this.#tellRestored(hasGap);
    else if (hasGap && this.#history !== undefined) {
      this.#tellLost(new Error('Redis no longer has some of the messages'));
      this.#tellRestored(true);
    }
    for (const each of this.#waiters.splice(0)) each.resolve();
  }

  /** Tends the history now and then, which also finds what was missed although no connection was lost. */
  #tend(): void {
    if (this.#history === undefined || this.#cancelTending !== undefined) return;
    const history = this.#history;
    const waitMs = tendIntervalMs(history) * (0.75 + Math.random() / 4);
    this.#cancelTending = scheduleTask(waitMs, async () => {
      this.#cancelTending = undefined;
      if (this.#state !== 'hearing') return;
      try {
        const last = await this.#link.log.tend(this.key, history, this.#position);
        if (this.#state === 'hearing' && !covers(this.#position!, last)) void this.#catchUp();
      } catch {
        // Where Redis is away, the connection that hears says so; the next time may find it back.
      }
      if (this.#state === 'hearing') this.#tend();
    });
  }

  #tellLost(error: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    for (const { listener } of this.#members) listener.lost(error);
  }

  #tellRestored(hasGap: boolean): void {
    this.#isLost = false;
    for (const { listener } of this.#members) listener.restored(hasGap);
  }
}

/** Whether whoever is at `position` has seen the message at `other`. */
function covers(position: LogPosition, other: LogPosition): boolean {
  return position.epoch === other.epoch && position.sequence >= other.sequence;
}
