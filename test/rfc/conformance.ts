/** What docs/CONFORMANCE.md holds, in its order. */

import { ACCEPTED_BY, DISAGREEMENTS } from '../../fuzz/disagreements.js';
import { CORPUS, countAttacks } from '../attacks/corpus.js';
import { AUTOBAHN_TABLE } from '../conformance/websocket/table.js';
import type { ConformanceTable, RfcRules } from '../support/conformance.js';
import { RFC_6455 } from './6455/rules.js';
import { RFC_7692 } from './7692/rules.js';
import { RFC_9110 } from './9110/rules.js';
import { RFC_9112 } from './9112/rules.js';

export const RFCS: readonly RfcRules[] = [
  { rfc: 9110, title: 'HTTP Semantics', file: 'rfc/9110.test.ts', rules: RFC_9110 },
  { rfc: 9112, title: 'HTTP/1.1', file: 'rfc/9112.test.ts', rules: RFC_9112 },
  { rfc: 6455, title: 'The WebSocket Protocol', file: 'rfc/6455.test.ts', rules: RFC_6455 },
  { rfc: 7692, title: 'Compression Extensions for WebSocket', file: 'rfc/7692.test.ts', rules: RFC_7692 },
];

const ATTACKS: ConformanceTable = {
  title: 'Request smuggling',
  text:
    'The published ways to make two servers disagree about where a request ends. Each attack says exactly which requests are served, and runs through the parser in every way its ' +
    'bytes can come and through sockets to handlers that read bodies and that do not, with an honest request behind it. The data is in [attacks/families](../test/attacks/families).',
  columns: ['family', 'attacks', 'published in'],
  rows: [...CORPUS.map(({ name, source, attacks }) => [name, String(attacks.length), source]), ['all', String(countAttacks()['all']), '']],
};

const DISAGREEING: ConformanceTable = {
  title: 'Disagreements with node:http',
  text:
    'Generated and mutated requests go to Longwire and to the strict parser of node:http. Where both accept, they must agree on method, target, version, fields, body, trailers and the end of each ' +
    'message. Where they do not, the bytes fall under one of these rows, each with an example that is tested by itself. `npm run fuzz` looks for more.',
  columns: ['bytes', 'accepted by', 'RFC', 'why'],
  rows: DISAGREEMENTS.map(({ name, accepts, rfc, why, dependsOnVersion }) => [
    name,
    ACCEPTED_BY[accepts],
    rfc,
    dependsOnVersion ? `${why} Not with every version of Node.` : why,
  ]),
};

/** Tables behind those of the RFCs. */
export const TABLES: readonly ConformanceTable[] = [AUTOBAHN_TABLE, ATTACKS, DISAGREEING];
