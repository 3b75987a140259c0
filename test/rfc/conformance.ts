/** What docs/CONFORMANCE.md holds, in its order. */

import type { ConformanceTable, RfcRules } from '../support/conformance.js';
import { RFC_6455 } from './6455/rules.js';
import { RFC_7692 } from './7692/rules.js';
import { RFC_9112 } from './9112/rules.js';

export const RFCS: readonly RfcRules[] = [
  { rfc: 9112, title: 'HTTP/1.1', file: 'rfc/9112.test.ts', rules: RFC_9112 },
  { rfc: 6455, title: 'The WebSocket Protocol', file: 'rfc/6455.test.ts', rules: RFC_6455 },
  { rfc: 7692, title: 'Compression Extensions for WebSocket', file: 'rfc/7692.test.ts', rules: RFC_7692 },
];

/** Tables behind those of the RFCs. */
export const TABLES: readonly ConformanceTable[] = [];
