/**
 * One direction between two processes. Items leave in packets, each once the one before was taken: what is said in one turn of the event
 * loop costs one message, a slow peer is sent larger packets and not more of them, and what waits is counted here.
 */

/** A packet has at most so much, and one item more: to serialize it must not hold up the process. */
const PACKET_BYTES = 256 * 1024;

export interface LinkEvents<Item> {
  /** Sends a packet; `taken` is called once, later, when it is on its way. */
  send(packet: readonly Item[], taken: () => void): void;
  /** The memory that an item takes. */
  bytesOf(item: Item): number;
  /** A packet was taken: `waitingBytes` is less. */
  onTaken?(): void;
}

export class Link<Item> {
  readonly #events: LinkEvents<Item>;
  #queue: Item[] = [];
  #waitingBytes = 0;
  /** Whether a packet is under way. */
  #isBusy = false;
  #isScheduled = false;
  #waiters: (() => void)[] = [];

  constructor(events: LinkEvents<Item>) {
    this.#events = events;
  }

  /** What was posted and is not on its way yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  post(item: Item): void {
    this.#queue.push(item);
    this.#waitingBytes += this.#events.bytesOf(item);
    if (this.#isBusy || this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#sendNext();
    });
  }

  /** Resolves when all that was posted is on its way. */
  whenEmpty(): Promise<void> {
    if (this.#waitingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #sendNext(): void {
    if (this.#isBusy || this.#queue.length === 0) return;
    const [packet, bytes] = this.#takePacket();
    this.#isBusy = true;
    this.#events.send(packet, () => {
      this.#isBusy = false;
      this.#waitingBytes -= bytes;
      this.#events.onTaken?.();
      this.#sendNext();
      if (this.#waitingBytes === 0) this.#tellEmpty();
    });
  }

  #tellEmpty(): void {
    for (const each of this.#waiters) each();
    this.#waiters = [];
  }

  #takePacket(): [packet: readonly Item[], bytes: number] {
    let [count, bytes] = [0, 0];
    while (count < this.#queue.length && bytes < PACKET_BYTES) bytes += this.#events.bytesOf(this.#queue[count++]!);
    const packet = this.#queue;
    this.#queue = packet.splice(count);
    return [packet, bytes];
  }
}
