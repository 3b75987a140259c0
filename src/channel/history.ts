/**
 * The last messages of a group, by sequence and without a hole, within limits of number, age and bytes. It may be a copy of what a bus keeps:
 * then it has no place before it was given one, and what is older than it may be elsewhere.
 */

import type { BusHistory } from './bus.js';
import { formatMessageId, newEpoch } from './message-id.js';
import { type Content, Published } from './published.js';

/** A message that came before those that are kept. */
export interface Older {
  readonly sequence: number;
  readonly content: Content;
  /** The member that is left out, by its number. */
  readonly except?: number;
  readonly ageMs?: number;
}

export class History {
  readonly #limits: BusHistory;
  readonly #now: () => number;
  readonly #kept = new Map<number, Published>();
  #epoch: string | undefined;
  #first = 1;
  #last = 0;
  #announced = 0;
  #bytes = 0;
  #isWhole = false;
  #isOwn = false;
  /** From here on messages may hold forms. */
  #warmFrom = Infinity;

  /** @param now milliseconds that never run backwards, as those of which it is told. */
  constructor(limits: BusHistory, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get maxMessages(): number {
    return this.#limits.maxMessages;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** The sequence of the oldest message that is kept, and of the last that came. */
  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** The sequence of the last message that is known to have been published: the bus may have yet to bring it here. */
  get known(): number {
    return Math.max(this.#last, this.#announced);
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it is no copy: ids are given here. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** Whether nothing older is to be had elsewhere. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The id of the last message, or of the place before the first; `undefined` as long as it has no place. */
  get position(): string | undefined {
    return this.#epoch === undefined ? undefined : formatMessageId(this.#epoch, this.#last);
  }

  /** Begins an epoch of its own. */
  begin(): void {
    this.place(newEpoch(), 0);
    this.#isWhole = this.#isOwn = true;
  }

  /** Forgets what it has, and goes on behind `sequence`; without an epoch it has no place. */
  place(epoch: string | undefined, sequence = 0): void {
    this.#kept.clear();
    this.#bytes = 0;
    this.#epoch = epoch;
    this.#last = sequence;
    this.#first = sequence + 1;
    this.#announced = 0;
    this.#isWhole = this.#isOwn = false;
  }

  /** The bus has a message with this sequence, so it will come. */
  announce(sequence: number): void {
    this.#announced = Math.max(this.#announced, sequence);
  }

  /** Puts a message behind the last. One that alone is over the limit is in none. */
  append(content: Content, now: number, except = 0, ageMs = 0): Published {
    const sequence = ++this.#last;
    const published = new Published(content, now - ageMs, formatMessageId(this.#epoch!, sequence), sequence, except);
    this.#keep(published);
    this.#warmFrom = Math.min(this.#warmFrom, sequence);
    this.#trim(now);
    return published;
  }

  /**
   * Puts older messages, which have no hole, in front of what it has, as far as they fit. `isAll`: nothing older is to be had elsewhere.
   */
  prepend(older: readonly Older[], isAll: boolean, now: number): void {
    for (let i = older.length - 1; i >= 0 && !this.#isWhole; i--) {
      if (older[i]!.sequence < this.#first) this.#isWhole = !this.#putFirst(older[i]!, now);
    }
    this.#isWhole ||= isAll;
  }

  /** The message with this sequence, if it is kept. */
  get(sequence: number): Published | undefined {
    if (sequence < this.#warmFrom) this.#warmFrom = sequence;
    return this.#kept.get(sequence);
  }

  /** Lets go of what became too old: whoever is about to read does, as sweeping is for the memory, and not in time. */
  expire(): void {
    this.#trim(this.#now());
  }

  /** Lets go of what became too old, and of the forms in which messages were sent since the last time. */
  sweep(now: number): void {
    this.#trim(now);
    for (let sequence = Math.max(this.#warmFrom, this.#first); sequence <= this.#last; sequence++) this.#kept.get(sequence)?.release();
    this.#warmFrom = Infinity;
  }

  #keep(published: Published): void {
    this.#kept.set(published.sequence, published);
    this.#bytes += published.bytes;
  }

  /** False where it does not fit, is too old, or leaves a hole. */
  #putFirst({ sequence, content, except, ageMs = 0 }: Older, now: number): boolean {
    const published = new Published(content, now - ageMs, formatMessageId(this.#epoch!, sequence), sequence, except);
    if (ageMs > this.#limits.maxAgeMs || sequence !== this.#first - 1 || this.#kept.size >= this.#limits.maxMessages || this.#bytes + published.bytes > this.#limits.maxBytes) return false;
    this.#keep(published);
    this.#first = sequence;
    return true;
  }

  #trim(now: number): void {
    const { maxMessages, maxBytes, maxAgeMs } = this.#limits;
    while (this.#first <= this.#last) {
      const oldest = this.#kept.get(this.#first)!;
      if (this.#kept.size <= maxMessages && this.#bytes <= maxBytes && now - oldest.at <= maxAgeMs) return;
      this.#kept.delete(this.#first++);
      this.#bytes -= oldest.bytes;
      this.#isWhole = true;
    }
  }
}
