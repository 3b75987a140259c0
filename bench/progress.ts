/** What is being measured right now: one line that changes on a terminal, a line for each beginning elsewhere. */

export class Progress {
  readonly #startedAt = performance.now();
  readonly #total: number;
  #begun = 0;
  #title = '';

  /** @param total of what will begin. */
  constructor(total: number) {
    this.#total = total;
  }

  /** The next one begins. */
  begin(title: string): void {
    this.#title = title;
    this.#begun++;
    if (!process.stderr.isTTY) process.stderr.write(`${this.#position()} ${title}\n`);
  }

  step(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.#position()} ${this.#title}: ${text}`);
  }

  /** Something that stays on the screen. */
  note(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
  }

  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #position(): string {
    const minutes = (performance.now() - this.#startedAt) / 60_000;
    return `[${this.#begun}/${this.#total}, ${minutes.toFixed(1)} min]`;
  }
}
