/** What holds for one group: its options, or those of its store, checked and with their defaults. */

import { UsageError } from '../errors.js';
import { bytes, checkNumber, count, describe, MIB, ms } from '../option-checks.js';
import type { BusHistory } from './bus.js';
import type { GroupOptions, HistoryOptions, OnSlow } from './store-options.js';

export interface GroupSettings {
  readonly history: BusHistory | undefined;
  /** `undefined`: as the server's `onOverflow` says. */
  readonly onSlow: OnSlow | undefined;
}

const ON_SLOW: readonly unknown[] = ['close', 'drop', 'latest', undefined];

/** What is given here, else what holds for all; a `UsageError` names what is wrong. */
export function groupSettings(options: GroupOptions, forAll?: GroupSettings): GroupSettings {
  if (typeof options !== 'object' || options === null) throw new UsageError('the options of a group are an object such as { history, onSlow }');
  const { history, onSlow } = options;
  if (!ON_SLOW.includes(onSlow)) throw new UsageError(`option onSlow must be 'close', 'drop' or 'latest', not ${describe(onSlow)}`);
  return { history: history === undefined ? forAll?.history : historyLimits(history), onSlow: onSlow ?? forAll?.onSlow };
}

function historyLimits(history: HistoryOptions | boolean): BusHistory | undefined {
  if (history === false) return undefined;
  if (history !== true && (typeof history !== 'object' || history === null)) throw new UsageError(`option history must be true, false or limits, not ${describe(history)}`);
  const { maxMessages, maxAgeMs, maxBytes } = history === true ? NO_LIMITS : history;
  return {
    maxMessages: checkNumber('history.maxMessages', maxMessages, count(100)),
    maxAgeMs: checkNumber('history.maxAgeMs', maxAgeMs, ms(60_000)),
    maxBytes: checkNumber('history.maxBytes', maxBytes, bytes(MIB)),
  };
}

const NO_LIMITS: HistoryOptions = {};
