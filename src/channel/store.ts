/** Groups of channels: one message reaches every member, whatever carries it. */

import type { Outgoing } from '../http/contract.js';
import { UsageError } from '../errors.js';
import { AsyncChannel, type Membership } from './channel.js';
import type { Channel } from './contract.js';
import { bodyOf, isEvent, keepBytes } from './outgoing.js';
import { SharedMessage } from './shared-message.js';

/** What a member is sent instead of one message for all; `undefined` sends it nothing. */
export type MessageFor<Attachment> = (channel: Channel, attachment: Attachment | undefined) => Outgoing | undefined;

/** Who is left out of a broadcast, and how it is sent. */
export interface BroadcastOptions {
  /** The member that is left out, such as the one the message came from. */
  readonly except?: Channel | undefined;
  /** `false` sends to WebSockets as it is what would be compressed. */
  readonly compress?: boolean | undefined;
}

/** Groups of channels by name. `Attachment` is what a member brings along, such as how far it has read. */
export interface ChannelStore<Attachment = unknown> {
  /** Adds a channel, or replaces its attachment. It leaves by itself at the moment it closes; a closed one is not added. */
  addToGroup(group: string, channel: Channel, attachment?: Attachment): void;
  removeFromGroup(group: string, channel: Channel): void;
  /**
   * Sends to every member of a group: a WebSocket gets a message, an event stream an event, another streamed response a piece (it stays
   * open), a long poll that waits its whole response. A function is asked for each member's own message; one that throws is reported to
   * `onError` and stops nobody else.
   *
   * @returns how many members accepted it.
   */
  broadcast(group: string, message: Outgoing | MessageFor<Attachment>, options?: BroadcastOptions): number;
}

type Member = AsyncChannel<unknown>;

/** The groups of one process. */
export class MemoryChannelStore<Attachment = unknown> implements ChannelStore<Attachment>, Membership {
  readonly #groups = new Map<string, Map<Member, Attachment | undefined>>();
  readonly #groupsOf = new Map<Member, Set<string>>();

  addToGroup(group: string, channel: Channel, attachment?: Attachment): void {
    const member = memberOf(channel);
    if (!member.isOpen) return;
    let members = this.#groups.get(group);
    if (members === undefined) this.#groups.set(group, (members = new Map()));
    members.set(member, attachment);
    let groups = this.#groupsOf.get(member);
    if (groups === undefined) {
      this.#groupsOf.set(member, (groups = new Set()));
      member.join(this);
    }
    groups.add(group);
  }

  removeFromGroup(group: string, channel: Channel): void {
    const member = memberOf(channel);
    const groups = this.#groupsOf.get(member);
    if (groups === undefined || !groups.delete(group)) return;
    this.#remove(group, member);
    if (groups.size > 0) return;
    this.#groupsOf.delete(member);
    member.leave(this);
  }

  broadcast(group: string, message: Outgoing | MessageFor<Attachment>, options: BroadcastOptions = {}): number {
    const members = this.#groups.get(group);
    if (members === undefined) return 0;
    const send = typeof message === 'function' ? sendOwn(message, options) : sendSame<Attachment>(message, options);
    let accepted = 0;
    for (const [member, attachment] of [...members]) {
      if (member === options.except) continue;
      if (send(member, attachment)) accepted++;
    }
    return accepted;
  }

  /** The number of members of a group. */
  size(group: string): number {
    return this.#groups.get(group)?.size ?? 0;
  }

  /** The members of a group. */
  members(group: string): Channel[] {
    return [...(this.#groups.get(group)?.keys() ?? [])];
  }

  /** The names of the groups that have members. */
  groups(): string[] {
    return [...this.#groups.keys()];
  }

  /** Called by a channel at the moment it closes. */
  channelClosed(channel: Member): void {
    for (const group of this.#groupsOf.get(channel) ?? []) this.#remove(group, channel);
    this.#groupsOf.delete(channel);
  }

  #remove(group: string, member: Member): void {
    const members = this.#groups.get(group);
    members?.delete(member);
    if (members?.size === 0) this.#groups.delete(group);
  }
}

/** One message for all: a poll gets it as its response, the others share its bytes. */
function sendSame<Attachment>(message: Outgoing, { compress }: BroadcastOptions): (member: Member, attachment: Attachment | undefined) => boolean {
  const body = bodyOf(message);
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new UsageError('what is broadcast is text or bytes, or a response or an event that has some');
  const data = typeof body === 'string' ? body : keepBytes(body);
  const shared = new SharedMessage(data, isEvent(message) ? { ...message, data } : undefined);
  return (member) => trySend(member, () => (member.isPending ? member.send(message, true) : member.sendShared(shared, compress === false)));
}

function sendOwn<Attachment>(messageFor: MessageFor<Attachment>, { compress }: BroadcastOptions): (member: Member, attachment: Attachment | undefined) => boolean {
  return (member, attachment) =>
    trySend(member, () => {
      const message = messageFor(member, attachment);
      return message !== undefined && member.send(message, member.isPending, { compress });
    });
}

/** What one member cannot be sent, such as a response with an invalid header, stops nobody else. */
function trySend(member: Member, send: () => boolean): boolean {
  try {
    return send();
  } catch (error) {
    member.report(error);
    return false;
  }
}

function memberOf(channel: Channel): Member {
  if (channel instanceof AsyncChannel) return channel;
  throw new UsageError('a group holds channels of this server: pass what asChannel or withChannel returned');
}
