/** Runs one of the echo servers of the conformance suite, after a build: `node scripts/echo-server.mjs [longwire|ws] [port]`. */

import { ECHO_SERVERS } from '../build/test/conformance/websocket/echo-servers.js';

const [name = 'longwire', port = '9001'] = process.argv.slice(2);
const { url } = await ECHO_SERVERS[name](Number(port));
console.log(`${name} echoes at ${url}`);
