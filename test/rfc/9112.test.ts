/** RFC 9112, HTTP/1.1: every rule that binds an origin server, in the order of its sections. */

import { registerRules } from '../support/rfc-tests.js';
import { RFC_9112 } from './9112/rules.js';

registerRules(9112, RFC_9112);
