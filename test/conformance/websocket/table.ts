/** The table of docs/CONFORMANCE.md that sets the verdicts on Longwire beside those on ws. */

import type { ConformanceTable } from '../../support/conformance.js';
import type { Behavior } from './case.js';
import { CASES, SECTIONS } from './cases.js';
import type { EchoServerName } from './echo-servers.js';
import { bySection, countsOf, countsText } from './report.js';
import { RECORDED, recordedVerdicts } from './verdicts.js';

const { node, messages, longwire, ws } = RECORDED;

/** The verdicts on both servers, and the reason of each that is not OK. */
export const AUTOBAHN_TABLE: ConformanceTable = {
  title: 'The cases of the Autobahn testsuite',
  text: [
    `The ${CASES.length} cases of the [Autobahn testsuite](https://github.com/crossbario/autobahn-testsuite) for servers, written anew as data with its numbers, and a client that judges strictly: every frame in its turn, the code of the Close, nothing behind it, and the end of the connection. They are in [conformance/websocket](../test/conformance/websocket/), and run in \`npm test\` against both servers; \`npm run conformance\` runs them against any.`,
    `These verdicts were recorded on Node ${node} with ${messages}, on Longwire ${longwire.version} and on [ws](https://github.com/websockets/ws) ${ws.version} with \`perMessageDeflate\` and without its limit to the fragments of a message. NON-STRICT is what fails an invalid text only once the rest of it has come (${idsOf('ws', 'NON-STRICT')}); INFORMATIONAL are the cases in which nothing is prescribed (${idsOf('longwire', 'INFORMATIONAL')}).`,
    `\`npm run test:autobahn\` runs the official suite itself where there is Docker or a \`wstest\`, and expects of every case what is said here of Longwire.`,
  ].join('\n\n'),
  columns: ['section', 'about', 'cases', 'Longwire', 'ws'],
  rows: [...sectionRows(), ['', 'all', String(CASES.length), ...servers(() => true)]],
};

function sectionRows(): string[][] {
  return bySection(recordedVerdicts('longwire')).map(([section, verdicts]) => {
    const ids = new Set(verdicts.map(({ id }) => id));
    return [String(section), SECTIONS.get(section)!, String(ids.size), ...servers((id) => ids.has(id))];
  });
}

function servers(isMeant: (id: string) => boolean): string[] {
  return (['longwire', 'ws'] as const).map((server) => countsText(countsOf(recordedVerdicts(server).filter(({ id }) => isMeant(id)))));
}

function idsOf(server: EchoServerName, behavior: Behavior): string {
  const ids = recordedVerdicts(server).filter((each) => each.behavior === behavior).map(({ id }) => id);
  return ids.length === 0 ? 'none' : ids.join(', ');
}
