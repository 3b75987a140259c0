/**
 * One group: who is in it, and how a message gets to all of them. What is broadcast while another message is still being handed out is
 * handed out behind it, so that all members have both in the same order.
 */

import { UsageError } from '../errors.js';
import { BusLink, type LinkedGroup } from './bus-link.js';
import type { BusSettings } from './bus-settings.js';
import type { AsyncChannel } from './channel.js';
import type { Channel, SendOptions } from './contract.js';
import type { GroupSettings } from './group-settings.js';
import { History } from './history.js';
import { type Home, type Joining, Member } from './member.js';
import type { Parcel } from './parcel.js';
import { type Content, Published } from './published.js';
import type { MemberCounts, MessageFor } from './store-contract.js';
import type { OnSlow } from './store-options.js';
import type { StoreClock, Sweepable } from './sweeper.js';
import { Tally } from './tally.js';

/** What the groups of a store share. */
export interface GroupOwner {
  readonly clock: StoreClock;
  readonly tally: Tally;
  readonly bus: BusSettings | undefined;
  /** Nothing would be lost with a group, or it has been empty for long enough. */
  drop(group: Sweepable & { readonly name: string }): void;
}

/** How long a group without members goes on to hear from the bus, so that one who comes back soon costs nothing. */
const LINGER_MS = 15_000;

interface Handout<Attachment> {
  readonly published: Published;
  readonly except: Member<Attachment> | undefined;
  /** Who comes later is not meant. */
  readonly lastNumber: number;
}

export class Group<Attachment> implements Home<Attachment>, LinkedGroup<Member<Attachment>>, Sweepable {
  readonly name: string;
  readonly history: History | undefined;
  readonly onSlow: OnSlow | undefined;
  readonly tally: Tally;
  readonly #owner: GroupOwner;
  readonly #link: BusLink<Member<Attachment>> | undefined;
  readonly #keepMs: number;
  readonly #members = new Map<AsyncChannel<unknown>, Member<Attachment>>();
  /** Those that wait for older messages. */
  readonly #loading = new Set<Member<Attachment>>();
  #isLoading = false;
  #lastNumber = 0;
  /** What waits to be handed out; `undefined` while nothing is. */
  #handouts: Handout<Attachment>[] | undefined;
  /** When it was last used, while it has no members. */
  #usedAt: number;

  constructor(name: string, { history, onSlow }: GroupSettings, owner: GroupOwner) {
    this.name = name;
    this.onSlow = onSlow;
    this.tally = new Tally(owner.tally);
    this.#owner = owner;
    this.history = history === undefined ? undefined : new History(history, () => owner.clock.monotonic());
    this.#keepMs = owner.bus === undefined ? (history?.maxAgeMs ?? 0) : LINGER_MS;
    if (owner.bus !== undefined) this.#link = new BusLink(this, history, owner.bus);
    else this.history?.begin();
    this.#usedAt = owner.clock.monotonic();
  }

  get size(): number {
    return this.#members.size;
  }

