/** RFC 9110, HTTP Semantics: every rule that binds an origin server, in the order of its sections. */

import { registerRules } from '../support/rfc-tests.js';
import { RFC_9110 } from './9110/rules.js';

registerRules(9110, RFC_9110);
