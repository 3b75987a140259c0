/**
 * Whom the messages of our own leave out, which does not travel with them. It is known until they come back from the bus, and a while
 * longer: what was missed, or is no longer kept here, is read from there.
 */

/** Of how many messages it is known until they come back. */
const MAX_EXPECTED = 10_000;

/** By the numbers of messages, which grow. `Who` is left out, and has a number, too, above 0. */
export class LeftOut<Who extends { readonly number: number }> {
  readonly #expected = new Map<number, Who>();
  readonly #past = new Map<number, number>();
  readonly #maxPast: number;

  /** @param maxKept how many messages can be read again. */
  constructor(maxKept: number) {
    this.#maxPast = Math.min(maxKept, MAX_EXPECTED);
  }

  expect(message: number, who: Who): void {
    this.#expected.set(message, who);
    dropOldest(this.#expected, MAX_EXPECTED);
  }

  /** Who is left out of a message that came. Those before it will not come any more: the bus keeps their order. */
  take(message: number): Who | undefined {
    const who = this.#expected.get(message);
    for (const [each, { number }] of this.#expected) {
      if (each > message) break;
      this.#expected.delete(each);
      this.#past.set(each, number);
    }
    dropOldest(this.#past, this.#maxPast);
    return who;
  }

  /** The number of who is left out of a message that is read; 0 for nobody. */
  find(message: number): number {
    return this.#expected.get(message)?.number ?? this.#past.get(message) ?? 0;
  }

  clear(): void {
    this.#expected.clear();
    this.#past.clear();
  }
}

function dropOldest(map: Map<number, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}
