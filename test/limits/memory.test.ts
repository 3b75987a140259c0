/** However many clients hold on to a server at once: what each of them costs stays within what its options allow, and all of it comes back. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerOptions } from 'longwire';
import { resolveOptions, type ResolvedOptions } from '#src/options.js';
import { clientFrame, handshake } from '../support/frames.js';
import type { Measurement } from '../support/memory-server.js';
import { RawClient } from '../support/raw-client.js';
import { postChunked, request } from '../support/requests.js';
import { PATIENCE_MS } from '../support/patience.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const PROGRAM = join(import.meta.dirname, '..', 'support', 'memory-server.js');

/** What SECURITY.md says that a connection can hold. */
const IDLE = 8 * KIB;
/** What the process itself may have come to hold meanwhile, whoever is connected. */
const NOISE = 512 * KIB;
/** So much comes in one read. */
const READ = 64 * KIB;
const inputOf = (o: ResolvedOptions): number => 2 * (Math.max(o.maxPipelinedBytes, o.maxLineBytes + o.maxHeadBytes) + READ) + 2 * READ;
const bodyOf = (o: ResolvedOptions): number => 2 * o.maxBodyBytes;
const messagesOf = (o: ResolvedOptions): number => 2 * o.maxMessageBytes + 2 * (o.maxQueuedBytes + o.maxMessageBytes);
const outputOf = (o: ResolvedOptions): number => Math.max(o.maxBufferedBytes, o.softBufferBytes + 5 * READ);

/** Where short bytes are copied before they are sent: a socket that does not take them holds one such room. */
const ROOM = 64 * KIB;

/** A buffer grows to twice of what came, and not to what was announced. */
const twiceSent = (): number => 2 * 8 * KIB;

interface Attack {
  readonly name: string;
  readonly connections: number;
  readonly options?: ServerOptions;
  /** What each client sends, piece by piece. */
  readonly pieces: readonly (string | Uint8Array)[];
  /** Whether a WebSocket is opened ahead of that. */
  readonly isWebSocket?: true;
  /** Where; by default messages are only received there. */
  readonly path?: string;
  readonly readsNothing?: true;
  /** Whether one more client reads all that it is sent meanwhile. */
  readonly besidesQuick?: true;
  /** Bytes a connection may cost, beside those of an idle one. */
  readonly bound: (options: ResolvedOptions) => number;
  /** How much of what each client sent the server has read at least, or holds for it at least. */
  readonly arrives?: number;
  readonly buffers?: number;
  /** Connections that stay; all if left out. */
  readonly stay?: 0;
}

const kib = (count: number): Buffer => Buffer.alloc(count * KIB, 'x');
const times = (count: number, piece: string | Uint8Array): (string | Uint8Array)[] => Array.from({ length: count }, () => piece);
const announced = (path: string): string => request(path, `Content-Length: ${1024 * MIB}\r\n`, { method: 'POST' });
const inChunks = (path: string): string => `${postChunked(path)}${(1024 * MIB).toString(16)}\r\n`;
const GET = request('/wait', `X-Padding: ${'x'.repeat(200)}\r\n`);
const fragments = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => clientFrame({ opcode: i === 0 ? 2 : 0, fin: false, payload: kib(64) }));

const ATTACKS: readonly Attack[] = [
  { name: 'announces a body of 1 GiB that nobody reads, and sends 8 KiB', connections: 1_000, pieces: [announced('/wait'), kib(8)], bound: twiceSent, arrives: 8 * KIB },
  { name: 'announces a body of 1 GiB that is streamed, and sends 8 KiB', connections: 1_000, pieces: [announced('/stream'), kib(8)], bound: twiceSent, arrives: 8 * KIB },
  { name: 'announces a chunk of 1 GiB that nobody reads, and sends 8 KiB', connections: 1_000, pieces: [inChunks('/wait'), kib(8)], bound: twiceSent, arrives: 8 * KIB },
  { name: 'announces a chunk of 1 GiB that is collected, and sends 8 KiB', connections: 1_000, options: { maxBodyBytes: 16 * KIB }, pieces: [inChunks('/collect'), kib(8)], bound: bodyOf, arrives: 8 * KIB },
  { name: 'sends a body, to be collected, up to its limit in pieces, and not its end', connections: 50, pieces: [inChunks('/collect'), ...times(31, kib(33))], bound: bodyOf, arrives: 1_000 * KIB },
  { name: 'sends 15 KiB of a head, and not its end', connections: 1_000, pieces: ['GET / HTTP/1.1\r\n', ...times(15, `X-Head: ${'x'.repeat(1_000)}\r\n`)], bound: (o) => 2 * (o.maxLineBytes + o.maxHeadBytes), arrives: 14 * KIB },
  { name: 'pipelines 300 KiB behind a slow request', connections: 300, pieces: [GET.repeat(1_200)], bound: inputOf, arrives: 64 * KIB },
  { name: 'pipelines behind a slow request in small pieces', connections: 100, pieces: times(100, GET.repeat(12)), bound: inputOf, arrives: 64 * KIB },
  { name: 'pipelines more than it may, which is little', connections: 300, options: { maxPipelinedBytes: 0, maxHeadBytes: 4 * KIB, maxLineBytes: KIB }, pieces: [GET.repeat(1_200)], bound: inputOf, arrives: 1 },
  { name: 'sends 300 KiB of a body that nobody reads', connections: 300, pieces: [announced('/wait'), kib(300)], bound: inputOf, arrives: 64 * KIB },
  { name: 'announces a message of 1 MiB, and sends 8 KiB', connections: 1_000, isWebSocket: true, pieces: [clientFrame({ opcode: 2, announce: MIB, payload: kib(8) })], bound: twiceSent, arrives: 8 * KIB },
  { name: 'announces a message of 1 GiB, and sends 8 KiB', connections: 500, isWebSocket: true, pieces: [clientFrame({ opcode: 2, announce: 1024 * MIB, payload: kib(8) })], bound: () => 0, arrives: 8 * KIB, stay: 0 },
  { name: 'sends fragments up to the limit, and not the last', connections: 50, isWebSocket: true, pieces: fragments(15), bound: (o) => 2 * o.maxMessageBytes, arrives: 900 * KIB },
  { name: 'sends messages that nobody takes', connections: 20, isWebSocket: true, pieces: times(40, clientFrame({ opcode: 2, payload: kib(64) })), bound: messagesOf, arrives: MIB },
  { name: 'sends text that nobody takes, and that takes two bytes a character', connections: 20, isWebSocket: true, pieces: times(40, clientFrame({ opcode: 1, payload: `${kib(64)}Ж` })), bound: messagesOf, arrives: MIB },
  { name: 'reads nothing of a streamed response of 10 MiB', connections: 200, readsNothing: true, pieces: [request('/download')], bound: outputOf, buffers: 64 * KIB },
  { name: 'reads nothing of what a channel sends', connections: 30, readsNothing: true, pieces: [request('/channel')], bound: outputOf, buffers: 900 * KIB },
  { name: 'reads nothing of 20 KiB of short bytes', connections: 50, isWebSocket: true, path: '/short', readsNothing: true, besidesQuick: true, pieces: [], bound: () => 24 * KIB + ROOM, buffers: 15 * KIB },
];

