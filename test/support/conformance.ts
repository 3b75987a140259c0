/** Writes docs/CONFORMANCE.md: every rule of the RFCs, and how the server is held to it. */

import type { Level, Rule } from './rfc.js';

export interface RfcRules {
  readonly rfc: number;
  readonly title: string;
  /** The file of its tests, from the folder of tests. */
  readonly file: string;
  readonly rules: readonly Rule[];
}

/** A further table of the document. */
export interface ConformanceTable {
  readonly title: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const INTRODUCTION = `# Conformance

What the RFCs demand of an origin server, rule by rule in our words, and how Longwire is held to it. Rules that bind only clients, proxies, gateways or caches are left out. A grammar counts as MUST (RFC 9110 §2.2); what a section only states, as «ought to».

A case is bytes that a client sends and what must come of them. Each runs through a real socket whole and byte by byte, and each of these with a further request behind, or further frames on a WebSocket, which must be served where the connection is kept, and must not where it ends. What is about requests or frames alone runs through the parser or the decoder as well: whole, byte by byte, and cut at every point.

This page is written by \`node scripts/conformance.mjs\`, after a build, from the data in \`test/rfc/\` and \`test/conformance/\`; a test compares them.
`;

export function conformanceDocument(rfcs: readonly RfcRules[], tables: readonly ConformanceTable[]): string {
  const parts = [INTRODUCTION, countsTable(rfcs), ...rfcs.map(rulesTable), ...tables.map(furtherTable)];
  return `${parts.join('\n')}`;
}

function countsTable(rfcs: readonly RfcRules[]): string {
  const rows = rfcs.map(({ rfc, rules }) => [
    `[RFC ${rfc}](#rfc-${rfc})`,
    rules.length,
    rules.filter((rule) => isDemand(rule.level)).length,
    rules.filter((rule) => rule.cases !== undefined).length,
    rules.reduce((sum, rule) => sum + (rule.cases?.length ?? 0), 0),
    rules.filter((rule) => rule.heldBy !== undefined).length,
    rules.filter((rule) => rule.because !== undefined).length,
  ]);
  return table(['', 'rules', 'of them MUST or MUST NOT', 'held by cases', 'cases', 'held by other tests', 'not tested, with the reason'], rows);
}

function rulesTable({ rfc, title, file, rules }: RfcRules): string {
  const rows = rules.map((rule) => [`[${rule.section}](https://www.rfc-editor.org/rfc/rfc${rfc}.html#section-${rule.section})`, rule.level, rule.rule, holding(rule)]);
  const intro = `${title}. The cases are in ${fileLink(file)}, in the same order.\n`;
  return `## RFC ${rfc}\n\n${intro}\n${table(['section', 'level', 'rule', 'held by'], rows)}`;
}

function furtherTable({ title, text, columns, rows }: ConformanceTable): string {
  return `## ${title}\n\n${text}\n\n${table(columns, rows)}`;
}

function holding(rule: Rule): string {
  if (rule.because !== undefined) return `not tested: ${rule.because}`;
  if (rule.cases !== undefined) return rule.cases.length === 1 ? '1 case' : `${rule.cases.length} cases`;
  return [...new Set(rule.heldBy.map((each) => each.file))].map(fileLink).join(', ');
}

function fileLink(file: string): string {
  return `[${file}](../test/${file})`;
}

function isDemand(level: Level): boolean {
  return level === 'MUST' || level === 'MUST NOT';
}

function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
