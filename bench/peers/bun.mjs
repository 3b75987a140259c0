/** Bun's own server. */

import { BROADCAST_TEXT, HELLO, HOST, messagesAsked, serve, TASK } from './control.mjs';

const HEADERS = { 'Content-Type': 'text/html; charset=utf-8' };

const hello = () => new Response(HELLO, { headers: HEADERS });
const post = async (request) => new Response(await request.arrayBuffer());
const upgrade = (request) => (server.upgrade(request) ? undefined : new Response('no WebSocket', { status: 426 }));

const echo = { message: (socket, message) => void socket.send(message) };

const broadcast = {
  open: (socket) => socket.subscribe('all'),
  message: (_socket, count) => publish(Number(count)),
};

function publish(messages) {
  for (let i = messages; i > 0; i--) server.publish('all', BROADCAST_TEXT);
}

/** Over HTTP somebody asks for messages to all. */
function ask(request) {
  if (!request.url.includes('/ask?')) return upgrade(request);
  publish(messagesAsked(request.url));
  return hello();
}

/** By application: what requests get, and what WebSockets do. */
const APPLICATIONS = {
  'hello': [hello, echo],
  'post': [post, echo],
  'idle': [hello, echo],
  'echo': [upgrade, echo],
  'broadcast': [upgrade, broadcast],
  'group': [ask, broadcast],
  'idle-websocket': [upgrade, echo],
};

const [fetch, websocket] = APPLICATIONS[TASK.application];
const server = Bun.serve({ hostname: HOST, port: 0, idleTimeout: 0, fetch, websocket: { idleTimeout: 0, ...websocket } });
serve(server.port, `Bun ${Bun.version}`);
