/** socket.io, whose messages are events, over its WebSocket transport. */

import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { BROADCAST_TEXT, HELLO, HOST, messagesAsked, serve, TASK, versionOf } from './control.mjs';

/** Over HTTP somebody asks for messages to a room. */
const server = createServer((request, response) => {
  for (let i = messagesAsked(request.url); i > 0; i--) io.to('all').emit('m', BROADCAST_TEXT);
  response.end(HELLO);
});
/** Pings are no messages. */
const io = new Server(server, { transports: ['websocket'], pingInterval: 3_600_000 });

const APPLICATIONS = {
  echo: (socket) => socket.on('m', (message) => socket.emit('m', message)),
  group: (socket) => socket.join('all'),
  broadcast(socket) {
    socket.on('m', (count) => {
      for (let i = Number(count); i > 0; i--) io.emit('m', BROADCAST_TEXT);
    });
  },
};

io.on('connection', APPLICATIONS[TASK.application]);
server.listen(0, HOST, () => serve(server.address().port, versionOf('socket.io')));
