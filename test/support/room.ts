/**
 * A server whose one group keeps history, entered by any transport at `/room`, for clients that resume. The test says which
 * transports it refuses, and which it leaves without an answer, as a proxy in between might.
 */

import type { TestContext } from 'node:test';
import { asChannel, asEventStream, type Channel, type CloseStatus, type GroupOptions, type HandlerResult, type HttpRequest, MemoryChannelStore, type Message, type ServerOptions } from 'longwire';
import type { Transport } from 'longwire/client';
import { startServer, type TestServer } from './server.js';

export const TRANSPORTS = ['websocket', 'event-stream', 'poll'] as const satisfies readonly Transport[];

/** One that asked to hear the room. */
export interface Asked {
  readonly transport: Transport;
  readonly since: string | null;
}

export class Room {
  readonly store: MemoryChannelStore<Transport>;
  readonly refused = new Set<Transport>();
  readonly unanswered = new Set<Transport>();
  readonly asked: Asked[] = [];
  /** What clients sent, in the order in which it came, by frame or by POST. */
  readonly received: Message[] = [];
  /** How channels ended. */
  readonly closings: CloseStatus[] = [];
  /** Awaited before anybody is let in. */
  beforeEntering: () => Promise<void> = () => Promise.resolve();
  /** Sees every POST. */
  onPost: (request: HttpRequest) => void = () => {};
  /** Answers a POST; 204 unless the test says otherwise. */
  answer: (text: string) => HandlerResult | Promise<HandlerResult> = () => ({ status: 204 });

  constructor(options: GroupOptions = { history: true }) {
    this.store = new MemoryChannelStore(options);
  }

  /** The channels that hear by one transport. */
  channels(transport: Transport): Channel[] {
    return this.store.members('room').filter(({ request }) => transportOf(request) === transport);
  }

  say(message: Message, event?: string): void {
    this.store.broadcast('room', event === undefined ? message : { event, data: message });
  }

  readonly handler = async (request: HttpRequest): Promise<HandlerResult> => {
    if (request.path !== '/room') return undefined;
    if (request.method === 'POST') return this.#hear(request);
    const transport = transportOf(request);
    const since = request.searchParams.get('since');
    this.asked.push({ transport, since });
    if (this.refused.has(transport)) return { status: 503 };
    if (this.unanswered.has(transport)) return new Promise(() => {});
    await this.beforeEntering();
    const take = transport === 'event-stream' ? asEventStream : asChannel;
    return take(request, {
      protocols: ['longwire.v1'],
      onOpen: (channel) => this.store.addToGroup('room', channel, transport, { since }),
      onReceive: (_channel, message) => void this.received.push(message),
      onClose: (_channel, status) => void this.closings.push(status),
    });
  };

  async #hear(request: HttpRequest): Promise<HandlerResult> {
    this.onPost(request);
    const bytes = await request.bytes();
    this.received.push(request.header('content-type') === undefined ? bytes : new TextDecoder().decode(bytes));
    return this.answer(new TextDecoder().decode(bytes));
  }
}

function transportOf(request: HttpRequest): Transport {
  if (request.isWebSocketUpgrade) return 'websocket';
  return request.header('accept') === 'text/event-stream' ? 'event-stream' : 'poll';
}

export interface RoomServer extends TestServer {
  readonly room: Room;
  /** The address of the room. */
  readonly address: string;
}

/** Starts a server for a room; several may share one. */
export async function startRoom(t: TestContext, room = new Room(), options: ServerOptions = {}): Promise<RoomServer> {
  const server = await startServer(t, room.handler, options);
  return { ...server, room, address: `${server.url}/room` };
}
