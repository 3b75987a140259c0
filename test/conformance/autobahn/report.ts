/** The report of the official Autobahn suite (its index.json), compared with what is expected of every case. */

/** What the suite says of a case: of what was answered, and of how the connection was closed. */
export interface CaseResult {
  readonly behavior: string;
  readonly behaviorClose: string;
}

export type Results = Readonly<Record<string, CaseResult>>;

/** What differs, in words; empty where nothing does. */
export function differences(found: Results, expected: Results): string[] {
  const ids = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return ids.flatMap((id) => difference(id, found[id], expected[id]));
}

function difference(id: string, found: CaseResult | undefined, expected: CaseResult | undefined): string[] {
  if (found === undefined) return [`${id} was not run`];
  if (expected === undefined) return [`${id} is not expected`];
  if (found.behavior === expected.behavior && found.behaviorClose === expected.behaviorClose) return [];
  return [`${id} is ${resultText(found)}, not ${resultText(expected)}`];
}

function resultText({ behavior, behaviorClose }: CaseResult): string {
  return behavior === behaviorClose ? behavior : `${behavior} (closing: ${behaviorClose})`;
}

/** The results of one server in the text of an index.json. Throws where there are none. */
export function parseReport(json: string, agent: string): Results {
  const results = (JSON.parse(json) as Record<string, Results>)[agent];
  if (results === undefined) throw new Error(`the report says nothing of ${agent}`);
  return results;
}
