/** A set that can be waited for to run empty. */

export class WaitableSet<T> extends Set<T> {
  #waiters: (() => void)[] = [];

  override delete(value: T): boolean {
    const wasMember = super.delete(value);
    if (this.size === 0) {
      for (const each of this.#waiters) each();
      this.#waiters = [];
    }
    return wasMember;
  }

  /** Resolves when the set is empty, at once if it is. */
  whenEmpty(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
