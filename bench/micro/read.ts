/**
 * What the stream of a socket costs for each read. The socket is connected to nobody and is handed what it reads, pieces that differ, as Node's
 * C++ hands it over; a listener counts their bytes. Each read has a turn of the event loop of its own, as reads have, since a stream leaves
 * work for the end of it; what the turn itself costs is shown, too.
 */

import { Socket } from 'node:net';
import { pushPastStream } from '#src/net/past-stream.js';
import { type Comparison, overLater } from './measure.js';

const MANY = 64;

export function readComparisons(): Comparison[] {
  const pieces = Array.from({ length: MANY }, (_, i) => Buffer.alloc(64 + i, i));
  const [stream, past] = [listeningSocket(), listeningSocket()];
  past.push = pushPastStream(listener);
  const through = (socket: Socket) => async (piece: Buffer): Promise<number> => {
    heard = 0;
    socket.push(piece);
    await turn();
    return heard;
  };
  const alone = async (piece: Buffer): Promise<number> => {
    await turn();
    return piece.length;
  };
  return [{ title: 'a read handed to its listener', ways: [overLater('the turn alone', pieces, alone), overLater('past the stream', pieces, through(past)), overLater('as a data event', pieces, through(stream))] }];
}

let heard = 0;

function listener(bytes: Buffer): void {
  heard += bytes.length;
}

const turn = (): Promise<void> => new Promise(setImmediate);

function listeningSocket(): Socket {
  return new Socket().on('data', listener);
}
