/** `ws`, as its documentation shows it, with bufferutil where that is installed. */

import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { BROADCAST_TEXT, HELLO, HOST, messagesAsked, serve, TASK, versionOf } from './control.mjs';

/** One Buffer for all: what costs `ws` least. */
const message = Buffer.from(BROADCAST_TEXT);

function echo(socket) {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

function broadcast(socket) {
  socket.on('message', (count) => sendToAll(Number(count)));
}

function sendToAll(messages) {
  for (let i = messages; i > 0; i--) {
    for (const client of webSockets.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(message, { binary: false });
    }
  }
}

const APPLICATIONS = { 'echo': echo, 'echo-large': echo, 'echo-compressed': echo, 'broadcast': broadcast, 'group': () => undefined, 'idle-websocket': echo };

/** Over HTTP somebody asks for messages to all. */
const server = createServer((request, response) => {
  sendToAll(messagesAsked(request.url));
  response.end(HELLO);
});
const webSockets = new WebSocketServer({ server, perMessageDeflate: TASK.application === 'echo-compressed' });
webSockets.on('connection', APPLICATIONS[TASK.application]);
server.listen({ host: HOST, port: 0, backlog: 4096 }, () => serve(server.address().port, `${versionOf('ws')}, ${native()}`));

function native() {
  try {
    return `with ${versionOf('bufferutil')}`;
  } catch {
    return 'without bufferutil';
  }
}
