/** What became of messages for members that were slow, or came back late: counted for a group, and at once for its store. */

export type Fate =
  | 'dropped' // not sent to a member that took too little
  | 'replaced' // by a newer one of the same key, before it was sent
  | 'closed' // a member, because it took too little
  | 'gaps'; // a member was told that it missed something

export class Tally {
  dropped = 0;
  replaced = 0;
  closed = 0;
  gaps = 0;
  readonly #whole: Tally | undefined;

  /** `whole` counts along. */
  constructor(whole?: Tally) {
    this.#whole = whole;
  }

  get figures(): Record<Fate, number> {
    const { dropped, replaced, closed, gaps } = this;
    return { dropped, replaced, closed, gaps };
  }

  count(fate: Fate): void {
    this[fate]++;
    this.#whole?.count(fate);
  }
}
