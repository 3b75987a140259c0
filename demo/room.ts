/**
 * The room: what was said, who is in it, and the one broadcast that reaches everyone. A member is a channel, whatever carries it. The group
 * keeps what was said, so that whoever comes back hears what was missed, by the same transport or another, here or at another server.
 */

import { type Channel, type HandlerResult, type HttpRequest, type HttpResponse, type MemoryChannelStore, type Message, scheduleTask } from 'longwire';
import type { Transport } from 'longwire/client';
import { type Draft, parseDraft, Refusal } from './draft.js';
import { enter, transportOf } from './enter.js';
import { plain } from './files.js';
import { corsOf } from './origin.js';

export const ROOM = 'room';
/** What the group keeps. */
export const ROOM_HISTORY = { maxMessages: 1_000, maxAgeMs: 3_600_000, maxBytes: 1024 * 1024 } as const;

const COUNT_TO = 100;
const COUNT_EVERY_MS = 100;

/** What the room knows of a member. */
interface Member {
  readonly page: string | null;
  readonly transport: Transport;
}

export class Room {
  readonly #store: MemoryChannelStore;
  readonly #onChange: () => void;
  #stopCounting: (() => boolean) | undefined;

  /** @param onChange is told when a member has come or gone. */
  constructor(store: MemoryChannelStore, onChange: () => void) {
    this.#store = store;
    this.#onChange = onChange;
  }

  /** How many members there are of each kind, at this server. */
  members(): Record<Transport, number> {
    const { webSockets, eventStreams, polls } = this.#store.counts(ROOM);
    return { websocket: webSockets, 'event-stream': eventStreams, poll: polls };
  }

  /** Lets a client in, unless it has asked that its transport be cut: `page` is who it is, `cut` what it has cut. */
  enter(request: HttpRequest): HandlerResult {
    const { searchParams } = request;
    const transport = transportOf(request);
    if (searchParams.get('cut')?.split(',').includes(transport)) return cutOff(request);
    return enter(request, {
      store: this.#store,
      group: ROOM,
      onOpen: (channel) => {
        channel.data = { page: searchParams.get('page'), transport } satisfies Member;
        this.#onChange();
      },
      onReceive: (channel, message) => this.#hear(channel, message),
      onClose: () => this.#onChange(),
    });
  }

  /** Says something to everyone: a frame to a WebSocket, an event to a stream, and to a waiting poll its answer. */
  say(draft: Draft): void {
    this.#store.broadcast(ROOM, JSON.stringify({ at: Date.now(), ...draft }));
  }

  /** Counts aloud, ten numbers a second, in the name of the one who asked for it; not while it still does. */
  count(by: string): void {
    if (this.#stopCounting !== undefined) throw new Refusal('This server is counting already.');
    const run = crypto.randomUUID();
    const next = (n: number): void => {
      this.#store.broadcast(ROOM, { event: 'count', data: JSON.stringify({ at: Date.now(), run, n, of: COUNT_TO, by }) });
      this.#stopCounting = n < COUNT_TO ? scheduleTask(COUNT_EVERY_MS, () => next(n + 1)) : undefined;
    };
    next(1);
  }

  /** Cuts a page's connections of one kind; answers how many they were. */
  cut(page: string, transport: Transport): number {
    const cut = (this.#store.members(ROOM) as Channel<Member>[]).filter(({ data }) => data.page === page && data.transport === transport);
    for (const channel of cut) {
      if (transport === 'poll') channel.send(cutOff(channel.request)); // closed, it would be a 204: ask again
      else channel.close(1012, 'cut');
    }
    return cut.length;
  }

  stop(): void {
    this.#stopCounting?.();
  }

  #hear(channel: Channel, message: Message): void {
    try {
      this.say(parseDraft(message));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      channel.send({ event: 'refused', data: error.message });
    }
  }
}

function cutOff(request: HttpRequest): HttpResponse {
  return plain(503, 'This wire is cut.', corsOf(request));
}
