/** Groups of channels by name, in one process, or together with others over a bus. */

import { UsageError } from '../errors.js';
import type { Outgoing } from '../http/contract.js';
import { check, isFunction, optional } from '../option-checks.js';
import { busSettings } from './bus-settings.js';
import { AsyncChannel } from './channel.js';
import { contentOf } from './content.js';
import type { Channel } from './contract.js';
import { Group, type GroupOwner } from './group.js';
import { groupSettings, type GroupSettings } from './group-settings.js';
import type { Joining } from './member.js';
import { fieldsOfAnswer } from './poll-answer.js';
import type { BroadcastOptions, ChannelStore, JoinOptions, MemberCounts, MessageFor, StoreStats } from './store-contract.js';
import type { StoreOptions } from './store-options.js';
import { STORE_CLOCK, type StoreClock, type Sweepable, Sweeper } from './sweeper.js';
import { Tally } from './tally.js';

const NOTHING_ASKED: Joining = { since: undefined, fields: undefined };

/** The groups of one process. With a `bus`, those of the same name in other processes hear and are heard. */
export class MemoryChannelStore<Attachment = unknown> implements ChannelStore<Attachment> {
  readonly #groups = new Map<string, Group<Attachment>>();
  readonly #forAll: GroupSettings;
  readonly #optionsOf: StoreOptions['groupOptions'];
  readonly #owner: GroupOwner;
  readonly #sweeper: Sweeper;
  readonly #tally = new Tally();

  /**
   * @param clock what time it is; for tests.
   * @throws UsageError on an option that is not what it may be.
   */
  constructor(options: StoreOptions = {}, clock: StoreClock = STORE_CLOCK) {
    this.#forAll = groupSettings(options);
    this.#optionsOf = check('groupOptions', options.groupOptions, optional(isFunction), 'a function of the name');
    this.#sweeper = new Sweeper(clock);
    this.#owner = { clock, tally: this.#tally, bus: busSettings(options, clock), drop: (group) => this.#drop(group) };
  }

  addToGroup(group: string, channel: Channel, attachment?: Attachment, options: JoinOptions = {}): void {
    const member = memberOf(channel);
    if (!member.isOpen) return;
    const joining = joiningOf(options);
    this.#use(group, (each) => each.add(member, attachment, joining));
  }

  removeFromGroup(group: string, channel: Channel): void {
    const member = memberOf(channel);
    this.#groups.get(group)?.remove(member);
  }

  broadcast(group: string, message: Outgoing | MessageFor<Attachment>, options: BroadcastOptions = {}): number {
    checkOptions(options, 'how a message is broadcast is said in an object such as { except, key, compress }');
    if (typeof message === 'function') return this.#groups.get(group)?.broadcastOwn(message, options.except, options) ?? 0;
    return this.#use(group, (each) => each.broadcast(contentOf(message, options, each.history !== undefined), options.except));
  }

  /** The number of members of a group. */
  size(group: string): number {
    return this.#groups.get(group)?.size ?? 0;
  }

  /** The members of a group. */
  members(group: string): Channel[] {
    return [...(this.#groups.get(group)?.channels ?? [])];
  }

  /** The names of the groups that have members. */
  groups(): string[] {
    return [...this.#groups.values()].filter((group) => group.size > 0).map((group) => group.name);
  }

  /** The members of a group by kind. */
  counts(group: string): MemberCounts {
    return this.#groups.get(group)?.counts ?? { webSockets: 0, eventStreams: 0, streams: 0, polls: 0 };
  }

  /**
   * The id of the last message of a group with history, or of the place before its first: what a page that is rendered now can go on from.
   * Empty where the group has none, or with a bus has no members here.
   */
  position(group: string): string {
    return this.#use(group, (each) => each.history?.position ?? '');
  }

  /** What there is and what has happened in a group, as long as it is remembered; without a name, in all of them together. */
  stats(group?: string): StoreStats {
    const groups = group === undefined ? [...this.#groups.values()] : [this.#groups.get(group) ?? []].flat();
    const tally = group === undefined ? this.#tally : (groups[0]?.tally ?? new Tally());
    const sum = (of: (each: Group<Attachment>) => number): number => groups.reduce((total, each) => total + of(each), 0);
    return {
      members: sum((each) => each.size),
      messages: sum((each) => each.history?.size ?? 0),
      bytes: sum((each) => each.history?.bytes ?? 0),
      ...tally.figures,
    };
  }

  /** A group comes into being when it is used, and goes when there is nothing to remember of it. */
  #use<T>(name: string, fn: (group: Group<Attachment>) => T): T {
    const group = this.#groups.get(name) ?? this.#make(name);
    try {
      return fn(group);
    } finally {
      if (group.isOver) this.#drop(group);
    }
  }

  #make(name: string): Group<Attachment> {
    const own = this.#optionsOf?.(name);
    const group = new Group<Attachment>(name, own === undefined ? this.#forAll : groupSettings(own, this.#forAll), this.#owner);
    this.#groups.set(name, group);
    if (group.needsSweeping) this.#sweeper.add(group);
    return group;
  }

  /** Another one of its name may have come into being meanwhile. */
  #drop(group: Sweepable & { readonly name: string }): void {
    if (this.#groups.get(group.name) === group) this.#groups.delete(group.name);
    this.#sweeper.delete(group);
  }
}

function joiningOf(options: JoinOptions): Joining {
  checkOptions(options, 'how a channel joins is said in an object such as { since, headers }');
  const { since, headers } = options;
  if (since !== undefined && since !== null && typeof since !== 'string') throw new UsageError('since is the id of a message, or an empty string');
  if ((since ?? headers) === undefined) return NOTHING_ASKED;
  return { since: since ?? undefined, fields: headers === undefined ? undefined : fieldsOfAnswer(headers) };
}

function checkOptions(options: unknown, rule: string): void {
  if (typeof options !== 'object' || options === null) throw new UsageError(rule);
}

function memberOf(channel: Channel): AsyncChannel<unknown> {
  if (channel instanceof AsyncChannel) return channel;
  throw new UsageError('a group holds channels of this server: pass what asChannel, asEventStream or withChannel returned');
}
