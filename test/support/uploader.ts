/**
 * A program of its own that uploads without looking at what it is told: one upload after the other, each written as fast as the socket
 * takes it. It is given its `UploadPlan` as a message, and answers with one `UploadResult` for each size.
 */

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface UploadPlan {
  readonly port: number;
  readonly isSecure: boolean;
  /** Sent first; `SIZE` in it stands for the length of what follows. */
  readonly head: string;
  /** How much follows, for each upload. */
  readonly sizes: readonly number[];
  /** Whether it reads only once everything was sent. */
  readonly sendsFirst: boolean;
}

export interface UploadResult {
  /** The status of the answer; 0 where none was seen. */
  readonly status: number;
  /** Whether the answer says that the connection closes. */
  readonly closes: boolean;
}

const PIECE = Buffer.alloc(64 * 1024, 'x');

function open(plan: UploadPlan): Socket {
  const where = { host: '127.0.0.1', port: plan.port, allowHalfOpen: true };
  return plan.isSecure ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
}

function upload(plan: UploadPlan, size: number): Promise<UploadResult> {
  const socket = open(plan);
  let answer = '';
  let left = size;
  const sendOn = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= PIECE.length;
      if (!socket.write(PIECE)) return void socket.once('drain', sendOn);
    }
    socket.end();
    socket.resume();
  };
  socket.once(plan.isSecure ? 'secureConnect' : 'connect', () => {
    if (plan.sendsFirst) socket.pause();
    socket.write(plan.head.replace('SIZE', String(size)), 'latin1');
    sendOn();
  });
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  // A reset behind the answer is none of its business: what counts is what it could read.
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0), closes: answer.includes('\r\nConnection: close\r\n') }));
  });
}

process.once('message', (message) => {
  const plan = message as UploadPlan;
  void (async () => {
    const results: UploadResult[] = [];
    for (const size of plan.sizes) results.push(await upload(plan, size));
    process.send!(results);
    process.disconnect();
  })();
});
