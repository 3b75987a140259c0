/** RFC 7692, compression extensions for WebSocket: every rule that binds a server, in the order of its sections. */

import { registerRules } from '../support/rfc-tests.js';
import { RFC_7692 } from './7692/rules.js';

registerRules(7692, RFC_7692);
