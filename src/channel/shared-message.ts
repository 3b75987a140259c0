/**
 * One message for many channels: its bytes by wire form, each encoded once by the first outlet that needs it and shared by
 * all the others. What the forms are is the drivers' affair.
 */

import type { Message } from './contract.js';

export class SharedMessage {
  readonly data: Message;
  readonly #forms = new Map<string, string | Uint8Array>();

  constructor(data: Message) {
    this.data = data;
  }

  /** The bytes of the wire form `name` (a latin1 string or bytes, as `Transport.write` takes them), made by `encode` if they are not there yet. */
  form(name: string, encode: (data: Message) => string | Uint8Array): string | Uint8Array {
    let bytes = this.#forms.get(name);
    if (bytes === undefined) {
      bytes = encode(this.data);
      this.#forms.set(name, bytes);
    }
    return bytes;
  }
}
