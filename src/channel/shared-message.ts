/**
 * One message for many channels: its bytes by wire form, each encoded once by the first outlet that needs it and shared by
 * all the others. What the forms are is the drivers' affair.
 */

import type { ServerSentEvent } from '../http/contract.js';
import type { Message } from './contract.js';

export class SharedMessage {
  readonly data: Message;
  /** What event streams are sent. */
  readonly event: ServerSentEvent;
  readonly #forms = new Map<string, string | Uint8Array>();
  /** The form that was asked for last, as the next member is likely to need it, too. */
  #lastName = '';
  #last: string | Uint8Array = '';

  constructor(data: Message, event: ServerSentEvent = { data }) {
    this.data = data;
    this.event = event;
  }

  /** The bytes of the wire form `name` (a latin1 string or bytes, as `Transport.write` takes them), made by `encode` if they are not there yet. */
  form(name: string, encode: (data: Message, event: ServerSentEvent) => string | Uint8Array): string | Uint8Array {
    if (name === this.#lastName) return this.#last;
    let bytes = this.#forms.get(name);
    if (bytes === undefined) this.#forms.set(name, (bytes = encode(this.data, this.event)));
    this.#lastName = name;
    return (this.#last = bytes);
  }
}
