/** Hears of one group on a bus, and remembers everything. */

import type { Bus, BusHistory, BusListener, BusMessage, BusSubscription } from 'longwire';
import { until } from './signals.js';
import { PATIENCE_MS } from './patience.js';

export class HeardGroup implements BusListener {
  readonly messages: BusMessage[] = [];
  /** What became of the bus: `lost`, `restored`, or `restored with a gap`. */
  readonly events: string[] = [];
  position: string | undefined;
  #subscription!: BusSubscription;

  /** Listens to a group, until `close`. */
  static async open(bus: Bus, group: string, history?: BusHistory): Promise<HeardGroup> {
    const heard = new HeardGroup();
    heard.#subscription = await bus.subscribe(group, heard, history);
    heard.position = heard.#subscription.position;
    return heard;
  }

  get texts(): string[] {
    return this.messages.map(({ bytes }) => Buffer.from(bytes).toString());
  }

  get ids(): (string | undefined)[] {
    return this.messages.map(({ id }) => id);
  }

  message(message: BusMessage): void {
    this.messages.push(message);
  }

  lost(): void {
    this.events.push('lost');
  }

  restored(hasGap: boolean): void {
    this.events.push(hasGap ? 'restored with a gap' : 'restored');
  }

  close(): void {
    this.#subscription.close();
  }

  /** The texts of the first `count` messages, once they are there. */
  async heard(count: number): Promise<string[]> {
    await until(() => this.messages.length >= count, `message ${count}, behind «${this.texts.at(-1)}»`, PATIENCE_MS);
    return this.texts.slice(0, count);
  }

  async told(event: string, count = 1): Promise<void> {
    await until(() => this.events.filter((each) => each === event).length >= count, `«${event}» behind ${this.events.join()}`, PATIENCE_MS);
  }
}
