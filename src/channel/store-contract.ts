/** Groups of channels, as the application sees them. */

import type { HeaderFields, Outgoing } from '../http/contract.js';
import type { Channel } from './contract.js';

/** What a member is sent instead of one message for all; `undefined` sends it nothing. */
export type MessageFor<Attachment> = (channel: Channel, attachment: Attachment | undefined) => Outgoing | undefined;

/** How a channel joins a group. */
export interface JoinOptions {
  /**
   * The id behind which the client goes on, such as its request says; anything else is the client's word, too, and no error. It is sent all
   * that came since, before anything new, in a group with history. Where that does not reach back it is told of a gap first, and sent what
   * there is. Empty: it is told where it stands, and can go on from there. `undefined` or `null`: it takes what comes from now on.
   *
   * On an event stream the `lastEventId` of the channel goes before it, and counts without it as well.
   */
  readonly since?: string | null | undefined;
  /** Further header fields of the answer to a poll with `since`. */
  readonly headers?: HeaderFields | undefined;
}

/** Who is left out of a broadcast, and how it is sent. */
export interface BroadcastOptions {
  /** The member that is left out, such as the one the message came from. It is not sent the message when it comes back, either. */
  readonly except?: Channel | undefined;
  /** Where `onSlow` is `'latest'`: which messages replace each other for a slow member. Those without a key do. */
  readonly key?: string | undefined;
  /** `false` sends to WebSockets as it is what would be compressed. */
  readonly compress?: boolean | undefined;
}

/** Groups of channels by name. `Attachment` is what a member brings along, such as how far it has read. */
export interface ChannelStore<Attachment = unknown> {
  /**
   * Adds a channel, or replaces its attachment. It leaves by itself at the moment it closes; a closed one is not added.
   *
   * @throws UsageError where the channel goes on from an id in another group already, and on headers that cannot be sent.
   */
  addToGroup(group: string, channel: Channel, attachment?: Attachment, options?: JoinOptions): void;
  removeFromGroup(group: string, channel: Channel): void;
  /**
   * Sends to every member of a group: a WebSocket gets a message, an event stream an event, another streamed response a piece (it stays
   * open), a long poll that waits its whole response. In a group with history the message gets an id, and is kept for members that come
   * back. With a bus it goes to the members in other processes as well.
   *
   * A function is asked for each member's own message, which it gives at once and not as a promise; one that throws, or gives what cannot
   * be sent, is reported to `onError` and stops nobody else. Such messages are for those that are here now: they are in no history, and on
   * no bus.
   *
   * @returns how many members of this process accepted it, or will be sent it when it is their turn.
   * @throws UsageError on what cannot be sent to all kinds of members, a status or headers among it, and in a group with history on an event
   *   with an id of its own, or by the name of `gap`.
   */
  broadcast(group: string, message: Outgoing | MessageFor<Attachment>, options?: BroadcastOptions): number;
}

/** Members by kind. */
export interface MemberCounts {
  readonly webSockets: number;
  readonly eventStreams: number;
  readonly streams: number;
  /** Channels that wait for their answer. */
  readonly polls: number;
}

/** What became of messages for members that were slow, or came back late. */
export interface DeliveryStats {
  /** Messages that a slow member was not sent. */
  readonly dropped: number;
  /** Messages that were replaced for a slow member by a newer one of their key. */
  readonly replaced: number;
  /** Members closed because they were slow. */
  readonly closed: number;
  /** How often a member came back later than the history reaches. */
  readonly gaps: number;
}

/** What there is, and what has happened. */
export interface StoreStats extends DeliveryStats {
  readonly members: number;
  /** Messages that are kept, and their bytes as they were broadcast. */
  readonly messages: number;
  readonly bytes: number;
}
