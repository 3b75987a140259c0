/** uWebSockets.js, C++ under JavaScript, from an npm package that repeats its releases. */

import uWS from 'uwebsockets';
import { BROADCAST_TEXT, HELLO, HOST, refuse, serve, TASK, versionOf } from './control.mjs';

const MIB = 1024 ** 2;

function hello(response) {
  response.writeHeader('Content-Type', 'text/html; charset=utf-8').end(HELLO);
}

const echo = { message: (socket, message, isBinary) => void socket.send(message, isBinary) };

const broadcast = {
  open: (socket) => void socket.subscribe('all'),
  message(_socket, count) {
    for (let i = Number(Buffer.from(count).toString()); i > 0; i--) app.publish('all', BROADCAST_TEXT, false);
  },
};

const WEB_SOCKETS = { 'echo': echo, 'echo-large': echo, 'broadcast': broadcast, 'idle-websocket': echo };

const app = uWS.App();
const behavior = WEB_SOCKETS[TASK.application];
if (behavior === undefined) app.get('/*', hello);
else app.ws('/*', { idleTimeout: 0, maxPayloadLength: 2 * MIB, maxBackpressure: 64 * MIB, ...behavior });

app.listen(HOST, 0, (socket) => {
  if (!socket) refuse('uWebSockets.js does not listen here');
  else serve(uWS.us_socket_local_port(socket), `uWebSockets.js (${versionOf('uwebsockets')})`);
});
