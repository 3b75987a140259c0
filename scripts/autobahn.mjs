/**
 * Runs the official Autobahn suite against the echo server, after a build, and compares its report with what is expected. It takes Docker,
 * or a `wstest` on the PATH; without either it fails.
 */

import { spawnSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences, parseReport } from '../build/test/conformance/autobahn/report.js';
import { ECHO_SERVERS } from '../build/test/conformance/websocket/echo-servers.js';

const IMAGE = 'crossbario/autobahn-testsuite:25.10.1';
const AGENT = 'longwire';
const root = join(import.meta.dirname, '..');
const folder = join(root, 'build', 'autobahn');

const runs = (program, ...args) => spawnSync(program, args, { stdio: 'ignore', timeout: 30_000 }).status === 0;

/** The suite's command, and where it finds `folder`. */
function findSuite() {
  if (runs('wstest', '--help')) return { command: ['wstest'], folder };
  // The server listens on the loopback of this machine alone, which the container must share.
  if (runs('docker', 'info')) return { command: ['docker', 'run', '--rm', '--network', 'host', '--volume', `${folder}:/suite`, IMAGE, 'wstest'], folder: '/suite' };
  return undefined;
}

const suite = findSuite();
if (suite === undefined) {
  console.error('The Autobahn suite cannot run here: there is neither a wstest on the PATH nor a Docker that answers.');
  console.error('Its cases are in npm test, too, and npm run conformance runs them against any server.');
  process.exit(2);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const server = await ECHO_SERVERS.longwire();
const spec = { outdir: `${suite.folder}/reports`, servers: [{ agent: AGENT, url: server.url }], cases: ['*'], 'exclude-cases': [], 'exclude-agent-cases': {} };
writeFileSync(join(folder, 'fuzzingclient.json'), JSON.stringify(spec));
const [program, ...args] = [...suite.command, '-m', 'fuzzingclient', '-s', `${suite.folder}/fuzzingclient.json`];
const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'exit');
await server.stop();
if (code !== 0) {
  console.error(`The suite ended with ${code}.`);
  process.exit(1);
}

const expected = JSON.parse(readFileSync(join(root, 'test', 'conformance', 'autobahn', 'expected.json'), 'utf8'));
const found = differences(parseReport(readFileSync(join(folder, 'reports', 'index.json'), 'utf8'), AGENT), expected);
for (const each of found) console.error(each);
console.log(found.length === 0 ? `All ${Object.keys(expected).length} cases came to what is expected.` : `Not so in ${found.length}; build/autobahn/reports has the details.`);
process.exit(found.length === 0 ? 0 : 1);
