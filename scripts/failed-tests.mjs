/** A reporter for Node's test runner that names at the end, by themselves, the tests that failed: among thousands of lines of TAP nobody finds them. */

/** Of what an error says, so many lines. */
const ERROR_LINES = 12;

export default async function* failedTests(source) {
  const failed = [];
  for await (const { type, data } of source) {
    if (type === 'test:fail' && data.todo === undefined && data.details?.error?.failureType !== 'subtestsFailed') failed.push(data);
  }
  for (const { name, file = 'unknown file', line = 0, details } of failed) {
    const error = details.error?.cause ?? details.error;
    yield `failed: ${name}\n  ${file}:${line}, after ${Math.round(details.duration_ms)} ms\n`;
    for (const text of String(error?.stack ?? error).split('\n').slice(0, ERROR_LINES)) yield `    ${text}\n`;
  }
}
