/** The rules of RFC 6455 that bind a server, in the order of its sections. */

import type { Rule } from '../../support/rfc.js';
import { ANSWER } from './answer.js';
import { CLOSE_CODES } from './close-codes.js';
import { CLOSING } from './closing.js';
import { CONTROL } from './control.js';
import { DATA } from './data.js';
import { EXTENSIONS } from './extensions.js';
import { FRAGMENTATION } from './fragmentation.js';
import { FRAMING } from './framing.js';
import { HANDSHAKE } from './handshake.js';
import { SECURITY } from './security.js';
import { UTF8 } from './utf8.js';

export const RFC_6455: readonly Rule[] = [...HANDSHAKE, ...ANSWER, ...FRAMING, ...FRAGMENTATION, ...CONTROL, ...DATA, ...CLOSING, ...CLOSE_CODES, ...UTF8, ...EXTENSIONS, ...SECURITY];
