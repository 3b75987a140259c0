/**
 * The field lines of a request, kept as the text they came in and read on demand: `header(name)` looks a line up and builds
 * nothing. Invariant: the text was checked by `parseHead` or by the trailer decoder, so every line is a token, a colon, a value
 * and CR LF.
 */

import { COLON, SP, TAB } from '../bytes.js';

/** Fields whose second line is ignored, as node:http does. */
const FIRST_WINS = new Set([
  'age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host', 'if-modified-since',
  'if-unmodified-since', 'last-modified', 'location', 'max-forwards', 'proxy-authorization', 'referer', 'retry-after', 'server',
  'user-agent',
]);

export class FieldLines {
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;

  /** Field lines from `start` to `end`, each with its CR LF; the empty line is not among them. */
  constructor(text: string, start: number, end: number) {
    this.#text = text;
    this.#start = start;
    this.#end = end;
  }

  /** The value of a field by its name in lower case; values of a field sent twice are joined. */
  get(name: string): string | undefined {
    const text = this.#text;
    let found: string | undefined;
    for (let at = this.#start; at < this.#end; ) {
      const lineEnd = text.indexOf('\r\n', at);
      const colon = at + name.length;
      if (text.charCodeAt(colon) === COLON && startsWithName(text, at, name) && text.indexOf(':', at) === colon) {
        const value = fieldValue(text, colon + 1, lineEnd);
        found = found === undefined ? value : join(name, found, value);
      }
      at = lineEnd + 2;
    }
    return found;
  }

  /** Names and values in turn, as sent. */
  toArray(): string[] {
    const raw: string[] = [];
    this.#each((name, value) => raw.push(name, value));
    return raw;
  }

  /** All fields by lower-case name, without a prototype: no field name can reach one. */
  toObject(): Record<string, string | undefined> {
    const fields = Object.create(null) as Record<string, string | undefined>;
    this.#each((sentName, value) => {
      const name = sentName.toLowerCase();
      const before = fields[name];
      fields[name] = before === undefined ? value : join(name, before, value);
    });
    return fields;
  }

  #each(visit: (name: string, value: string) => void): void {
    const text = this.#text;
    for (let at = this.#start; at < this.#end; ) {
      const lineEnd = text.indexOf('\r\n', at);
      const colon = text.indexOf(':', at);
      visit(text.slice(at, colon), fieldValue(text, colon + 1, lineEnd));
      at = lineEnd + 2;
    }
  }
}

export const NO_FIELDS = new FieldLines('', 0, 0);

/** The value between `start` and `end`, without the white space around it (RFC 9112 §5.1). */
export function fieldValue(text: string, start: number, end: number): string {
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Whether `text` has, at `at`, the lower-case `name` in any case. */
export function startsWithName(text: string, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const expected = name.charCodeAt(i);
    const actual = text.charCodeAt(at + i);
    // A letter's upper case is its code less 0x20; no other byte of a token may differ.
    if (actual !== expected && !(expected >= 0x61 && expected <= 0x7a && actual === expected - 0x20)) return false;
  }
  return true;
}

/** The elements of a comma-separated list; empty ones are ignored (RFC 9110 §5.6.1). */
export function listElements(value: string): string[] {
  return value
    .split(',')
    .map((element) => fieldValue(element, 0, element.length))
    .filter((element) => element !== '');
}

/** The same for names that have no case: in lower case. */
export function listNames(value: string): string[] {
  return listElements(value.toLowerCase());
}

function isWhiteSpace(code: number): boolean {
  return code === SP || code === TAB;
}

function join(name: string, before: string, value: string): string {
  if (FIRST_WINS.has(name)) return before;
  return before + (name === 'cookie' ? '; ' : ', ') + value;
}
