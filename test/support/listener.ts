/** Hears, for one test, what servers tell on the channels of node:diagnostics_channel. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { TestContext } from 'node:test';
import type { DiagnosticsEvents } from 'longwire';
import { until } from './signals.js';

export type EventName = keyof DiagnosticsEvents;

const NAMES = {
  'longwire.connection.opened': true,
  'longwire.connection.closed': true,
  'longwire.request': true,
  'longwire.response': true,
  'longwire.channel.opened': true,
  'longwire.channel.closed': true,
  'longwire.error': true,
} as const satisfies Record<EventName, true>;

export const EVENT_NAMES = Object.keys(NAMES) as readonly EventName[];

export class Listener {
  /** The names of all events so far, in order, without their common beginning. */
  readonly names: string[] = [];
  readonly #events = new Map<EventName, unknown[]>(EVENT_NAMES.map((name) => [name, []]));

  /** Listens to everything until the test is over. */
  constructor(t: TestContext) {
    for (const name of EVENT_NAMES) {
      const hear = (event: unknown): void => {
        this.names.push(name.slice('longwire.'.length));
        this.#events.get(name)!.push(event);
      };
      subscribe(name, hear);
      t.after(() => unsubscribe(name, hear));
    }
  }

  /** What was heard of one event so far. */
  of<N extends EventName>(name: N): readonly DiagnosticsEvents[N][] {
    return this.#events.get(name) as DiagnosticsEvents[N][];
  }

  /** Waits until one event was heard `count` times. */
  async heard<N extends EventName>(name: N, count = 1): Promise<readonly DiagnosticsEvents[N][]> {
    await until(() => this.of(name).length >= count, `${count} of ${name}`);
    return this.of(name);
  }
}

/** Calls `fn` with every event of one name until the test is over. */
export function hear<N extends EventName>(t: TestContext, name: N, fn: (event: DiagnosticsEvents[N]) => void): void {
  const each = (event: unknown): void => fn(event as DiagnosticsEvents[N]);
  subscribe(name, each);
  t.after(() => unsubscribe(name, each));
}
