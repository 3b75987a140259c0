/** The project's documents, read by the tests that hold them true. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The project's folder, from where the compiled tests lie. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The text of a document below one heading, up to the next of the same or a higher level. */
export function sectionOf(path: string, title: string): string {
  const section = sectionsOf(readDocument(path)).find((each) => each.title === title);
  if (section === undefined) throw new Error(`${path} has no heading «${title}»`);
  return section.text;
}

export interface Section {
  readonly level: number;
  readonly title: string;
  readonly text: string;
}

/** Every heading of a Markdown text, with what stands below it. What looks like a heading in a block of code is none. */
export function sectionsOf(markdown: string): Section[] {
  const lines = markdown.split('\n');
  const headings: { line: number; level: number; title: string }[] = [];
  let isCode = false;
  for (const [line, text] of lines.entries()) {
    if (text.startsWith('```')) isCode = !isCode;
    const match = isCode ? null : /^(#{1,6}) (.+)$/.exec(text);
    if (match !== null) headings.push({ line, level: match[1]!.length, title: match[2]! });
  }
  return headings.map(({ line, level, title }, i) => {
    const next = headings.slice(i + 1).find((each) => each.level <= level);
    return { level, title, text: lines.slice(line + 1, next?.line ?? lines.length).join('\n') };
  });
}

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** The nearest heading above it. */
  readonly title: string;
}

/** The fenced blocks of a Markdown text. */
export function codeBlocksOf(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let title = '';
  let open: { language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    if (open === undefined) {
      if (line.startsWith('```')) open = { language: line.slice(3).trim(), lines: [] };
      else title = /^#{1,6} (.+)$/.exec(line)?.[1] ?? title;
    } else if (line.startsWith('```')) {
      blocks.push({ language: open.language, code: `${open.lines.join('\n')}\n`, title });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  return blocks;
}

/** `a/{b,c}` is `a/b` and `a/c`. */
export function expandBraces(pattern: string): string[] {
  const match = /^(.*)\{(.+)\}(.*)$/.exec(pattern);
  if (match === null) return [pattern];
  return match[2]!.split(',').map((each) => `${match[1]}${each}${match[3]}`);
}
