/** socket.io, whose messages are events, over its WebSocket transport. */

import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { BROADCAST_TEXT, HOST, serve, TASK, versionOf } from './control.mjs';

const server = createServer();
const io = new Server(server, { transports: ['websocket'] });

const APPLICATIONS = {
  echo: (socket) => socket.on('m', (message) => socket.emit('m', message)),
  broadcast(socket) {
    socket.on('m', (count) => {
      for (let i = Number(count); i > 0; i--) io.emit('m', BROADCAST_TEXT);
    });
  },
};

io.on('connection', APPLICATIONS[TASK.application]);
server.listen(0, HOST, () => serve(server.address().port, versionOf('socket.io')));
