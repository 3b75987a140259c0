/** The rules of RFC 9112 that bind an origin server, in the order of its sections. */

import type { Rule } from '../../support/rfc.js';
import { BODY } from './body.js';
import { CHUNKED, INCOMPLETE } from './chunked.js';
import { CONNECTIONS } from './connections.js';
import { FIELDS } from './fields.js';
import { MESSAGE } from './message.js';
import { REQUEST_LINE } from './request-line.js';

export const RFC_9112: readonly Rule[] = [...MESSAGE, ...REQUEST_LINE, ...FIELDS, ...BODY, ...CHUNKED, ...INCOMPLETE, ...CONNECTIONS];
