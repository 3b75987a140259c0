/**
 * What ties one group to the bus: it is subscribed while the group has members, publishes, and keeps the group's history a copy of the one
 * of the bus. Where the bus has brought something out of order, ids tell: what came before is passed over, what is missing is fetched.
 */

import type { BusHistory, BusListener, BusMessage, BusSubscription } from './bus.js';
import { BusHold } from './bus-hold.js';
import type { BusSettings } from './bus-settings.js';
import type { History } from './history.js';
import { LeftOut } from './left-out.js';
import { formatMessageId, type MessageId, parseMessageId } from './message-id.js';
import { decodeParcel, encodeParcel, type Parcel } from './parcel.js';
import type { Content } from './published.js';
import { readOlder } from './read-older.js';

/** The group at the end of the link. `Who` can be left out of a message, by its number in the group. */
export interface LinkedGroup<Who> {
  readonly name: string;
  readonly history: History | undefined;
  /** A message came, in the order of the bus. */
  arrived(parcel: Parcel, except: Who | undefined, ageMs: number): void;
  /** The history was at another place, in this epoch, and what lies between is not in it. */
  wasMoved(epoch: string): void;
}

/** After a failure, how long until it is tried again. */
const RETRY_MS = 1000;

export class BusLink<Who extends { readonly number: number }> {
  readonly #group: LinkedGroup<Who>;
  readonly #limits: BusHistory | undefined;
  readonly #settings: BusSettings;
  /** Marks the subscription that counts: what others still say does not. */
  #current: object | undefined;
  #subscription: BusSubscription | undefined;
  /** Whether the application was told that it is lost, and not yet that it is back. */
  #isLost = false;
  readonly #leftOut: LeftOut<Who>;
  /** What is published until we are subscribed. */
  readonly #hold: BusHold;
  #ready = new Gate();
  #loading: Promise<void> | undefined;

