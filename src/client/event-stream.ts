/**
 * What the text of an event stream tells, in whatever pieces it comes (WHATWG HTML §9.2.6). Unlike an `EventSource` it also tells of an
 * id that came without data, and of an `id` only where the field stood.
 */

import { bytesOf, type Told } from './wire.js';

/** A CR at the end is no line's end yet: its LF may come with the next piece. */
const LINE_END = /\r\n|\n|\r(?!$)/;

export class EventStreamParser {
  #rest = '';
  /** The fields of the event that is coming, by name. */
  #fields: Record<string, string | undefined> = {};

  /** What this piece completes. */
  push(text: string): Told[] {
    const lines = (this.#rest + text).split(LINE_END);
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => (line === '' ? this.#dispatch() : this.#field(line)));
  }

  #dispatch(): Told {
    const { id, event, data, encoding } = this.#fields;
    this.#fields = {};
    if (event === 'gap' && id !== undefined && data === '') return { id, gap: true };
    if (encoding !== 'base64' || data === undefined) return { id, event, data };
    return { id, event: event === 'binary' ? undefined : event, data: bytesOf(data) };
  }

  #field(line: string): [] {
    const [, name, value] = /^([^:]*):? ?(.*)/s.exec(line) as unknown as [string, string, string];
    const before = this.#fields[name];
    this.#fields[name] = name === 'data' && before !== undefined ? `${before}\n${value}` : value;
    return [];
  }
}
