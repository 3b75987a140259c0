/** What a member is still owed that is behind: all that was published since it was last heard, or only the newest of each kind. */

import type { History } from './history.js';
import { formatMessageId, parseMessageId } from './message-id.js';
import { Notice, type Published } from './published.js';
import type { Tally } from './tally.js';

/**
 * The next thing to send. `'load'`: it has to be got first. `'wait'`: it is still to come. `undefined`: there is none, the member is no
 * longer behind.
 */
export type Next = Published | Notice | 'load' | 'wait' | undefined;

export interface Backlog {
  /** Takes note of a message that comes meanwhile, and that the member will be sent when it is its turn. */
  add(published: Published): void;
  next(): Next;
}

/**
 * Everything behind an id, out of the history; where that does not reach back, a gap first. It keeps a place and no message: what comes
 * meanwhile is read from the history, too.
 */
export class CatchUp implements Backlog {
  readonly #since: string;
  readonly #history: History;
  readonly #tally: Tally;
  /** The number of the member, which messages bear that leave it out. */
  readonly #number: number;
  /** Where it is, once that is known. */
  #epoch: string | undefined;
  #next = 0;
  /** Whether the member is still to be told where it begins. */
  #owesPlace: boolean;
  /** Whether the bus was asked for an id that is ahead of the history. */
  #hasAsked = false;

  /** @param since behind which id; empty for where the history is now. */
  constructor(since: string, history: History, tally: Tally, number: number) {
    this.#since = since;
    this.#history = history;
    this.#tally = tally;
    this.#number = number;
    this.#owesPlace = since === '';
    this.#find();
  }

  /** Behind which id it goes on. */
  get position(): string {
    return this.#epoch === undefined ? this.#since : formatMessageId(this.#epoch, this.#next - 1);
  }

  /** What comes before its place is known is the first behind that place, for who begins where the history is now. */
  add(published: Published): void {
    const id = this.#since === '' && this.#epoch === undefined ? parseMessageId(published.id!) : undefined;
    if (id === undefined) return;
    this.#epoch = id.epoch;
    this.#next = id.sequence;
  }

  next(): Next {
    const history = this.#history;
    history.expire();
    if (this.#epoch === undefined) this.#find();
    if (history.epoch === undefined || this.#mustAsk()) return 'load';
    if (this.#epoch !== history.epoch || this.#next < history.first) return history.isWhole ? this.#skipGap() : 'load';
    if (this.#owesPlace) {
      this.#owesPlace = false;
      return new Notice(this.position, false);
    }
    if (this.#next > history.last) return this.#next === history.last + 1 ? undefined : 'wait';
    const published = history.get(this.#next++)!;
    return published.except === this.#number ? new Notice(published.id!, false) : published;
  }

  /** Looks for its place, which may be ahead of the history: another process may have sent what the bus has yet to bring here. */
  #find(): void {
    const { epoch, last, known } = this.#history;
    if (epoch === undefined) return;
    const id = this.#since === '' ? { epoch, sequence: last } : parseMessageId(this.#since);
    if (id === undefined || id.epoch !== epoch || id.sequence > known) return;
    this.#epoch = epoch;
    this.#next = id.sequence + 1;
  }

  /** Only the bus knows whether an id that is ahead was ever given. It is asked once. */
  #mustAsk(): boolean {
    if (this.#epoch !== undefined || this.#hasAsked || this.#history.isOwn) return false;
    this.#hasAsked = true;
    return parseMessageId(this.#since)?.epoch === this.#history.epoch;
  }

  #skipGap(): Notice {
    this.#tally.count('gaps');
    this.#epoch = this.#history.epoch!;
    this.#next = this.#history.first;
    this.#owesPlace = false;
    return new Notice(this.position, true);
  }
}

/** What is held for a message beside its data and its key, so that empty ones do not come for nothing. */
const ENTRY_BYTES = 64;

/** The newest message of each key, for a member that takes less than comes; where the history moved, only of those that came before. */
export class Newest implements Backlog {
  readonly #maxBytes: number;
  readonly #tally: Tally;
  readonly #byKey = new Map<string | undefined, Published>();
  #bytes = 0;
  #position: string | undefined;
  #isOver = false;

  constructor(maxBytes: number, tally: Tally) {
    this.#maxBytes = maxBytes;
    this.#tally = tally;
  }

  /** Behind which id the history goes on, as far as it took note of what came; `undefined` where there is none. */
  get position(): string | undefined {
    return this.#position;
  }

  /** What comes from now on is left to the history: something may be missing before it. */
  end(): void {
    this.#isOver = true;
  }

  /** In the order in which they came, so that ids grow; keys without number must not fill the memory. */
  add(published: Published): void {
    if (this.#isOver) return;
    this.#position = published.id;
    const { key } = published.content;
    if (this.#take(key) !== undefined) this.#tally.count('replaced');
    this.#byKey.set(key, published);
    this.#bytes += costOf(published);
    while (this.#bytes > this.#maxBytes && this.#byKey.size > 1) {
      this.next();
      this.#tally.count('dropped');
    }
  }

  next(): Published | undefined {
    for (const key of this.#byKey.keys()) return this.#take(key);
    return undefined;
  }

  #take(key: string | undefined): Published | undefined {
    const published = this.#byKey.get(key);
    if (published === undefined) return undefined;
    this.#byKey.delete(key);
    this.#bytes -= costOf(published);
    return published;
  }
}

function costOf({ bytes, content }: Published): number {
  return ENTRY_BYTES + bytes + (content.key?.length ?? 0);
}
