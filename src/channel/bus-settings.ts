/** What all groups of a store share that are on a bus. */

import { check, isFunction, isObject, optional } from '../option-checks.js';
import type { Bus } from './bus.js';
import { newEpoch } from './message-id.js';
import type { BusEvent, StoreOptions } from './store-options.js';
import type { StoreClock } from './sweeper.js';

export interface BusSettings {
  readonly bus: Bus;
  /** Names the store among all on the bus. */
  readonly origin: string;
  readonly clock: StoreClock;
  /** A number that no message of this store had before. */
  nextNumber(): number;
  /** Tells the application of the bus, and of errors that belong to no request. Neither throws. */
  tell(event: BusEvent): void;
  report(error: unknown): void;
}

/** `undefined` without a bus. Throws a `UsageError` where something is not what it may be. */
export function busSettings({ bus, onBusEvent, onError = warn }: StoreOptions, clock: StoreClock): BusSettings | undefined {
  check('bus', bus, optional(isBus), 'a bus, with publish, subscribe and read');
  check('onBusEvent', onBusEvent, optional(isFunction), 'a function');
  check('onError', onError, isFunction, 'a function');
  if (bus === undefined) return undefined;
  const report = (error: unknown): void => {
    try {
      onError(error);
    } catch (second) {
      warn(second);
    }
  };
  let number = 0;
  return {
    bus,
    origin: newEpoch(),
    clock,
    nextNumber: () => ++number,
    tell: (event) => {
      try {
        onBusEvent?.(event);
      } catch (error) {
        report(error);
      }
    },
    report,
  };
}

function isBus(value: unknown): boolean {
  const { publish, subscribe, read } = (isObject(value) ? value : {}) as Partial<Bus>;
  return [publish, subscribe, read].every(isFunction);
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(`groups: ${typeof error === 'string' ? error : typeof error}`));
}