  constructor(group: LinkedGroup<Who>, limits: BusHistory | undefined, settings: BusSettings) {
    this.#group = group;
    this.#limits = limits;
    this.#settings = settings;
    this.#leftOut = new LeftOut(limits?.maxMessages ?? 0);
    this.#hold = new BusHold(settings.clock, { publish: (bytes) => void this.#publish(bytes), failed: (error) => this.#tellFailed(error) });
  }

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  open(): void {
    if (this.#current === undefined) void this.#subscribe();
  }

  /** What the bus says from now on is missed, so the history is no copy any more. */
  close(): void {
    this.#unsubscribe();
    this.#current = undefined;
    this.#isLost = false;
    this.#leftOut.clear();
    this.#group.history?.place(undefined);
    this.#hold.release();
    this.#ready.open();
    this.#ready = new Gate();
  }

  publish(content: Content, except: Who | undefined): void {
    const number = this.#settings.nextNumber();
    if (this.#limits !== undefined && except !== undefined) this.#leftOut.expect(number, except);
    const bytes = encodeParcel(number, content);
    if (this.#isOpening) this.#hold.put(bytes);
    else void this.#publish(bytes);
  }

  /** Whether members wait for the place where they begin. Where there is no history they begin at once. */
  get #isOpening(): boolean {
    return this.#limits !== undefined && this.isOpen && !this.#ready.isOpen;
  }

  /** Gets the messages behind an id into the history, as far as they are to be had. Resolves when it has, or it is closed; never rejects. */
  async load(since: string): Promise<void> {
    await this.#ready.opened;
    if (since === '') return;
    if (await this.#isAhead(since)) return;
    this.#loading ??= this.#load(since).finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  async #publish(bytes: Uint8Array): Promise<void> {
    const { bus, origin } = this.#settings;
    try {
      await bus.publish(this.#group.name, { origin, bytes }, this.#limits);
    } catch (error) {
      this.#tellFailed(error);
    }
  }

  #tellFailed(error: unknown): void {
    this.#settings.tell({ type: 'publish-failed', group: this.#group.name, error });
  }

  async #subscribe(): Promise<void> {
    const mark = (this.#current = {});
    try {
      const subscription = await this.#settings.bus.subscribe(this.#group.name, this.#listener(mark), this.#limits);
      if (this.#current !== mark) return subscription.close();
      this.#subscription = subscription;
    } catch (error) {
      if (this.#current !== mark) return;
      this.#tellLost(error);
      return this.#later(() => void (this.#current === mark && this.#subscribe()));
    }
    if (this.#isLost) this.#tellRestored(this.#limits === undefined);
    this.#subscribed(this.#subscription.position);
  }

  #listener(mark: object): BusListener {
    const ifCurrent = <A extends unknown[]>(fn: (...args: A) => void) => (...args: A): void => {
      if (this.#current === mark) fn(...args);
    };
    return {
      message: ifCurrent((message: BusMessage) => this.#message(message)),
      lost: ifCurrent((error: unknown) => this.#tellLost(error)),
      restored: ifCurrent((hasGap: boolean) => {
        this.#tellRestored(hasGap);
        if (hasGap && this.#limits !== undefined) this.#subscribeAgain();
      }),
    };
  }

  #tellLost(error: unknown): void {
    if (!this.#isLost) this.#settings.tell({ type: 'lost', group: this.#group.name, error });
    this.#isLost = true;
  }

  #tellRestored(hasGap: boolean): void {
    this.#isLost = false;
    this.#settings.tell({ type: 'restored', group: this.#group.name, hasGap });
  }

  /** A new subscription tells where the bus is now, and so whether something is missing here. Ids of our own cannot tell: they begin anew. */
  #subscribeAgain(): void {
    const { history } = this.#group;
    if (history?.isOwn === true) return this.#beginAnew(history);
    this.#unsubscribe();
    void this.#subscribe();
  }

  #unsubscribe(): void {
    try {
      this.#subscription?.close();
    } catch (error) {
      this.#settings.report(error);
    }
    this.#subscription = undefined;
  }

  /** A bus without a history has no position; the ids are then our own. */
  #subscribed(position: string | undefined): void {
    const { history } = this.#group;
    if (history !== undefined) {
      const id = position === undefined ? undefined : parseMessageId(position);
      if (id !== undefined && (id.epoch !== history.epoch || id.sequence > history.last)) this.#move(history, id.epoch, id.sequence);
      else if (history.epoch === undefined) history.begin();
    }
    this.#ready.open();
    this.#hold.release();
  }

  #message({ origin, id, bytes, ageMs = 0 }: BusMessage): void {
    const parcel = decodeParcel(bytes);
    if (parcel === undefined) return this.#settings.report(new Error('what came from the bus was not published by a store of groups'));
    const isOwn = origin === this.#settings.origin;
    const { history } = this.#group;
    if (history === undefined) {
      if (!isOwn) this.#group.arrived(parcel, undefined, ageMs);
    } else if (this.#makePlace(history, id === undefined ? undefined : parseMessageId(id))) {
      this.#group.arrived(parcel, isOwn ? this.#leftOut.take(parcel.number) : undefined, ageMs);
    }
  }

  /** Sees to it that a message with this id is the next of the history; false where it has come before. */
  #makePlace(history: History, id: MessageId | undefined): boolean {
    if (id === undefined) {
      if (history.epoch === undefined) history.begin();
      return true;
    }
    if (id.epoch === history.epoch && id.sequence <= history.last) return false;
    if (id.epoch !== history.epoch || id.sequence > history.last + 1) this.#move(history, id.epoch, id.sequence - 1);
    return true;
  }

  #move(history: History, epoch: string, sequence: number): void {
    const before = history.epoch;
    history.place(epoch, sequence);
    if (before !== undefined) this.#group.wasMoved(before);
  }

  #beginAnew(history: History): void {
    const before = history.epoch!;
    history.begin();
    this.#group.wasMoved(before);
  }

  async #load(since: string): Promise<void> {
    const { history, name } = this.#group;
    const { bus, origin, clock } = this.#settings;
    const exceptOf = (message: BusMessage, number: number): number => (message.origin === origin ? this.#leftOut.find(number) : 0);
    const epoch = history?.epoch;
    if (history === undefined || epoch === undefined) return;
    const isNeeded = (): boolean => history.epoch === epoch && !history.isWhole;
    const read = await this.#ask(isNeeded, () => readOlder({ bus, group: name, exceptOf }, since, epoch, history));
    if (read !== undefined && history.epoch === epoch) history.prepend(read.older, read.isAll, clock.monotonic());
  }

  /** Whether an id is that of a message which the bus has yet to bring here. */
  async #isAhead(since: string): Promise<boolean> {
    const { history, name } = this.#group;
    const id = parseMessageId(since);
    if (history === undefined || history.isOwn || id === undefined) return false;
    const { epoch, sequence } = id;
    const isNeeded = (): boolean => history.epoch === epoch && history.known < sequence;
    const read = await this.#ask(isNeeded, () => this.#settings.bus.read(name, formatMessageId(epoch, sequence), 1));
    if (read === undefined || read.gap || history.epoch !== epoch) return false;
    history.announce(sequence);
    return true;
  }

  /** Asks the bus again and again until it answers, as members wait, or as long as `isNeeded`. */
  async #ask<T>(isNeeded: () => boolean, question: () => Promise<T>): Promise<T | undefined> {
    for (let isFirst = true; isNeeded(); isFirst = false) {
      try {
        return await question();
      } catch (error) {
        if (isFirst) this.#settings.report(error);
        await new Promise<void>((resolve) => this.#later(resolve));
      }
    }
    return undefined;
  }

  #later(fn: () => void): void {
    const stop = this.#settings.clock.every(RETRY_MS, () => {
      stop();
      fn();
    });
  }
}

/** A door that opens once. */
class Gate {
  readonly opened: Promise<void>;
  isOpen = false;
  #resolve!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.#resolve = resolve));
  }

  open(): void {
    this.isOpen = true;
    this.#resolve();
  }
}
