/** `ws`, as its documentation shows it, with bufferutil where that is installed. */

import { WebSocket, WebSocketServer } from 'ws';
import { BROADCAST_TEXT, HOST, serve, TASK, versionOf } from './control.mjs';

/** One Buffer for all: what costs `ws` least. */
const message = Buffer.from(BROADCAST_TEXT);

function echo(socket) {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

function broadcast(socket) {
  socket.on('message', (count) => {
    for (let i = Number(count); i > 0; i--) {
      for (const client of server.clients) {
        if (client.readyState === WebSocket.OPEN) client.send(message, { binary: false });
      }
    }
  });
}

const APPLICATIONS = { 'echo': echo, 'echo-large': echo, 'echo-compressed': echo, 'broadcast': broadcast, 'idle-websocket': echo };

const server = new WebSocketServer({ host: HOST, port: 0, backlog: 4096, perMessageDeflate: TASK.application === 'echo-compressed' });
server.on('connection', APPLICATIONS[TASK.application]);
server.once('listening', () => serve(server.address().port, `${versionOf('ws')}, ${native()}`));

function native() {
  try {
    return `with ${versionOf('bufferutil')}`;
  } catch {
    return 'without bufferutil';
  }
}
