/** What a store of groups can be told, for all of its groups or for one. */

import type { Bus } from './bus.js';

/** What a group keeps of its messages, for members that come back. The oldest go first. */
export interface HistoryOptions {
  /** How many messages; 100 by default. */
  readonly maxMessages?: number | undefined;
  /** How old they may become, and how long a group that nobody is in, and nobody writes to, is remembered; 60 s by default. */
  readonly maxAgeMs?: number | undefined;
  /** How many bytes of messages, as they were published; 1 MiB by default. */
  readonly maxBytes?: number | undefined;
}

/**
 * What becomes of a member that takes its messages more slowly than they come:
 *
 * - `'close'`: it is closed once `maxBufferedBytes` wait for it, a WebSocket with 1013.
 * - `'drop'`: above `maxBufferedBytes` it is not sent what comes. A member that has ids is sent it later, from the history.
 * - `'latest'`: above `softBufferBytes` only the newest message of each `key` is kept for it, and sent when it has taken what waits.
 */
export type OnSlow = 'close' | 'drop' | 'latest';

/** What one group can be told. */
export interface GroupOptions {
  /** Keeps messages for members that come back. Off by default. */
  readonly history?: HistoryOptions | boolean | undefined;
  /** By default what the server's `onOverflow` says of every channel. */
  readonly onSlow?: OnSlow | undefined;
}

/** What happened to the bus of a group. */
export type BusEvent =
  | { readonly type: 'lost'; readonly group: string; readonly error: unknown }
  /** `hasGap`: what was published meanwhile is lost, or some of it; where there is a history, members are told if it is. */
  | { readonly type: 'restored'; readonly group: string; readonly hasGap: boolean }
  /** A message that was broadcast here did not reach the bus, as far as is known. */
  | { readonly type: 'publish-failed'; readonly group: string; readonly error: unknown };

/** What a store can be told. */
export interface StoreOptions extends GroupOptions {
  /** What holds for one group instead; `undefined` leaves it at what holds for all. Asked when a group comes into being. */
  readonly groupOptions?: ((group: string) => GroupOptions | undefined) | undefined;
  /** Carries messages to and from the stores of other processes. */
  readonly bus?: Bus | undefined;
  /** Hears of the bus: that it is lost, and back, and did not take a message. */
  readonly onBusEvent?: ((event: BusEvent) => void) | undefined;
  /** Hears of what went wrong that belongs to no request, such as what `onBusEvent` throws, or a history that the bus would not read. Without it, a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}
