/** RFC 6455, the WebSocket Protocol: every rule that binds a server, in the order of its sections. */

import { registerRules } from '../support/rfc-tests.js';
import { RFC_6455 } from './6455/rules.js';

registerRules(6455, RFC_6455);
