/** The one coarse clock that all deadlines of a server hang on: who wants to be asked what took too long joins it. */

export interface Ticking {
  /** Called at every tick. May leave the ticker, and may add others. Never throws. */
  onTick(now: number): void;
}

export interface Ticker {
  /** Milliseconds since some moment, as of the last tick. Time in which the process was blocked does not count. */
  readonly now: number;
  /** The wall clock in milliseconds since 1970, as of the last tick. */
  readonly wallNow: number;
  /** The moment from which on `ms` milliseconds have surely passed. */
  after(ms: number): number;
  add(entry: Ticking): void;
  delete(entry: Ticking): void;
}
