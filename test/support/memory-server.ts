/**
 * A program of its own, run with `--expose-gc`: a server that tells how much memory it holds. Its paths are what handlers do with a client.
 * Its options are its argument, as JSON. It answers `measure` with a `Measurement`, lets its handlers end at `release`, and stops at `stop`; then
 * nothing keeps it alive.
 */

import { asChannel, type Channel, type Handler, runServer, type ServerOptions, type ServerStats } from 'longwire';

export interface Measurement {
  /** On the heap and outside of it, in bytes, once garbage was collected. */
  readonly bytes: number;
  readonly stats: ServerStats;
}

const PIECE = new Uint8Array(64 * 1024);
const held: unknown[] = [];

function* pieces(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE.length) yield PIECE.slice();
}

function sendUntilFull(channel: Channel): void {
  while (channel.bufferedAmount < 1024 * 1024 - PIECE.length && channel.send(PIECE.slice(), false));
}

let release!: () => void;
const released = new Promise<void>((resolve) => (release = resolve));

/** Who reads all that it is sent. */
let quick: Channel | undefined;
let isReleased = false;
void released.then(() => (isReleased = true));

/** Keeps short bytes waiting for a client that does not read, a few more in each turn, between many for one who does. */
async function sendShort(channel: Channel): Promise<void> {
  while (channel.isOpen && !isReleased) {
    if (channel.bufferedAmount >= 16 * 1024) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    for (let i = 0; i < 4; i++) channel.send(PIECE.subarray(0, 1_000));
    if (channel.bufferedAmount > 4_100) for (let i = 0; i < 10; i++) quick?.send(PIECE.subarray(0, 4_096));
    await new Promise(setImmediate);
  }
}

const handler: Handler = async (request) => {
  switch (request.path) {
    case '/collect':
      return { body: await request.bytes() };
    case '/stream':
      for await (const piece of request.body) held[0] = piece;
      return 'read';
    case '/download':
      return { body: pieces(10 * 1024 * 1024) };
    case '/channel':
      return asChannel(request, { onOpen: sendUntilFull });
    case '/short':
      return asChannel(request, { onOpen: sendShort });
    case '/quick':
      return asChannel(request, { onOpen: (channel) => void (quick = channel) });
    case '/messages':
      return asChannel(request, { onReceive: () => released });
    default:
      return released.then(() => 'released');
  }
};

const server = await runServer(handler, { host: '127.0.0.1', port: 0, ...(JSON.parse(process.argv[2]!) as ServerOptions) });

async function measure(): Promise<Measurement> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external } = process.memoryUsage();
  return { bytes: heapUsed + external, stats: server.stats() };
}

process.on('message', (message) => {
  if (message === 'measure') void measure().then((measured) => process.send!(measured));
  else if (message === 'release') release();
  else void server.stop({ timeoutMs: 0 }).then(() => process.disconnect());
});
process.send!(server.port);
