/**
 * What it takes to frame short messages and to write them to a socket, all of a turn in one write. Behind the socket stands another process, which reads as
 * fast as it can; a write that it has no room for is waited for. What the system call takes by itself is shown, too: constant bytes of the same length.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Output } from '#src/net/output.js';
import { binaryHeader, encodeMessage } from '#src/websocket/encoder.js';
import { type Comparison, overLater } from './measure.js';

const SIZES = [64, 1024];
const TURNS = [1, 16];
const MANY = 64;
const PORTION_BYTES = 256 * 1024;

export function sentComparisons(): Comparison[] {
  const socket = readSocket();
  return SIZES.flatMap((size) => TURNS.map((count) => sent(socket, size, count)));
}

/** A socket whose other end is read by a process that ends with this one. */
function readSocket(): Socket {
  const reader = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  reader.unref();
  const socket = reader.stdin as Socket;
  socket.unref();
  return socket;
}

function sent(socket: Socket, size: number, count: number): Comparison {
  const turns = Array.from({ length: MANY }, (_, i) => Array.from({ length: count }, () => new Uint8Array(size).fill(i)));
  const constant = Buffer.alloc(count * (binaryHeader(size).length + size));
  const output = new Output();
  return {
    title: `a message of ${size} bytes, ${count === 1 ? 'alone' : `${count} of them`} in a turn`,
    operations: count,
    bytes: size,
    ways: [
      overLater('the write alone', turns, () => written(socket, socket.write(constant))),
      overLater('copied to the common room', turns, (messages) => {
        for (const message of messages) output.pushCopied(binaryHeader(size), message);
        output.writeCopied(socket, true);
        return written(socket, !socket.writableNeedDrain);
      }),
      overLater('as latin1 text', turns, (messages) => {
        for (const message of messages) output.push(encodeMessage(message));
        return written(socket, writeAll(socket, output));
      }),
      overLater('in memory of their own', turns, (messages) => {
        for (const message of messages) output.push(frameOf(message));
        return written(socket, writeAll(socket, output));
      }),
    ],
  };
}

function writeAll(socket: Socket, output: Output): boolean {
  const text = output.takeText(PORTION_BYTES);
  return text === undefined ? socket.write(output.take(PORTION_BYTES)[0]!) : socket.write(text, 'latin1');
}

function frameOf(message: Uint8Array): Uint8Array {
  const header = binaryHeader(message.length);
  const frame = Buffer.allocUnsafe(header.length + message.length);
  frame.write(header, 'latin1');
  frame.set(message, header.length);
  return frame;
}

async function written(socket: Socket, hasRoom: boolean): Promise<number> {
  if (!hasRoom && socket.writableLength > 0) await once(socket, 'drain');
  return 1;
}
