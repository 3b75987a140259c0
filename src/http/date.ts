/** The `Date` field (RFC 9110 §6.6.1), formatted once a second. */

export class DateField {
  #second = -1;
  #line = '';

  /** The whole field line for a wall clock in milliseconds. */
  line(wallMs: number): string {
    const second = Math.floor(wallMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#line = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
    }
    return this.#line;
  }
}
