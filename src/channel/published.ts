/** What a group sends to its members: one message, or a word about where a member stands. Each form is made once, and shared by all who need it. */

import type { HeaderFields, Outgoing } from '../http/contract.js';
import type { Message } from './contract.js';
import { encodeEnvelope, encodeGap, encodeItem, encodePosition, type Letter } from './envelope.js';
import { SharedMessage } from './shared-message.js';

/** What was broadcast, whatever carries it. */
export interface Content {
  readonly data: Message;
  /** These three are those of an event. */
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly retry: number | undefined;
  /** Whether it is sent as it is, and not compressed. */
  readonly asIs: boolean;
  /** What it replaces where only the newest is kept for a slow member. */
  readonly key: string | undefined;
  /** These two are those of a response. */
  readonly status?: number | undefined;
  readonly headers?: HeaderFields | undefined;
}

/** What a member can be sent. */
export interface Sendable {
  /** To a WebSocket that gets envelopes. */
  readonly enveloped: SharedMessage;
  /** To all others. */
  readonly bare: SharedMessage;
  readonly asIs: boolean;
}

/** One message. In a group with history it has its place there. */
export class Published implements Sendable {
  readonly content: Content;
  /** Where it stands in the history: an id, and its sequence, which is 0 where it stands in none. */
  readonly id: string | undefined;
  readonly sequence: number;
  /** When it came, by the clock of the store. */
  readonly at: number;
  /** Its bytes as they were broadcast. */
  readonly bytes: number;
  /** The member that is left out, by its number. */
  readonly except: number;
  #bare: SharedMessage | undefined;
  #enveloped: SharedMessage | undefined;
  #item: string | undefined;
  #anonymous: Published | undefined;

  constructor(content: Content, at: number, id?: string, sequence = 0, except = 0) {
    this.content = content;
    this.id = id;
    this.sequence = sequence;
    this.at = at;
    this.bytes = typeof content.data === 'string' ? Buffer.byteLength(content.data) : content.data.length;
    this.except = except;
  }

  get asIs(): boolean {
    return this.content.asIs;
  }

  get bare(): SharedMessage {
    return (this.#bare ??= this.#makeBare());
  }

  get enveloped(): SharedMessage {
    return (this.#enveloped ??= new SharedMessage(encodeEnvelope(this.#letter)));
  }

  /** One item in the answer to a poll. */
  get item(): string {
    return (this.#item ??= encodeItem(this.#letter));
  }

  /** What a poll is answered with that does not go on from an id. */
  get response(): Outgoing {
    return responseOf(this.content);
  }

  /** The same for a member that has its ids from another group. */
  get anonymous(): Published {
    if (this.id === undefined && this.content.id === undefined) return this;
    return (this.#anonymous ??= new Published({ ...this.content, id: undefined }, this.at));
  }

  /** Forgets all forms; whoever needs one from now on makes it anew. */
  release(): void {
    this.#bare = this.#enveloped = this.#item = this.#anonymous = undefined;
  }

  #makeBare(): SharedMessage {
    const { event, id, data } = this.#letter;
    return new SharedMessage(data, { event, id, retry: this.content.retry, data });
  }

  get #letter(): Letter {
    const { data, event, id } = this.content;
    return { id: this.id ?? id, event, data };
  }
}

/** What was broadcast, as what answers a request. */
function responseOf({ data, status, headers }: Content): Outgoing {
  return status === undefined && headers === undefined ? data : { ...(status !== undefined && { status }), headers, body: data };
}

/** Where a member stands from now on: at `id`, behind a gap where messages before it were lost. */
export class Notice implements Sendable {
  readonly id: string;
  readonly isGap: boolean;
  readonly asIs = true;

  constructor(id: string, isGap: boolean) {
    this.id = id;
    this.isGap = isGap;
  }

  get enveloped(): SharedMessage {
    return new SharedMessage(this.isGap ? encodeGap(this.id) : encodePosition(this.id));
  }

  get bare(): SharedMessage {
    return new SharedMessage('', this.isGap ? { event: 'gap', id: this.id, data: '' } : { id: this.id });
  }
}