/** A server in a process of its own. */
class MeasuredServer {
  readonly #child;
  port = 0;

  constructor(t: TestContext, options: ServerOptions) {
    this.#child = fork(PROGRAM, [JSON.stringify(options)], { execArgv: ['--expose-gc'] });
    t.after(() => this.#child.kill('SIGKILL'));
  }

  async listening(): Promise<void> {
    [this.port] = (await once(this.#child, 'message')) as [number];
  }

  async measure(): Promise<Measurement> {
    this.#child.send('measure');
    return ((await once(this.#child, 'message')) as [Measurement])[0];
  }

  /** The first measurement for which `isTrue` and was so before its garbage was collected, with nothing arriving in between. */
  async measureWhen(isTrue: (stats: Measurement['stats']) => boolean, what: string): Promise<Measurement> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let last = await this.measure(); ; ) {
      await delay(100);
      const now = await this.measure();
      if (isTrue(last.stats) && isTrue(now.stats) && now.stats.bytes.in === last.stats.bytes.in) return now;
      if (performance.now() > giveUpAt) assert.fail(`${what} did not come: ${JSON.stringify(now.stats)}`);
      last = now;
    }
  }

  release(): void {
    this.#child.send('release');
  }

  /** Stops it; what its process ended with. */
  async stop(): Promise<number | null> {
    this.#child.send('stop');
    return (await once(this.#child, 'exit'))[0] as number | null;
  }
}

async function openWebSocket(t: TestContext, port: number, path: string): Promise<RawClient> {
  const client = await RawClient.open(t, port);
  await client.send(handshake(path));
  await client.readUntil('\r\n\r\n');
  return client;
}

async function openAttacker(t: TestContext, port: number, attack: Attack): Promise<RawClient> {
  const client = attack.isWebSocket ? await openWebSocket(t, port, attack.path ?? '/messages') : await RawClient.open(t, port);
  if (attack.readsNothing) client.socket.pause();
  return client;
}

/** All of them send their first piece, then all their second, so that pieces arrive as pieces. */
async function run(t: TestContext, port: number, attack: Attack): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < attack.connections) {
    const batch = await Promise.all(Array.from({ length: Math.min(100, attack.connections - clients.length) }, () => openAttacker(t, port, attack)));
    clients.push(...batch);
    for (const piece of attack.pieces) {
      for (const client of batch) client.socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
      await delay(2);
    }
  }
  return clients;
}

for (const attack of ATTACKS) {
  const { name, connections, options = {}, bound, arrives = 0, buffers = 0, stay = connections } = attack;
  const mayCost = IDLE + bound(resolveOptions(options));

  test(`${connections} clients of which each ${name} cost at most ${Math.ceil(mayCost / KIB)} KiB each, and nothing when they are gone`, async (t) => {
    const server = new MeasuredServer(t, options);
    await server.listening();
    const before = await server.measure();
    const others = attack.besidesQuick ? [await openWebSocket(t, server.port, '/quick')] : [];
    const clients = await run(t, server.port, attack);
    const during = await server.measureWhen(({ connections: { open }, bytes }) => open === stay + others.length && bytes.in >= connections * arrives && bytes.buffered >= stay * buffers, 'the attack');
    const cost = (during.bytes - before.bytes) / connections;
    t.diagnostic(`${(cost / KIB).toFixed(1)} KiB each, of at most ${Math.ceil(mayCost / KIB)}`);
    assert.ok(cost <= mayCost + NOISE / connections, `${cost} bytes each, and at most ${mayCost} were to be`);

    server.release();
    for (const client of [...clients, ...others]) client.reset();
    const { bytes, stats } = await server.measureWhen((now) => now.connections.open === 0, 'the end of all connections');
    assert.deepEqual([stats.channels.open, stats.webSockets.open, stats.bytes.buffered], [0, 0, 0]);
    assert.ok(bytes - before.bytes < 3 * MIB, `${bytes - before.bytes} bytes are still held`);
    assert.equal(await server.stop(), 0);
  });
}
