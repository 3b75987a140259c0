/** Writes docs/CONFORMANCE.md from the rules of the RFCs in test/rfc/, which must be built. A test compares them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conformanceDocument } from '../build/test/support/conformance.js';
import { RFCS, TABLES } from '../build/test/rfc/conformance.js';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'CONFORMANCE.md'), conformanceDocument(RFCS, TABLES));
