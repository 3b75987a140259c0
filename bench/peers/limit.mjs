/**
 * The limit of node:net: a server that parses nothing. It is told how many bytes a request has and what the answer is, counts what
 * comes, and writes the answer as often as requests are whole, in one write a read. No server over node:net can do with less.
 */

import { createServer } from 'node:net';
import process from 'node:process';
import { HOST, Polls, serve, TASK } from './control.mjs';

/**
 * `openingBytes`, `opening`: what comes first on a connection, and what it is answered with; 0 for none. `requestBytes`, `answer`:
 * what comes then, again and again; 0 bytes: as many as the first
 * head has. `isLast`: the connection ends behind an answer. `isShared`: the answer goes to all connections.
 */
let plan = { openingBytes: 0, opening: Buffer.alloc(0), requestBytes: 1, answer: Buffer.alloc(0), isLast: false, isShared: false };
/** The answer so many times, as it is written for so many requests of one read. */
let answers = [];

const polls = TASK.waiting === undefined ? undefined : new Polls();
const sockets = new Set();

function connected(socket) {
  let isOpen = plan.openingBytes === 0;
  let missing = isOpen ? plan.requestBytes : plan.openingBytes;
  if (plan.isShared) {
    // Answers that nobody asked for would wait for the acknowledgement of those before (RFC 896).
    socket.setNoDelay(true);
    sockets.add(socket);
  }
  socket.on('data', (bytes) => {
    let length = bytes.length;
    if (plan.requestBytes === 0) plan.requestBytes = bytes.indexOf('\r\n\r\n') + 4;
    if (missing === 0) missing = plan.requestBytes;
    if (!isOpen) {
      if (length < missing) return void (missing -= length);
      length -= missing;
      missing = plan.requestBytes;
      isOpen = true;
      socket.write(plan.opening);
    }
    if (length < missing) return void (missing -= length);
    const count = 1 + Math.floor((length - missing) / plan.requestBytes);
    missing += count * plan.requestBytes - length;
    respond(socket, count);
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}

function respond(socket, count) {
  if (polls !== undefined) polls.add(() => socket.write(answers[1], 'latin1'));
  else if (plan.isShared) for (const each of sockets) each.write(answers[1], 'latin1');
  else if (plan.isLast) socket.end(answers[1], 'latin1');
  else socket.write((answers[count] ??= writable(plan.answer, count)), 'latin1');
}

/** Opening and answer come as base64. */
function take({ opening, answer, ...rest }) {
  plan = { ...plan, ...rest, opening: Buffer.from(opening, 'base64'), answer: Buffer.from(answer, 'base64') };
  answers = [undefined, writable(plan.answer, 1)];
  return {};
}

/** What costs node:net least to write: a string up to 16 KiB, else bytes. */
function writable(answer, count) {
  const bytes = Buffer.concat(Array(count).fill(answer));
  return bytes.length <= 16_384 ? bytes.toString('latin1') : bytes;
}

const server = createServer(connected);
server.listen({ port: 0, host: HOST, backlog: 4096 }, () => serve(server.address().port, `node:net ${process.versions.node}`, { answer: take }));
