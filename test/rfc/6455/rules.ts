/** The rules of RFC 6455 that bind a server, in the order of its sections. */

import type { Rule } from '../../support/rfc.js';
import { ANSWER } from './answer.js';
import { FRAMING } from './framing.js';
import { HANDSHAKE } from './handshake.js';

export const RFC_6455: readonly Rule[] = [...HANDSHAKE, ...ANSWER, ...FRAMING];
