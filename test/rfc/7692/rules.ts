/** All rules, in the order of the sections of RFC 7692. */

import type { Rule } from '../../support/rfc.js';
import { FRAMING } from './framing.js';
import { MESSAGES } from './messages.js';
import { NEGOTIATION } from './negotiation.js';
import { PARAMETERS } from './parameters.js';

export const RFC_7692: readonly Rule[] = [...NEGOTIATION, ...FRAMING, ...PARAMETERS, ...MESSAGES];
