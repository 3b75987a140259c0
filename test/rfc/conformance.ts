/** What docs/CONFORMANCE.md holds, in its order. */

import type { ConformanceTable, RfcRules } from '../support/conformance.js';
import { RFC_9110 } from './9110/rules.js';
import { RFC_9112 } from './9112/rules.js';

export const RFCS: readonly RfcRules[] = [
  { rfc: 9110, title: 'HTTP Semantics', file: 'rfc/9110.test.ts', rules: RFC_9110 },
  { rfc: 9112, title: 'HTTP/1.1', file: 'rfc/9112.test.ts', rules: RFC_9112 },
];

/** Tables behind those of the RFCs. */
export const TABLES: readonly ConformanceTable[] = [];