  get channels(): Channel[] {
    return [...this.#members.keys()];
  }

  get counts(): MemberCounts {
    const counts = { webSockets: 0, eventStreams: 0, streams: 0, polls: 0 };
    for (const channel of this.#members.keys()) counts[kindOf(channel)]++;
    return counts;
  }

  /** Whether nothing would be lost with it. */
  get isOver(): boolean {
    if (this.#members.size > 0) return false;
    return this.#link !== undefined ? !this.#link.isOpen : this.history === undefined;
  }

  /** Whether it has something that becomes too old. */
  get needsSweeping(): boolean {
    return this.#link !== undefined || this.history !== undefined;
  }

  /** Makes a channel a member, or gives it another attachment. */
  add(channel: AsyncChannel<unknown>, attachment: Attachment | undefined, joining: Joining): void {
    const known = this.#members.get(channel);
    if (known !== undefined) {
      known.attachment = attachment;
      return;
    }
    if (joining.since !== undefined && channel.resumption?.isAsked === true) throw new UsageError('a channel goes on from an id in one group only: a client could not tell the ids of two apart');
    const member = new Member(this, channel, ++this.#lastNumber, joining, attachment);
    this.#members.set(channel, member);
    this.#link?.open();
    member.enter();
  }

  remove(channel: AsyncChannel<unknown>): void {
    const member = this.#members.get(channel);
    if (member === undefined) return;
    member.leave();
    this.memberClosed(member);
  }

  memberClosed(member: Member<Attachment>): void {
    this.#members.delete(member.channel);
    this.#loading.delete(member);
    if (this.#members.size > 0) return;
    this.#usedAt = this.#owner.clock.monotonic();
    if (this.isOver) this.#owner.drop(this);
  }

  /** Sends to all members here, and to the bus; how many it was sent to here, or will be. */
  broadcast(content: Content, exceptChannel: Channel | undefined): number {
    const except = this.#members.get(exceptChannel as AsyncChannel<unknown>);
    const now = this.#owner.clock.monotonic();
    this.#usedAt = now;
    this.#link?.publish(content, except);
    if (this.#link !== undefined && this.history !== undefined) return this.#sizeWithout(except);
    return this.#handOut(this.history?.append(content, now, except?.number) ?? new Published(content, now), except);
  }

  /** Asks for each member's own message, and sends it. */
  broadcastOwn(messageFor: MessageFor<Attachment>, except: Channel | undefined, options: SendOptions): number {
    const lastNumber = this.#lastNumber;
    let accepted = 0;
    for (const member of this.#members.values()) {
      if (member.number > lastNumber) break;
      if (member.channel !== except && member.sendOwn(messageFor, options)) accepted++;
    }
    return accepted;
  }

  arrived({ content }: Parcel, except: Member<Attachment> | undefined, ageMs: number): void {
    const now = this.#owner.clock.monotonic();
    this.#handOut(this.history?.append(content, now, except?.number, ageMs) ?? new Published(content, now), except);
  }

  wasMoved(epoch: string): void {
    for (const member of this.#members.values()) member.goBackTo(epoch);
  }

  load(member: Member<Attachment>): void {
    this.#loading.add(member);
    if (!this.#isLoading) void this.#loadForAll();
  }

  /** One after the other: while the bus is away, those who leave are held by nobody, however many come. */
  async #loadForAll(): Promise<void> {
    this.#isLoading = true;
    for (const member of this.#loading) {
      await this.#link?.load(member.position);
      if (this.#loading.delete(member)) member.loaded();
    }
    this.#isLoading = false;
  }

  /** Lets go of what is too old, at last of the group itself. */
  sweep(now: number): void {
    this.history?.sweep(now);
    if (this.#members.size > 0 || now - this.#usedAt < this.#keepMs) return;
    this.#link?.close();
    this.#owner.drop(this);
  }

  #sizeWithout(except: Member<Attachment> | undefined): number {
    return this.#members.size - (except === undefined ? 0 : 1);
  }

  #handOut(published: Published, except: Member<Attachment> | undefined): number {
    const handout = { published, except, lastNumber: this.#lastNumber };
    if (this.#handouts !== undefined) {
      this.#handouts.push(handout);
      return this.#sizeWithout(except);
    }
    const handouts = (this.#handouts = [handout]);
    let accepted = 0;
    try {
      for (let i = 0; i < handouts.length; i++) {
        const count = this.#sendToAll(handouts[i]!);
        if (i === 0) accepted = count;
      }
    } finally {
      this.#handouts = undefined;
    }
    return accepted;
  }

  /** The loop of every broadcast: it makes nothing for a member, and may lose members while it runs. */
  #sendToAll({ published, except, lastNumber }: Handout<Attachment>): number {
    let accepted = 0;
    for (const member of this.#members.values()) {
      if (member.number > lastNumber) break;
      if (member === except) member.skip(published);
      else if (member.deliver(published)) accepted++;
    }
    return accepted;
  }
}

function kindOf(channel: AsyncChannel<unknown>): keyof MemberCounts {
  if (channel.isWebSocket) return 'webSockets';
  if (channel.isEventStream) return 'eventStreams';
  return channel.isPending ? 'polls' : 'streams';
}
