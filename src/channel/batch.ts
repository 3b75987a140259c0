/** What a poll is answered with that goes on from an id: all that waits for it, up to a size. */

import { encodeAnswer } from './envelope.js';
import { Notice, type Published } from './published.js';

export class Batch {
  readonly #items: string[] = [];
  #room: number;
  #next = '';
  #hasGap = false;

  /** It takes what fits into `room` characters, and one message of any size. */
  constructor(room: number) {
    this.#room = room;
  }

  get isEmpty(): boolean {
    return this.#next === '';
  }

  get isFull(): boolean {
    return this.#room <= 0;
  }

  add(next: Published | Notice): void {
    this.#next = next.id!;
    if (next instanceof Notice) {
      this.#hasGap ||= next.isGap;
      return;
    }
    this.#items.push(next.item);
    this.#room -= next.item.length;
  }

  /** The body of the answer. */
  encode(): string {
    return encodeAnswer(this.#items, this.#next, this.#hasGap);
  }
}
