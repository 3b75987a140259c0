/**
 * The room: what was said, who is in it, and the one broadcast that reaches everyone. A member is a channel, whatever carries it;
 * everything a member hears is newline-delimited JSON, one message a line. Messages are numbered, and whoever enters says
 * the last number it has heard: what was said since comes first, so that nothing is missed between two long polls.
 */

import { type Channel, type HttpResponse, MemoryChannelStore, scheduleTask } from 'longwire';
import type { Draft } from './draft.js';

export const TRANSPORTS = ['websocket', 'streaming', 'polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

const EVERYONE = 'everyone';
/** What is kept for those who come later. */
const MAX_KEPT = 50;
/** What keeps a quiet member from looking dead to what lies between: a poll ends with 204, a stream gets an empty line. */
const QUIET_MS = 25_000;
const WHEN_QUIET: Readonly<Record<Transport, (channel: Channel) => unknown>> = {
  websocket: () => undefined, // the server pings by itself
  streaming: (channel) => channel.send('\n', false),
  polling: (channel) => channel.close(),
};

interface Said {
  readonly id: number;
  readonly line: string;
}

export class Room {
  readonly #store = new MemoryChannelStore();
  readonly #onChange: () => void;
  #said: readonly Said[] = [];
  /** Numbers go up from the time of the start, so that a number from an earlier life of the server is simply an old one. */
  #nextId = Date.now();

  /** @param onChange is told when a member has come or gone. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** How many members there are of each kind. */
  members(): Record<Transport, number> {
    const [websocket = 0, streaming = 0, polling = 0] = TRANSPORTS.map((transport) => this.#store.size(transport));
    return { websocket, streaming, polling };
  }

  /** Says something to everyone: a frame to a WebSocket, a piece to a stream, and to a waiting poll its response. */
  say(draft: Draft, via: Transport): void {
    const id = this.#nextId++;
    const line = `${JSON.stringify({ id, via, at: Date.now(), ...draft })}\n`;
    this.#said = [...this.#said, { id, line }].slice(-MAX_KEPT);
    this.#store.broadcast(EVERYONE, ndjson(line));
  }

  /** Lets a channel in that has heard everything up to the message `since`. */
  enter(channel: Channel, transport: Transport, since: number): void {
    const missed = this.#said.filter(({ id }) => id > since).map(({ line }) => line).join('');
    if (transport === 'polling' && missed !== '') return void channel.send(ndjson(missed));
    if (transport === 'streaming') channel.send(ndjson(missed), false);
    if (transport === 'websocket' && missed !== '') channel.send(missed);
    this.#store.addToGroup(EVERYONE, channel);
    this.#store.addToGroup(transport, channel);
    const stop = repeat(QUIET_MS, () => WHEN_QUIET[transport](channel));
    channel.onClose(() => {
      stop();
      this.#onChange();
    });
    this.#onChange();
  }
}

/** Runs `fn` every `ms`, until what is returned is called. */
function repeat(ms: number, fn: () => void): () => void {
  let cancel = scheduleTask(ms, again);
  function again(): void {
    cancel = scheduleTask(ms, again);
    fn();
  }
  return () => cancel();
}

function ndjson(body: string): HttpResponse {
  return { headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' }, body };
}
