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
 * Everything behind an id, out of the history; where that does not reach back, a gap first. It keeps a place and no message, as what comes
 * meanwhile is read from the history, too. But what the history does not keep because of its size it holds, as far as that may wait; and
 * so all that comes before it begins, as nobody is late then.
 */
export class CatchUp implements Backlog {
  #since: string;
  readonly #history: History;
  readonly #tally: Tally;
  readonly #maxBytes: number;
  /** The number of the member, which messages bear that leave it out. */
  readonly #number: number;
  /** Where it is, once that is known. */
  #epoch: string | undefined;
  #next = 0;
  /** Whether the member is still to be told where it begins. */
  #owesPlace: boolean;
  /** Whether the bus was asked for an id that is ahead of the history. */
  #hasAsked = false;
  #hasBegun = false;
  /** What came and is held here, oldest first. */
  readonly #loose: Published[] = [];
  #looseBytes = 0;

  /** @param since behind which id; empty for where the history is now. */
  constructor(since: string, history: History, tally: Tally, number: number, maxBytes: number) {
    this.#since = since;
    this.#history = history;
    this.#tally = tally;
    this.#number = number;
    this.#maxBytes = maxBytes;
    this.#owesPlace = since === '';
    this.#find();
  }

  /** Behind which id it goes on. */
  get position(): string {
    return this.#epoch === undefined ? this.#since : formatMessageId(this.#epoch, this.#next - 1);
  }

  /** From here on it is sent: behind this id, or where it is empty behind the one that was given before. */
  begin(since = ''): void {
    this.#hasBegun = true;
    if (since === '') return;
    this.#since = since;
    this.#epoch = undefined;
    this.#owesPlace = false;
    this.#find();
  }

  /** As on a channel, one of any size may wait, and then what fits. */
  add(published: Published): void {
    if (this.#since === '' && this.#epoch === undefined) this.#placeBefore(published);
    const isKept = this.#hasBegun && published.sequence >= this.#history.first;
    if (isKept || this.#looseBytes > this.#maxBytes) return;
    this.#loose.push(published);
    this.#looseBytes += costOf(published);
  }

  next(): Next {
    const history = this.#history;
    history.expire();
    if (this.#epoch === undefined) this.#find();
    if (history.epoch === undefined || this.#mustAsk()) return 'load';
    const isHeld = this.#epoch === history.epoch && this.#firstLoose?.sequence === this.#next;
    if (this.#epoch !== history.epoch || (this.#next < history.first && !isHeld)) return history.isWhole ? this.#skipGap() : 'load';
    if (this.#owesPlace) {
      this.#owesPlace = false;
      return new Notice(this.position, false);
    }
    if (this.#next > history.last) return this.#next === history.last + 1 ? undefined : 'wait';
    const published = isHeld ? this.#takeLoose() : history.get(this.#next)!;
    this.#next++;
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

  /** What comes before its place is known is the first behind that place, for who begins where the history is now. */
  #placeBefore({ id }: Published): void {
    const { epoch, sequence } = parseMessageId(id!)!;
    this.#epoch = epoch;
    this.#next = sequence;
  }

  /** Only the bus knows whether an id that is ahead was ever given. It is asked once. */
  #mustAsk(): boolean {
    if (this.#epoch !== undefined || this.#hasAsked || this.#history.isOwn) return false;
    this.#hasAsked = true;
    return parseMessageId(this.#since)?.epoch === this.#history.epoch;
  }

  #skipGap(): Notice {
    const { epoch, first } = this.#history;
    this.#tally.count('gaps');
    if (this.#epoch !== epoch) this.#next = 0;
    this.#epoch = epoch!;
    this.#next = Math.min(first, this.#firstLoose?.sequence ?? first);
    this.#owesPlace = false;
    return new Notice(this.position, true);
  }

  /** The first that is held and still to come. */
  get #firstLoose(): Published | undefined {
    while (this.#loose.length > 0) {
      const first = this.#loose[0]!;
      const { epoch, sequence } = parseMessageId(first.id!)!;
      if (epoch === this.#epoch && sequence >= this.#next) return first;
      this.#takeLoose();
    }
    return undefined;
  }

  #takeLoose(): Published {
    const first = this.#loose.shift()!;
    this.#looseBytes -= costOf(first);
    return first;
  }
}

/** What is held for a message beside its data and its key, so that empty ones do not come for nothing. */
const ENTRY_BYTES = 64;

/** A message, and the place of the last one before it that left the member out. */
interface Kept {
  readonly published: Published;
  readonly place: Notice | undefined;
}

/** The newest message of each key, for a member that takes less than comes; where the history moved, only of those that came before. */
export class Newest implements Backlog {
  readonly #maxBytes: number;
  readonly #tally: Tally;
  /** The number of the member, which messages bear that leave it out. */
  readonly #number: number;
  readonly #byKey = new Map<string | undefined, Kept>();
  #bytes = 0;
  #position: string | undefined;
  #isOver = false;
  /** Behind the last message that left it out; and the one that it was told last. */
  #place: Notice | undefined;
  #toldPlace: Notice | undefined;

  constructor(maxBytes: number, tally: Tally, number: number) {
    this.#maxBytes = maxBytes;
    this.#tally = tally;
    this.#number = number;
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
    if (published.except === this.#number) {
      this.#place = new Notice(published.id!, false);
      return;
    }
    const { key } = published.content;
    if (this.#take(key)) this.#tally.count('replaced');
    this.#byKey.set(key, { published, place: this.#place });
    this.#bytes += costOf(published);
    while (this.#bytes > this.#maxBytes && this.#byKey.size > 1) {
      this.#take(this.#byKey.keys().next().value);
      this.#tally.count('dropped');
    }
  }

  /** Places between messages are told in between, as the member may come back with any of them. */
  next(): Published | Notice | undefined {
    for (const [key, { published, place }] of this.#byKey) {
      if (place !== this.#toldPlace) return (this.#toldPlace = place);
      this.#take(key);
      return published;
    }
    if (this.#place === this.#toldPlace) return undefined;
    return (this.#toldPlace = this.#place);
  }

  #take(key: string | undefined): boolean {
    const kept = this.#byKey.get(key);
    if (kept === undefined) return false;
    this.#byKey.delete(key);
    this.#bytes -= costOf(kept.published);
    return true;
  }
}

function costOf({ bytes, content }: Published): number {
  return ENTRY_BYTES + bytes + (content.key?.length ?? 0);
}
