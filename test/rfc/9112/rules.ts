/** The rules of RFC 9112 that bind an origin server, in the order of its sections. */

import type { Rule } from '../../support/rfc.js';
import { MESSAGE } from './message.js';

export const RFC_9112: readonly Rule[] = [...MESSAGE];
