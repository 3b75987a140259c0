/**
 * The messages of one WebSocket on their way to the application: handed over one at a time, in order; a promise is awaited
 * before the next, and a message that is packed is unpacked when its turn comes. What cannot be handed over yet is held, up to
 * a limit at which the consumer stops reading. The end of the channel is the last thing to leave it.
 */

import { isThenable } from '../thenable.js';
import type { Message } from './contract.js';
import type { PackedMessage } from './outlet.js';

/** What may be queued before reading stops. */
export interface InboxLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
}

/** Who takes the messages. */
export interface InboxConsumer {
  /** Whether there is somebody to hand a message to. */
  readonly canHandle: boolean;
  /** Hands one message over; a promise is awaited before the next. Neither throws nor rejects. */
  handle(message: Message): PromiseLike<void> | undefined;
  /** The queue is full: stop reading. */
  onFull(): void;
  /** There is room again. */
  onRoom(): void;
  /** So many messages will never be handed over. */
  onDropped(count: number): void;
}

export class Inbox {
  readonly #limits: InboxLimits;
  readonly #consumer: InboxConsumer;
  #queue: (Message | PackedMessage)[] = [];
  #first = 0;
  #queuedBytes = 0;
  /** Held until the channel's opening has returned. */
  #isHeld = true;
  #isBusy = false;
  #isFull = false;
  #onEmpty: (() => void) | undefined;

  constructor(limits: InboxLimits, consumer: InboxConsumer) {
    this.#limits = limits;
    this.#consumer = consumer;
  }

  get queuedMessages(): number {
    return this.#queue.length - this.#first;
  }

  /** Whether it holds nothing and waits for nothing: one made anew would do. */
  get isIdle(): boolean {
    return this.queuedMessages === 0 && !this.#isHeld && !this.#isBusy && !this.#isFull && this.#onEmpty === undefined;
  }

  push(message: Message | PackedMessage): void {
    if (this.#mayHandle() && this.queuedMessages === 0) {
      this.#handOver(message);
    } else {
      this.#queue.push(message);
      this.#queuedBytes += message.length;
    }
    this.#judge();
  }

  /** Lets messages through from here on. */
  release(): void {
    this.#isHeld = false;
    this.run();
  }

  /** Hands over what can be handed over: to be called when there is somebody new to take it. */
  run(): void {
    while (this.queuedMessages > 0 && this.#mayHandle()) this.#handOver(this.#shift());
    this.#judge();
  }

  /** Calls `onEmpty` once, when everything before it was handled. */
  close(onEmpty: () => void): void {
    this.#onEmpty = onEmpty;
    this.#judge();
  }

  /** Drops what is queued and waits for nothing any more. */
  expire(): void {
    this.#consumer.onDropped(this.queuedMessages);
    this.#queue = [];
    this.#first = 0;
    this.#queuedBytes = 0;
    this.#isBusy = false;
    this.#isHeld = false;
    this.#judge();
  }

  #mayHandle(): boolean {
    return !this.#isHeld && !this.#isBusy && this.#consumer.canHandle;
  }

  #handOver(message: Message | PackedMessage): void {
    this.#isBusy = true;
    if (typeof message === 'string' || message instanceof Uint8Array) return this.#deliver(message);
    const unpacked = message.unpack();
    if (isThenable(unpacked)) {
      void (unpacked as PromiseLike<Message | undefined>).then((each) => {
        this.#deliver(each);
        this.run();
      });
    } else {
      this.#deliver(unpacked as Message | undefined);
    }
  }

  #deliver(message: Message | undefined): void {
    // Nobody waits for it any more where the queue was given up meanwhile.
    if (!this.#isBusy) return this.#consumer.onDropped(message === undefined ? 0 : 1);
    if (message === undefined) return this.expire();
    const handled = this.#consumer.handle(message);
    if (handled === undefined) {
      this.#isBusy = false;
      return;
    }
    void handled.then(() => {
      this.#isBusy = false;
      this.run();
    });
  }

  /** Takes the first; half of the array at most is room of messages that were handed over, and those are let go of. */
  #shift(): Message | PackedMessage {
    const message = this.#queue[this.#first++]!;
    this.#queuedBytes -= message.length;
    if (2 * this.#first >= this.#queue.length) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
    return message;
  }

  #judge(): void {
    const isFull = this.#holds(this.#isFull ? 0.5 : 1);
    if (isFull !== this.#isFull) {
      this.#isFull = isFull;
      if (isFull) this.#consumer.onFull();
      else this.#consumer.onRoom();
    }
    if (this.#onEmpty === undefined || this.#isBusy || this.#isHeld || this.queuedMessages > 0) return;
    const onEmpty = this.#onEmpty;
    this.#onEmpty = undefined;
    onEmpty();
  }

  /** Whether as much as this share of the limits is held. A full queue counts as full until it is half empty: reading is not switched for every message. */
  #holds(share: number): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (this.queuedMessages === 0) return false;
    return this.queuedMessages >= maxQueuedMessages * share || this.#queuedBytes >= maxQueuedBytes * share;
  }
}
