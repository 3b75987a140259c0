/** node:http, as its documentation shows it. */

import { createServer } from 'node:http';
import process from 'node:process';
import { BROADCAST_TEXT, DOWNLOAD_CHUNK, DOWNLOAD_CHUNKS, HELLO, HOST, messagesAsked, Polls, serve, TASK } from './control.mjs';

const polls = new Polls();

function hello(_request, response) {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(HELLO);
}

/** The length is told at once, which spares node:http the chunks. */
function post(request, response) {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = Buffer.concat(pieces);
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });
}

function download(_request, response) {
  let left = DOWNLOAD_CHUNKS;
  const more = () => {
    while (left > 0) {
      left--;
      if (!response.write(DOWNLOAD_CHUNK)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

/** Who hears messages, with the text of them that each is written. */
const members = new Map();

/** Streams and event streams, and `/ask`, which writes to all of them in a loop. */
function group(request, response) {
  if (request.url.startsWith('/ask')) {
    for (let i = messagesAsked(request.url); i > 0; i--) {
      for (const [member, text] of members) member.write(text);
    }
    return void hello(request, response);
  }
  const isEvents = request.url === '/event-stream';
  members.set(response, isEvents ? `data: ${BROADCAST_TEXT}\n\n` : BROADCAST_TEXT);
  response.setHeader('Content-Type', isEvents ? 'text/event-stream' : 'text/plain; charset=utf-8');
  response.flushHeaders();
}

const APPLICATIONS = {
  hello,
  group,
  post,
  download,
  'hello-async': async (request, response) => {
    await undefined;
    hello(request, response);
  },
  'poll': (request, response) => polls.add(() => hello(request, response)),
  'idle': hello,
};

/** Who idles is not to be closed in the meantime; all else has the defaults. */
const NO_LIMIT_MS = 3_600_000;
const options = TASK.application === 'idle' ? { keepAliveTimeout: NO_LIMIT_MS, requestTimeout: NO_LIMIT_MS, headersTimeout: NO_LIMIT_MS } : {};

const server = createServer(options, APPLICATIONS[TASK.application]);
server.listen({ port: 0, host: HOST, backlog: 4096 }, () => serve(server.address().port, `node:http ${process.versions.node}`));
