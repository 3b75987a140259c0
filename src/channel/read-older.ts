/** Reads from a bus what lies between an id and the first message of a history, which is a copy of the one that the bus keeps. */

import type { Bus, BusMessage } from './bus.js';
import type { History, Older } from './history.js';
import { formatMessageId, parseMessageId } from './message-id.js';
import { decodeParcel } from './parcel.js';

/** How many messages are read at once. */
const READ_MESSAGES = 100;

/** What is read from. */
export interface Source {
  readonly bus: Bus;
  readonly group: string;
  /** The number of the member here that a message leaves out, by its number among those of its store; 0 for none. */
  exceptOf(message: BusMessage, number: number): number;
}

export interface Read {
  /** Oldest first, and no more of them than the history takes. */
  readonly older: readonly Older[];
  /** Whether there is nothing older to be had. */
  readonly isAll: boolean;
}

/**
 * Rejects as the bus does. Behind what is no id of this epoch, or ahead of the history, lies everything that is kept. The bus is never asked
 * with the words of a client.
 */
export async function readOlder({ bus, group, exceptOf }: Source, since: string, epoch: string, history: History): Promise<Read> {
  const id = parseMessageId(since);
  const start = id?.epoch === epoch && id.sequence <= history.last ? id.sequence : -1;
  if (start >= history.first - 1) return { older: [], isAll: false };
  const older: Older[] = [];
  let hasGap = start < 0;
  let from: string | undefined = formatMessageId(epoch, Math.max(start, 0));
  while (from !== undefined && (older.at(-1)?.sequence ?? start) < history.first - 1) {
    const { messages, gap }: Awaited<ReturnType<Bus['read']>> = await bus.read(group, from, READ_MESSAGES);
    hasGap ||= gap;
    from = messages.at(-1)?.id;
    for (const message of messages) {
      const place = parseMessageId(message.id ?? '');
      const parcel = decodeParcel(message.bytes);
      if (place?.epoch !== epoch || parcel === undefined) continue;
      older.push({ sequence: place.sequence, content: parcel.content, except: exceptOf(message, parcel.number), ageMs: message.ageMs ?? 0 });
    }
    older.splice(0, older.length - history.maxMessages);
  }
  return { older, isAll: hasGap || older[0]?.sequence !== start + 1 };
}
