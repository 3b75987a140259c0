/** The rules of RFC 9110 that bind an origin server, in the order of its sections. */

import type { Rule } from '../../support/rfc.js';
import { APPLICATION } from './application.js';
import { CONTEXT } from './context.js';
import { FIELDS } from './fields.js';
import { IDENTIFIERS } from './identifiers.js';
import { ABSTRACTION } from './messages.js';
import { METHODS } from './methods.js';
import { REPRESENTATIONS } from './representations.js';
import { REQUIREMENTS } from './requirements.js';
import { ROUTING } from './routing.js';
import { STATUS } from './status.js';

export const RFC_9110: readonly Rule[] = [
  ...REQUIREMENTS,
  ...IDENTIFIERS,
  ...FIELDS,
  ...ABSTRACTION,
  ...ROUTING,
  ...REPRESENTATIONS,
  ...METHODS,
  ...CONTEXT,
  ...APPLICATION,
  ...STATUS,
];
