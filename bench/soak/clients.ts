/**
 * What comes and goes in a soak: clients that do one thing over one connection and leave, in good order or in the middle. Each says how much it did.
 */

import { connect, type Socket } from 'node:net';
import { deflateRawSync, constants } from 'node:zlib';
import { encodeClientFrame } from '../web-socket-frames.js';

const HOST = '127.0.0.1';
const HANDSHAKE = ['Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='].join('\r\n');
const CLOSE_FRAME = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
/** No client waits longer for the server to close. */
const PATIENCE_MS = 30_000;

/** A number below `end`. */
export type Random = (end: number) => number;

/** What one client does: it sends one write after each answer. */
interface Script {
  readonly writes: readonly (string | Buffer)[];
  /** Leaves when the last is answered, or when it is written; else it waits for the server, whom the last write asks to close. */
  readonly leaves: 'answered' | 'written' | 'never';
}

export const CLIENTS: Readonly<Record<string, (random: Random) => Script>> = {
  'requests': (random) => keepAlive(random, times(1 + random(20), () => request('GET', `/${random(1000)}`))),
  'pipelined': (random) => keepAlive(random, times(1 + random(3), () => request('GET', '/').repeat(1 + random(16)))),
  'posts': (random) => keepAlive(random, times(1 + random(5), () => request('POST', '/post', random(100_000)))),
  'download': (random) => keepAlive(random, [request('GET', '/download')]),
  'slow stream': (random) => keepAlive(random, [request('GET', '/slow')]),
  'poll': (random) => keepAlive(random, times(1 + random(3), () => request('GET', '/poll'))),
  'half a request': (random) => ({ writes: [request('POST', '/post', 10_000).slice(0, 1 + random(5000))], leaves: random(50) === 0 ? 'never' : 'written' }),
  'WebSocket': (random) => webSocket(random, '', () => encodeClientFrame(random(2) === 0 ? 'text' : 'binary', Buffer.alloc(random(4000), 'x'), false)),
  'large messages': (random) => webSocket(random, '', () => encodeClientFrame('binary', Buffer.alloc(random(200_000)), false)),
  'compressed WebSocket': (random) => webSocket(random, 'Sec-WebSocket-Extensions: permessage-deflate\r\n', () => encodeClientFrame('text', deflated(random(4000)), true)),
  'broadcasts': (random) => webSocket(random, '', () => encodeClientFrame('text', Buffer.from(random(4) === 0 ? 'all' : 'one'), false)),
};

/** Runs one client; resolves to the number of its writes that were answered. Whatever the network does to it, it resolves. */
export function runClient(port: number, { writes, leaves }: Script): Promise<number> {
  return new Promise((resolve) => {
    let next = 0;
    const socket: Socket = connect({ port, host: HOST, noDelay: true });
    const goOn = (): void => {
      if (next < writes.length) socket.write(writes[next++]!, () => leaves === 'written' && next === writes.length && socket.destroy());
      else if (leaves === 'answered') socket.destroy();
    };
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('connect', goOn);
    socket.on('data', goOn);
    // Resets are part of it: they end in «close».
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(next));
  });
}

function keepAlive(random: Random, requests: readonly string[]): Script {
  const leaves = leaving(random);
  return { writes: leaves !== 'never' ? requests : [...requests, request('GET', '/', 0, 'Connection: close\r\n')], leaves };
}

function webSocket(random: Random, fields: string, frame: () => Buffer): Script {
  const leaves = leaving(random);
  const frames = times(1 + random(20), frame);
  return { writes: [`GET /group HTTP/1.1\r\n${HANDSHAKE}\r\n${fields}\r\n`, ...frames, ...(leaves === 'never' ? [CLOSE_FRAME] : [])], leaves };
}

/** Most stay until the end. */
function leaving(random: Random): Script['leaves'] {
  return (['answered', 'written', 'never', 'never', 'never', 'never'] as const)[random(6)]!;
}

function request(method: string, target: string, bodyBytes = 0, fields = ''): string {
  const body = method === 'POST' ? 'x'.repeat(bodyBytes) : '';
  const length = method === 'POST' ? `Content-Length: ${bodyBytes}\r\n` : '';
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${length}${fields}\r\n${body}`;
}

function deflated(length: number): Buffer {
  return deflateRawSync(Buffer.alloc(length, 'text '), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
