/** Deno's own server. */

import { HELLO, HOST, serve, TASK } from './control.mjs';

const HEADERS = { 'Content-Type': 'text/html; charset=utf-8' };

function echo(request) {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

const APPLICATIONS = { hello: () => new Response(HELLO, { headers: HEADERS }), echo };

Deno.serve({ hostname: HOST, port: 0, onListen: ({ port }) => serve(port, `Deno ${Deno.version.deno}`) }, APPLICATIONS[TASK.application]);
