/** What the bus of a worker and the relay in the primary say to each other. They go in packets, in order, and none is lost. */

import type { BusHistory, BusMessage } from '../channel/bus.js';

/** `call` names what the relay answers. */
export type ToRelay =
  | { readonly type: 'publish'; readonly call: number; readonly group: string; readonly origin: string; readonly bytes: Uint8Array; readonly history: BusHistory | undefined }
  | { readonly type: 'subscribe'; readonly call: number; readonly group: string; readonly history: BusHistory | undefined }
  | { readonly type: 'unsubscribe'; readonly group: string }
  | { readonly type: 'read'; readonly call: number; readonly group: string; readonly since: string; readonly limit: number };

export type FromRelay =
  /** `isLater`: the message did not fit behind the call and comes as `message`; else the publisher hands it to its own listeners now. */
  | { readonly type: 'taken'; readonly call: number; readonly id: string | undefined; readonly isLater: boolean }
  | { readonly type: 'subscribed'; readonly call: number; readonly position: string | undefined }
  | { readonly type: 'kept'; readonly call: number; readonly messages: readonly BusMessage[]; readonly gap: boolean }
  | { readonly type: 'message'; readonly group: string; readonly message: BusMessage }
  /** Here messages of the group are missing. */
  | { readonly type: 'gap'; readonly group: string };

/** What an item costs besides its bytes, roughly. */
const ITEM_BYTES = 128;

/** How much memory an item takes while it waits to be sent, roughly. */
export function bytesOf(item: ToRelay | FromRelay): number {
  switch (item.type) {
    case 'publish':
      return ITEM_BYTES + item.bytes.length;
    case 'message':
      return ITEM_BYTES + item.message.bytes.length;
    case 'kept':
      return item.messages.reduce((sum, { bytes }) => sum + ITEM_BYTES + bytes.length, ITEM_BYTES);
    default:
      return ITEM_BYTES;
  }
}
