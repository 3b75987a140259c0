/** What docs/CONFORMANCE.md holds, in its order. */

import { AUTOBAHN_TABLE } from '../conformance/websocket/table.js';
import type { ConformanceTable, RfcRules } from '../support/conformance.js';
import { RFC_9112 } from './9112/rules.js';

export const RFCS: readonly RfcRules[] = [{ rfc: 9112, title: 'HTTP/1.1', file: 'rfc/9112.test.ts', rules: RFC_9112 }];

/** Tables behind those of the RFCs. */
export const TABLES: readonly ConformanceTable[] = [AUTOBAHN_TABLE];
