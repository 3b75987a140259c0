/**
 * The seam between the groups of one process and those of all the others: publish and subscribe by group. What travels are bytes
 * whose form only the store knows; a bus knows nothing of channels, and may keep the history of a group for all processes.
 */

/** A message as it travels. */
export interface BusMessage {
  /** Which store published it. */
  readonly origin: string;
  /** Where the bus keeps history: its id, contiguous within its epoch. */
  readonly id: string | undefined;
  readonly bytes: Uint8Array;
  /** How old it is, where it was kept and the bus knows; else it counts as new. */
  readonly ageMs?: number | undefined;
}

/** Who hears of the messages to one group. Never throws. */
export interface BusListener {
  /** A message, in the order of the bus. */
  message(message: BusMessage): void;
  /** The bus is gone; it will try to come back by itself. */
  lost(error: unknown): void;
  /**
   * It is back. What was published meanwhile was handed to `message` before, where the bus keeps history; `hasGap` where some of it
   * is lost.
   */
  restored(hasGap: boolean): void;
}

/** What of a group is kept, for members that come back. */
export interface BusHistory {
  readonly maxMessages: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Carries messages between the stores of many processes. */
export interface Bus {
  /**
   * Publishes. Calls for one group keep their order.
   *
   * @returns a promise that resolves once the bus has taken the message: to its id where `history` is asked for and the bus keeps it. It
   *   rejects where the bus did not take it.
   */
  publish(group: string, message: { readonly origin: string; readonly bytes: Uint8Array }, history: BusHistory | undefined): Promise<string | undefined>;
  /**
   * Hears of every message to a group, those of its own store included, until the subscription is closed. Resolves once nothing
   * that is published from now on is missed.
   */
  subscribe(group: string, listener: BusListener, history: BusHistory | undefined): Promise<BusSubscription>;
  /**
   * The messages behind the id `since` that are kept, oldest first, at most `limit`; `gap` where they do not reach back to it. An id that was
   * not given, such as one ahead of all, is a `gap`, and behind it lies all that is kept. Only where history is kept.
   */
  read(group: string, since: string, limit: number): Promise<{ readonly messages: readonly BusMessage[]; readonly gap: boolean }>;
}

/** One group that is heard of. */
export interface BusSubscription {
  /** The id of the last message before the subscription, of a group with history. */
  readonly position: string | undefined;
  close(): void;
}
