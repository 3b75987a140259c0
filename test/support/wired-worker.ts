/** A worker's end of the bus of a cluster without the worker: packets are copied, as between processes, and come later. A test can hold them. */

import type { BusListener, BusMessage } from 'longwire';
import { BusPort } from '#src/cluster/bus.js';
import type { Relay, RelayPort } from '#src/cluster/relay.js';

export class WiredWorker {
  readonly bus: BusPort;
  /** Packets that came to it. */
  packets = 0;
  readonly #port: RelayPort;
  #isHeld = false;
  #held: (() => void)[] = [];

  constructor(relay: Relay) {
    this.#port = relay.join((packet, taken) => this.#bring(() => (this.packets++, this.bus.receive(structuredClone(packet))), taken));
    this.bus = new BusPort((packet, taken) => {
      const copy = structuredClone(packet);
      setImmediate(() => (this.#port.receive(copy), taken()));
    });
  }

  /** From now on it takes nothing, as a worker whose event loop is blocked. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const each of this.#held.splice(0)) each();
  }

  /** As a process that is killed. */
  leave(): void {
    this.#port.leave();
  }

  #bring(deliver: () => void, taken: () => void): void {
    const arrive = (): void => {
      deliver();
      taken();
    };
    setImmediate(() => (this.#isHeld ? this.#held.push(arrive) : arrive()));
  }
}

/** Records what a listener is told: the text of messages, and `lost` and `restored` in their places. */
export class Heard implements BusListener {
  readonly told: string[] = [];
  readonly messages: BusMessage[] = [];

  message(message: BusMessage): void {
    this.messages.push(message);
    this.told.push(Buffer.from(message.bytes).toString());
  }

  lost(): void {
    this.told.push('lost');
  }

  restored(hasGap: boolean): void {
    this.told.push(hasGap ? 'restored with a gap' : 'restored');
  }

  /** The sequences of the ids that came. */
  get sequences(): number[] {
    return this.messages.map(({ id }) => Number(id!.split('-')[1]));
  }
}
