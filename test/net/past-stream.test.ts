/** What a socket pushes reaches its listener at once while nothing waits in its stream, and in order whatever happens. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { pushPastStream } from '#src/net/past-stream.js';

function listening(): { socket: Socket; heard: string[] } {
  const heard: string[] = [];
  const socket = new Socket();
  const onData = (bytes: Buffer): void => void heard.push(bytes.toString());
  socket.on('data', onData);
  socket.push = pushPastStream(onData);
  return { socket, heard };
}

const turn = (): Promise<void> => new Promise(setImmediate);

test('hands over what is pushed within the push, and asks for more', () => {
  const { socket, heard } = listening();
  assert.equal(socket.push(Buffer.from('a')), true);
  assert.equal(socket.push(Buffer.from('b')), true);
  assert.deepEqual([heard, socket.readableLength], [['a', 'b'], 0]);
});

test('keeps what is pushed while the socket is paused, and asks for no more than its stream takes', async () => {
  const { socket, heard } = listening();
  socket.pause();
  assert.equal(socket.push(Buffer.from('a')), true);
  assert.equal(socket.push(Buffer.alloc(socket.readableHighWaterMark, 'b')), false);
  await turn();
  assert.deepEqual(heard, []);
  socket.resume();
  await turn();
  assert.equal(heard.join(''), `a${'b'.repeat(socket.readableHighWaterMark)}`);
});

test('hands over what waits in the stream ahead of what comes behind it', async () => {
  const { socket, heard } = listening();
  socket.pause();
  socket.push(Buffer.from('a'));
  socket.resume();
  socket.push(Buffer.from('b'));
  await turn();
  socket.push(Buffer.from('c'));
  assert.equal(heard.join(''), 'abc');
});

test('tells of the end behind all that was pushed', async () => {
  const { socket, heard } = listening();
  const ended = once(socket, 'end');
  socket.push(Buffer.from('a'));
  socket.push(null);
  socket.read(0);
  await ended;
  assert.deepEqual(heard, ['a']);
});
