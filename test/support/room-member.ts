/** Clients in the room of `test/cluster/handlers/room.ts`, by every transport. Those that are told ids come back behind the last, whoever cut them. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { hearEvents } from './event-source.js';
import { Gate } from './signals.js';

export type MemberKind = 'envelope socket' | 'bare socket' | 'event stream' | 'stream' | 'poll';

export interface Room {
  readonly port: number;
  /** `kept`, with history, or `live`. */
  readonly store: 'kept' | 'live';
  readonly group?: string;
}

interface Told {
  readonly id?: string;
  readonly data?: string;
  readonly gap?: true;
}

export class RoomMember {
  readonly kind: MemberKind;
  /** The text of the messages that it has heard. */
  readonly heard: string[] = [];
  gaps = 0;
  /** How often it has come back. */
  returns = -1;
  /** The process of the worker that it is connected to. */
  worker = 0;
  /** Opens when it is in the room: where it is told its place, from that place on. */
  readonly joined = new Gate();
  /** The last id that it was told. */
  since = '';
  readonly #room: Room;
  readonly #over = new AbortController();

  constructor(t: TestContext, room: Room, kind: MemberKind) {
    this.#room = room;
    this.kind = kind;
    t.after(() => this.leave());
    void this.#run();
  }

  leave(): void {
    this.#over.abort();
  }

  get #isTold(): boolean {
    return this.#room.store === 'kept' && this.kind !== 'bare socket' && this.kind !== 'stream';
  }

  async #run(): Promise<void> {
    do {
      this.returns++;
      try {
        await this.#connect();
      } catch (error) {
        if (!this.#over.signal.aborted && !this.#isTold) throw error;
        await delay(1); // its worker has died
      }
    } while (this.#isTold && !this.#over.signal.aborted);
  }

  #connect(): Promise<void> {
    switch (this.kind) {
      case 'envelope socket':
        return this.#hearSocket('socket', ['longwire.v1'], (text) => this.#hear(JSON.parse(text) as Told));
      case 'bare socket':
        return this.#hearSocket('socket', [], (text) => this.heard.push(text));
      case 'event stream':
        return this.#hearEvents();
      case 'stream':
        return this.#hearResponse('stream', (text) => this.heard.push(text));
      case 'poll':
        return this.#poll();
    }
  }

  #urlOf(what: string): string {
    const { port, store, group = 'room' } = this.#room;
    return `http://127.0.0.1:${port}/${store}/${what}?group=${group}${this.#isTold ? `&since=${this.since}` : ''}`;
  }

  async #hearSocket(what: string, protocols: string[], hear: (text: string) => void): Promise<void> {
    const socket = new WebSocket(this.#urlOf(what), protocols);
    const end = (): void => socket.terminate();
    this.#over.signal.addEventListener('abort', end);
    socket.on('error', () => {});
    socket.on('upgrade', (response: IncomingMessage) => (this.worker = Number(response.headers['x-worker'])));
    socket.on('open', () => this.#isTold || this.joined.open());
    socket.on('message', (data: Buffer) => hear(data.toString()));
    await new Promise((resolve) => socket.on('close', resolve));
    this.#over.signal.removeEventListener('abort', end);
  }

  #hearEvents(): Promise<void> {
    let rest = '';
    return this.#hearResponse('events', (text) => {
      rest += text;
      const end = rest.lastIndexOf('\n\n') + 2;
      const { events, lastEventId } = hearEvents(Buffer.from(rest.slice(0, end)));
      rest = rest.slice(end);
      for (const { type, data, lastEventId: id } of events) this.#hear(type === 'gap' ? { gap: true, id } : { id, data });
      if (lastEventId !== '') this.#hear({ id: lastEventId });
    });
  }

  async #hearResponse(what: string, hear: (text: string) => void): Promise<void> {
    const response = await this.#get(what);
    if (!this.#isTold) this.joined.open();
    for await (const text of response.setEncoding('utf8')) hear(text as string);
  }

  async #poll(): Promise<void> {
    const { messages, next, gap } = JSON.parse(await text(await this.#get('poll'))) as { messages: Told[]; next: string; gap?: true };
    if (gap) this.#hear({ gap });
    for (const each of messages) this.#hear(each);
    this.#hear({ id: next });
  }

  /** Over a connection of its own: one that is kept would always lead to the same worker. */
  async #get(what: string): Promise<IncomingMessage> {
    const asked = get(this.#urlOf(what), { agent: false, signal: this.#over.signal });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    this.worker = Number(response.headers['x-worker']);
    return response;
  }

  #hear({ id, data, gap }: Told): void {
    if (id !== undefined) this.since = id;
    if (gap) this.gaps++;
    if (data !== undefined) this.heard.push(data);
    this.joined.open();
  }
}
