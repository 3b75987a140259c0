/**
 * Runs the conformance suite against Longwire and against ws, each echoing in a process of its own, after a build, and writes down what it
 * says of them: `node scripts/record-verdicts.mjs [--full]`.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from '../build/test/conformance/websocket/cases.js';
import { DEFAULTS, judge } from '../build/test/conformance/websocket/judge.js';
import { exceptionsOf, reportText } from '../build/test/conformance/websocket/report.js';

const root = join(import.meta.dirname, '..');
const isFull = process.argv.includes('--full');

async function record(name, version) {
  const server = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.mjs'), name, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  const url = new URL(/ws:\S+/.exec(line)[0]);
  const verdicts = [];
  for (const each of CASES) verdicts.push(await judge(each, url, { ...DEFAULTS, isFull }));
  server.kill();
  console.log(`${name} ${version}\n${reportText(verdicts)}\n`);
  return { version, notOk: exceptionsOf(verdicts) };
}

const versionOf = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).version;
const recorded = {
  node: process.version,
  messages: isFull ? 'all messages' : 'fewer messages in sections 9, 12 and 13',
  longwire: await record('longwire', versionOf('package.json')),
  ws: await record('ws', versionOf('node_modules/ws/package.json')),
};
writeFileSync(join(root, 'test', 'conformance', 'websocket', 'verdicts.json'), `${JSON.stringify(recorded, undefined, 2)}\n`);
