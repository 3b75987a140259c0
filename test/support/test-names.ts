/** Which tests there are, read from their sources. */

import { readDocument } from './documents.js';

/** A test by its file, from the folder of tests, and its name. */
export interface TestName {
  /** Such as `server/stop.test.ts`. */
  readonly file: string;
  /** Its name as it is reported: where the source puts a value into it, with the value. */
  readonly name: string;
}

/** What of a name made of parts must be written out in the source, so that not every name would do. */
const MIN_LITERAL_CHARACTERS = 8;

const patterns = new Map<string, readonly RegExp[]>();

/** Whether the file has a test with that name. */
export function hasTest({ file, name }: TestName): boolean {
  let found = patterns.get(file);
  if (found === undefined) patterns.set(file, (found = namesIn(readDocument(`test/${file}`))));
  return found.some((pattern) => pattern.test(name));
}

/** The names of tests in a source, each as an expression in which anything may stand for what is put in. */
function namesIn(source: string): RegExp[] {
  const names: RegExp[] = [];
  for (const match of source.matchAll(/\btest\(\s*/g)) {
    const parts = literalParts(source, (match.index ?? 0) + match[0].length);
    if (parts === undefined || parts.join('').length < MIN_LITERAL_CHARACTERS) continue;
    names.push(new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*')}$`));
  }
  return names;
}

/** The written parts of the string or template that begins at `start`; `undefined` where there is none. */
function literalParts(source: string, start: number): string[] | undefined {
  const quote = source[start];
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined;
  const parts = [''];
  for (let at = start + 1; source[at] !== quote; at++) {
    if (quote === '`' && source.startsWith('${', at)) {
      at = closingBrace(source, at + 2);
      parts.push('');
    } else {
      if (source[at] === '\\') at++;
      parts.push(parts.pop()! + source[at]);
    }
  }
  return parts;
}

function closingBrace(source: string, start: number): number {
  let at = start;
  for (let depth = 1; depth > 0; at++) {
    if (source[at] === '{') depth++;
    if (source[at] === '}') depth--;
  }
  return at - 1;
}
